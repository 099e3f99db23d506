"""R1: nothing raises exposure while something holds the account, and what holds it survives everything."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vigie.decision.marks import Marks, remembered, unmarked
from vigie.domain import events as e
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt
from vigie.domain.timeframe import DAY_MS
from vigie.domain.trading_mode import TradingMode
from vigie.engine.governance.evidence import (
    Proposal,
    Standing,
    Step,
    Watcher,
    at_boot,
    before_order,
    each_cycle,
    in_audit,
)
from vigie.engine.limits import DAILY_LOSS, FRACTIONS, reached

TITLE = "kill switches"
BLIND = 3
"""Ticks in a row without a price of what is held: then nobody knows whether a limit is reached."""


def _active(proposal: Proposal) -> Iterable[str]:
    if proposal.mode is not TradingMode.ACTIVE:
        yield f"mode {proposal.mode}"
    for name in proposal.account.latches:
        yield f"latched: {name}"


def _latched(standing: Standing) -> Iterable[str]:
    cycle = standing.account.cycle
    if cycle is None:
        return
    marks = Marks(cycle.day, cycle.day_first, cycle.day_low, cycle.peak, cycle.worst, cycle.lowest)
    names = [name for name in reached(standing.account, marks, standing.setup.plan.limits) if name in FRACTIONS]
    if standing.now_ms // DAY_MS != cycle.day:
        # That day is over, and the new one has no mark yet.
        names = [name for name in names if name != DAILY_LOSS]
    for name in names:
        if name not in standing.account.latches:
            yield f"{name} is reached and does not hold the account"


def _seen(standing: Standing) -> Iterable[str]:
    if standing.prices_unknown >= BLIND:
        yield f"what is held has had no price for {standing.prices_unknown} ticks"


def _kept(standing: Standing) -> Iterable[str]:
    for name in sorted(set(standing.kept) ^ set(standing.account.latches)):
        where = "on the disk alone" if name in standing.kept else "in the journal alone"
        yield f"latch {name} stands {where}"
    if standing.switch is not None and standing.mode is not TradingMode.HALTED:
        yield f"the kill switch is set and the mode is {standing.mode}"


def _no_entry_while_held() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.OrderLearnt) or event.learnt is not Learnt.SENT:
            return None
        if step.before.orders[event.client_id].intent.leg is not Leg.ENTRY:
            return None
        return [f"an entry was sent while latched: {name}" for name in step.before.latches]

    return watch


def _limits_latch() -> Watcher:
    due: set[str] = set()

    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if isinstance(event, e.LimitReached):
            due.add(event.name)
            return ()
        if isinstance(event, e.Halted):
            due.discard(event.name)
        if not isinstance(event, e.CycleDone):
            return None
        missing = sorted(due)
        due.clear()
        return [f"{name} was reached and nothing was latched within a cycle" for name in missing]

    return watch


def _bases_follow() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event, before = step.event, step.before
        if not isinstance(event, e.CycleDone):
            return None
        last = before.cycle
        marks = unmarked(before.start_equity)
        if last is not None:
            marks = Marks(last.day, last.day_first, last.day_low, last.peak, last.worst, last.lowest)
        marks = remembered(marks, event.equity, event.day)
        said = Marks(event.day, event.day_first, event.day_low, event.peak, event.worst, event.lowest)
        return [
            f"{name} is {now!r}, and follows as {then!r} from the mark before"
            for name, then, now in zip(Marks._fields, marks, said, strict=True)
            if not (then == now or (math.isnan(then) and math.isnan(now)))
        ]

    return watch


INVARIANTS = (
    before_order("1.1", "nothing holds the account when an entry is sent", _active),
    each_cycle("1.2", "a limit that is reached holds the account", _latched),
    at_boot("1.4", "held after the start as before it, on the disk as in the journal", _kept),
    each_cycle("1.5", "what is held has a price, or there is no entry", _seen, latches=False),
    in_audit("1.6", "no entry was sent while a latch held the account", _no_entry_while_held),
    in_audit("1.7", "a limit that was reached was latched within a cycle", _limits_latch),
    in_audit("1.8", "what limits count from moves with marks, flows and a person's word alone", _bases_follow),
)
