"""Refuses entries for the rest of a UTC day on which a long enough run of lost trades came to its last one."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec("max_losing_streak", int, 3, 1, 1000, help="lost trades in a row that end the entries of the UTC day")
OPTIONAL = True


def refuses(facts: Facts, limit: float) -> bool:
    """True unless the longest run of lost trades of the day is below the limit."""
    return not facts.losing_streak < limit
