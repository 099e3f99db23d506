"""What a sizing rule is told."""

from __future__ import annotations

from typing import NamedTuple


class Wanted(NamedTuple):
    """A wanted entry.

    Attributes:
        equity: wallet plus coins, quote.
        capital: wallet at the start, quote.
        price: reference price with the assumed slippage, quote per base.
        stop_distance: quote; NaN: unknown.
        volatility: quote; NaN: unknown.
    """

    equity: float
    capital: float
    price: float
    stop_distance: float
    volatility: float
