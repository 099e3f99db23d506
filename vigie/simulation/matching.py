"""What a resting order meets inside a candle. One function per order type, found in a table."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import NamedTuple

from vigie.domain.order import OrderType
from vigie.simulation.fills import stop_limit_fill
from vigie.simulation.orders import VenueOrder
from vigie.simulation.terms import EXACT, Terms, fill_price


class Candle(NamedTuple):
    """A closed candle in exact numbers; prices in quote, instants in epoch milliseconds."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    opens_at: int
    closes_at: int


class Met(NamedTuple):
    """What became of a resting order.

    Attributes:
        price: at which all of it was executed, quote; None: nothing was.
        triggered: it now rests at its limit.
    """

    price: Decimal | None
    triggered: bool


def meet(order: VenueOrder, candle: Candle, terms: Terms) -> Met:
    """Let a resting order live through a candle in the pessimistic order open, low, high."""
    return _RESTING[order.type](order, candle, terms)


def _stop_limit(order: VenueOrder, candle: Candle, terms: Terms) -> Met:
    trigger, limit = order.trigger, order.limit
    if trigger is None or limit is None:
        raise ValueError(f"stop-limit order {order.client_id} lacks a price")
    with localcontext(EXACT):
        filled, rests, price = stop_limit_fill(
            trigger, limit, order.triggered, candle.open, candle.high, candle.low, terms.slippage_fraction
        )
    # Twelve digits may lie below the limit; a limit is a limit.
    return Met(max(limit, fill_price(price)) if filled else None, rests)


_RESTING: dict[OrderType, Callable[[VenueOrder, Candle, Terms], Met]] = {OrderType.STOP_LOSS_LIMIT: _stop_limit}
