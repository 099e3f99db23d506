"""What a simulated venue charges and how it behaves: numbers, not subclasses."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Context, Decimal

from vigie.domain.order import Leg

ZERO = Decimal(0)

EXACT = Context(prec=100)
"""Sums and products of money are not rounded: balances have to add up to the last digit."""

_PRICE = Context(prec=12)
"""Fill prices keep twelve digits: far finer than any tick, and whoever counts a fill again with the usual 28 digits
comes to the same amounts."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms of a venue.

    Attributes:
        fee_fraction: of the value of each fill.
        slippage_fraction: of the price, against us, for what is executed at the market.
        partial_slippage_fraction: the same for partial sales, which a profile may count differently.
        fee_in_base: True: the fee of a buy is taken in coin; False: in quote, on top. A sale always pays in quote.
        commission_places: decimals that a fee is cut to (8 at most exchanges); None: not cut, as a backtest counts.
        refuse_triggering: True: a stop that the last price has passed already is refused, as exchanges do; False: it
            waits for the next candle, as in a backtest.
        kept_orders: ended orders that are remembered; older ones are no longer found.
    """

    fee_fraction: Decimal = ZERO
    slippage_fraction: Decimal = ZERO
    partial_slippage_fraction: Decimal = ZERO
    fee_in_base: bool = False
    commission_places: int | None = None
    refuse_triggering: bool = False
    kept_orders: int = 200

    def slippage_of(self, leg: Leg) -> Decimal:
        """Slippage of a market order, fraction."""
        return self.partial_slippage_fraction if leg in (Leg.PARTIAL_1, Leg.PARTIAL_2) else self.slippage_fraction

    def commission(self, fee: Decimal) -> Decimal:
        """A fee as it is taken."""
        if self.commission_places is None:
            return fee
        return fee.quantize(Decimal(1).scaleb(-self.commission_places), ROUND_DOWN, EXACT)


def fill_price(price: Decimal) -> Decimal:
    """A price as fills are booked at."""
    return _PRICE.plus(price)
