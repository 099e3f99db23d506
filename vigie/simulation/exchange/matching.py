"""Orders while prices move: who meets them, where and when."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from vigie.simulation.exchange.floor import Floor
from vigie.simulation.exchange.kinds import State
from vigie.simulation.exchange.lane import Lane
from vigie.simulation.exchange.orders import Order
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.terms import ZERO


class Levels(NamedTuple):
    """What the orders of a symbol wait for.

    Attributes:
        below, above: highest level below, lowest above; None: nothing waits there.
        trailing: orders that follow the price.
    """

    below: Decimal | None
    above: Decimal | None
    trailing: tuple[Order, ...]


class Matching(Floor):
    """Orders of one account and the prices that they meet."""

    def __init__(self, lanes: Mapping[str, Lane], settings: Settings) -> None:
        super().__init__(lanes, settings)
        self._known: dict[str, tuple[tuple[Order, ...], bool, Decimal, Levels]] = {}

    def approach(self, symbol: str, to: int) -> bool:
        """Let a symbol go on until something may happen to one of its orders, or ``to``.

        Returns:
            whether something may happen at its present place.
        """
        lane = self._lanes[symbol]
        if not self.shelf.open(symbol):
            if to != lane.at:
                lane.move(to)
            return False
        while True:
            below, above, trailing = self._levels(lane)
            price = lane.price
            if price is not None and lane.at <= to and _outside(price, below, above):
                return True
            if not trailing:
                lane.skip(to, below, above)
            on = lane.walk(to, below, above)
            if trailing:
                self._follow(lane, trailing)
            if not on:
                return False

    def strike(self, symbol: str) -> None:
        """Let the orders of a symbol meet its present price, in the order of their numbers."""
        lane = self._lanes[symbol]
        for number in [one.number for one in self.shelf.open(symbol)]:
            order, price = self.shelf.order(symbol, number), lane.price
            if price is None or order.state.final or order.state is State.PENDING_NEW:
                continue
            if order.working:
                self._rest(order, lane)
            elif self._triggered(order, price):
                self._trigger(order, lane)

    def _levels(self, lane: Lane) -> Levels:
        """Highest level that something waits for below, lowest above, and the orders that follow the price."""
        known = self._standing(lane)
        if not known.trailing:
            return known
        below, above = known.below, known.above
        for order in known.trailing:
            level, down = self._level(order, lane)
            if down:
                below = level if below is None else max(below, level)
            else:
                above = level if above is None else min(above, level)
        return Levels(below, above, known.trailing)

    def _standing(self, lane: Lane) -> Levels:
        """The same without those that follow: their levels stay until an order changes."""
        orders, dry = self.shelf.open(lane.name), lane.capacity() == ZERO
        known = self._known.get(lane.name)
        if known is not None and known[0] is orders and known[1:3] == (dry, lane.symbol.tick):
            return known[3]
        levels: dict[bool, list[Decimal]] = {True: [], False: []}
        trailing = []
        for order in orders:
            if order.state is State.PENDING_NEW or (order.working and dry):
                continue
            if order.trailing_at >= 0 and not order.working:
                trailing.append(order)
            else:
                level, down = self._level(order, lane)
                levels[down].append(level)
        made = Levels(max(levels[True], default=None), min(levels[False], default=None), tuple(trailing))
        self._known[lane.name] = (orders, dry, lane.symbol.tick, made)
        return made

    def _follow(self, lane: Lane, orders: tuple[Order, ...]) -> None:
        price = lane.price or ZERO  # there is one: nothing can be placed before
        for order in orders:
            key = (lane.name, order.number)
            self._extremes[key] = (min if order.ticket.buys else max)(self._extremes[key], price)


def _outside(price: Decimal, below: Decimal | None, above: Decimal | None) -> bool:
    return (below is not None and price <= below) or (above is not None and price >= above)
