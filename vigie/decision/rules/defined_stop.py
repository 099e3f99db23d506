"""Refuses an entry whose stop is unknown, or not below the price."""

from __future__ import annotations

import math

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec(
    "min_stop_distance", float, 0.0, 0.0, 1e12, help="the stop must be further than this below the fill, quote"
)


def refuses(facts: Facts, limit: float) -> bool:
    """True unless the stop distance is a finite number above the limit."""
    return not limit < facts.stop_distance < math.inf
