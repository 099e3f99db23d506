"""Refuses entries once a UTC day has had enough of them."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.strategy.params import Spec

NUMBER = Spec("max_trades_per_day", int, 5, 1, 100_000, help="entries of one UTC day")
OPTIONAL = True


def refuses(facts: Facts, limit: float) -> bool:
    """True unless the day has had fewer entries."""
    return not facts.trades_today < limit
