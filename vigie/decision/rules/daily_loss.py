"""Refuses entries for the rest of a UTC day that has lost too much."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.decision.policies import NOISE
from vigie.strategy.params import Spec

NUMBER = Spec(
    "daily_loss_fraction", float, 0.05, 0.0001, 1.0, help="loss of the day, as a fraction of its first equity"
)


def refuses(facts: Facts, limit: float) -> bool:
    """True if the lowest equity of the day is that far below the first, or if either is unknown."""
    return not facts.day_lowest_equity > facts.day_first_equity * (1.0 - limit) * (1.0 + NOISE)
