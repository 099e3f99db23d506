"""Refuses an entry whose stop is so near that the noise of the market takes it away."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec(
    "nearest_stop_fraction", float, 0.015, 0.0, 1.0, help="nearest stop below the fill, fraction of its price"
)
OPTIONAL = True


def refuses(facts: Facts, limit: float) -> bool:
    """True unless the stop distance is known and at least that share of the price."""
    return not facts.stop_distance >= facts.price * limit
