"""Refuses an entry soon after the pair was stopped out."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec(
    "cooldown_bars", int, 0, 0, 100_000, help="candles to wait after a stop, break-even stops included; 0: none"
)


def refuses(facts: Facts, limit: float) -> bool:
    """True unless at least that many candles have passed since the stop."""
    return not facts.bars_since_stop >= limit
