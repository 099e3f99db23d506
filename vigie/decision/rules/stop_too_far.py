"""Refuses an entry whose stop is so far away that it protects little."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec(
    "furthest_stop_fraction", float, 0.05, 0.0001, 1.0, help="furthest stop below the fill, fraction of its price"
)
OPTIONAL = True


def refuses(facts: Facts, limit: float) -> bool:
    """True unless the stop distance is known and at most that share of the price."""
    return not facts.stop_distance <= facts.price * limit
