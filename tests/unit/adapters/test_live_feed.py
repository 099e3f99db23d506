"""Candles and prices as they come, through the real ccxt over HTTP, and paper trading on them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.kline_server import HOUR_MS, KlineServer
from tests.fakes.orders import approved, buy, stop
from vigie.adapters.exchanges.paper import PaperBroker
from vigie.adapters.exchanges.paper_ledger import FILE_NAME, PaperLedger
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.market_data.live_feed import LiveFeed
from vigie.domain.errors import ConfigError, RefusalCode, VenueRefused, VenueUnavailable
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.ports.feed import CandleFeed
from vigie.simulation.terms import Terms

BTC = Pair("BTC", "USDT")
H1 = Timeframe(HOUR_MS)
FIRST = 1_704_067_200_000  # 2024-01-01
HOURS = 30
NOW = FIRST + HOURS * HOUR_MS + 5_000
KLINES = "/api/v3/klines"


@pytest.fixture
def venue() -> Iterator[KlineServer]:
    with KlineServer(now_ms=NOW, first_ms=FIRST, prices={"BTCUSDT": "123.45"}) as server:
        yield server


def source_of(venue: KlineServer, clock: FakeClock) -> CcxtCandleSource:
    return CcxtCandleSource("binance", local_time_ms=clock.now_ms, base_url=venue.url)


def feed_of(venue: KlineServer, clock: FakeClock | None = None) -> LiveFeed:
    clock = clock or FakeClock(NOW)
    return LiveFeed(source_of(venue, clock), clock, H1)


def passes(venue: KlineServer, clock: FakeClock, milliseconds: int) -> None:
    """Time, everywhere."""
    venue.now_ms += milliseconds
    clock.at_ms += milliseconds


def test_only_closed_candles_are_given_and_the_last_of_them_is_the_one_that_closed_last(venue: KlineServer) -> None:
    feed: CandleFeed = feed_of(venue)
    candles = feed.closed(BTC, 5)
    assert candles.opens_at.tolist() == [FIRST + hour * HOUR_MS for hour in range(HOURS - 5, HOURS)]
    assert candles.close[-1] == venue.close_of(FIRST + (HOURS - 1) * HOUR_MS)
    assert len(feed.closed(BTC, 0)) == 0
    feed.to_open()


@pytest.mark.parametrize("minutes", [-300, -59, 59, 300])
def test_the_venue_not_our_clock_decides_which_candle_is_closed(venue: KlineServer, minutes: int) -> None:
    clock = FakeClock(NOW + minutes * 60_000)
    feed = feed_of(venue, clock)
    assert feed.closed(BTC, 1).opens_at.tolist() == [FIRST + (HOURS - 1) * HOUR_MS]
    told = feed.freshness(BTC)
    assert told is not None
    assert (told.skew_ms, told.fresh) == (-minutes * 60_000, True)
    passes(venue, clock, HOUR_MS)
    assert feed.closed(BTC, 1).opens_at.tolist() == [FIRST + HOURS * HOUR_MS]


def test_the_venue_is_asked_again_only_when_another_candle_can_have_closed(venue: KlineServer) -> None:
    clock = FakeClock(NOW)
    feed = feed_of(venue, clock)
    for _ in range(3):
        feed.closed(BTC, 5)
        passes(venue, clock, 60_000)
    assert venue.paths.count(KLINES) == 1
    passes(venue, clock, HOUR_MS - 3 * 60_000 - 5_001)
    feed.closed(BTC, 5)
    assert venue.paths.count(KLINES) == 1
    passes(venue, clock, 1)
    assert feed.closed(BTC, 2).opens_at.tolist() == [FIRST + hour * HOUR_MS for hour in (HOURS - 1, HOURS)]
    assert venue.paths.count(KLINES) == 2
    clock.at_ms -= HOUR_MS
    feed.closed(BTC, 2)
    assert venue.paths.count(KLINES) == 3, "a clock that went backwards tells nothing"


def test_a_candle_that_is_late_is_told_as_missing_and_asked_for_until_it_is_there(venue: KlineServer) -> None:
    late = FIRST + (HOURS - 1) * HOUR_MS
    venue.missing = {late}
    feed = feed_of(venue)
    for _ in range(2):
        assert feed.closed(BTC, 1).opens_at.tolist() == [late - HOUR_MS]
        told = feed.freshness(BTC)
        assert told is not None
        assert (told.fresh, told.last_opens_at, told.due_opens_at) == (False, late - HOUR_MS, late)
    venue.missing = set()
    assert feed.closed(BTC, 1).opens_at.tolist() == [late]
    told = feed.freshness(BTC)
    assert told is not None
    assert told.fresh
    assert feed.freshness(Pair("ETH", "USDT")) is None


def test_a_candle_that_the_venue_revises_is_taken_anew_and_told(venue: KlineServer) -> None:
    clock = FakeClock(NOW)
    feed = feed_of(venue, clock)
    last = FIRST + (HOURS - 1) * HOUR_MS
    before = float(feed.closed(BTC, 1).close[0])
    venue.revised[last] = before + 0.25
    passes(venue, clock, HOUR_MS)
    assert feed.closed(BTC, 2).close[0] == before + 0.25
    told = feed.freshness(BTC)
    assert told is not None
    assert [(one.opens_at, one.before[3], one.after[3]) for one in told.revised] == [(last, before, before + 0.25)]


def test_holes_make_it_look_further_back_and_the_listing_of_the_pair_ends_that(venue: KlineServer) -> None:
    hole = {FIRST + hour * HOUR_MS for hour in range(20, 28)}
    venue.missing = hole
    feed = feed_of(venue)
    hours = [(int(one) - FIRST) // HOUR_MS for one in feed.closed(BTC, 5).opens_at]
    assert hours == [17, 18, 19, 28, 29]
    assert len(feed.closed(BTC, 22)) == 22
    asked = venue.paths.count(KLINES)
    for _ in range(2):
        assert len(feed.closed(BTC, 99)) == 22, "there are no more"
    assert venue.paths.count(KLINES) == asked + 1


def test_no_more_is_kept_than_was_ever_asked_for(venue: KlineServer, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock(NOW)
    feed = feed_of(venue, clock)
    feed._kept = 4
    assert len(feed.closed(BTC, 4)) == 4
    passes(venue, clock, HOUR_MS)
    assert len(feed.closed(BTC, 1)) == 1
    assert len(feed._known[BTC].candles) == 4
    assert len(feed.closed(BTC, 20)) == 20


def test_a_read_that_fails_is_tried_once_more(venue: KlineServer) -> None:
    clock = FakeClock(NOW)
    venue.failures = [0]
    assert len(feed_of(venue, clock).closed(BTC, 3)) == 3
    assert clock.waits == [1.0]


def test_a_venue_that_is_silent_costs_one_question_and_then_rest(venue: KlineServer) -> None:
    clock = FakeClock(NOW)
    feed = feed_of(venue, clock)
    assert len(feed.closed(BTC, 3)) == 3
    passes(venue, clock, HOUR_MS)
    venue.fail_after = len(venue.requests)
    for _ in range(3):
        with pytest.raises(VenueUnavailable):
            feed.closed(BTC, 3)
    asked = len(venue.requests) - venue.fail_after
    assert clock.waits == [1.0], "a guard tick comes in time"
    venue.fail_after = None
    clock.at_ms += 6_000
    assert feed.closed(BTC, 3).opens_at[-1] == FIRST + HOURS * HOUR_MS
    assert asked <= 2


def test_nobody_waits_inside_a_call_for_as_long_as_a_venue_asks(venue: KlineServer) -> None:
    clock = FakeClock(NOW)
    venue.failures = [500]
    with pytest.raises(VenueUnavailable, match="down"):
        feed_of(venue, clock).closed(BTC, 3)
    assert clock.waits == [], "it asked for seven seconds"


def test_a_pair_without_any_closed_candle_is_no_answer(venue: KlineServer) -> None:
    venue.missing = {FIRST + hour * HOUR_MS for hour in range(HOURS + 1)}
    with pytest.raises(VenueUnavailable, match="no closed 1h candles of BTC/USDT"):
        feed_of(venue).closed(BTC, 3)


def test_the_price_is_that_of_the_last_trade(venue: KlineServer) -> None:
    clock = FakeClock(NOW)
    feed = feed_of(venue, clock)
    assert feed.price(BTC) == 123.45
    venue.prices["BTCUSDT"] = "99.5"
    assert feed.price(BTC) == 123.45, "one price within one tick"
    clock.at_ms += 2_000
    assert feed.price(BTC) == 99.5


def test_a_pair_that_is_halted_has_no_price(venue: KlineServer) -> None:
    venue.halted = {"BTCUSDT"}
    assert feed_of(venue).price(BTC) is None


@pytest.mark.parametrize("price", [None, "0", "-1", "nonsense", "NaN"])
def test_what_is_no_price_is_no_answer(venue: KlineServer, price: str | None) -> None:
    if price is None:
        del venue.prices["BTCUSDT"]
    else:
        venue.prices["BTCUSDT"] = price
    with pytest.raises(VenueUnavailable):
        feed_of(venue).price(BTC)


def test_a_pair_that_the_venue_does_not_trade_is_a_matter_of_settings(venue: KlineServer) -> None:
    feed = feed_of(venue)
    with pytest.raises(ConfigError, match="does not trade XRP/USDT"):
        feed.price(Pair("XRP", "USDT"))
    with pytest.raises(ConfigError, match="does not trade XRP/USDT"):
        feed.closed(Pair("XRP", "USDT"), 1)


def test_paper_trades_on_it_and_asks_for_nothing_but_public_data(venue: KlineServer, tmp_path: Path) -> None:
    clock = FakeClock(NOW)
    source = source_of(venue, clock)
    books = PaperLedger(tmp_path / FILE_NAME, [source.instrument(BTC)], Terms(), {"USDT": Decimal(1000)})
    paper = PaperBroker(books, LiveFeed(source, clock, H1), clock, H1)
    bought = paper.submit(approved(buy(1)))
    assert [(one.price, one.filled_at) for one in bought.fills] == [(Decimal("123.45"), NOW)]
    with pytest.raises(VenueRefused) as error:
        paper.submit(approved(buy("0.01")))
    assert error.value.code is RefusalCode.NOTIONAL
    # Closes go up by one an hour, lows are one below: none of the next three comes near, the fourth is far below.
    near = venue.close_of(FIRST + HOURS * HOUR_MS) - 5
    paper.submit(approved(stop(1, f"{near:.2f}", f"{near - 40:.2f}")))
    passes(venue, clock, 3 * HOUR_MS)
    assert [one.client_id for one in paper.open_orders()] == ["stop"]
    struck = FIRST + (HOURS + 3) * HOUR_MS
    venue.revised[struck] = near - 10
    passes(venue, clock, 5 * HOUR_MS)
    again = PaperLedger(tmp_path / FILE_NAME, [source.instrument(BTC)], Terms(), {})
    paper = PaperBroker(again, LiveFeed(source, clock, H1), clock, H1)
    report = paper.find(BTC, "stop")
    assert report is not None
    assert (report.status, report.fills[0].filled_at) == (OrderStatus.FILLED, struck)
    public = {"/api/v3/exchangeInfo", "/api/v3/time", KLINES, "/api/v3/ticker/24hr"}
    assert set(venue.paths) == public
