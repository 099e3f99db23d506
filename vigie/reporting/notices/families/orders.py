"""Orders on their way: sent, without an answer, refused, not filled."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.domain import events as e
from vigie.domain.notice import Level, Notice
from vigie.domain.order import Intent, Leg, Side
from vigie.domain.order_status import Learnt
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Known, Memory
from vigie.reporting.notices.words import LEGS, base_of, number, order_facts, sentence

FAMILY = "orders"
NOTHING = "Nothing."
_FILTERS = ("filter", "lot_size", "notional", "min_qty", "precision", "percent_price", "step size", "tick size")


def notices(entry: Entry, memory: Memory) -> Iterator[Notice]:
    """Of order lines; stops have a family of their own."""
    event = entry.event
    if not isinstance(event, e.OrderLearnt) or event.client_id not in memory.orders:
        return
    known = memory.orders[event.client_id]
    if known.intent.leg is Leg.STOP:
        return
    match event.learnt:
        case Learnt.SENT:
            yield _sent(known.intent)
        case Learnt.NO_ANSWER if known.learnt is not Learnt.NO_ANSWER:
            yield _no_answer(known.intent)
        case Learnt.REJECTED:
            yield _refused(known.intent, event.message)
        case Learnt.ABSENT:
            yield _absent(known.intent, event.message)
        case Learnt.CANCELED | Learnt.EXPIRED if known.learnt not in (Learnt.CANCELED, Learnt.EXPIRED, Learnt.FILLED):
            yield from _not_filled(known, event.learnt)


def _sent(intent: Intent) -> Notice:
    word = LEGS[intent.leg]
    return Notice(
        Level.INFO,
        FAMILY,
        f"sent:{intent.pair}:{intent.leg.value}",
        f"{intent.pair} {word} sent",
        f"The {word} of {number(intent.quantity)} {base_of(intent.pair)} was sent to the exchange.",
        f"{NOTHING} What became of it is told separately.",
        facts=order_facts(intent),
    )


def _no_answer(intent: Intent) -> Notice:
    word = LEGS[intent.leg]
    return Notice(
        Level.WARNING,
        FAMILY,
        f"unknown:{intent.pair}",
        f"{intent.pair} {word}: no answer from the exchange",
        f"The {word} was sent, and no usable answer came: it may exist or not. The exchange is asked by its own "
        "number, nothing is sent twice, and the pair opens nothing until that is known.",
        "Nothing, if it settles within minutes; else look at the exchange's own list of orders.",
        facts=order_facts(intent),
    )


def _refused(intent: Intent, message: str) -> Notice:
    word = LEGS[intent.leg]
    by_filter = any(one in message.lower() for one in _FILTERS)
    subject = f"{intent.pair} {word} {'blocked by the filters of the exchange' if by_filter else 'refused'}"
    buys = intent.side is Side.BUY
    why = "The exchange's filters do not allow it." if by_filter else "The exchange refused it."
    return Notice(
        Level.WARNING if buys else Level.ERROR,
        FAMILY,
        f"refused:{intent.pair}:{intent.leg.value}",
        subject,
        f"{why} {'Nothing was bought.' if buys else 'The coins are still held.'}",
        "Look at the reason: too little money, a filter that has changed, a key that may not trade."
        if buys
        else "Look whether the position still has its stop. Sell by hand if it has none.",
        look="status",
        facts=(*order_facts(intent), ("its reason", sentence(message) or "none given")),
    )


def _absent(intent: Intent, message: str) -> Notice:
    word = LEGS[intent.leg]
    buys = intent.side is Side.BUY
    return Notice(
        Level.WARNING,
        FAMILY,
        f"absent:{intent.pair}:{intent.leg.value}",
        f"{intent.pair} {word} did not reach the exchange",
        f"The {word} was surely never at the exchange. "
        + ("An entry is not sent again: its price has gone by." if buys else "What protects is tried again."),
        NOTHING if buys else "Look whether the position is protected.",
        facts=(*order_facts(intent), ("known from", sentence(message) or "the exchange's own list")),
    )


def _not_filled(known: Known, learnt: Learnt) -> Iterator[Notice]:
    intent, word = known.intent, LEGS[known.intent.leg]
    ended = "was cancelled" if learnt is Learnt.CANCELED else "expired"
    done = f"{number(known.executed)} of {number(intent.quantity)}"
    if known.executed and intent.side is Side.BUY:
        return  # told as a purchase
    part = "only in part" if known.executed else "not"
    yield Notice(
        Level.WARNING,
        FAMILY,
        f"unfilled:{intent.pair}:{intent.leg.value}",
        f"{intent.pair} {word} {part} filled",
        f"The {word} {ended} at the exchange; {done} was executed.",
        NOTHING if intent.side is Side.BUY else "Look whether the rest is protected and will be sold.",
        facts=order_facts(intent),
    )
