"""R7: only what trades now is bought, at once, at a price that is one."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vigie.domain import events as e
from vigie.domain.order import Leg, OrderType, Side
from vigie.engine.governance.evidence import Proposal, Step, Watcher, before_order, in_audit

TITLE = "tradability"
AT_ONCE = (OrderType.MARKET, OrderType.LIMIT_IOC)
"""How an entry is sent: what cannot be had at once is given up."""
FURTHEST = 0.10
"""A price that is further from the one that was decided with than this share of it is not the same market."""


def _trades(proposal: Proposal) -> Iterable[str]:
    price = proposal.price
    if price is None or not 0.0 < price < math.inf:
        yield f"{proposal.intent.pair} does not trade now"
    elif not abs(price - proposal.facts.price) <= FURTHEST * proposal.facts.price:
        yield f"the price is {price:.10g}, decided was with {proposal.facts.price:.10g}"


def _at_the_market(proposal: Proposal) -> Iterable[str]:
    intent = proposal.intent
    if (intent.side, intent.leg) != (Side.BUY, Leg.ENTRY) or intent.type not in AT_ONCE:
        yield f"an entry is a buy at once, not {intent.side} {intent.type}"
    if proposal.instrument.pair.base != intent.pair.split("/")[0]:
        yield f"the filters are those of {proposal.instrument.pair}"


def _legs_and_sides() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.IntentPlanned):
            return None
        intent = event.intent
        buys = intent.side is Side.BUY
        kinds = {Leg.STOP: (OrderType.STOP_LOSS_LIMIT,), Leg.ENTRY: AT_ONCE}.get(intent.leg, (OrderType.MARKET,))
        said = [] if buys == (intent.leg is Leg.ENTRY) else [f"{intent.pair}: {intent.leg} that wants to {intent.side}"]
        return said if intent.type in kinds else [*said, f"{intent.pair}: {intent.leg} as {intent.type}"]

    return watch


INVARIANTS = (
    before_order("7.1", "the pair trades now, near the price that was decided with", _trades),
    before_order("7.2", "an entry is a buy at once, with the filters of its pair", _at_the_market),
    in_audit(
        "7.3", "only entries buy, at once; stops are stop-limits and all else goes at the market", _legs_and_sides
    ),
)
