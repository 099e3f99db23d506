"""Refuses an order that is empty or that the venue's filters would not take."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec("min_order_value", float, 0.0, 0.0, 1e9, help="smallest order value besides the venue's own, quote")

CRUMB = 1e-9
"""Share of the equity below which cash is what floating point has left over, not money."""


def refuses(facts: Facts, limit: float) -> bool:
    """True if quantity or value is zero (but for a crumb), unknown, or below a minimum."""
    large_enough = facts.quantity >= facts.min_quantity and facts.notional >= facts.min_notional
    money = facts.quantity > 0.0 and facts.notional > facts.equity * CRUMB
    return not (money and large_enough and facts.notional >= limit)
