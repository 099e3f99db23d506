"""The same amount of quote each time: a share of the wallet at the start."""

from __future__ import annotations

from vigie.decision.sizing.wanted import Wanted
from vigie.strategy.params import Spec

NUMBER = Spec(
    "notional_fraction", float, 0.10, 0.001, 1.0, help="value of each position, as a share of the initial capital"
)


def units(wanted: Wanted, amount: float) -> float:
    """``amount * initial capital / price``, in base."""
    return wanted.capital * amount / wanted.price
