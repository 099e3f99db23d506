"""Refuses an entry whose planned loss, added to those of all open positions, is more than the day may still lose."""

from __future__ import annotations

from vigie.decision.facts import Facts
from vigie.decision.policies import NOISE
from vigie.strategy.params import Spec

NUMBER = Spec(
    "heat_fraction", float, 0.02, 0.0001, 1.0, help="planned losses at once, fraction of the day's first equity"
)
OPTIONAL = True


def refuses(facts: Facts, limit: float) -> bool:
    """True unless what would be lost at all stops fits into what is left of the day's budget; unknown refuses."""
    lost = facts.day_first_equity - facts.equity
    left = facts.day_first_equity * limit - max(0.0, lost)
    # A maximum hides what is unknown: asked for by itself.
    planned = facts.heat + facts.quantity * facts.stop_distance
    return not (lost == lost and planned <= left + facts.day_first_equity * NOISE)
