"""A fixed share of the wallet."""

from __future__ import annotations

from vigie.decision.sizing.wanted import Wanted
from vigie.strategy.params import Spec

NUMBER = Spec("baseline_fraction", float, 0.95, 0.001, 1.0, help="share of the equity put into one position, fraction")


def units(wanted: Wanted, amount: float) -> float:
    """``amount * equity / price``, in base."""
    return wanted.equity * amount / wanted.price
