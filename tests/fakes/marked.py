"""An account of which nothing is known but the candle that was decided on last."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from vigie.domain.events import CycleDone
from vigie.domain.portfolio import Portfolio


def marked(candle_at: int) -> Portfolio:
    cycle = CycleDone(
        candle_at=candle_at, equity=1.0, cash=Decimal(1), day=0, day_first=1.0, day_low=1.0, peak=1.0, worst=0.0,
        mode="active", held=0,
    )  # fmt: skip
    return replace(Portfolio(), cycle=cycle)
