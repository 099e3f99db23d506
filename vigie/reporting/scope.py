"""Over what the numbers were measured: said beside every number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vigie.domain.instants import as_text
from vigie.domain.timeframe import DAY_MS
from vigie.reporting.numbers import basis_points
from vigie.research.result import BacktestResult

IN_SAMPLE = "in sample"


@dataclass(frozen=True, slots=True)
class Scope:
    """Period, sample, costs and trials of a result, in words.

    Attributes:
        period: first open to last close, UTC, with its length.
        candles: how many, of which timeframe.
        sample: in or out of sample.
        costs: what the numbers are net of.
        trials: from how many tries the result was taken.
    """

    period: str
    candles: str
    sample: str
    costs: str
    trials: str

    def parts(self) -> tuple[str, ...]:
        """The five statements, in reading order."""
        return (self.period, self.candles, self.sample, self.costs, self.trials)


def scope(result: BacktestResult, trials: int | None = None) -> Scope:
    """What the numbers of a result stand on.

    Args:
        result: a backtest; never out of sample.
        trials: tries counted by the trial ledger, this one included; None: not counted.
    """
    count = sum(len(one.candles) for one in result.series)
    return Scope(
        period_of(*bounds(result)),
        f"{count:,} candles of {result.identity.timeframe}",
        IN_SAMPLE,
        costs_of(result.identity.settings),
        trials_of(trials),
    )


def period_of(start: int, end: int) -> str:
    """First and last day with the length; epoch milliseconds, zeros without candles."""
    if not end:
        return "no candles"
    # The last day, not the midnight at which it ends.
    return f"{as_text(start)[:10]} to {as_text(end - 1)[:10]} ({(end - start) / DAY_MS:,.0f} days)"


def trials_of(trials: int | None) -> str:
    """How many tries; None: not counted."""
    return "number of trials not counted" if trials is None else f"{trials:,} trial{'' if trials == 1 else 's'}"


def bounds(result: BacktestResult) -> tuple[int, int]:
    """First open and last close of the run, epoch milliseconds; zeros without candles."""
    filled = [one.candles for one in result.series if len(one.candles)]
    if not filled:
        return 0, 0
    return min(int(one.opens_at[0]) for one in filled), max(int(one.closes_at[-1]) for one in filled)


def costs_of(settings: Mapping[str, object]) -> str:
    """What the numbers are net of, by the names of the settings."""
    named = (("fee", settings.get("fee_fraction")), ("slippage", settings.get("slippage_fraction")))
    said = [f"{name} {basis_points(value)}" for name, value in named if isinstance(value, int | float)]
    return "after " + " and ".join(said) + " a side" if said else "costs not recorded"
