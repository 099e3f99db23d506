"""The orders of a venue: those that rest, and the last that have ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from vigie.simulation.orders import VenueOrder


class Book:
    """Orders by pair and number, and the latest of each client id."""

    def __init__(self, resting: Iterable[VenueOrder], ended: Iterable[VenueOrder], kept: int) -> None:
        """Open the book.

        Args:
            resting: open orders, in the order in which they came.
            ended: orders that have ended, in the order in which they did.
            kept: how many of those are remembered.
        """
        self._open: dict[str, dict[int, VenueOrder]] = {}
        self._latest: dict[tuple[str, str], VenueOrder] = {}
        self._ended: deque[VenueOrder] = deque()
        self._kept = kept
        for order in ended:
            self.end(order)
        for order in resting:
            self.keep(order)

    def resting(self, pair: str | None = None) -> tuple[VenueOrder, ...]:
        """Open orders in the order in which they came, of one pair or pair by pair."""
        if pair is not None:
            return tuple(self._open.get(pair, {}).values())
        return tuple(one for orders in self._open.values() for one in orders.values())

    def ended(self) -> tuple[VenueOrder, ...]:
        """Those that are remembered, in the order in which they ended."""
        return tuple(self._ended)

    def latest(self, pair: str, client_id: str) -> VenueOrder | None:
        """The last order with this id; None: there is none, or it ended long ago."""
        return self._latest.get((pair, client_id))

    def keep(self, order: VenueOrder) -> None:
        """An open order comes, or has changed."""
        self._open.setdefault(order.pair, {})[order.number] = order
        self._latest[order.pair, order.client_id] = order

    def end(self, order: VenueOrder) -> None:
        """An order has ended; the oldest of those is forgotten."""
        resting = self._open.get(order.pair, {})
        resting.pop(order.number, None)
        if not resting:
            # Pairs stand in the order of their first open order: a book read from a record has no others.
            self._open.pop(order.pair, None)
        self._latest[order.pair, order.client_id] = order
        self._ended.append(order)
        while len(self._ended) > self._kept:
            old = self._ended.popleft()
            if self._latest[old.pair, old.client_id] is old:
                del self._latest[old.pair, old.client_id]
