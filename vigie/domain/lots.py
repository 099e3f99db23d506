"""Lots of coins: what was paid for what is sold, by the method that a tax office asks for.

A purchase makes a lot. Its cost is what was paid in quote, fees in quote included; a fee taken in the coin makes the
lot smaller. A sale uses up coins (a fee taken in the coin too) and brings its value less fees in quote. Fees in a third
asset are told in that asset and in no gain. Shares of a cost are cut to 12 decimals, and the last coin of a lot takes
what is left of its cost: sums are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum

from vigie.domain.errors import DataError
from vigie.domain.holdings import EXACT
from vigie.domain.order import Fill, Side

ZERO = Decimal(0)
_SHARE = Decimal("1e-12")


class Method(StrEnum):
    """Which coins are sold first."""

    FIFO = "fifo"
    """The oldest."""
    LIFO = "lifo"
    """The youngest."""
    AVERAGE = "average"
    """All of them alike: one pool per coin."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Coins of one purchase, or of a pool.

    Attributes:
        seq: journal line of the purchase, of a pool its first.
        bought_at: epoch milliseconds, of a pool its first purchase.
        quantity: coins left.
        cost: quote, of what is left.
    """

    seq: int
    bought_at: int
    quantity: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Booked:
    """A fill with what it belongs to.

    Attributes:
        seq: its journal line.
        pair: ``BTC/USDT``.
        side: of its order.
        fill: price, quantity, fee.
    """

    seq: int
    pair: str
    side: Side
    fill: Fill


@dataclass(frozen=True, slots=True)
class Disposal:
    """Coins of one lot that were sold by one fill.

    Attributes:
        pair: ``BTC/USDT``.
        bought_seq, sold_seq: journal lines.
        bought_at, sold_at: epoch milliseconds.
        quantity: coins used up, fees in the coin included.
        proceeds: quote, fees in quote taken off.
        cost: quote.
        fee: share of the sale's fee, in ``fee_asset``.
        fee_asset: what the fee was taken in.
    """

    pair: str
    bought_seq: int
    sold_seq: int
    bought_at: int
    sold_at: int
    quantity: Decimal
    proceeds: Decimal
    cost: Decimal
    fee: Decimal
    fee_asset: str

    @property
    def gain(self) -> Decimal:
        """Quote; negative: a loss."""
        with localcontext(EXACT):
            return self.proceeds - self.cost


def disposals(fills: Iterable[Booked], method: Method) -> Iterator[Disposal]:
    """Every sale, split by the lots that it uses up, in the order of the fills.

    Args:
        fills: in the order in which they were journalled.
        method: which coins go first.

    Raises:
        DataError: more was sold than had been bought.
    """
    lots: dict[str, list[Lot]] = {}
    for one in fills:
        base, quote = one.pair.split("/")
        with localcontext(EXACT):
            found = _one(lots.setdefault(base, []), one, base, quote, method)
        yield from found


def _one(held: list[Lot], one: Booked, base: str, quote: str, method: Method) -> list[Disposal]:
    fill = one.fill
    value = fill.price * fill.quantity
    in_coin = fill.fee if fill.fee_asset == base else ZERO
    in_quote = fill.fee if fill.fee_asset == quote else ZERO
    if one.side is Side.BUY:
        _add(held, Lot(one.seq, fill.filled_at, fill.quantity - in_coin, value + in_quote), method)
        return []
    return _sold(held, one, fill.quantity + in_coin, value - in_quote, method)


def _add(held: list[Lot], lot: Lot, method: Method) -> None:
    if method is Method.AVERAGE and held:
        pool = held[0]
        held[0] = replace(pool, quantity=pool.quantity + lot.quantity, cost=pool.cost + lot.cost)
    else:
        held.append(lot)


def _sold(held: list[Lot], one: Booked, coins: Decimal, proceeds: Decimal, method: Method) -> list[Disposal]:
    found: list[Disposal] = []
    left, money, fee = coins, proceeds, one.fill.fee
    while left > 0:
        if not held:
            raise DataError(f"journal, seq {one.seq}: {left} {one.pair} sold that were never bought")
        at = -1 if method is Method.LIFO else 0
        lot = held[at]
        part = min(left, lot.quantity)
        cost, held_on = _share(lot.cost, part, lot.quantity)
        brought, money = _share(money, part, left)
        charged, fee = _share(fee, part, left)
        left -= part
        if part == lot.quantity:
            del held[at]
        else:
            held[at] = replace(lot, quantity=lot.quantity - part, cost=held_on)
        found.append(
            Disposal(
                pair=one.pair,
                bought_seq=lot.seq,
                sold_seq=one.seq,
                bought_at=lot.bought_at,
                sold_at=one.fill.filled_at,
                quantity=part,
                proceeds=brought,
                cost=cost,
                fee=charged,
                fee_asset=one.fill.fee_asset,
            )
        )
    return found


def _share(sum_: Decimal, part: Decimal, whole: Decimal) -> tuple[Decimal, Decimal]:
    """The share of a sum that goes with a part, and the rest."""
    if part == whole:
        return sum_, ZERO
    share = (sum_ * part / whole).quantize(_SHARE, rounding=ROUND_HALF_EVEN)
    return share, sum_ - share
