"""What a venue allows for a pair: the only crossing between observed floats and owed decimals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from vigie.domain.pair import Pair

ZERO = Decimal(0)
_WIDE = Context(prec=100)
"""Quotients with the usual 28 digits can round up to the next multiple of the grid."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """Filters of a pair; zero means unknown or without limit.

    Attributes:
        tick: smallest price step, in quote.
        step: smallest quantity step, in base.
        min_quantity: smallest order, in base.
        min_notional: smallest order value, in quote.
    """

    pair: Pair
    tick: Decimal = ZERO
    step: Decimal = ZERO
    min_quantity: Decimal = ZERO
    min_notional: Decimal = ZERO

    def quantity_down(self, quantity: Decimal | float) -> Decimal:
        """A quantity in base, rounded down to the step."""
        return _to_grid(exact(quantity), self.step, ROUND_FLOOR)

    def price_down(self, price: Decimal | float) -> Decimal:
        """A price in quote, rounded down to the tick: what sell triggers use."""
        return _to_grid(exact(price), self.tick, ROUND_FLOOR)

    def price_up(self, price: Decimal | float) -> Decimal:
        """A price in quote, rounded up to the tick."""
        return _to_grid(exact(price), self.tick, ROUND_CEILING)

    def sendable(self, quantity: Decimal, price: Decimal) -> bool:
        """Whether an order of this quantity (base) at this price (quote) passes the filters."""
        if not (quantity.is_finite() and price.is_finite()):
            return False
        return quantity > 0 and quantity >= self.min_quantity and quantity * price >= self.min_notional


def exact(number: Decimal | float) -> Decimal:
    """An observed number as the decimal that it is written as."""
    # repr of a float is its shortest exact name: 0.1 becomes Decimal('0.1'), not 0.1000000000000000055. numpy's floats
    # are floats with another repr.
    return number if isinstance(number, Decimal) else Decimal(repr(float(number)))


def _to_grid(number: Decimal, grid: Decimal, rounding: str) -> Decimal:
    if grid == 0:
        return number
    return _WIDE.multiply(_WIDE.divide(number, grid).to_integral_value(rounding), grid)
