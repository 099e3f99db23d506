"""R7: only what trades now is bought, at the market, at a price that is one."""

from __future__ import annotations

import math
from collections.abc import Iterable

from vigie.domain import events as e
from vigie.domain.order import Leg, OrderType, Side
from vigie.engine.governance.evidence import Proposal, Step, Watcher, before_order, in_audit

TITLE = "tradability"
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
    if (intent.type, intent.side, intent.leg) != (OrderType.MARKET, Side.BUY, Leg.ENTRY):
        yield f"an entry is a buy at the market, not {intent.side} {intent.type}"
    if proposal.instrument.pair.base != intent.pair.split("/")[0]:
        yield f"the filters are those of {proposal.instrument.pair}"


def _legs_and_sides() -> Watcher:
    def watch(step: Step) -> Iterable[str] | None:
        event = step.event
        if not isinstance(event, e.IntentPlanned):
            return None
        intent = event.intent
        buys = intent.side is Side.BUY
        kind = OrderType.STOP_LOSS_LIMIT if intent.leg is Leg.STOP else OrderType.MARKET
        said = [] if buys == (intent.leg is Leg.ENTRY) else [f"{intent.pair}: {intent.leg} that wants to {intent.side}"]
        return said if intent.type is kind else [*said, f"{intent.pair}: {intent.leg} as {intent.type}"]

    return watch


INVARIANTS = (
    before_order("7.1", "the pair trades now, near the price that was decided with", _trades),
    before_order("7.2", "an entry is a buy at the market, with the filters of its pair", _at_the_market),
    in_audit("7.3", "only entries buy, stops are stop-limits and all else goes at the market", _legs_and_sides),
)
