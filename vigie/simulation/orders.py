"""Orders as a simulated venue keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

from vigie.domain.order import Fill, OrderReport, OrderType, Side
from vigie.domain.order_status import OrderStatus
from vigie.simulation.terms import EXACT, ZERO


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order that the venue has taken.

    Attributes:
        number: the venue's, counted from 1 within the pair.
        client_id: the customer's; unique among open orders.
        pair: ``BTC/USDT``.
        side, type: what is wanted.
        quantity: base.
        limit, trigger: quote; None where the order has none.
        placed_at, updated_at: epoch milliseconds.
        status: ACCEPTED, PARTIAL, FILLED, CANCELED or EXPIRED.
        triggered: a stop that was jumped over and rests at its limit.
        fills: what was executed, in order.
    """

    number: int
    client_id: str
    pair: str
    side: Side
    type: OrderType
    quantity: Decimal
    limit: Decimal | None
    trigger: Decimal | None
    placed_at: int
    updated_at: int
    status: OrderStatus = OrderStatus.ACCEPTED
    triggered: bool = False
    fills: tuple[Fill, ...] = ()

    @property
    def executed(self) -> Decimal:
        """Base executed."""
        with localcontext(EXACT):
            return sum((one.quantity for one in self.fills), ZERO)

    @property
    def executed_value(self) -> Decimal:
        """Quote executed."""
        with localcontext(EXACT):
            return sum((one.quantity * one.price for one in self.fills), ZERO)

    @property
    def remaining(self) -> Decimal:
        """Base not executed."""
        with localcontext(EXACT):
            return self.quantity - self.executed

    @property
    def needs(self) -> tuple[str, Decimal]:
        """Asset and amount that it locks while it is open: what rests here are sales."""
        return assets(self.pair)[0], self.remaining

    def report(self) -> OrderReport:
        """What the venue says of it."""
        return OrderReport(
            client_id=self.client_id,
            venue_id=str(self.number),
            pair=self.pair,
            side=self.side,
            type=self.type,
            status=self.status,
            quantity=self.quantity,
            executed=self.executed,
            executed_value=self.executed_value,
            limit=self.limit,
            trigger=self.trigger,
            triggered=self.triggered,
            fills=self.fills,
            updated_at=self.updated_at,
        )


def assets(pair: str) -> tuple[str, str]:
    """Base and quote of ``BTC/USDT``."""
    base, quote = pair.split("/")
    return base, quote
