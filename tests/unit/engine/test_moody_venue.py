"""What the engine makes of a venue that refuses, does not answer, or loses its answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from tests.fakes.moody_broker import Mood, MoodyBroker
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, QUIET, Row, Wanted, on_one_pair, on_pairs, ticked
from vigie.domain import events as e
from vigie.domain.changes.common import KEPT_ORDERS
from vigie.domain.errors import ConfigError, VenueUnavailable
from vigie.domain.order import Balance, Leg, OrderReport
from vigie.domain.order_status import Learnt, OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.trading_mode import TradingMode
from vigie.ports.controls import Request

MINUTE = 60_000
RISE = (100.0, 103.0, 99.8, 102.5)
HIGH = (102.5, 103.0, 102.3, 102.5)
# A pair of its own price, so that the candles of two pairs differ.
LOW = (50.0, 50.3, 49.7, 50.0)
ETH = "ETH/USDT"


def held(rows: list[Row] | None = None, **wanted: list[int]) -> Rehearsal:
    """An engine that holds BTC, protected, at the close of the third row."""
    rehearsed = on_one_pair(rows or [QUIET] * 8, entries=[1], **wanted)
    assert ticked(rehearsed, 3) == []
    return rehearsed


def two_held(rows: list[Row] | None = None) -> Rehearsal:
    rehearsed = on_pairs(BTC=Wanted(rows or [QUIET] * 8, [1]), ETH=Wanted([LOW] * 8, [1]))
    assert ticked(rehearsed, 3) == []
    assert set(rehearsed.engine.portfolio.holdings) == {BTC, ETH}
    return rehearsed


def stops(rehearsed: Rehearsal) -> dict[str, Decimal]:
    return {one.pair: one.quantity - one.executed for one in rehearsed.broker.paper.open_orders()}


def latches(rehearsed: Rehearsal) -> set[str]:
    return set(rehearsed.engine.portfolio.latches)


def statuses(rehearsed: Rehearsal, leg: Leg) -> list[OrderStatus]:
    return [one.status for one in rehearsed.engine.portfolio.orders.values() if one.intent.leg is leg]


# --- sending ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mood", "status"),
    [
        (Mood.DONE_AND_LOST, OrderStatus.UNKNOWN),
        (Mood.LOST, OrderStatus.UNKNOWN),
        (Mood.AWAY, OrderStatus.ABANDONED),
        (Mood.REFUSED, OrderStatus.REJECTED),
        (Mood.FILLS_LATER, OrderStatus.PARTIAL),
    ],
)
def test_each_answer_to_an_entry_has_its_status_and_none_of_them_is_a_second_send(
    mood: Mood, status: OrderStatus
) -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[1])
    rehearsed.broker.moods["submit entry"] = [mood]
    ticked(rehearsed, 2)
    assert statuses(rehearsed, Leg.ENTRY) == [status]
    ticked(rehearsed, 3)
    assert [one.leg for one in rehearsed.broker.sent].count(Leg.ENTRY) == 1
    there = mood in (Mood.DONE_AND_LOST, Mood.FILLS_LATER)
    assert (BTC in rehearsed.engine.portfolio.holdings) is there
    assert stops(rehearsed) == ({BTC: rehearsed.engine.portfolio.holdings[BTC].quantity} if there else {})
    assert rehearsed.engine.portfolio.unsettled() == ()


def test_an_entry_whose_answer_was_lost_is_found_by_a_start_and_protected() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[1])
    rehearsed.broker.moods["submit entry"] = [Mood.DONE_AND_LOST]
    ticked(rehearsed, 2)
    assert rehearsed.again().start().clean
    assert stops(rehearsed) == {BTC: rehearsed.engine.portfolio.holdings[BTC].quantity}


def test_an_order_that_the_venue_does_not_know_is_absent_only_when_that_has_lasted() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[1])
    rehearsed.broker.moods["submit entry"] = [Mood.LOST]
    ticked(rehearsed, 2)
    rehearsed.engine.guard_tick()
    assert statuses(rehearsed, Leg.ENTRY) == [OrderStatus.UNKNOWN]
    ticked(rehearsed, 1)
    assert statuses(rehearsed, Leg.ENTRY) == [OrderStatus.ABANDONED]


# --- stops --------------------------------------------------------------------------------------------------------


def test_a_stop_that_is_refused_is_tried_again_and_then_the_position_is_sold() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[1])
    rehearsed.broker.always["submit stop"] = Mood.REFUSED
    ticked(rehearsed, 2)
    assert [one.leg for one in rehearsed.broker.sent] == [Leg.ENTRY, Leg.STOP, Leg.STOP, Leg.STOP, Leg.EMERGENCY]
    assert rehearsed.engine.portfolio.holdings == {}
    assert [one.urgent for one in rehearsed.alerts.told if one.topic == "unprotected"] == [True]
    assert latches(rehearsed) == set()


def test_a_position_that_can_be_neither_protected_nor_sold_halts_and_is_tried_again_at_each_tick() -> None:
    rehearsed = on_one_pair([QUIET] * 8, entries=[1])
    rehearsed.broker.always |= {"submit stop": Mood.REFUSED, "submit emergency": Mood.REFUSED}
    problems = ticked(rehearsed, 2)
    assert any("neither a stop nor a sale gets through" in one for one in problems)
    assert latches(rehearsed) == {"invariant"}
    rehearsed.broker.always.clear()
    ticked(rehearsed, 1)
    assert stops(rehearsed) == {BTC: rehearsed.engine.portfolio.holdings[BTC].quantity}
    assert latches(rehearsed) == {"invariant"}


def test_a_stop_that_somebody_cancelled_is_placed_again_by_the_next_guard_tick() -> None:
    rehearsed = held()
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.vanish(BTC, stop.client_id)
    assert rehearsed.engine.guard_tick().problems == ()
    (fresh,) = rehearsed.broker.paper.open_orders()
    assert (fresh.trigger, fresh.quantity) == (stop.trigger, stop.quantity)
    assert fresh.client_id != stop.client_id


def test_a_stop_that_was_filled_in_part_rests_for_what_is_left() -> None:
    rehearsed = held()
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.fill_in_part(stop.client_id, Decimal(7), Decimal("96.56"))
    assert rehearsed.engine.guard_tick().problems == ()
    assert stops(rehearsed) == {BTC: stop.quantity - 7} == {BTC: rehearsed.engine.portfolio.holdings[BTC].quantity}


@pytest.mark.parametrize("mood", [Mood.LOST, Mood.AWAY, Mood.DONE_AND_LOST])
def test_a_stop_whose_cancel_got_no_answer_protects_on_or_is_replaced_and_nothing_halts(mood: Mood) -> None:
    rehearsed = held([QUIET] * 3 + [RISE] + [HIGH] * 4)
    rehearsed.broker.moods["cancel"] = [mood]
    ticked(rehearsed, 1)
    assert stops(rehearsed) == {BTC: rehearsed.engine.portfolio.holdings[BTC].quantity}
    ticked(rehearsed, 1)
    assert latches(rehearsed) == set()
    assert [one.leg for one in rehearsed.broker.sent].count(Leg.PARTIAL_1) == 1
    assert stops(rehearsed) == {BTC: rehearsed.engine.portfolio.holdings[BTC].quantity}


def test_a_sale_whose_answer_was_lost_is_settled_before_anything_else_is_sent() -> None:
    rehearsed = held(exits=[4])
    rehearsed.broker.moods["submit exit"] = [Mood.DONE_AND_LOST]
    ticked(rehearsed, 2)
    rehearsed.engine.guard_tick()
    assert rehearsed.engine.portfolio.holdings == {}
    assert [one.leg for one in rehearsed.broker.sent] == [Leg.ENTRY, Leg.STOP, Leg.EXIT]
    assert [one.event.profit for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)] != []


def test_stops_that_are_refused_all_day_never_take_an_id_twice() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[1])
    rehearsed.broker.always |= {"submit stop": Mood.REFUSED, "submit emergency": Mood.REFUSED}
    ticked(rehearsed, 2)
    for _ in range(KEPT_ORDERS):
        rehearsed.market._now += MINUTE
        rehearsed.engine.guard_tick()
    sent = [one.client_id for one in rehearsed.broker.sent]
    assert len(sent) > 3 * KEPT_ORDERS
    assert len(set(sent)) == len(sent)


def test_a_venue_that_refuses_both_stop_and_sale_is_asked_again_once_a_minute_and_not_at_every_look() -> None:
    rehearsed = held()
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.vanish(BTC, stop.client_id)
    rehearsed.broker.always |= {"submit stop": Mood.REFUSED, "submit emergency": Mood.REFUSED}
    rehearsed.engine.guard_tick()
    asked = len(rehearsed.broker.sent)
    for _ in range(11):
        rehearsed.market._now += 5000
        tick = rehearsed.engine.guard_tick(counts=False)
        assert tick.urgent
        assert any("held without a stop" in one for one in tick.problems)
    assert len(rehearsed.broker.sent) == asked
    rehearsed.market._now += 5000
    rehearsed.broker.always.clear()
    assert not rehearsed.engine.guard_tick().urgent
    assert stops(rehearsed) == {BTC: rehearsed.engine.portfolio.holdings[BTC].quantity}


def test_a_stop_that_was_forgotten_among_all_that_were_refused_since_is_no_reason_to_fall_over() -> None:
    rehearsed = held()
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.vanish(BTC, stop.client_id)
    rehearsed.broker.always |= {"submit stop": Mood.REFUSED, "submit emergency": Mood.REFUSED}
    for _ in range(KEPT_ORDERS):
        rehearsed.market._now += MINUTE
        rehearsed.engine.guard_tick()
    assert stop.client_id not in rehearsed.engine.portfolio.orders
    rehearsed.broker.always.clear()
    rehearsed.controls.box.append(Request("0001", "close", rehearsed.market.now_ms(), {"pair": BTC}))
    rehearsed.engine.guard_tick()
    assert rehearsed.engine.portfolio.holdings == {}


# --- a venue that says "later", or loses sight of an order --------------------------------------------------------


def bare(mood: Mood) -> Rehearsal:
    """A holding whose stop somebody cancelled, at a venue that treats new stops so."""
    rehearsed = held()
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.vanish(BTC, stop.client_id)
    rehearsed.broker.always["submit stop"] = mood
    return rehearsed


def test_a_stop_that_could_not_be_sent_waits_for_the_next_tick_with_one_alert_and_nothing_is_sold() -> None:
    rehearsed = bare(Mood.AWAY)
    for _ in range(3):
        tick = rehearsed.engine.guard_tick(counts=False)
        assert tick.urgent
        assert any("held without a stop" in one for one in tick.problems)
    assert Leg.EMERGENCY not in {one.leg for one in rehearsed.broker.sent}
    assert latches(rehearsed) == set()
    assert [one.topic for one in rehearsed.alerts.told] == ["unprotected"]
    rehearsed.broker.always.clear()
    assert not rehearsed.engine.guard_tick().urgent
    assert stops(rehearsed) == {BTC: rehearsed.engine.portfolio.holdings[BTC].quantity}


def test_a_holding_is_not_left_bare_for_longer_than_a_guard_period_by_a_venue_that_answers() -> None:
    rehearsed = bare(Mood.AWAY)
    rehearsed.engine.guard_tick()
    assert rehearsed.market.close_row(), "an hour later"
    rehearsed.engine.guard_tick(counts=False)
    assert rehearsed.engine.portfolio.holdings == {}
    assert rehearsed.broker.sent[-1].leg is Leg.EMERGENCY
    assert latches(rehearsed) == set()


def test_a_venue_that_answers_nothing_at_all_sells_nothing_and_halts_nothing() -> None:
    rehearsed = bare(Mood.AWAY)
    rehearsed.engine.guard_tick(counts=False)
    rehearsed.broker.always["read"] = Mood.AWAY
    for _ in range(3):
        assert rehearsed.market.close_row()
        assert rehearsed.engine.guard_tick().problems != ()
    assert Leg.EMERGENCY not in {one.leg for one in rehearsed.broker.sent}
    assert latches(rehearsed) == set()
    rehearsed.broker.always.clear()
    assert rehearsed.engine.guard_tick().problems == ()
    assert stops(rehearsed) == {BTC: rehearsed.engine.portfolio.holdings[BTC].quantity}


def test_a_stop_that_is_refused_is_still_replaced_by_a_sale_at_once() -> None:
    rehearsed = bare(Mood.REFUSED)
    rehearsed.engine.guard_tick()
    assert rehearsed.engine.portfolio.holdings == {}
    assert rehearsed.broker.sent[-1].leg is Leg.EMERGENCY


@dataclass
class Forgetful:
    """A venue whose copies do not show what rests there. Everything else is the venue's own."""

    broker: MoodyBroker
    blind: bool = True

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        return None if self.blind else self.broker.find(pair, client_id)

    def open_orders(self) -> tuple[OrderReport, ...]:
        return () if self.blind else self.broker.open_orders()

    def __getattr__(self, name: str) -> object:
        return getattr(self.broker, name)


def test_an_order_that_rests_and_is_not_shown_is_gone_only_after_a_minute_and_a_second_question() -> None:
    rehearsed = held()
    rehearsed.setup = replace(rehearsed.setup, absent_after_seconds=60.0)
    rehearsed.broker = Forgetful(rehearsed.broker)  # type: ignore[assignment]
    rehearsed.again().start()
    for _ in range(3):
        rehearsed.engine.guard_tick(counts=False)
    assert statuses(rehearsed, Leg.STOP) == [OrderStatus.ACCEPTED], "a copy lags behind: nothing is placed twice"
    rehearsed.broker.blind = False  # type: ignore[attr-defined]
    assert rehearsed.market.close_row()
    rehearsed.engine.guard_tick()
    rehearsed.broker.blind = True  # type: ignore[attr-defined]
    rehearsed.engine.guard_tick(counts=False)
    assert statuses(rehearsed, Leg.STOP) == [OrderStatus.ACCEPTED], "it was seen meanwhile: the minute begins anew"
    assert rehearsed.market.close_row()
    rehearsed.engine.guard_tick()
    assert statuses(rehearsed, Leg.STOP)[0] is OrderStatus.CANCELED


def test_a_key_that_is_wrong_calls_a_person_once_and_ends_no_process() -> None:
    rehearsed = held()

    @dataclass
    class Locked(Forgetful):
        wrong: bool = True

        def balances(self) -> Mapping[str, Balance]:
            if self.wrong:
                raise ConfigError("the venue does not know the key")
            return self.broker.balances()

    venue = Locked(rehearsed.broker, blind=False)
    rehearsed.broker = venue  # type: ignore[assignment]
    with pytest.raises(ConfigError):
        rehearsed.again().start()
    venue.wrong = False
    rehearsed.again().start()
    venue.wrong = True
    for _ in range(2):
        assert any("does not know the key" in one for one in rehearsed.engine.guard_tick().problems)
    assert [one.topic for one in rehearsed.alerts.told] == ["config"]
    assert len(rehearsed.controls.beats) > 0


# --- troubles of one pair -----------------------------------------------------------------------------------------


def test_a_pair_that_cannot_be_protected_at_a_start_does_not_keep_the_others_from_it() -> None:
    rehearsed = two_held()
    for one in rehearsed.broker.paper.open_orders():
        rehearsed.broker.vanish(one.pair, one.client_id)
    # The first pair's stops and its sale; the second pair is asked after it.
    rehearsed.broker.moods |= {"submit stop": [Mood.REFUSED] * 3, "submit emergency": [Mood.REFUSED]}
    found = rehearsed.again().start()
    assert not found.clean
    assert any("neither a stop nor a sale gets through" in one for one in found.steps)
    assert stops(rehearsed) == {ETH: rehearsed.engine.portfolio.holdings[ETH].quantity}
    assert latches(rehearsed) == {"invariant"}


def test_a_start_against_a_venue_that_does_not_answer_says_so() -> None:
    rehearsed = held()
    rehearsed.broker.always["read"] = Mood.AWAY
    with pytest.raises(VenueUnavailable):
        rehearsed.again().start()
    rehearsed.broker.always.clear()
    assert rehearsed.again().start().clean


def test_a_venue_that_is_away_at_the_start_again_and_again_is_no_crash() -> None:
    rehearsed = held()
    rehearsed.setup = replace(rehearsed.setup, most_crashes=3)
    rehearsed.broker.always["read"] = Mood.AWAY
    for _ in range(6):
        with pytest.raises(VenueUnavailable):
            rehearsed.again().start()
    rehearsed.broker.always.clear()
    assert rehearsed.again().start().clean
    assert latches(rehearsed) == set()
    assert rehearsed.engine.guard_tick().mode is TradingMode.ACTIVE


def test_a_part_that_cannot_be_sold_does_not_hold_back_the_other_pairs() -> None:
    rehearsed = two_held([QUIET] * 3 + [RISE] + [HIGH] * 4)
    rehearsed.broker.always["cancel"] = Mood.AWAY
    ticked(rehearsed, 1)
    looked_at = rehearsed.engine.portfolio.holdings[ETH].rules
    ticked(rehearsed, 1)
    then = rehearsed.engine.portfolio.holdings[ETH].rules
    assert looked_at is not None
    assert then is not None
    assert then.candle_at > looked_at.candle_at


# --- people -------------------------------------------------------------------------------------------------------


def test_a_halt_is_obeyed_though_a_sale_that_was_asked_for_before_has_to_wait() -> None:
    rehearsed = held()
    rehearsed.broker.always["cancel"] = Mood.AWAY
    rehearsed.controls.box += [Request("1", "close", 1, {"pair": BTC}), Request("2", "halt", 2, {"reason": "enough"})]
    assert rehearsed.engine.guard_tick().mode is TradingMode.HALTED
    assert [one.request_id for one in rehearsed.controls.box] == ["1"]
    rehearsed.broker.always.clear()
    rehearsed.engine.guard_tick()
    assert rehearsed.engine.portfolio.holdings == {}
    assert rehearsed.controls.box == []


def test_coins_that_are_gone_from_the_venue_hold_entries_back_and_then_halt() -> None:
    rehearsed = two_held()
    (stop,) = (one for one in rehearsed.broker.paper.open_orders() if one.pair == BTC)
    rehearsed.broker.vanish(BTC, stop.client_id)
    rehearsed.broker.paper._venue.withdraw("BTC", stop.quantity)
    assert rehearsed.engine.guard_tick().mode is not TradingMode.ACTIVE
    rehearsed.engine.guard_tick()
    assert latches(rehearsed) >= {"reconcile"}
    told = [one.event.differences for one in rehearsed.journal.lines if isinstance(one.event, e.Reconciled)]
    assert any("BTC" in text for texts in told for text in texts)


def test_each_order_was_planned_and_on_the_disk_before_it_was_sent() -> None:
    rehearsed = on_one_pair([QUIET, QUIET, QUIET, RISE, HIGH, HIGH], entries=[1], exits=[4])
    unsynced: list[int] = []
    rehearsed.broker.before = lambda _, __: unsynced.append(rehearsed.journal.last_seq - rehearsed.journal.synced)
    ticked(rehearsed, 6)
    assert len(unsynced) >= 6
    assert set(unsynced) == {0}
    assert all(
        one.event.learnt is Learnt.SENT for one in rehearsed.journal.lines[1:] if _after_a_plan(rehearsed, one.seq)
    )


def _after_a_plan(rehearsed: Rehearsal, seq: int) -> bool:
    return isinstance(rehearsed.journal.lines[seq - 2].event, e.IntentPlanned)
