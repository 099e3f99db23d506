"""What the exchange charges."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from vigie.domain.order import Side
from vigie.simulation.terms import EXACT, ZERO

BNB = "BNB"
_EIGHT = Decimal("1E-8")


@dataclass(frozen=True, slots=True)
class Fees:
    """Fractions of a fill's value.

    Attributes:
        maker, taker: by liquidity.
        buyer, seller: by side, on top.
        pays_in_bnb: fees are taken from BNB as long as there is enough of it.
        discount: fraction that is let off then.
    """

    maker: Decimal = Decimal("0.001")
    taker: Decimal = Decimal("0.001")
    buyer: Decimal = ZERO
    seller: Decimal = ZERO
    pays_in_bnb: bool = False
    discount: Decimal = Decimal("0.25")

    def fraction(self, side: Side, maker: bool) -> Decimal:  # noqa: FBT001, RUF100
        """Of one fill, before any discount."""
        return (self.maker if maker else self.taker) + (self.buyer if side is Side.BUY else self.seller)


def commission(amount: Decimal) -> Decimal:
    """A fee as it is taken: cut to eight decimals."""
    return amount.quantize(_EIGHT, ROUND_DOWN, EXACT)
