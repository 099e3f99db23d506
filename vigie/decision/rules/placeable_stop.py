"""Refuses an entry whose stop would lie at or below zero: no venue takes such an order, so nothing would protect it."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec(
    "min_stop_fraction", float, 0.0, 0.0, 1.0, help="the stop must be above this fraction of the price of the entry"
)


def refuses(facts: Facts, limit: float) -> bool:
    """True unless the stop lies above ``limit`` times the price; an unknown number refuses too."""
    return not facts.stop_distance < facts.price * (1.0 - limit)
