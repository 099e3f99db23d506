"""Refuses an entry that moves like a position already open; unknown is not uncorrelated."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec(
    "correlation_limit", float, 0.85, 0.0, 1.0, help="highest |correlation| of log returns with an open position"
)


def refuses(facts: Facts, limit: float) -> bool:
    """True unless the correlation is known and within the limit."""
    return not facts.correlation <= limit
