"""Stops at the exchange: placed, raised, triggered, refused; and what the position rules did to them.

A stop that was placed is called placed. One that was executed is told with its trade.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.notice import Level, Notice
from vigie.domain.order import Intent, Leg
from vigie.domain.order_status import Learnt
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Known, Memory
from vigie.reporting.notices.words import number, order_facts, quote_of, sentence

FAMILY = "stops"
_CARRIED_OUT = "trigger immediately"


def notices(entry: Entry, memory: Memory) -> Iterator[Notice]:
    """Of lines about stops."""
    match entry.event:
        case e.StopMarked(pair=pair, client_id=str(client_id)) if client_id in memory.orders:
            yield _placed(memory.orders[client_id].intent, memory.stops.get(pair), entry.event.reason)
        case e.RulesMoved() as moved:
            yield from _moved(moved, memory.rules.get(moved.pair, (False, False)))
        case e.OrderLearnt() as learnt if _is_stop(memory.orders.get(learnt.client_id)):
            yield from _learnt(memory.orders[learnt.client_id], learnt)


def _is_stop(known: Known | None) -> bool:
    return known is not None and known.intent.leg is Leg.STOP


def _placed(intent: Intent, before: str | None, reason: str) -> Notice:
    trigger, quote = intent.trigger or Decimal(0), quote_of(intent.pair)
    facts = order_facts(intent)
    if before is not None and Decimal(before) < trigger:
        was = number(Decimal(before))
        return Notice(
            Level.INFO,
            FAMILY,
            f"placed:{intent.pair}",
            f"{intent.pair} stop raised to {number(trigger)}",
            f"The stop was at {was} {quote} and rests at {number(trigger)} {quote} now. It only ever goes up.",
            "Nothing.",
            facts=(*facts, ("before", f"{was} {quote}")),
        )
    if reason.startswith(("found", "covers")):
        return Notice(
            Level.INFO,
            FAMILY,
            f"placed:{intent.pair}",
            f"{intent.pair} stop found at {number(trigger)}",
            f"A stop that rests at the exchange protects the position: {sentence(reason)}.",
            "Nothing.",
            facts=facts,
        )
    return Notice(
        Level.INFO,
        FAMILY,
        f"placed:{intent.pair}",
        f"{intent.pair} stop placed at {number(trigger)}",
        f"The stop rests at the exchange for {number(intent.quantity)} coins. Nothing was sold.",
        "Nothing.",
        facts=facts,
    )


def _moved(moved: e.RulesMoved, before: tuple[bool, ...]) -> Iterator[Notice]:
    quote = quote_of(moved.pair)
    facts = (
        ("pair", moved.pair),
        ("entry", f"{number(moved.entry_price)} {quote}"),
        ("highest", f"{number(moved.highest)} {quote}"),
    )
    if moved.trail_active and not before[0]:
        yield Notice(
            Level.INFO,
            FAMILY,
            f"trailing:{moved.pair}",
            f"{moved.pair} trailing stop activated",
            f"The price has risen far enough: the stop follows it now, at {number(moved.trailing)} {quote} first.",
            "Nothing.",
            facts=(*facts, ("trailing stop", f"{number(moved.trailing)} {quote}")),
        )
    if moved.breakeven_done and not before[1]:
        yield Notice(
            Level.INFO,
            FAMILY,
            f"break-even:{moved.pair}",
            f"{moved.pair} stop goes to break-even",
            "The price has risen far enough: the stop goes to what the position has cost.",
            "Nothing.",
            facts=(*facts, ("stop", f"{number(moved.fixed_stop)} {quote}")),
        )


def _learnt(known: Known, event: e.OrderLearnt) -> Iterator[Notice]:
    intent, pair = known.intent, known.intent.pair
    facts = order_facts(intent)
    if event.triggered and event.learnt is not Learnt.FILLED:
        yield Notice(
            Level.WARNING,
            FAMILY,
            f"triggered:{pair}",
            f"{pair} stop triggered, not filled yet",
            "The trigger was reached and the order rests at its limit: the price may have jumped over it. "
            "The gap policy of the profile says what happens next.",
            "Look at the price. Sell by hand if it falls on and the policy is to rest.",
            facts=facts,
        )
    elif event.learnt is Learnt.REJECTED:
        passed = _CARRIED_OUT in event.message.lower()
        yield Notice(
            Level.WARNING if passed else Level.ERROR,
            FAMILY,
            f"refused:{pair}",
            f"{pair} stop refused{': the price has passed it' if passed else ' by the exchange'}",
            "What the stop would have done is done: the position is sold at the market."
            if passed
            else "It is tried three times; if none gets through, the position is sold.",
            "Look whether the position is protected or sold.",
            facts=(*facts, ("its reason", sentence(event.message) or "none given")),
        )
    elif event.learnt is Learnt.NO_ANSWER and known.learnt in (Learnt.ACCEPTED, Learnt.FILLED_IN_PART):
        yield Notice(
            Level.WARNING,
            FAMILY,
            f"cancel:{pair}",
            f"{pair} cancel of the stop got no answer",
            "The stop may still rest. Nothing is sold until that is known, and the pair opens nothing.",
            "Nothing, if it settles within minutes; else look at the exchange's own list of orders.",
            facts=facts,
        )
    elif event.learnt in (Learnt.NO_ANSWER, Learnt.ABSENT) and known.learnt is not event.learnt:
        yield Notice(
            Level.ERROR,
            FAMILY,
            f"unsent:{pair}",
            f"{pair} stop not confirmed by the exchange",
            "The stop was sent and no usable answer came."
            if event.learnt is Learnt.NO_ANSWER
            else "The stop surely did not reach the exchange: it is tried again at each look.",
            "Look whether the position is protected. Place a stop by hand if this lasts longer than a minute.",
            facts=facts,
        )
