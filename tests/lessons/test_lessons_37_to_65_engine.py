"""Lessons of the first system about partial sales, buying twice, capital, cooldown, time and limits: the engine's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.engine_ports import Killed
from tests.fakes.moody_broker import Mood
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, HOUR, QUIET, START, Row, Wanted, on_one_pair, on_pairs, ticked
from vigie.adapters.storage.account_lock import AccountLock
from vigie.domain import events as e
from vigie.domain.candles import Candles
from vigie.domain.errors import AccountLocked, VenueUnavailable
from vigie.domain.order import Intent, Leg
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS
from vigie.domain.trading_mode import TradingMode

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


def test_lesson_39_and_40_the_second_part_is_a_share_of_what_is_left_and_the_rest_follows_from_the_settings() -> None:
    market = on_one_pair([QUIET, QUIET, QUIET, ABOVE_TWO, *[ABOVE_FOUR] * 3], entries=[1], overrides=CALM)
    ticked(market, 7)
    held = market.engine.portfolio.holdings[BTC]
    shares = [sum(one.quantity for one in sent(market, leg)) / held.bought for leg in (Leg.PARTIAL_1, Leg.PARTIAL_2)]
    assert [float(one) for one in shares] == pytest.approx([0.5, 0.15], abs=1e-3)
    assert float(held.quantity / held.bought) == pytest.approx(0.35, abs=1e-3)


def test_lesson_42_a_part_that_is_too_small_is_marked_and_not_tried_for_ever() -> None:
    small = {**CALM, "capital": "70", "partial_1_share": "0.2"}
    market = on_one_pair([QUIET, QUIET, QUIET, *[ABOVE_TWO] * 6], entries=[1], overrides=small)
    ticked(market, 9)
    known = market.engine.portfolio.holdings[BTC].rules
    assert known is not None
    assert known.partials_taken & 1
    assert sent(market, Leg.PARTIAL_1) == []


def test_lesson_43_a_partial_sale_leaves_a_position_and_not_a_flat_account() -> None:
    market = on_one_pair([QUIET, QUIET, QUIET, *[ABOVE_TWO] * 4], entries=range(1, 7), overrides=CALM)
    ticked(market, 7)
    assert len(sent(market, Leg.PARTIAL_1)) == 1
    assert len(sent(market, Leg.ENTRY)) == 1
    assert market.engine.portfolio.holdings.keys() == {BTC}


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


def test_lesson_45_the_tick_that_ends_a_position_begins_no_new_one() -> None:
    market = on_one_pair([QUIET] * 12, entries=range(1, 12), exits=range(2, 12), overrides=CALM)
    market.engine.start()
    for _ in range(12):
        before = len(market.broker.sent)
        ticked(market, 1)
        legs = {one.leg for one in market.broker.sent[before:]}
        assert not {Leg.ENTRY, Leg.EXIT} <= legs
    assert len(sent(market, Leg.ENTRY)) > 1


def test_lesson_46_dust_does_not_block_the_next_entry() -> None:
    dusty = {**CALM, "fee_in_base": "on", "fee_fraction": "0.001"}
    market = on_one_pair([QUIET] * 12, entries=[1, 5, 9], exits=[3, 7], overrides=dusty)
    ticked(market, 12)
    assert market.engine.portfolio.dust[BTC] > 0
    assert len(sent(market, Leg.ENTRY)) == 3
    assert market.engine.portfolio.holdings.keys() == {BTC}


def test_lesson_47_a_new_account_trades_what_was_allocated() -> None:
    market = on_one_pair([QUIET] * 5, entries=[1], overrides=CALM)
    ticked(market, 4)
    (entry,) = sent(market, Leg.ENTRY)
    assert float(entry.quantity) * 100.0 == pytest.approx(3000.0, rel=1e-3)


def test_lesson_48_two_pairs_do_not_spend_the_same_cash() -> None:
    rows = [QUIET] * 6
    whole = {**CALM, "max_position_fraction": "1", "baseline_fraction": "0.9", "min_notional": "0"}
    market = on_pairs(whole, BTC=Wanted(rows, [1]), ETH=Wanted(halves(rows), [1]))
    assert ticked(market, 5) == []
    assert len(sent(market, Leg.ENTRY)) == 2
    account = market.engine.portfolio
    assert account.cash >= 0
    assert sum(one.spent for one in account.holdings.values()) + account.cash == Decimal(10_000)


def test_lesson_49_two_engines_never_work_on_one_account(tmp_path: Path) -> None:
    folder, clock = tmp_path / "paper", FakeClock()
    with AccountLock.take(folder, clock), pytest.raises(AccountLocked), AccountLock.take(folder, clock):
        raise AssertionError("two hold it")


def test_lesson_51_the_first_entry_after_a_start_is_sized_by_the_settings() -> None:
    risky = {**CALM, "sizing": "risk", "risk_fraction": "0.005", "max_position_fraction": "1"}
    market = on_one_pair([QUIET] * 5, entries=[2], overrides=risky)
    ticked(market, 2)
    market.again().start()
    ticked(market, 2)
    (entry,) = sent(market, Leg.ENTRY)
    assert float(entry.quantity) == pytest.approx(10_000 * 0.005 / 3.0, abs=1e-3)


def test_lesson_52_nothing_is_bought_and_sold_inside_one_candle() -> None:
    market = on_one_pair([QUIET] * 6, entries=[1], exits=range(6), overrides=CALM)
    ticked(market, 6)
    (left,) = told(market, e.LeaveDecided)
    (wished,) = told(market, e.Wished)
    assert isinstance(left, e.LeaveDecided)
    assert isinstance(wished, e.Wished)
    assert left.candle_at > wished.candle_at


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


def test_lesson_53_signal_order_and_journal_tell_of_one_and_the_same_candle_and_inputs() -> None:
    market = on_one_pair([QUIET] * 6, entries=[1], overrides=CALM)
    ticked(market, 5)
    decided = [one for one in told(market, e.Decided) if isinstance(one, e.Decided)]
    wish = next(one for one in decided if one.action == "wish")
    enter = next(one for one in decided if one.action == "enter")
    (entry,) = sent(market, Leg.ENTRY)
    assert wish.candle_at == enter.candle_at == entry.candle_at == START + HOUR
    assert wish.inputs_hash == enter.inputs_hash != ""


# --- cooldown and time --------------------------------------------------------------------------------------------


def test_lesson_55_a_cooldown_is_counted_in_candles_of_the_account() -> None:
    rows: list[Row] = [QUIET, QUIET, QUIET, FALL, *[(95.5, 96.0, 95.0, 95.5)] * 20]
    market = on_one_pair(rows, entries=range(1, 24), overrides={**CALM, "cooldown_bars": "12"})
    ticked(market, 22)
    first, second = sent(market, Leg.ENTRY)[:2]
    stopped = market.engine.portfolio.stopped_at[BTC]
    assert first.candle_at is not None
    assert second.candle_at is not None
    assert stopped == START + 3 * HOUR
    assert (second.candle_at - stopped) // HOUR == 12


def test_lesson_56_each_tick_looks_at_the_candles_of_its_own_instant() -> None:
    market = on_one_pair([(100.0 + n / 10, 100.5 + n / 10, 99.5, 100.0 + n / 10) for n in range(6)])
    ticked(market, 6)
    decided = [one for one in told(market, e.Decided) if isinstance(one, e.Decided)]
    assert [one.candle_at for one in decided] == [START + n * HOUR for n in range(6)]
    assert len({one.inputs_hash for one in decided}) == 6


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


# --- capital ------------------------------------------------------------------------------------------------------


def test_lesson_60_an_equity_that_is_not_known_buys_nothing() -> None:
    rows = [QUIET] * 10
    market = on_pairs(CALM, BTC=Wanted(rows, [1]), ETH=Wanted(halves(rows), range(4, 9)))
    ticked(market, 3)
    assert market.engine.portfolio.holdings.keys() == {BTC}

    class Silent(type(market.feed)):  # type: ignore[misc]
        def closed(self, pair: Pair, count: int) -> Candles:
            if str(pair) == BTC:
                raise VenueUnavailable("no candles of this pair")
            return super().closed(pair, count)  # type: ignore[no-any-return]

    market.feed = Silent(market.market)
    market.again().start()
    ticked(market, 5)
    assert [one.pair for one in sent(market, Leg.ENTRY)] == [BTC]


def test_lesson_63_an_unknown_correlation_is_not_no_correlation() -> None:
    rows = [QUIET] * 10
    alike = {**CALM, "correlation_limit": "0.99"}
    market = on_pairs(alike, BTC=Wanted(rows, [1]), ETH=Wanted(halves(rows), range(4, 9)))
    ticked(market, 9)
    assert [one.pair for one in sent(market, Leg.ENTRY)] == [BTC], "ten candles say nothing of how two pairs move"
    refused = [one for one in told(market, e.Decided) if isinstance(one, e.Decided) and one.action == "refuse"]
    assert {"correlation"} == {name for one in refused for name, word in one.verdicts.items() if word == "refuse"}


def test_lesson_64_a_drawdown_that_is_reached_is_looked_at_before_each_entry() -> None:
    fallen: list[Row] = [(95.5, 96.0, 95.2, 95.5)] * 10
    overrides = {**CALM, "drawdown_fraction": "0.004"}
    market = on_pairs(overrides, BTC=Wanted([QUIET, QUIET, QUIET, FALL, *fallen], range(1, 13)))
    ticked(market, 13)
    assert set(market.engine.portfolio.latches) == {"drawdown"}
    assert len(sent(market, Leg.ENTRY)) == 1


# --- process ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mood", list(Mood)[1:6])
def test_lesson_94_a_heartbeat_after_any_trouble_has_every_field_that_readers_look_for(mood: Mood) -> None:
    market = on_one_pair([QUIET] * 6, entries=[1], overrides=CALM)
    ticked(market, 1)
    fields = set(market.controls.beats[-1])
    market.broker.always = {"submit": mood, "read": mood}
    ticked(market, 3)
    assert {frozenset(one) for one in market.controls.beats} == {frozenset(fields)}
    assert {"tick", "seq", "candle_at", "mode", "problems"} == fields


def test_lesson_103_books_that_do_not_agree_block_entries_at_once() -> None:
    market = on_one_pair([QUIET] * 8, entries=range(3, 8), overrides=CALM)
    ticked(market, 2)
    venue = market.broker.paper._venue
    record = venue.to_record()
    money = record.accounts["USDT"]
    gone = replace(money, free=money.free - 5000, withdrawn=money.withdrawn + 5000)
    venue.restore(replace(record, accounts={**record.accounts, "USDT": gone}))
    ticked(market, 1)
    assert market.engine._desk.mode is TradingMode.REDUCE_ONLY, "the first tick that sees it"
    ticked(market, 4)
    assert set(market.engine.portfolio.latches) == {"reconcile"}
    assert sent(market, Leg.ENTRY) == []


def test_lesson_105_the_limit_that_is_told_is_the_limit_that_was_used() -> None:
    fallen: list[Row] = [(95.5, 96.0, 95.2, 95.5)] * 3
    market = on_pairs(
        {**CALM, "daily_loss_fraction": "0.0123"}, BTC=Wanted([QUIET, QUIET, QUIET, FALL, *fallen], [1], distance=20.0)
    )
    ticked(market, 5)
    (reached,) = told(market, e.LimitReached)
    (run,) = told(market, e.RunStarted)
    assert isinstance(reached, e.LimitReached)
    assert isinstance(run, e.RunStarted)
    assert (
        reached.limit == market.setup.plan.limits["daily_loss"] == float(run.numbers["daily_loss_fraction"]) == 0.0123
    )
    assert "limit 1.23%" in market.engine.portfolio.latches["daily_loss"].reason
