"""A replayed market: what is known when, at which price, and how it is gone on with."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.orders import buy, stop
from vigie.adapters.market_data.replay import ReplayMarket
from vigie.domain.candles import Candles, Series
from vigie.domain.errors import DataError, RefusalCode, VenueRefused
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.simulation.terms import Terms
from vigie.simulation.venue import Venue

HOUR = 3_600_000
BTC, ETH = Pair("BTC", "USDT"), Pair("ETH", "USDT")


def series(pair: Pair, hours: list[int], timeframe: str = "1h") -> Series:
    """Candles in these hours: open 100 + hour, close half above it, a point of wicks."""
    opens = [100.0 + hour for hour in hours]
    columns = opens, [one + 1.5 for one in opens], [one - 1 for one in opens], [one + 0.5 for one in opens], opens
    return Series(pair, "made-up", Candles(Timeframe.parse(timeframe), [one * HOUR for one in hours], *columns), "")  # type: ignore[arg-type]


def a_venue() -> Venue:
    venue = Venue([Instrument(BTC), Instrument(ETH)], Terms())
    venue.deposit("USDT", Decimal(1000))
    venue.deposit("BTC", Decimal(10))
    return venue


def hours(candles: Candles) -> list[int]:
    return [int(one) // HOUR for one in candles.opens_at]


# BTC has all hours but the fourth and fifth, which nobody has; ETH starts later and lacks the seventh.
HOLED = (series(BTC, [0, 1, 2, 3, 6, 7, 8]), series(ETH, [2, 3, 6, 8]))


def test_row_by_row_candles_prices_and_time_move_together() -> None:
    market = ReplayMarket(HOLED, a_venue(), start_ms=HOUR, end_ms=8 * HOUR)
    seen = []
    while market.close_row():
        at_close = market.now_ms() // HOUR, market.price(BTC), market.price(ETH)
        known = hours(market.closed(BTC, 3)), hours(market.closed(ETH, 2))
        market.to_open()
        seen.append((*at_close, *known, market.now_ms() // HOUR, market.price(BTC), market.price(ETH)))
    assert seen == [
        (2, 101.5, None, [0, 1], [], 2, 102.0, 102.0),
        (3, 102.5, 102.5, [0, 1, 2], [2], 3, 103.0, 103.0),
        # over the hole that both have
        (4, 103.5, 103.5, [1, 2, 3], [2, 3], 6, 106.0, 106.0),
        (7, 106.5, 106.5, [2, 3, 6], [3, 6], 7, 107.0, None),
        # the candle of hour 8 lies after the range: nothing opens any more
        (8, 107.5, None, [3, 6, 7], [3, 6], 8, None, None),
    ]
    assert (market.rows_left, market.row_opens_at) == (0, 7 * HOUR)


def test_before_the_first_close_the_candles_before_the_range_are_known_and_nothing_trades() -> None:
    venue = a_venue()
    market = ReplayMarket(HOLED, venue, start_ms=2 * HOUR)
    assert (market.now_ms(), market.rows_left, market.row_opens_at) == (2 * HOUR, 5, None)
    assert hours(market.closed(BTC, 9)) == [0, 1]
    assert hours(market.closed(BTC, 0)) == []
    assert (market.price(BTC), venue.price("BTC/USDT")) == (None, None)
    market.to_open()
    assert (market.price(BTC), market.now_ms()) == (102.0, 2 * HOUR)


def test_opening_twice_is_opening_once_and_a_row_may_close_without_having_been_opened() -> None:
    market = ReplayMarket(HOLED, a_venue())
    market.close_row()
    market.to_open()
    market.to_open()
    assert (market.price(BTC), market.row_opens_at) == (101.0, 0)
    market.close_row()
    market.close_row()
    assert (market.price(BTC), market.price(ETH)) == (102.5, 102.5)


def test_the_venue_trades_at_the_same_prices_and_not_at_all_where_there_is_no_candle() -> None:
    venue = a_venue()
    market = ReplayMarket(HOLED, venue, start_ms=6 * HOUR)
    market.close_row()
    assert (venue.price("BTC/USDT"), venue.price("ETH/USDT")) == (Decimal("106.5"), Decimal("106.5"))
    market.to_open()
    assert (venue.price("BTC/USDT"), venue.price("ETH/USDT"), venue.seen_at) == (107, None, 7 * HOUR)
    with pytest.raises(VenueRefused) as error:
        venue.submit(buy(1, pair="ETH/USDT"), market.now_ms())
    assert error.value.code is RefusalCode.MARKET_CLOSED
    market.close_row()
    market.to_open()
    market.close_row()
    market.to_open()
    assert (venue.price("BTC/USDT"), venue.price("ETH/USDT")) == (None, None), "the end"
    assert not market.close_row()


def test_stops_live_through_each_row_and_the_venue_is_kept_before_the_row_counts() -> None:
    venue, kept = a_venue(), []
    market = ReplayMarket(
        HOLED, venue, save=lambda: kept.append((venue.played("BTC/USDT"), market.row_opens_at))
    )  # fmt: skip
    market.close_row()
    # The candle of hour 1 has its low at exactly 100.
    venue.submit(stop(1, 100, 99), market.now_ms())
    market.close_row()
    report = venue.find("BTC/USDT", "stop")
    assert report is not None
    assert [(one.price, one.filled_at) for one in report.fills] == [(100, HOUR)]
    assert kept == [(HOUR, None), (2 * HOUR, 0)]


def test_a_row_that_could_not_be_kept_is_closed_again() -> None:
    venue, fails = a_venue(), [True]

    def save() -> None:
        if fails and fails.pop():
            raise OSError("disk full")

    market = ReplayMarket(HOLED, venue, save=save)
    with pytest.raises(OSError, match="disk full"):
        market.close_row()
    assert (market.row_opens_at, market.rows_left) == (None, 7)
    assert market.close_row()
    assert (market.row_opens_at, venue.played("BTC/USDT")) == (0, HOUR)


@pytest.mark.parametrize("rows", range(1, 8))
def test_a_venue_that_knows_rows_already_is_gone_on_with_after_the_last_one(rows: int) -> None:
    venue = a_venue()
    first = ReplayMarket(HOLED, venue)
    for _ in range(rows):
        first.close_row()
    again = ReplayMarket(HOLED, Venue([Instrument(BTC), Instrument(ETH)], Terms(), venue.to_record()))
    views = []
    for market in (first, again):
        views.append(
            [market.now_ms(), market.row_opens_at, market.rows_left, market.price(BTC), hours(market.closed(BTC, 9))]
        )
    assert views[0] == views[1]


def test_a_venue_that_was_traded_at_beyond_a_hole_is_gone_on_with_there() -> None:
    venue = a_venue()
    market = ReplayMarket(HOLED, venue)
    for _ in range(4):
        market.close_row()
    market.to_open()
    venue.submit(buy(1), market.now_ms())
    again = ReplayMarket(HOLED, venue)
    assert (again.now_ms(), again.row_opens_at, again.price(BTC)) == (6 * HOUR, 3 * HOUR, 106.0)
    assert hours(again.closed(BTC, 2)) == [2, 3]


def test_waiting_costs_nothing_unless_the_replay_has_a_pace() -> None:
    wall = FakeClock()
    market = ReplayMarket(HOLED, a_venue(), pace=(wall, 3600.0))
    market.close_row()
    market.sleep(7200)
    market.to_open()
    market.close_row()
    assert wall.waits == [1.0, 2.0, 1.0]
    assert market.now_ms() == 2 * HOUR, "only rows move its time"
    ReplayMarket(HOLED, a_venue()).sleep(1e9)


@pytest.mark.parametrize(
    ("given", "start", "message"),
    [
        ((), None, "a replay needs candles"),
        ((HOLED[0], HOLED[0]), None, "each pair once"),
        ((HOLED[0], series(ETH, [0, 4], "4h")), None, "one timeframe"),
        (HOLED, 9 * HOUR, "no candles in the range"),
    ],
)
def test_candles_that_make_no_market_are_refused(given: tuple[Series, ...], start: int | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ReplayMarket(given, a_venue(), start_ms=start)


def test_a_pair_that_is_not_replayed_is_named() -> None:
    market = ReplayMarket(HOLED, a_venue())
    for ask in (market.price, lambda pair: market.closed(pair, 1)):
        with pytest.raises(DataError, match="no candles of XRP/USDT"):
            ask(Pair("XRP", "USDT"))
