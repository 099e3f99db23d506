"""Refuses an entry shortly after a hole in the candles."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec(
    "candles_in_row",
    int,
    24,
    1,
    10_000,
    help="closed candles without a hole before an entry (or the warm-up, if shorter)",
)


def refuses(facts: Facts, limit: float) -> bool:
    """True unless at least that many candles follow each other without a hole."""
    return not facts.candles_in_row >= limit
