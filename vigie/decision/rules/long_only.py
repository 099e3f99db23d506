"""Refuses a short: spot holds no negative coins."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec("long_only", int, 1, 1, 1, help="1: shorts are refused and counted")


def refuses(facts: Facts, limit: float) -> bool:  # noqa: ARG001 - every rule has the same signature
    """True unless the direction is long."""
    return not facts.direction > 0
