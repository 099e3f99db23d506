"""Pairs of different age and with different holes on one timeline."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from tests.oracles import markets
from vigie.domain.candles import Candles
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.research.timeline import Timeline, filters_of, market, wishes
from vigie.strategy.signals import Signals

HOUR_MS = 3_600_000
MIDNIGHT = 1_577_836_800_000
NAN = np.nan


def candles(hours: list[int], close: list[float]) -> Candles:
    """Flat candles opening at these hours of 2020-01-01."""
    prices = np.array(close)
    return Candles(
        Timeframe.parse("1h"), MIDNIGHT + HOUR_MS * np.array(hours), prices, prices, prices, prices, np.ones(len(hours))
    )


OLD = candles([0, 1, 2, 5], [1.0, 2.0, 4.0, 8.0])
YOUNG = candles([2, 3, 5, 6], [10.0, 20.0, 10.0, 30.0])
BOTH = Timeline.of([OLD, YOUNG])
"""Rows: hours 0, 1, 2, 3, 5, 6; nobody has a candle at 4."""


def signals(rows: int, **changes: object) -> Signals:
    columns: dict[str, object] = {
        "entry": np.ones(rows, dtype=np.int8),
        "exit": np.ones(rows, dtype=np.bool_),
        "stop_distance": np.arange(1.0, rows + 1),
        "volatility": np.arange(1.0, rows + 1),
        "warm_up": 0,
    }
    return Signals.of(**(columns | changes))  # type: ignore[arg-type]


def test_the_rows_are_the_union_of_the_opening_times() -> None:
    assert ((BOTH.opens_at - MIDNIGHT) // HOUR_MS).tolist() == [0, 1, 2, 3, 5, 6]
    assert (BOTH.closes_at - BOTH.opens_at == HOUR_MS).all()
    assert [rows.tolist() for rows in BOTH.rows] == [[0, 1, 2, 4], [2, 3, 4, 5]]


def test_one_pair_keeps_its_own_rows() -> None:
    alone = Timeline.of([OLD])
    assert alone.opens_at is OLD.opens_at
    assert alone.opens_at[alone.rows[0]].tolist() == OLD.opens_at.tolist()
    assert alone.closes_at.tolist() == OLD.closes_at.tolist()


def test_a_column_is_laid_on_the_rows_with_a_fill_where_a_pair_has_no_candle() -> None:
    laid = BOTH.spread([OLD.close, YOUNG.close], NAN)
    np.testing.assert_array_equal(laid, [[1, 2, 4, NAN, 8, NAN], [NAN, NAN, 10, 20, 10, 30]])


@pytest.mark.parametrize("timeline", [BOTH, Timeline.of([OLD])])
def test_a_laid_column_keeps_its_kind_and_cannot_be_written(timeline: Timeline) -> None:
    columns = [np.ones(4, dtype=np.int8)] * len(timeline.rows)
    laid = timeline.spread(columns, 0)
    assert laid.dtype == np.int8
    with pytest.raises(ValueError, match="read-only"):
        laid[0, 0] = 5
    assert columns[0].flags.writeable


def test_a_carried_column_holds_its_last_value_over_holes_and_begins_with_what_was_before() -> None:
    carried = BOTH.carried([OLD.close, YOUNG.close], [0.5, 7.0])
    np.testing.assert_array_equal(carried, [[1, 2, 4, 4, 8, 8], [7, 7, 10, 20, 10, 30]])


def test_the_market_has_no_price_where_a_pair_has_no_candle() -> None:
    laid = market(BOTH, [OLD, YOUNG], [OLD, YOUNG], np.zeros((2, 4)), correlated=True)
    for column in (laid.open, laid.high, laid.low, laid.close):
        np.testing.assert_array_equal(np.isnan(column), [[0, 0, 0, 1, 0, 1], [1, 1, 0, 0, 0, 0]])
    # A return is held against the pair's own candle before, however long ago: 8 / 4 across the hole.
    two = np.log(2.0)
    np.testing.assert_allclose(
        laid.returns, [[NAN, two, two, NAN, two, NAN], [NAN, NAN, NAN, two, -two, np.log(3.0)]], rtol=1e-15
    )
    np.testing.assert_array_equal(laid.in_row, [[1, 2, 3, 0, 1, 0], [0, 0, 1, 2, 1, 2]])


def test_returns_are_left_out_where_nobody_looks_at_them() -> None:
    assert market(BOTH, [OLD, YOUNG], [OLD, YOUNG], np.zeros((2, 4)), correlated=False).returns.shape == (2, 0)
    assert market(Timeline.of([OLD]), [OLD], [OLD], np.zeros((1, 4)), correlated=True).returns.shape == (1, 0)


def test_a_candle_belongs_to_the_utc_day_in_which_it_closes__lesson_57() -> None:
    late = candles([22, 23, 24], [1.0, 1.0, 1.0])
    days = market(Timeline.of([late]), [late], [late], np.zeros((1, 4)), correlated=False).day
    first = MIDNIGHT // 86_400_000
    # The candle from 23:00 closes at 00:00 of the next day.
    assert days.tolist() == [first, first + 1, first + 1]


def test_wishes_are_laid_on_the_rows_and_nothing_is_wanted_in_between() -> None:
    laid = wishes(BOTH, [signals(4), signals(4, entry=np.array([0, -1, 1, 1]))])
    assert laid.entry.tolist() == [[1, 1, 1, 0, 1, 0], [0, 0, 0, -1, 1, 1]]
    assert laid.exit.tolist() == [
        [True, True, True, False, True, False],
        [False, False, True, True, True, True],
    ]
    np.testing.assert_array_equal(laid.stop_distance[0], [1, 2, 3, NAN, 4, NAN])
    np.testing.assert_array_equal(laid.volatility[1], [NAN, NAN, 1, 2, 3, 4])
    assert np.isnan(laid.target_distance).all()
    np.testing.assert_array_equal(laid.confidence[0], [1, 1, 1, 0, 1, 0])


@pytest.mark.parametrize(("warm_up", "expected"), [(0, [1, 1, 1, 1]), (3, [0, 0, 0, 1]), (9, [0, 0, 0, 0])])
def test_a_strategy_that_warms_up_wants_no_entry__lesson_66(warm_up: int, expected: list[int]) -> None:
    made = signals(4, warm_up=warm_up)
    assert wishes(Timeline.of([OLD]), [made]).entry.tolist() == [expected]
    # What the strategy said is not touched, and exits are not held back.
    assert made.entry.tolist() == [1, 1, 1, 1]
    assert wishes(Timeline.of([OLD]), [made]).exit.all()


def test_filters_come_from_the_venue_or_from_the_settings() -> None:
    known, half, unknown = Pair("A", "Q"), Pair("B", "Q"), Pair("C", "Q")
    instruments = {
        known: Instrument(known, Decimal("0.1"), Decimal("0.001"), Decimal("0.01"), Decimal(10)),
        half: Instrument(half, tick=Decimal("0.5")),
    }
    assert filters_of([known, half, unknown], instruments, 5.0).tolist() == [
        [0.1, 0.001, 0.01, 10.0],
        [0.5, 0.0, 0.0, 5.0],
        [0.0, 0.0, 0.0, 5.0],
    ]


def test_one_pair_carries_its_own_values() -> None:
    assert Timeline.of([OLD]).carried([OLD.close], [0.5]).tolist() == [OLD.close.tolist()]


def test_a_made_up_market_survives_the_way_onto_the_timeline() -> None:
    made = [markets.as_candles(markets.with_holes(markets.fat_tails(200, seed), seed)) for seed in (1, 2, 3)]
    timeline = Timeline.of(made)
    laid = market(timeline, made, made, np.zeros((3, 4)), correlated=True)
    for index, one in enumerate(made):
        assert laid.close[index][timeline.rows[index]].tolist() == one.close.tolist()
        assert np.isfinite(laid.close[index]).sum() == len(one)
