"""As much as loses a fixed share of the equity at the initial stop."""

from __future__ import annotations

from vigie.decision.sizing.wanted import Wanted
from vigie.strategy.params import Spec

NUMBER = Spec("risk_fraction", float, 0.02, 0.0001, 0.5, help="equity lost if the initial stop is hit, fraction")


def units(wanted: Wanted, amount: float) -> float:
    """``amount * equity / stop distance``, in base; NaN where the stop is unknown."""
    return wanted.equity * amount / wanted.stop_distance if wanted.stop_distance > 0.0 else float("nan")
