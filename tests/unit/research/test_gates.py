from __future__ import annotations

from dataclasses import fields, replace
from types import MappingProxyType

import pytest

from vigie.metrics.summary import Metrics
from vigie.research.gates import GateSettings, Verdict, judge


def metrics(sharpe: float | None = 1.0, win_rate: float | None = 0.5, trades: float | None = 20) -> Metrics:
    values = {"sharpe": sharpe, "win_rate": win_rate, "trades": trades}
    return Metrics(MappingProxyType(values), MappingProxyType({}))


GOOD = [(metrics(2.0), metrics()), (metrics(2.0), metrics())]


def passed(verdict: Verdict) -> dict[str, bool]:
    return {gate.name: gate.passed for gate in verdict.gates}


def value(verdict: Verdict, name: str) -> float | None:
    return next(gate.value for gate in verdict.gates if gate.name == name)


def failing(*folds: tuple[Metrics | None, Metrics | None]) -> list[str]:
    return [name for name, good in passed(judge(folds, GateSettings())).items() if not good]


def test_good_tests_pass_every_gate() -> None:
    verdict = judge(GOOD, GateSettings())
    assert verdict.passed
    assert [gate.name for gate in verdict.gates] == [one.name for one in fields(GateSettings)]
    assert [gate.value for gate in verdict.gates] == [1.0, 0.5, 40.0, 2.0, 0.5]


def test_the_defaults_are_those_that_were_promised() -> None:
    assert GateSettings() == GateSettings(0.5, 0.45, 30, 2, 0.15)


@pytest.mark.parametrize(
    ("name", "folds"),
    [
        ("mean_sharpe", [(metrics(2.0), metrics(0.5))] * 2),
        ("win_rate", [(metrics(), metrics(win_rate=0.45))] * 2),
        ("trades", [(metrics(), metrics(trades=14)), (metrics(), metrics(trades=15))]),
        ("folds", [(metrics(), metrics(trades=40))]),
        ("out_in_ratio", [(metrics(10.0), metrics(1.4))] * 2),
    ],
)
def test_one_gate_alone_stops_everything(name: str, folds: list[tuple[Metrics, Metrics]]) -> None:
    assert failing(*folds) == [name]


@pytest.mark.parametrize(
    "folds",
    [
        [(metrics(2.0), metrics(0.5000001, win_rate=0.4500001, trades=15))] * 2,
        [(metrics(4.0), metrics(0.6))] * 2,
    ],
)
def test_a_hair_above_or_exactly_where_equal_is_enough_passes(folds: list[tuple[Metrics, Metrics]]) -> None:
    assert failing(*folds) == []


def test_a_fold_in_which_nothing_was_chosen_earned_nothing_and_was_not_run() -> None:
    verdict = judge([*GOOD, (None, None)], GateSettings())
    assert value(verdict, "mean_sharpe") == pytest.approx(2 / 3)
    assert value(verdict, "folds") == 2.0
    assert value(verdict, "trades") == 40.0


def test_a_test_without_a_sharpe_ratio_counts_as_zero() -> None:
    still = metrics(sharpe=None, win_rate=None, trades=0)
    verdict = judge([(metrics(), metrics()), (metrics(), still)], GateSettings())
    assert value(verdict, "mean_sharpe") == 0.5
    assert value(verdict, "win_rate") == 0.5


def test_win_rates_are_weighed_by_their_trades() -> None:
    verdict = judge([(metrics(), metrics(win_rate=1.0, trades=1)), (metrics(), metrics(win_rate=0.0, trades=99))],
                    GateSettings())  # fmt: skip
    assert value(verdict, "win_rate") == pytest.approx(0.01)


def test_a_share_of_training_that_showed_nothing_is_undefined_and_never_passes() -> None:
    assert "out_in_ratio" in failing(*[(metrics(0.0), metrics())] * 2)
    assert "out_in_ratio" in failing(*[(metrics(-1.0), metrics(-1.0))] * 2)


def test_without_folds_or_trades_nothing_passes() -> None:
    assert not any(passed(judge([], GateSettings())).values())
    idle = metrics(None, None, 0)
    assert failing((idle, idle), (idle, idle)) == ["mean_sharpe", "win_rate", "trades", "out_in_ratio"]


def test_an_undefined_value_passes_no_limit_however_low() -> None:
    lax = replace(GateSettings(), win_rate=-1e9, out_in_ratio=-1e9, mean_sharpe=-1e9, trades=0, folds=0)
    assert not judge([(None, None)], lax).passed
