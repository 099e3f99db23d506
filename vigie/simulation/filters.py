"""What a venue refuses before it looks at balances: parameters, then filters."""

from __future__ import annotations

from decimal import Decimal, localcontext

from vigie.domain.errors import RefusalCode, VenueRefused
from vigie.domain.instrument import Instrument
from vigie.domain.order import Intent, OrderType, Side
from vigie.simulation.terms import EXACT


def check_parameters(intent: Intent) -> None:
    """Hold an order to the fields that its type takes.

    Raises:
        VenueRefused: PARAMETERS.
    """
    prices = (intent.limit, intent.trigger)
    if intent.type is OrderType.MARKET:
        if prices != (None, None):
            raise VenueRefused("a market order has neither limit nor trigger", RefusalCode.PARAMETERS)
        return
    if intent.type is OrderType.LIMIT_IOC:
        if intent.limit is None or intent.trigger is not None:
            raise VenueRefused("a limit order has a limit and no trigger", RefusalCode.PARAMETERS)
        return
    if None in prices:
        raise VenueRefused("a stop-limit order has a limit and a trigger", RefusalCode.PARAMETERS)
    if intent.side is not Side.SELL:
        raise VenueRefused("a stop-limit order that buys is not taken here", RefusalCode.PARAMETERS)


def check_filters(intent: Intent, instrument: Instrument, price: Decimal) -> None:
    """Hold an order to the filters of its pair.

    Args:
        intent: what is wanted.
        instrument: the filters.
        price: what its value is counted at, quote.

    Raises:
        VenueRefused: PRICE_FILTER, LOT_SIZE or NOTIONAL.
    """
    for name, one in (("limit", intent.limit), ("trigger", intent.trigger)):
        if one is not None and not (one.is_finite() and one > 0 and instrument.price_down(one) == one):
            raise VenueRefused(
                f"PRICE_FILTER: {name} {one} is not a multiple of {instrument.tick}", RefusalCode.PRICE_FILTER
            )
    quantity = intent.quantity
    if not (quantity.is_finite() and quantity > 0 and instrument.quantity_down(quantity) == quantity):
        raise VenueRefused(
            f"LOT_SIZE: quantity {quantity} is not a multiple of {instrument.step}", RefusalCode.LOT_SIZE
        )
    if quantity < instrument.min_quantity:
        raise VenueRefused(f"LOT_SIZE: quantity {quantity} is below {instrument.min_quantity}", RefusalCode.LOT_SIZE)
    with localcontext(EXACT):
        value = quantity * price
    if value < instrument.min_notional:
        raise VenueRefused(f"NOTIONAL: value {value} is below {instrument.min_notional}", RefusalCode.NOTIONAL)
