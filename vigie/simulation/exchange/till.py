"""Coins of one account: fees, and what each order and list keeps locked."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from vigie.simulation.exchange.custody import Custody, Key
from vigie.simulation.exchange.fees import BNB, Fees, commission
from vigie.simulation.exchange.lane import Lane
from vigie.simulation.exchange.orders import Order, OrderList
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.exchange.shelf import Shelf
from vigie.simulation.terms import ZERO


class Till:
    """Orders and the coins that they hold.

    Attributes:
        shelf: all orders.
        custody: all coins.
        fees: by symbol; ``""`` for those that have none of their own.
        references: reference prices by symbol, where there is one.
        revision: counts changes of orders.
    """

    def __init__(self, lanes: Mapping[str, Lane], settings: Settings) -> None:
        self._lanes, self._settings = lanes, settings
        self.shelf, self.custody = Shelf(), Custody()
        self.fees: dict[str, Fees] = {"": Fees()}
        self.references: dict[str, Decimal] = {}
        self.revision = 0

    def _fee(  # noqa: PLR0913, RUF100
        self, order: Order, lane: Lane, price: Decimal, quantity: Decimal, at: int, *, maker: bool
    ) -> tuple[Decimal, str]:
        fees = self.fees.get(lane.name, self.fees[""])
        fraction = fees.fraction(order.ticket.side, maker)
        pair = lane.symbol.pair
        rate = self._bnb_price(pair.quote, at) if fees.pays_in_bnb else None
        if rate:
            fee = commission(price * quantity * fraction * (1 - fees.discount) / rate)
            gives = {pair.quote: price * quantity} if order.ticket.buys else {pair.base: quantity}
            if self.custody.free(BNB) - gives.get(BNB, ZERO) >= fee:
                return fee, BNB
        received = quantity if order.ticket.buys else price * quantity
        return commission(received * fraction), pair.base if order.ticket.buys else pair.quote

    def _bnb_price(self, quote: str, at: int) -> Decimal | None:
        lane = self._lanes.get(f"{BNB}{quote}")
        return Decimal(1) if quote == BNB else (lane.tape.price_at(at) if lane else None)

    def _key(self, order: Order) -> Key:
        one = None if order.list_number < 0 else self.shelf.list(order.list_number)
        if one is not None and order.number in one.pair:
            return "pair", one.symbol, one.number
        return "order", order.ticket.symbol, order.number

    def _keep(self, order: Order, at: int) -> None:
        """Lock what an order needs and put it on the shelf.

        Raises:
            Refused: not so much is free.
        """
        self._release(order)
        self.shelf.put(order, at)
        self.revision += 1

    def _release(self, order: Order) -> None:
        """Lock what an order, or the pair that it belongs to, needs from now on."""
        pair = self._lanes[order.ticket.symbol].symbol.pair
        key, needs = self._key(order), order.needs
        if key[0] == "pair":
            for number in self.shelf.list(order.list_number).pair:
                if number != order.number and number <= self.shelf.last_number(order.ticket.symbol):
                    needs = max(needs, self.shelf.order(order.ticket.symbol, number).needs)
        self.custody.keep(key, pair.quote if order.ticket.buys else pair.base, needs)

    def _list_of(self, order: Order) -> OrderList | None:
        return None if order.list_number < 0 else self.shelf.list(order.list_number)
