"""As much as moves the equity by a fixed share when the price moves by its volatility."""

from __future__ import annotations

from vigie.decision.sizing.wanted import Wanted
from vigie.strategy.params import Spec

NUMBER = Spec("target_volatility", float, 0.02, 0.0001, 0.5, help="equity moved by one ATR of the price, as a fraction")


def units(wanted: Wanted, amount: float) -> float:
    """``amount * equity / volatility``, in base; NaN where the volatility is unknown.

    The first system divided by the price as well, which made positions smaller by a factor of the price.
    """
    return wanted.equity * amount / wanted.volatility if wanted.volatility > 0.0 else float("nan")
