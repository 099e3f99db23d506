"""R4: every order of ours is known before it is sent, and books and venue agree."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from vigie.decision.client_ids import client_id
from vigie.domain import events as e
from vigie.domain.order import Leg, Side
from vigie.domain.order_status import Learnt
from vigie.engine.governance.evidence import Proposal, Standing, Step, Watcher, before_order, each_cycle, in_audit

TITLE = "reconciliation and identity"
MOST_UNCOMPARED = 2
"""Ticks in a row in which books and venue may not be compared: two guard periods."""


def _settled(proposal: Proposal) -> Iterable[str]:
    for one in proposal.account.open_orders():
        # An entry whose fills are still to come is a position that nobody counts, and money that nobody misses.
        if one.status.unsettled or one.intent.leg is Leg.ENTRY:
            yield f"nobody knows what became of order {one.intent.client_id} of {one.intent.pair}"


def _agreeing(standing: Standing) -> Iterable[str]:
    if "reconcile" not in standing.account.latches:
        yield from standing.differences


def _compared(standing: Standing) -> Iterable[str]:
    if standing.account.unsettled():
        # While the fate of an order is open there is nothing to compare, and its pair takes no entry.
        return
    if not standing.uncompared <= MOST_UNCOMPARED:
        yield f"books and venue have not been compared for {standing.uncompared} ticks"


def _planned_before_sent() -> Watcher:
    planned: set[str] = set()
    sent: set[str] = set()

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if isinstance(event, e.IntentPlanned):
            name = event.intent.client_id
            twice = name in planned
            planned.add(name)
            return [f"{name} was planned twice"] if twice else ()
        if isinstance(event, e.OrderLearnt) and event.learnt is Learnt.SENT:
            known, twice = event.client_id in planned, event.client_id in sent
            sent.add(event.client_id)
            said = [] if known else [f"{event.client_id} was sent without an intent"]
            return [*said, f"{event.client_id} was sent twice"] if twice else said
        if isinstance(event, e.FillSeen):
            return [] if event.client_id in sent else [f"{event.client_id} was filled and never sent"]
        return None

    return watch


def _ids_computed() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event, run = step.event, step.run
        if not isinstance(event, e.IntentPlanned) or run is None or event.intent.candle_at is None:
            return None
        intent = event.intent
        expected = client_id(
            account=run.account,
            mode=run.mode,
            strategy=run.strategy,
            pair=intent.pair,
            key=str(intent.candle_at),
            leg=intent.leg,
            attempt=intent.attempt,
        )
        return [] if intent.client_id == expected else [f"{intent.client_id} is not the id of what it is for"]

    return watch


def _one_entry_a_decision() -> Watcher:
    entries: set[tuple[str, int | None]] = set()

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.IntentPlanned) or event.intent.leg is not Leg.ENTRY:
            return None
        decision = event.intent.pair, event.intent.candle_at
        again = decision in entries
        entries.add(decision)
        return [f"{decision[0]}: a second entry for one decision"] if again else ()

    return watch


def _trades_from_fills() -> Watcher:
    """Sums over the fills since a pair was flat, without the account's own fold."""
    sums: dict[str, list[Decimal]] = {}

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if isinstance(event, e.FillSeen):
            if event.fill.trade_id in step.before.orders[event.client_id].trade_ids:
                return None
            buys = step.before.orders[event.client_id].intent.side is Side.BUY
            spent, received, sold, worth = sums.setdefault(event.pair, [Decimal(0)] * 4)
            value, quote = event.fill.price * event.fill.quantity, event.pair.split("/")[1]
            fee = event.fill.fee if event.fill.fee_asset == quote else Decimal(0)
            if buys:
                sums[event.pair] = [spent + value + fee, received, sold, worth]
            else:
                sums[event.pair] = [spent, received + value - fee, sold + event.fill.quantity, worth + value]
            return None
        if not isinstance(event, e.TradeClosed):
            return None
        spent, received, sold, worth = sums.pop(event.pair, [Decimal(0)] * 4)
        said = []
        if not _close(event.profit, received - spent, spent):
            said.append(f"{event.pair}: {event.profit} booked, its fills make {received - spent}")
        if sold > 0 and not _close(event.exit_price, worth / sold, worth / sold):
            said.append(f"{event.pair}: left at {event.exit_price}, its fills say {worth / sold}")
        return said

    return watch


def _close(first: Decimal, second: Decimal, scale: Decimal) -> bool:
    return abs(first - second) <= Decimal("1e-12") * max(abs(scale), Decimal(1))


INVARIANTS = (
    before_order("4.2", "no order is of unknown fate, and no entry is open", _settled),
    each_cycle("4.3", "books and venue agree, or the account is held", _agreeing),
    each_cycle("4.5", "books and venue were compared lately, or there is no entry", _compared, latches=False),
    in_audit("4.6", "every order was planned once before it was sent once, and only what was sent was filled",
             _planned_before_sent),
    in_audit("4.7", "client ids are those of what the orders are for", _ids_computed),
    in_audit("4.8", "a decision has at most one entry", _one_entry_a_decision),
    in_audit("4.9", "profit and exit price are those of the fills", _trades_from_fills),
)  # fmt: skip
