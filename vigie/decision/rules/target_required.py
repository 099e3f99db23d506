"""Refuses an entry without a target."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec(
    "min_target_fraction",
    float,
    0.0,
    0.0,
    10.0,
    help="an entry has a target further than this above the fill, fraction",
)
OPTIONAL = True


def refuses(facts: Facts, limit: float) -> bool:
    """True unless there is a target above that share of the price."""
    return not facts.target_distance > facts.price * limit
