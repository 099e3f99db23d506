"""The tests of a walk-forward as one run."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.research.search_cases import at, folds, series, walked
from vigie.domain.timeframe import DAY_MS
from vigie.metrics.returns import last_of_each_day
from vigie.research.stitched import days_of, stitched_days, stitched_metrics
from vigie.research.walk_forward import WalkForward


@pytest.fixture(scope="module")
def found() -> WalkForward:
    return walked([series()], folds(700, 1000, 1500))  # both inside a day: rows 700 and 1000 are no midnights


def test_days_of_a_run_carry_the_date_on_which_they_lie(found: WalkForward) -> None:
    run = found.folds[0].tested
    assert run is not None
    daily = days_of(run)
    assert daily.days.tolist() == list(range(at(700) // DAY_MS, (at(1000) - 1) // DAY_MS + 1))
    assert np.prod(1.0 + daily.returns) == pytest.approx(run.equity[-1] / run.capital)


def test_stitched_days_earn_what_the_stitched_equity_earned_and_share_the_day_of_a_boundary(
    found: WalkForward,
) -> None:
    daily = stitched_days([(one.fold, one.tested) for one in found.folds])
    assert daily.days.tolist() == list(range(at(700) // DAY_MS, (at(1500) - 1) // DAY_MS + 1))
    wealth = np.cumprod(1.0 + daily.returns)
    assert found.equity[-1] != 10_000.0
    rows = last_of_each_day(found.closes_at, 3_600_000)
    assert wealth == pytest.approx(found.equity[rows] / 10_000.0, rel=1e-12)


def test_in_a_fold_in_which_nothing_was_chosen_cash_earns_nothing(found: WalkForward) -> None:
    first, second = found.folds
    daily = stitched_days([(first.fold, None), (second.fold, second.tested)])
    assert len(daily) == len(stitched_days([(one.fold, one.tested) for one in found.folds]))
    idle = daily.days < at(1000) // DAY_MS
    assert idle.sum() > 10
    assert not daily.returns[idle].any()
    assert second.tested is not None
    assert daily.returns[~idle] == pytest.approx(days_of(second.tested).returns, rel=1e-9, abs=1e-15)


def test_stitched_numbers_are_those_of_one_run_that_carries_its_money_on(found: WalkForward) -> None:
    runs = [one.tested for one in found.folds if one.tested is not None]
    measured = stitched_metrics(runs).values
    assert measured["final_equity"] == pytest.approx(found.equity[-1])
    assert measured["trades"] == sum(len(one.trades) for one in runs) > 2
    wins = sum(int((one.trades.profit > 0.0).sum()) for one in runs)
    assert measured["win_rate"] == pytest.approx(wins / measured["trades"])
    assert measured["profit"] == pytest.approx(found.equity[-1] - 10_000.0), "flat at the edges: profit explains all"
