"""What was bought and sold, from fills alone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.exit_reason import ExitReason
from vigie.domain.notice import Level, Notice
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Known, Memory
from vigie.reporting.notices.words import REASONS, base_of, money, number, percent, quote_of, when

FAMILY = "trades"
_BOUGHT = (Learnt.FILLED, Learnt.CANCELED, Learnt.EXPIRED)


def notices(entry: Entry, memory: Memory) -> Iterator[Notice]:
    """Of purchases, partial sales and closed trades."""
    event = entry.event
    if isinstance(event, e.TradeClosed):
        yield _closed(event)
    if not isinstance(event, e.OrderLearnt) or event.learnt not in _BOUGHT:
        return
    known = memory.orders.get(event.client_id)
    if known is None or not known.executed or known.learnt in _BOUGHT:
        return
    if known.intent.leg is Leg.ENTRY:
        yield _bought(known, event.learnt)
    elif known.intent.leg in (Leg.PARTIAL_1, Leg.PARTIAL_2):
        yield _part_sold(known)


def _bought(known: Known, learnt: Learnt) -> Notice:
    pair = known.intent.pair
    whole = learnt is Learnt.FILLED
    part = "" if whole else f" (of {number(known.intent.quantity)}; the rest was given up)"
    return Notice(
        Level.INFO,
        FAMILY,
        f"bought:{pair}",
        f"{pair} bought {number(known.executed)} at {number(known.price)}",
        f"{number(known.executed)} {base_of(pair)} bought{part}. Its stop is placed next, and told separately.",
        "Nothing.",
        look="status",
        facts=(*_execution(known), *_slipped(known), ("reason", known.intent.reason or "signal")),
    )


def _execution(known: Known) -> tuple[tuple[str, str], ...]:
    pair, quote = known.intent.pair, quote_of(known.intent.pair)
    return (
        ("pair", pair),
        ("quantity", f"{number(known.executed)} {base_of(pair)}"),
        ("price", f"{number(known.price)} {quote}"),
        ("value", money(known.value, quote)),
        ("fees", money(known.fees, quote)),
    )


def _slipped(known: Known) -> tuple[tuple[str, str], ...]:
    reference = known.intent.reference
    if not reference:
        return ()
    by = known.price / reference - 1
    cost = by if known.intent.leg is Leg.ENTRY else -by
    side = "worse" if cost > 0 else "better"
    return (("slippage", f"{percent(abs(cost), signed=False)} {side} than it was decided at"),)


def _part_sold(known: Known) -> Notice:
    pair, quote = known.intent.pair, quote_of(known.intent.pair)
    which = "first" if known.intent.leg is Leg.PARTIAL_1 else "second"
    return Notice(
        Level.INFO,
        FAMILY,
        f"part:{pair}",
        f"{pair} {which} part sold at {number(known.price)}",
        f"{number(known.executed)} {base_of(pair)} sold at {number(known.price)} {quote}; the rest stays, "
        "and its stop is placed anew for what is left.",
        "Nothing.",
        facts=(*_execution(known), *_slipped(known)),
    )


def _closed(trade: e.TradeClosed) -> Notice:
    pair, quote = trade.pair, quote_of(trade.pair)
    reason = ExitReason(trade.code).label
    cost = trade.entry_price * trade.quantity
    made = f" ({percent(trade.profit / cost)})" if cost > 0 else ""
    outcome = f"{money(trade.profit, quote, signed=True)}{made}"
    facts = [
        ("pair", pair),
        ("why", REASONS.get(reason, reason)),
        ("quantity", f"{number(trade.quantity)} {base_of(pair)}"),
        ("bought at", f"{number(trade.entry_price)} {quote}, {when(trade.entry_at)}"),
        ("sold at", f"{number(trade.exit_price)} {quote}, {when(trade.exit_at)}"),
        ("profit", outcome),
        ("fees", money(trade.fees, quote)),
        ("slippage", money(trade.slippage, quote)),
    ]
    if trade.dust > Decimal(0):
        facts.append(("left over", f"{number(trade.dust)} {base_of(pair)}, less than can be sold"))
    if trade.longest_bare_ms > 0:
        facts.append(("without a stop", f"{trade.longest_bare_ms / 1000:,.1f} s at a stretch, at most"))
    word = "stopped out" if reason in ("stop", "trailing") else "sold"
    return Notice(
        Level.WARNING if reason == "emergency" else Level.INFO,
        FAMILY,
        f"closed:{pair}:{trade.exit_at}",
        f"{pair} {word}: {outcome}",
        f"The position was closed: {REASONS.get(reason, reason)}.",
        "Look why its stop was refused." if reason == "emergency" else "Nothing.",
        look="journal",
        facts=tuple(facts),
    )
