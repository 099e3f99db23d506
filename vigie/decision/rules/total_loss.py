"""Refuses all entries once the account has lost too much of what it began with; a latch for the rest of the run."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.decision.policies import NOISE
from vigie.strategy.params import Spec

NUMBER = Spec(
    "total_loss_fraction", float, 0.10, 0.0001, 1.0, help="loss against the equity at the start that ends all entries"
)
OPTIONAL = True


def refuses(facts: Facts, limit: float) -> bool:
    """True if the lowest equity since the start is that far below the first, or if either is unknown."""
    return not facts.lowest_equity > facts.start_equity * (1.0 - limit) * (1.0 + NOISE)
