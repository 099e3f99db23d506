"""Refuses an entry while enough positions are open."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec("max_open_positions", int, 5, 1, 1000, help="positions open at once in one wallet")


def refuses(facts: Facts, limit: float) -> bool:
    """True unless the wallet holds fewer positions than allowed."""
    return not facts.open_positions < limit
