"""Where nothing is to be found, a search still finds something, and a walk-forward does not."""

from __future__ import annotations

import sys

import pytest

from tests.fakes.scripted import series_of
from tests.oracles import markets
from tests.unit.research.search_cases import HOUR_MS, START, points, walked
from vigie.domain.errors import ConfigError
from vigie.research.folds import boundaries_of, folds_of
from vigie.research.gates import GateSettings
from vigie.research.space import plans
from vigie.strategy.strategy import load

SEEDS = range(20)
ROWS = 3000
GRID = ("fast=5:30:5", "slow=40:160:20", "stop_atr=2,3", "warm_up=100")
NO_COSTS = {"fee_fraction": "0", "slippage_fraction": "0"}
"""Luck alone: with costs a coin toss loses, and nobody would be fooled."""


@pytest.mark.long
def test_of_twenty_random_walks_at_most_one_is_promoted_though_the_best_point_looks_good_on_most() -> None:
    table, good, promoted = [], 0, 0
    for seed in SEEDS:
        market = series_of(markets.as_candles(markets.random_walk(ROWS, seed)))
        made = folds_of(START, boundaries_of(market.candles.opens_at, HOUR_MS, 4), HOUR_MS)
        found = walked([market], made, tried=points(GRID), fixed=NO_COSTS, gates=GateSettings(), least_trades=10)
        inside = max(score.measured[-1].values["sharpe"] or -9.0 for score in found.scores)
        outside = found.verdict.gates[0].value
        table.append(f"{seed:4} {inside:12.2f} {outside:12.2f}  {'promoted' if found.passed else '-'}")
        good += inside > GateSettings().mean_sharpe
        promoted += found.passed
    table.append(f"looks good: {good} of 20; promoted: {promoted} of 20")
    sys.stdout.write("\n".join(["", "seed   best inside  mean outside", *table, ""]))
    assert good > len(SEEDS) / 2
    assert promoted <= 1


def test_the_grid_of_the_noise_makes_sense_at_every_point() -> None:
    try:
        _, senseless = plans(load("ema_cross"), "standard", NO_COSTS, points(GRID))
    except ConfigError:
        pytest.fail("the grid of the noise test makes no sense")
    assert senseless == 0
