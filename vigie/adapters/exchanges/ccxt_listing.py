"""A pair as a venue lists it: its filters, and what an order has to be like before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from vigie.domain.errors import RefusalCode
from vigie.domain.instrument import Instrument
from vigie.domain.order import Intent, OrderType

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a venue says of a pair; zero means without limit.

    Attributes:
        instrument: what the rest of vigie needs of it.
        symbol: the venue's or ccxt's name of it, whichever its dialect speaks.
        trading: it trades now.
        max_quantity, max_market_quantity: base, of one order, and of one at the market.
        min_price, max_price: quote, of limits and triggers.
        order_types: what may be sent; None: it does not say.
    """

    instrument: Instrument
    symbol: str
    trading: bool = True
    max_quantity: Decimal = ZERO
    max_market_quantity: Decimal = ZERO
    min_price: Decimal = ZERO
    max_price: Decimal = ZERO
    order_types: frozenset[OrderType] | None = None

    def objection(self, intent: Intent) -> tuple[RefusalCode, str] | None:
        """Why the venue would refuse an order, as far as that can be known here; None: nothing is known against it."""
        if not self.trading:
            return RefusalCode.MARKET_CLOSED, f"{intent.pair} does not trade now"
        if self.order_types is not None and intent.type not in self.order_types:
            return RefusalCode.PARAMETERS, f"{intent.pair} takes no {intent.type} orders"
        whole = intent.limit is not None and intent.trigger is not None
        if intent.type is OrderType.STOP_LOSS_LIMIT and not whole:
            return RefusalCode.PARAMETERS, "a stop has a trigger and a limit"
        if intent.type is OrderType.MARKET and not (intent.limit is None and intent.trigger is None):
            return RefusalCode.PARAMETERS, "an order at the market has no price"
        if intent.type is OrderType.LIMIT_IOC and (intent.limit is None or intent.trigger is not None):
            return RefusalCode.PARAMETERS, "a limit order has a limit and no trigger"
        return self._quantity(intent) or self._prices(intent)

    def _quantity(self, intent: Intent) -> tuple[RefusalCode, str] | None:
        quantity, filters = intent.quantity, self.instrument
        most = self.max_quantity
        if intent.type is OrderType.MARKET and self.max_market_quantity:
            most = min(most or self.max_market_quantity, self.max_market_quantity)
        if quantity != filters.quantity_down(quantity):
            return RefusalCode.LOT_SIZE, f"{quantity} is not a multiple of the step {filters.step}"
        if quantity < filters.min_quantity or quantity <= 0:
            return RefusalCode.LOT_SIZE, f"{quantity} is less than {filters.min_quantity}"
        if most and quantity > most:
            return RefusalCode.LOT_SIZE, f"{quantity} is more than {most}"
        return None

    def _prices(self, intent: Intent) -> tuple[RefusalCode, str] | None:
        for name, price in (("limit", intent.limit), ("trigger", intent.trigger)):
            if price is None:
                continue
            if price != self.instrument.price_down(price):
                return RefusalCode.PRICE_FILTER, f"the {name} {price} is not a multiple of {self.instrument.tick}"
            if price <= 0 or price < self.min_price or (self.max_price and price > self.max_price):
                return RefusalCode.PRICE_FILTER, f"the {name} {price} is out of bounds"
        if intent.limit is not None and intent.limit * intent.quantity < self.instrument.min_notional:
            worth = intent.limit * intent.quantity
            return RefusalCode.NOTIONAL, f"{worth} is less than {self.instrument.min_notional}"
        return None
