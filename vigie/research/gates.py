"""What out-of-sample results must show before anybody may trade on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigie.metrics.summary import Metrics


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Limits; all of them have to be passed.

    Attributes:
        mean_sharpe: mean annual Sharpe ratio of the tests must be above this.
        win_rate: share of winning trades over all tests must be above this, fraction.
        trades: closed trades over all tests, at least.
        folds: tests that were run, at least.
        out_in_ratio: mean Sharpe ratio of the tests / mean of the training parts, at least.
    """

    mean_sharpe: float = 0.5
    win_rate: float = 0.45
    trades: int = 30
    folds: int = 2
    out_in_ratio: float = 0.15


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate.

    Attributes:
        name: a field of `GateSettings`.
        value: what was measured; None where it is undefined, which never passes.
        limit: what it was held against.
        strict: True: the value must be above the limit; False: equal is enough.
    """

    name: str
    value: float | None
    limit: float
    strict: bool

    @property
    def passed(self) -> bool:
        """The verdict."""
        if self.value is None:
            return False
        return self.value > self.limit if self.strict else self.value >= self.limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """All gates, in the order of their settings."""

    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate is passed."""
        return all(gate.passed for gate in self.gates)


def judge(folds: Sequence[tuple[Metrics | None, Metrics | None]], settings: GateSettings) -> Verdict:
    """Hold the tests against the gates.

    A test without a Sharpe ratio (nothing was chosen, or nothing was traded) earned nothing: it counts as 0.

    Args:
        folds: for each fold the numbers of its training and of its test part; None without a chosen point.
        settings: the limits.
    """
    tests = [test for _, test in folds if test is not None]
    trades = sum(int(test.values["trades"] or 0) for test in tests)
    wins = sum((test.values["win_rate"] or 0.0) * (test.values["trades"] or 0.0) for test in tests)
    outside = _mean([_sharpe(test) for _, test in folds])
    inside = _mean([_sharpe(training) for training, _ in folds])
    return Verdict(
        (
            Gate("mean_sharpe", outside, settings.mean_sharpe, strict=True),
            Gate("win_rate", wins / trades if trades else None, settings.win_rate, strict=True),
            Gate("trades", float(trades), settings.trades, strict=False),
            Gate("folds", float(len(tests)), settings.folds, strict=False),
            Gate("out_in_ratio", _ratio(outside, inside), settings.out_in_ratio, strict=False),
        )
    )


def _sharpe(metrics: Metrics | None) -> float:
    return 0.0 if metrics is None else metrics.values["sharpe"] or 0.0


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _ratio(outside: float | None, inside: float | None) -> float | None:
    """None where the training parts themselves show nothing: there is no share of nothing."""
    return outside / inside if outside is not None and inside is not None and inside > 0.0 else None
