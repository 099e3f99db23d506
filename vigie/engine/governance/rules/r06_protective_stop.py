"""R6: an entry has a stop on the losing side, a position has it at the venue, and it only ever rises."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.coverage import GUARD_PERIOD_MS
from vigie.domain.order import Leg, OrderType, Side
from vigie.domain.trading_mode import TradingMode
from vigie.engine.governance.evidence import Proposal, Standing, Step, Watcher, before_order, each_cycle, in_audit

TITLE = "protective stop"


def _has_a_stop(proposal: Proposal) -> Iterable[str]:
    facts = proposal.facts
    if not 0.0 < facts.stop_distance < facts.price:
        yield f"a stop {facts.stop_distance:.10g} below {facts.price:.10g} cannot be placed"
    for rule in ("defined_stop", "placeable_stop", "stop_too_far", "stop_too_near", "target_required"):
        if proposal.verdicts.get(rule) == "refuse":
            yield f"the gate's rule {rule} refuses"


def _protected(standing: Standing) -> Iterable[str]:
    for pair in standing.unprotected:
        yield f"{pair} is held without a stop at the venue"


def _protected_at_each_mark() -> Watcher:
    tried: dict[str, int] = {}
    told: dict[str, int] = {}

    def watch(step: Step) -> Iterable[str] | None:
        account = step.before
        if isinstance(step.event, e.AlertRaised) and step.event.urgent and step.event.topic == "unprotected":
            told[step.event.text.partition(":")[0]] = step.entry.at
        if isinstance(step.event, e.IntentPlanned) and step.event.intent.side is Side.SELL:
            tried[step.event.intent.pair] = step.entry.at
        if not isinstance(step.event, e.CycleDone) or not account.holdings:
            return None
        if any(latch.mode == TradingMode.HALTED for latch in account.latches.values()):
            # Where the venue refuses both a stop and a sale, the account is halted and a person is called.
            return ()
        bare = []
        for pair, held in sorted(account.holdings.items()):
            stop = None if held.stop_id is None else account.orders.get(held.stop_id)
            leaving = any(one.intent.leg is not Leg.STOP for one in account.open_orders(pair))
            # A line that is down is no forgetting, where a stop has just been tried and a person was called.
            since = step.entry.at if held.bare_since is None else held.bare_since
            trying = step.entry.at - tried.get(pair, -GUARD_PERIOD_MS) < GUARD_PERIOD_MS and told.get(pair, -1) >= since
            if (stop is None or stop.status.final) and not leaving and not trying:
                bare.append(f"{pair} was held without a stop at the close of a candle")
        return bare

    return watch


def _only_rises() -> Watcher:
    highest: dict[str, Decimal] = {}

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if isinstance(event, e.TradeClosed):
            highest.pop(event.pair, None)
        if isinstance(event, e.FillSeen) and step.before.orders[event.client_id].intent.leg is Leg.ENTRY:
            # The stop hangs on the average fill: with each part of an entry it is laid anew.
            highest.pop(event.pair, None)
        if not isinstance(event, e.IntentPlanned) or event.intent.leg is not Leg.STOP:
            return None
        pair, trigger = event.intent.pair, event.intent.trigger
        if trigger is None:
            return [f"{pair}: a stop without a trigger"]
        before = highest.get(pair, Decimal(0))
        highest[pair] = max(before, trigger)
        return [f"{pair}: its stop was lowered from {before} to {trigger}"] if trigger < before else ()

    return watch


def _limit_below_trigger() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.IntentPlanned) or event.intent.leg is not Leg.STOP:
            return None
        intent = event.intent
        whole = intent.type is OrderType.STOP_LOSS_LIMIT and intent.trigger is not None and intent.limit is not None
        sound = whole and (intent.limit or 0) <= (intent.trigger or 0)
        return () if sound else [f"{intent.pair}: a stop that is no stop-limit below its trigger"]

    return watch


INVARIANTS = (
    before_order("6.1", "an entry has a stop where one can be placed, and what else the gate asks of it", _has_a_stop),
    each_cycle("6.2", "what is held has a stop at the venue", _protected),
    in_audit("6.3", "a stop was never lowered", _only_rises),
    in_audit(
        "6.4",
        "at each close what was held had a stop, or one was being tried and people were told, or all was halted",
        _protected_at_each_mark,
    ),
    in_audit("6.5", "stops are stop-limit orders, the limit at or below the trigger", _limit_below_trigger),
)
