"""Refuses all entries once equity has fallen too far from its peak; a latch for the rest of the run."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.decision.policies import NOISE
from vigie.strategy.params import Spec

NUMBER = Spec(
    "drawdown_fraction", float, 0.15, 0.0001, 1.0, help="fall from peak equity that ends all entries, fraction"
)


def refuses(facts: Facts, limit: float) -> bool:
    """True if the worst drawdown since the start has reached the limit, or is unknown."""
    return not facts.worst_drawdown < limit * (1.0 - NOISE)
