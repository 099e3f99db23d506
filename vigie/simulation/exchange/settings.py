"""How the exchange behaves where nobody outside of it can know: modelled, not measured, and therefore settable."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vigie.simulation.exchange.path import Extremes
from vigie.simulation.terms import ZERO


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of the matching.

    Attributes:
        half_spread_fraction: of the last price, from it to the best bid and to the best ask.
        slippage_fraction: beyond that, against whoever takes.
        participation_fraction: of a candle's volume that our orders can have at most; None: any amount.
        touch: True: a resting order is filled when the price touches it; False: when it goes a tick beyond.
        extremes: which extreme of a candle comes first.
        seed: of whatever is drawn.
        archive_days: after which orders that ended without a fill are no longer told.
    """

    half_spread_fraction: Decimal = Decimal("0.00005")
    slippage_fraction: Decimal = ZERO
    participation_fraction: Decimal | None = None
    touch: bool = False
    extremes: Extremes = Extremes.ADVERSE
    seed: int = 0
    archive_days: int = 90
