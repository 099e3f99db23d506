"""Refuses an order that is empty or that the venue's filters would not take."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec("min_order_value", float, 0.0, 0.0, 1e9, help="smallest order value besides the venue's own, quote")


def refuses(facts: Facts, limit: float) -> bool:
    """True if quantity or value is zero, unknown, or below a minimum."""
    large_enough = facts.quantity >= facts.min_quantity and facts.notional >= facts.min_notional
    return not (facts.quantity > 0.0 and facts.notional > 0.0 and large_enough and facts.notional >= limit)
