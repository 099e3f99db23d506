"""A process that dies between the lines of one decision: what was decided is decided again, and done once."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.fakes.engine_ports import Killed
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, QUIET, on_one_pair, ticked
from vigie.domain import events as e
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt, OrderStatus
from vigie.domain.record import to_json
from vigie.domain.trades import ExitReason

RISE = (100.0, 103.0, 99.8, 102.5)
GAP = (93.0, 94.0, 92.0, 93.5)
AFTER = (93.0, 94.0, 92.5, 93.0)


def executed(rehearsed: Rehearsal, leg: Leg) -> list[Decimal]:
    """What the venue executed of a leg, one number per order."""
    legs = {
        one.event.intent.client_id: one.event.intent.leg
        for one in rehearsed.journal.lines
        if isinstance(one.event, e.IntentPlanned)
    }
    return [
        one.executed
        for one in rehearsed.broker.paper._venue.to_record().ended_orders
        if one.executed > 0 and legs[one.client_id] is leg
    ]


def rules_of(rehearsed: Rehearsal) -> object:
    return to_json(rehearsed.engine.portfolio.holdings[BTC])["rules"]


def dies(rehearsed: Rehearsal, last: Callable[[e.Event], bool]) -> None:
    rehearsed.journal.last = last
    with pytest.raises(Killed):
        ticked(rehearsed, 1)


def test_a_part_that_was_decided_in_a_torn_batch_is_sold_once() -> None:
    rehearsed = on_one_pair([QUIET, QUIET, RISE, RISE], entries=[1])
    ticked(rehearsed, 2)
    dies(rehearsed, lambda one: isinstance(one, e.PartDecided))
    rehearsed.again().start()
    rehearsed.engine.decision_tick()
    undisturbed = on_one_pair([QUIET, QUIET, RISE, RISE], entries=[1])
    ticked(undisturbed, 3)
    assert executed(rehearsed, Leg.PARTIAL_1) == executed(undisturbed, Leg.PARTIAL_1) != []
    assert rules_of(rehearsed) == rules_of(undisturbed)


def test_a_stop_whose_sender_died_before_he_claimed_it_is_claimed_by_the_next_start() -> None:
    rehearsed = on_one_pair([QUIET, QUIET, QUIET], entries=[1])
    ticked(rehearsed, 1)
    dies(rehearsed, lambda one: isinstance(one, e.OrderLearnt) and one.learnt is Learnt.ACCEPTED)
    (resting,) = rehearsed.broker.open_orders()
    assert rehearsed.again().start().clean
    assert rehearsed.broker.open_orders() == (resting,)
    assert rehearsed.engine.portfolio.holdings[BTC].stop_id == resting.client_id


def test_a_stop_that_was_jumped_over_and_lifted_is_chased_at_the_same_price_after_a_crash() -> None:
    rehearsed = on_one_pair([QUIET, QUIET, QUIET, GAP, AFTER, QUIET], entries=[1])
    ticked(rehearsed, 3)
    dies(rehearsed, lambda one: isinstance(one, e.StopMarked) and one.client_id is None)
    assert rehearsed.broker.open_orders() == ()
    rehearsed.again().start()
    rehearsed.engine.decision_tick()
    trades = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)]
    assert [(one.code, one.exit_price < 94) for one in trades] == [(ExitReason.GAP, True)]


def test_a_cancel_is_sent_when_all_that_led_to_it_is_on_the_disk() -> None:
    rehearsed = on_one_pair([QUIET, QUIET, RISE, RISE], entries=[1])
    unsynced: list[int] = []

    def before(method: str, _: str) -> None:
        if method == "cancel":
            unsynced.append(rehearsed.journal.last_seq - rehearsed.journal.synced)

    rehearsed.broker.before = before
    ticked(rehearsed, 3)
    assert unsynced == [0]


def test_an_order_whose_sent_line_was_lost_is_looked_for_before_it_is_called_unsent() -> None:
    rehearsed = on_one_pair([QUIET, QUIET, QUIET], entries=[1])
    ticked(rehearsed, 1)
    dies(rehearsed, lambda one: isinstance(one, e.FillSeen))
    at = next(n for n, one in enumerate(rehearsed.journal.lines) if isinstance(one.event, e.IntentPlanned))
    del rehearsed.journal.lines[at + 1 :]
    rehearsed.again().start()
    assert rehearsed.engine.portfolio.holdings[BTC].stop_id is not None


def test_an_order_that_was_planned_and_never_sent_is_dropped() -> None:
    rehearsed = on_one_pair([QUIET, QUIET, QUIET], entries=[1])
    ticked(rehearsed, 1)
    dies(rehearsed, lambda one: isinstance(one, e.IntentPlanned))
    rehearsed.again().start()
    assert [one.status for one in rehearsed.engine.portfolio.orders.values()] == [OrderStatus.ABANDONED]
    assert ticked(rehearsed, 1) == []
    assert rehearsed.broker.sent == []
