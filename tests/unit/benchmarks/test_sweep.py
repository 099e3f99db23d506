"""The combinations of the benchmark agree with plain backtests, and a difference is found and named."""

from __future__ import annotations

from benchmarks import vigie_sweep, w1_grid
from benchmarks.candles import synthetic
from benchmarks.sweep import differences
from vigie.decision.profile import plan
from vigie.domain.candles import Series
from vigie.domain.pair import Pair
from vigie.research.backtest import run
from vigie.strategy.strategy import load

TRIED = [(5, 60, 4.0, 3.0), (10, 80, 5.0, 7.0), (50, 240, 4.0, 5.0)]


def test_there_are_a_thousand_combinations() -> None:
    tried = w1_grid.combinations()
    assert len(set(tried)) == 1000
    assert tried[1] == (5, 60, 4.0, 4.0)


def test_the_final_equity_of_each_combination_is_that_of_its_own_backtest() -> None:
    candles = synthetic(3000, 1)
    found = vigie_sweep.describe(vigie_sweep.run(candles, TRIED))["final_equity"]
    for point, equity in zip(w1_grid.points(TRIED), found, strict=True):
        made = plan(load("ema_cross"), "standard", {**w1_grid.rest(), **point})
        assert run(made, [Series(Pair("W1", "USD"), "test", candles, "memory")]).equity[-1] == equity
    assert len(set(found)) == 3


def test_a_walk_forward_chooses_in_four_folds() -> None:
    done = vigie_sweep.describe_walk_forward(vigie_sweep.run_walk_forward(synthetic(12_000, 1), TRIED))
    assert len(done["chosen"]) == 4
    assert any(done["chosen"])
    assert done["statistics_ms"] > 0.0


def test_final_equity_may_differ_by_a_billionth() -> None:
    ours = [10_000.0, 20_000.0, 30_000.0]
    assert differences(TRIED, ours, [10_000.000009, *ours[1:]]) == []
    (sentence,) = differences(TRIED, ours, [10_000.00002, *ours[1:]])
    assert "(5, 60, 4.0, 3.0)" in sentence
    assert len(differences(TRIED, ours, [10_000.0, float("nan"), 30_000.0])) == 1
    assert len(differences(TRIED, ours, ours[:2])) == 1
