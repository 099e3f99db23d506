"""Lessons of the first system about partial sales, buying twice, capital, cooldown, time and limits: the engine's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.fakes.engine_ports import Killed
from tests.fakes.moody_broker import Mood
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, QUIET, START, Row, Wanted, on_one_pair, on_pairs, ticked
from vigie.domain import events as e
from vigie.domain.candles import Candles
from vigie.domain.errors import VenueUnavailable
from vigie.domain.order import Intent, Leg
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS

ETH = "ETH/USDT"
ABOVE_TWO: Row = (102.0, 102.8, 101.9, 102.5)
ABOVE_FOUR: Row = (104.0, 104.8, 103.9, 104.5)
FALL: Row = (100.0, 100.2, 95.0, 95.5)
CALM = {"breakeven_fraction": "0", "trail_from": "never", "fee_fraction": "0", "slippage_fraction": "0"}


def sent(market: Rehearsal, leg: Leg) -> list[Intent]:
    return [one for one in market.broker.sent if one.leg is leg]


def told(market: Rehearsal, kind: type[e.Event]) -> list[e.Event]:
    return [one.event for one in market.journal.lines if isinstance(one.event, kind)]


def halves(rows: list[Row]) -> list[Row]:
    """The same market at half the price: another pair."""
    return [(first / 2, high / 2, low / 2, last / 2) for first, high, low, last in rows]


# --- partial sales ------------------------------------------------------------------------------------------------


def test_lesson_37_half_the_position_is_sold_once_however_long_the_gain_lasts() -> None:
    market = on_one_pair([QUIET, QUIET, QUIET, *[ABOVE_TWO] * 8], entries=[1], overrides=CALM)
    ticked(market, 6)
    market.again().start()
    ticked(market, 4)
    assert len(sent(market, Leg.PARTIAL_1)) == 1


def test_lesson_38_reconciliation_gives_no_partial_back() -> None:
    market = on_one_pair([QUIET, QUIET, QUIET, *[ABOVE_TWO] * 8], entries=[1], overrides=CALM)
    ticked(market, 5)
    (stop,) = market.broker.paper.open_orders()
    market.broker.vanish(BTC, stop.client_id)
    ticked(market, 4)
    known = market.engine.portfolio.holdings[BTC].rules
    assert known is not None
    assert known.partials_taken == 1
    assert len(sent(market, Leg.PARTIAL_1)) == 1


# --- buying -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dies", [e.FillSeen, e.WishDone, e.RulesMoved, e.StopMarked])
def test_lesson_44_a_fill_is_never_forgotten_and_never_bought_again(dies: type[e.Event]) -> None:
    market = on_one_pair([QUIET] * 12, entries=range(1, 12), overrides=CALM)
    ticked(market, 1)
    market.journal.last = lambda one: isinstance(one, dies)
    with pytest.raises(Killed):
        ticked(market, 5)
    market.again().start()
    ticked(market, 5)
    assert len(sent(market, Leg.ENTRY)) == 1
    assert market.engine.portfolio.holdings.keys() == {BTC}


def test_lesson_52_an_open_position_keeps_the_stop_it_was_entered_with() -> None:
    market = on_one_pair([QUIET] * 8, entries=[1], overrides=CALM)
    ticked(market, 4)
    before = market.engine.portfolio.holdings[BTC].rules
    other = on_pairs(CALM, BTC=Wanted([QUIET] * 8, [1], distance=1.0))
    market.setup = replace(market.setup, plan=other.setup.plan)
    market.again().start()
    ticked(market, 2)
    after = market.engine.portfolio.holdings[BTC].rules
    assert before is not None
    assert after is not None
    assert after.fixed_stop == before.fixed_stop


# --- cooldown and time --------------------------------------------------------------------------------------------


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("tokyo")
def test_lesson_57_the_day_ends_at_midnight_utc_wherever_the_machine_stands() -> None:
    fallen: list[Row] = [(95.5, 96.0, 95.2, 95.5)] * 30
    market = on_pairs(
        {**CALM, "daily_loss_fraction": "0.004"}, BTC=Wanted([QUIET, QUIET, QUIET, FALL, *fallen], [1], distance=20.0)
    )
    ticked(market, 5)
    until = market.engine.portfolio.latches["daily_loss"].until
    assert until == (START // DAY_MS + 1) * DAY_MS
    while market.market.now_ms() < until:
        assert "daily_loss" in market.engine.portfolio.latches
        ticked(market, 1)
    assert market.engine.portfolio.latches == {}


def test_lesson_58_a_pair_in_trouble_keeps_no_other_pair_from_its_turn() -> None:
    rows = [QUIET] * 8
    market = on_pairs(CALM, BTC=Wanted(rows, [1]), ETH=Wanted(halves(rows), [2]))
    ticked(market, 1)
    feed = market.feed
    closed = feed.closed

    class Silent(type(feed)):  # type: ignore[misc]
        def closed(self, pair: Pair, count: int) -> Candles:
            if str(pair) == BTC:
                raise VenueUnavailable("no candles of this pair")
            return closed(pair, count)

    market.feed = Silent(feed.market)
    market.again().start()
    ticked(market, 5)
    assert market.engine.portfolio.holdings.keys() == {ETH}


# --- process ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", list(Mood)[1:6])
def test_lesson_94_a_heartbeat_after_any_trouble_has_every_field_that_readers_look_for(mood: Mood) -> None:
    market = on_one_pair([QUIET] * 6, entries=[1], overrides=CALM)
    ticked(market, 1)
    fields = set(market.controls.beats[-1])
    market.broker.always = {"submit": mood, "read": mood}
    ticked(market, 3)
    assert {frozenset(one) for one in market.controls.beats} == {frozenset(fields)}
    of_the_account = {"tick", "seq", "candle_at", "mode", "problems"}
    for_those_who_look_on = {"equity", "equity_age_ms", "venue_more", "venue_fewer", "decided_ms", "errors"}
    assert fields == of_the_account | for_those_who_look_on
