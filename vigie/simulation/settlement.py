"""An execution as it is booked: coins, money, fee."""

from __future__ import annotations

from decimal import Decimal, localcontext

from vigie.domain.order import Fill, Side
from vigie.simulation.fills import fee_of
from vigie.simulation.ledger import Ledger
from vigie.simulation.orders import VenueOrder, assets
from vigie.simulation.terms import EXACT, Terms


def settle(ledger: Ledger, order: VenueOrder, price: Decimal, terms: Terms, trade_id: str, at: int) -> Fill:
    """Execute all that remains of an order and book it; what it locked has been let go of.

    Args:
        ledger: changed.
        order: what is executed.
        price: quote.
        terms: of the venue.
        trade_id: of the fill.
        at: epoch milliseconds.

    Raises:
        VenueRefused: it cannot be paid; nothing has changed.
    """
    base, quote = assets(order.pair)
    quantity = order.remaining
    in_base = terms.fee_in_base and order.side is Side.BUY
    with localcontext(EXACT):
        value = quantity * price
        fee = terms.commission(fee_of(quantity if in_base else value, terms.fee_fraction))
        cost = value if in_base else value + fee
    if order.side is Side.BUY:
        ledger.require(quote, cost)
        ledger.give(quote, value)
        ledger.receive(base, quantity)
    else:
        ledger.give(base, quantity)
        ledger.receive(quote, value)
    ledger.pay(base if in_base else quote, fee)
    return Fill(trade_id, price, quantity, fee, base if in_base else quote, at)
