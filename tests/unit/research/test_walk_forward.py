"""Chosen on training candles only, judged once on candles never seen."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.scripted import series_of
from tests.unit.research.search_cases import (
    HOUR_MS,
    at,
    clockwork,
    differences,
    folds,
    planted,
    points,
    series,
    walked,
)
from tests.unit.research.test_sweep import bits
from vigie.decision.profile import plan
from vigie.domain.candles import Candles, Series
from vigie.domain.errors import DataError
from vigie.domain.trades import EventKind, ExitReason
from vigie.metrics.summary import Metrics
from vigie.research.backtest import run
from vigie.research.folds import Fold, folds_of
from vigie.research.gates import GateSettings
from vigie.research.overfitting import Overfitting
from vigie.research.sharpe_tests import DeflatedSharpe, SharpeEstimate
from vigie.research.walk_forward import FoldResult, WalkForward
from vigie.strategy.strategy import load

ROWS = (700, 1000, 1300, 1500)


def everything(one: FoldResult) -> list[object]:
    """A fold to the last bit."""

    def of(metrics: Metrics | None) -> object:
        return None if metrics is None else bits(metrics)

    tested = one.tested
    curve = b"" if tested is None else tested.equity.tobytes() + tested.trades.profit.tobytes()
    return [one.fold, one.chosen, of(one.in_sample), of(None if tested is None else tested.measured), curve]


def cut(one: Series, row: int) -> Series:
    return Series(one.pair, one.venue, one.candles.between(None, at(row)), one.origin)


@pytest.mark.parametrize("rolling", [False, True])
def test_cutting_the_last_fold_off_leaves_all_earlier_ones_identical_to_the_bit(rolling: bool) -> None:
    market = series()
    whole = walked([market], folds(*ROWS, rolling=rolling))
    for count in (1, 2):
        part = walked([cut(market, ROWS[count])], folds(*ROWS[: count + 1], rolling=rolling))
        assert list(map(everything, part.folds)) == list(map(everything, whole.folds[:count]))
        assert part.equity.tobytes() == whole.equity[: len(part.equity)].tobytes()
    assert sum(len(one.tested.trades) for one in whole.folds if one.tested) > 4


@pytest.mark.parametrize("rolling", [False, True])
def test_a_pair_that_is_listed_later_changes_no_bit_of_what_came_before(rolling: bool) -> None:
    late = series(seed=5, pair="ETH/USDT")
    late = Series(late.pair, late.venue, late.candles.between(at(ROWS[2] + 20), None), late.origin)
    whole = walked([series(), late], folds(*ROWS, rolling=rolling))
    assert [one.untested for one in whole.folds] == [(late.pair,), (late.pair,), ()]
    part = walked([cut(series(), ROWS[2]), cut(late, ROWS[2])], folds(*ROWS[:3], rolling=rolling))
    assert list(map(everything, part.folds)) == list(map(everything, whole.folds[:2]))


@pytest.mark.parametrize("rolling", [False, True])
@pytest.mark.parametrize(("purge", "embargo"), [(0, 0), (11, 30)])
def test_each_choice_is_the_best_of_backtests_on_its_training_candles(rolling: bool, purge: int, embargo: int) -> None:
    market = series()
    found = walked([market], folds(*ROWS, rolling=rolling, purge=purge, embargo=embargo))
    for one in found.folds:
        alone = {}
        for point in points():
            made = plan(load("ema_cross"), "standard", point)
            result = run(made, [market], start_ms=one.fold.train_start, end_ms=one.fold.train_end)
            alone[tuple(point.values())] = result.measured
        assert one.chosen is not None
        assert one.in_sample is not None
        chosen = tuple(one.chosen.values())
        sharpe = {point: metrics.values["sharpe"] for point, metrics in alone.items()}
        assert sharpe[chosen] == max(value for value in sharpe.values() if value is not None)
        assert differences(one.in_sample, alone[chosen]) == []
        assert one.tested is not None
        assert one.tested.closes_at[0] == one.fold.test_start + HOUR_MS
        assert one.tested.closes_at[-1] == one.fold.test_end


def test_a_pattern_in_the_test_candles_alone_does_not_change_the_choice() -> None:
    """The rise after 09:00 is there in the tests only: whoever saw them would choose it."""
    tried = points((), clockwork())
    without = series_of(planted(1000, 1, lambda row: 3 if row < 700 else None))
    with_it = series_of(planted(1000, 1, lambda row: 3 if row < 700 else 9))
    for market in (without, with_it):
        (one,) = walked([market], folds(700, 1000), strategy=clockwork(), tried=tried).folds
        assert one.chosen == {"hour": "3"}
    only = walked([series_of(with_it.candles.between(at(700), None))], folds_of(at(700), [at(950), at(1000)], HOUR_MS),
                  strategy=clockwork(), tried=tried)  # fmt: skip
    assert only.folds[0].chosen == {"hour": "9"}, "the planted pattern is one that a search finds"


@pytest.mark.parametrize("hour", [3, 9, 15])
def test_a_pattern_in_the_training_candles_decides_the_choice_and_pays_in_the_test(hour: int) -> None:
    market = series_of(planted(1000, 2, lambda _: hour))
    (one,) = walked([market], folds(700, 1000), strategy=clockwork(), tried=points((), clockwork())).folds
    assert one.chosen == {"hour": str(hour)}
    assert one.tested is not None
    assert one.tested.equity[-1] > one.tested.capital * 1.005


def test_a_pattern_that_ends_with_the_training_is_chosen_and_loses() -> None:
    market = series_of(planted(1000, 3, lambda row: 9 if row < 700 else None))
    found = walked([market], folds(700, 1000), strategy=clockwork(), tried=points((), clockwork()),
                   gates=GateSettings(folds=1, trades=1))  # fmt: skip
    assert found.folds[0].chosen == {"hour": "9"}
    assert not found.passed


def test_candles_of_a_test_change_no_earlier_fold_whatever_they_are() -> None:
    market = series()
    c = market.candles
    wild = {name: getattr(c, name).copy() for name in ("open", "high", "low", "close")}
    for column in wild.values():
        column[1300:] *= 7.0
    changed = series_of(Candles(c.timeframe, c.opens_at, volume=c.volume, **wild))
    before, after = walked([market], folds(*ROWS)), walked([changed], folds(*ROWS))
    assert list(map(everything, before.folds[:2])) == list(map(everything, after.folds[:2]))
    assert before.folds[2].chosen == after.folds[2].chosen
    assert everything(before.folds[2]) != everything(after.folds[2])


def test_no_signal_of_a_training_or_of_a_test_was_asked_for_with_later_candles_if_folds_roll() -> None:
    last: list[int] = []
    market = series()
    strategy = clockwork(lambda candles: last.append(int(candles.opens_at[-1])))
    made = folds(700, 1000, 1300, rolling=True)
    walked([market], made, strategy=strategy, tried=points(("hour=3",), strategy))
    assert last == [at(700 - 1), at(1000 - 1), at(1300 - 1), at(1000 - 1), at(1300 - 1)]


def test_indicators_in_a_test_are_warm_from_the_past() -> None:
    """With a warm-up as long as the test itself, a cold start could never trade."""
    market = series()
    fixed = {"warm_up": "300", "warm_up_from_past": "off"}
    tried = points(("fast=5,12", "slow=30,60"))
    found = walked([market], folds(*ROWS), fixed=fixed, tried=tried)
    for one in found.folds:
        assert one.tested is not None
        assert len(one.tested.trades) > 0
        assert one.chosen is not None
        cold = plan(load("ema_cross"), "standard", {**fixed, **one.chosen})
        assert not len(run(cold, [market], start_ms=one.fold.test_start, end_ms=one.fold.test_end).trades)


def held_at_the_edge() -> tuple[Series, tuple[Fold, ...], WalkForward]:
    market = series_of(planted(1000, 2, lambda _: 3))
    made = folds(28 * 24 + 5, 38 * 24 + 5)
    return market, made, walked([market], made, strategy=clockwork(), tried=points(("hour=3",), clockwork()))


def test_a_test_starts_flat_with_its_whole_capital_even_if_training_ends_in_a_position() -> None:
    market, (fold,), found = held_at_the_edge()
    made = plan(clockwork(), "standard", {"hour": "3"})
    assert run(made, [market], end_ms=fold.train_end).open_positions, "the training ends with a coin in hand"
    tested = found.folds[0].tested
    assert tested is not None
    assert tested.equity[0] == tested.capital
    assert tested.events.kind[0] == EventKind.BUY
    assert tested.events.at[0] > fold.test_start


def test_what_a_test_still_holds_at_its_edge_is_sold_there_and_counted() -> None:
    market, (fold,), found = held_at_the_edge()
    tested = found.folds[0].tested
    assert tested is not None
    open_still = run(plan(clockwork(), "standard", {"hour": "3"}), [market], start_ms=fold.test_start,
                     end_ms=fold.test_end)  # fmt: skip
    assert len(open_still.open_positions) == 1
    assert tested.open_positions == ()
    assert tested.trades.exit_reason[-1] == ExitReason.END
    assert tested.trades.exit_at[-1] == fold.test_end
    assert len(tested.trades) == len(open_still.trades) + 1
    assert tested.measured.values["trades"] == len(tested.trades)
    assert tested.invested[-1] == 0.0
    assert tested.equity[-1] == pytest.approx(tested.capital + tested.trades.profit.sum(), rel=1e-12)
    assert tested.equity[-1] < open_still.equity[-1], "the sale pays its fee"


def test_the_stitched_equity_lets_each_test_go_on_with_what_the_one_before_left() -> None:
    found = walked([series()], folds(*ROWS))
    growth = [one.tested.equity[-1] / one.tested.capital for one in found.folds if one.tested]
    assert len(growth) == 3
    assert found.equity[-1] == pytest.approx(10_000.0 * np.prod(growth), rel=1e-12)
    assert found.closes_at.tolist() == [at(row) for row in range(ROWS[0] + 1, ROWS[-1] + 1)]


@pytest.mark.parametrize("jobs", [2, 8])
def test_threads_change_nothing(jobs: int) -> None:
    market = [series(), series("fat_tails", seed=9, pair="ETH/USDT")]
    one, many = walked(market, folds(*ROWS)), walked(market, folds(*ROWS), jobs=jobs)
    assert list(map(everything, one.folds)) == list(map(everything, many.folds))
    assert (one.verdict, one.sharpe, one.deflated_sharpe) == (many.verdict, many.sharpe, many.deflated_sharpe)
    assert one.final is not None
    assert many.final is not None
    assert one.final.point == many.final.point


def test_equal_points_are_chosen_by_the_order_of_the_grid() -> None:
    """An activation that is never reached: all its values give the same numbers."""
    for values in ("90,95,99", "99,95,90"):
        tried = points((f"activation_atr={values}",))
        found = walked([series()], folds(*ROWS), tried=tried, fixed={"warm_up": "50"}, jobs=8)
        assert {one.chosen["activation_atr"] for one in found.folds if one.chosen} == {values[:2]}


def test_a_fold_without_enough_trades_chooses_nothing_and_trades_nothing() -> None:
    found = walked([series()], folds(*ROWS), least_trades=10_000, gates=GateSettings())
    assert all(one.chosen is one.in_sample is one.tested is None for one in found.folds)
    assert found.final is None
    assert not found.passed
    assert len(found.equity) == 0
    assert isinstance(found.sharpe, str)
    assert found.deflated_sharpe == found.probabilistic_sharpe == found.sharpe


def test_the_final_point_is_chosen_by_the_same_rule_on_all_candles_up_to_the_last_date() -> None:
    market = series()
    anchored, rolled = walked([market], folds(*ROWS)), walked([market], folds(*ROWS, rolling=True))
    once = walked([market], folds(ROWS[-1] - 200, ROWS[-1]))
    for found in (anchored, rolled):
        assert found.final is not None
        assert once.final is not None
        assert found.final.point == once.final.point
        assert len(found.scores) == 8


def test_before_the_listing_of_a_pair_positions_are_as_large_as_after_it() -> None:
    """Else every position of such a test could be twice as large as in training."""
    young = series_of(series("gap_heavy", seed=5).candles.between(at(1100), None), "SOL/USDT")
    made = plan(load("ema_cross"), "standard", {"risk_fraction": "0.5", "fast": "5", "slow": "30", "warm_up": "50"})
    dates = {"start_ms": at(700), "end_ms": at(1000)}
    with pytest.raises(DataError, match="SOL/USDT: no candles in 2020-01-30"):
        run(made, [series(), young], **dates)
    events = run(made, [series(), young], leave_out=True, **dates).events
    assert events.quantity[0] * events.price[0] == pytest.approx(5_000.0, rel=0.01)
    alone = run(made, [series()], **dates).events
    assert alone.quantity[0] * alone.price[0] == pytest.approx(10_000.0, rel=0.01)
    with pytest.raises(DataError, match="no candles in 2020-01-30"):
        run(made, [young], leave_out=True, **dates)


def test_statistics_of_honesty_are_there_and_more_trials_deflate_more() -> None:
    found = walked([series()], folds(*ROWS))
    assert isinstance(found.sharpe, SharpeEstimate)
    assert isinstance(found.deflated_sharpe, DeflatedSharpe)
    assert isinstance(found.overfitting, Overfitting)
    assert isinstance(found.probabilistic_sharpe, float)
    assert found.deflated_sharpe.probability < found.probabilistic_sharpe
    assert 0.0 <= found.overfitting.probability <= 1.0
    assert found.passed == (found.verdict.gates[1].value is not None and found.verdict.gates[4].value is not None)
