"""All orders and lists, as they are and as they were."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from vigie.simulation.exchange.orders import Order, OrderList


class Shelf:
    """Orders by symbol and number, lists by number; every version that somebody may still be shown."""

    def __init__(self) -> None:
        self._orders: dict[str, dict[int, list[tuple[int, Order]]]] = {}
        self._open: dict[str, dict[int, Order]] = {}
        self._sorted: dict[str, tuple[Order, ...]] = {}
        self._ids: dict[tuple[str, str], list[int]] = {}
        self._lists: list[OrderList] = []
        self.open_lists: dict[int, OrderList] = {}

    def put(self, order: Order, at: int) -> None:
        """An order comes, or has changed.

        Args:
            order: as it is now.
            at: since when, epoch milliseconds.
        """
        symbol, number = order.ticket.symbol, order.number
        versions = self._orders.setdefault(symbol, {}).setdefault(number, [])
        if not versions or versions[-1][1].ticket.client_id != order.ticket.client_id:
            self._ids.setdefault((symbol, order.ticket.client_id), []).append(number)
        versions.append((at, order))
        self._sorted.pop(symbol, None)
        if order.is_open:
            self._open.setdefault(symbol, {})[number] = order
        else:
            self._open.get(symbol, {}).pop(number, None)

    def order(self, symbol: str, number: int) -> Order:
        """As it is now.

        Raises:
            KeyError: there is none.
        """
        return self._orders[symbol][number][-1][1]

    def seen(self, symbol: str, number: int, at: int) -> Order | None:
        """As it was at an instant, epoch milliseconds; None: it was not there."""
        versions = self._orders.get(symbol, {}).get(number, [])
        where = bisect_right(versions, at, key=lambda one: one[0])
        return versions[where - 1][1] if where else None

    def versions(self, symbol: str, number: int) -> tuple[Order, ...]:
        """All of them, oldest first."""
        return tuple(order for _, order in self._orders.get(symbol, {}).get(number, []))

    def numbered(self, symbol: str, client_id: str) -> tuple[int, ...]:
        """Orders that have had this id, oldest first."""
        return tuple(self._ids.get((symbol, client_id), ()))

    def last_number(self, symbol: str) -> int:
        """The highest number given; 0: none."""
        return len(self._orders.get(symbol, {}))

    def symbols(self) -> tuple[str, ...]:
        """Those that have had orders."""
        return tuple(self._orders)

    def of(self, symbol: str) -> Iterator[Order]:
        """All orders of a symbol as they are now, by number."""
        return (versions[-1][1] for versions in self._orders.get(symbol, {}).values())

    def seen_of(self, symbol: str, at: int) -> Iterator[Order]:
        """All orders of a symbol as they were at an instant, by number."""
        seen = (self.seen(symbol, number, at) for number in self._orders.get(symbol, {}))
        return (one for one in seen if one is not None)

    def open(self, symbol: str) -> tuple[Order, ...]:
        """Open orders of a symbol as they are now, by number; pending ones of lists included."""
        known = self._sorted.get(symbol)
        if known is None:
            found = self._open.get(symbol, {})
            known = self._sorted[symbol] = tuple(found[number] for number in sorted(found))
        return known

    def all_open(self) -> Iterator[Order]:
        """Open orders of all symbols."""
        return (one for symbol in self._open for one in self.open(symbol))

    # --- lists --------------------------------------------------------------------------------------------------

    def put_list(self, one: OrderList) -> None:
        """A list comes, or has changed."""
        if one.number == len(self._lists):
            self._lists.append(one)
        else:
            self._lists[one.number] = one
        if one.done:
            self.open_lists.pop(one.number, None)
        else:
            self.open_lists[one.number] = one

    def list(self, number: int) -> OrderList:
        """A list, by the number that it was given."""
        return self._lists[number]

    def lists(self) -> tuple[OrderList, ...]:
        """All lists, by number."""
        return tuple(self._lists)

    def orders_of(self, one: OrderList) -> tuple[Order, ...]:
        """The orders of a list as they are now."""
        return tuple(self.order(one.symbol, number) for number in one.orders)
