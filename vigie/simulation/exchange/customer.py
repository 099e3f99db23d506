"""What the exchange's one customer can do: place, change, cancel, ask."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from vigie.simulation.exchange import filters, lists
from vigie.simulation.exchange.exactly import exactly
from vigie.simulation.exchange.intake import Intake
from vigie.simulation.exchange.kinds import ListKind, State
from vigie.simulation.exchange.orders import Order, OrderList, Ticket, Trade
from vigie.simulation.exchange.refusals import AMEND, CANCEL, DUPLICATE, RESTRICTIONS, UNKNOWN, Refused, rejected


class Customer(Intake):
    """The account's side of the exchange."""

    # --- orders -------------------------------------------------------------------------------------------------

    @exactly
    def check(self, ticket: Ticket) -> Order:
        """What an order would be; nothing is placed.

        Raises:
            Refused: with the code that placing it would have.
        """
        order = self._look(ticket)
        self._matching.refuse_crossing(order)
        self._payable(order)
        return order

    @exactly
    def submit(self, ticket: Ticket) -> Order:
        """Take an order.

        Raises:
            Refused: the order does not exist.
        """
        order = self._look(ticket)
        self._matching.refuse_crossing(order)
        order = self._matching.enter(order, self.now)
        return self.shelf.order(ticket.symbol, order.number)

    @exactly
    def submit_list(self, kind: ListKind, tickets: tuple[Ticket, ...], client_id: str) -> OrderList:
        """Take a list of orders: all of them, or none.

        Args:
            kind: how they depend.
            tickets: the working order first; a pair as the one above and the one below.
            client_id: of the list.

        Raises:
            Refused: none of them exists.
        """
        symbol = self.lane(tickets[0].symbol).symbol
        lists.check_list(kind, tickets, symbol)
        if any(one.client_id == client_id for one in self.shelf.open_lists.values()):
            raise rejected(DUPLICATE)
        algos = sum(one.kind.contingent for one in tickets)
        number, first = len(self.shelf.lists()), self.shelf.last_number(symbol.name) + 1
        orders = []
        for index, ticket in enumerate(tickets):
            brings = filters.Counts(orders=len(tickets), algos=algos)
            later = kind is not ListKind.OCO and index > 0
            order = self._look(ticket, brings=brings, later=later)
            order = replace(order, number=first + index, list_number=number)
            if not later:
                self._matching.refuse_crossing(order)
            orders.append(order)
        self._require_same_quantity(kind, orders)
        return self._enter_list(kind, orders, client_id)

    def _enter_list(self, kind: ListKind, orders: list[Order], client_id: str) -> OrderList:
        first = orders[0]
        name, number = first.ticket.symbol, first.list_number
        one = OrderList(number, kind, name, client_id, tuple(order.number for order in orders), self.now)
        # What cannot be paid is found before anything is on the shelf.
        self._payable(max(orders, key=lambda order: order.needs) if kind is ListKind.OCO else first)
        self.shelf.put_list(one)
        if kind is ListKind.OCO:
            self._matching.enter_pair(orders, self.now)
        else:
            for order in orders:
                self.shelf.put(replace(order, state=State.PENDING_NEW), self.now)
            self._matching.enter(first, self.now)
        return self.shelf.list(number)

    @staticmethod
    def _require_same_quantity(kind: ListKind, orders: list[Order]) -> None:
        pair = orders if kind is ListKind.OCO else orders[1:] if len(orders) == 3 else []
        if len({order.quantity for order in pair}) > 1:
            raise rejected("The orders of a pair have one quantity.")

    # --- cancels and changes ------------------------------------------------------------------------------------

    def find_open(self, symbol: str, number: int | None, client_id: str | None, code: int = CANCEL) -> Order:
        """An open order by its number, its client id, or both.

        Raises:
            Refused: there is none.
        """
        self.lane(symbol)
        for order in self.shelf.open(symbol):
            if number in (None, order.number) and client_id in (None, order.ticket.client_id):
                return order
        raise Refused(code, UNKNOWN)

    @exactly
    def cancel(
        self,
        symbol: str,
        number: int | None = None,
        client_id: str | None = None,
        *,
        only: State | None = None,
        state: State = State.CANCELED,
    ) -> Order:
        """Take an open order off the book; with one order of a list the whole list goes.

        Args:
            symbol: of the order.
            number: of the order; None: the client id says which.
            client_id: the customer's; None: the number says which.
            only: the state that it must be in.
            state: that it has afterwards.

        Raises:
            Refused: -2011: there is no such open order, or it is in another state.
        """
        order = self.find_open(symbol, number, client_id)
        if only is not None and order.state is not only:
            raise Refused(CANCEL, RESTRICTIONS)
        if order.list_number >= 0:
            self.cancel_list(order.list_number, state=state)
        else:
            self._matching.end(order, state, self.now)
        return self.shelf.order(symbol, order.number)

    @exactly
    def cancel_list(self, number: int, *, state: State = State.CANCELED) -> OrderList:
        """Take all open orders of a list off the book.

        Raises:
            Refused: -2011: there is no such open list.
        """
        one = self.shelf.open_lists.get(number)
        if one is None:
            raise Refused(CANCEL, UNKNOWN)
        for order in self.shelf.orders_of(one):
            current = self.shelf.order(one.symbol, order.number)
            if current.is_open:
                self._matching.end(current, state, self.now)
        return self.shelf.list(number)

    @exactly
    def amend(self, symbol: str, quantity: Decimal, number: int | None, client_id: str | None, new_id: str) -> Order:
        """Make an open order smaller; it keeps its place. Orders of a pair stay equal.

        Args:
            symbol: of the order.
            quantity: base, smaller than before, larger than what was executed.
            number: of the order; None: the client id says which.
            client_id: the customer's; None: the number says which.
            new_id: its client id from now on.

        Raises:
            Refused: there is no such order, or the quantity is none.
        """
        order = self.find_open(symbol, number, client_id, AMEND)
        lane = self.lane(symbol)
        if not lane.symbol.flags["amendAllowed"]:
            raise Refused(AMEND, "Order amend is not supported for this symbol.")
        filters.amendable(lane.symbol, len(self.amendments(symbol, order.number)))
        if not order.executed < quantity < order.quantity:
            raise Refused(AMEND, "The requested action would change no state; rejecting.")
        ticket = replace(order.ticket, quantity=quantity, client_id=new_id)
        taken = [one for one in self.shelf.open(symbol) if one.number != order.number]
        if any(one.ticket.client_id == new_id for one in taken):
            raise rejected(DUPLICATE)
        self._filter(ticket, quantity, lane, filters.Counts())
        for one in self._together(order):
            name = new_id if one.number == order.number else one.ticket.client_id
            changed = replace(one.ticket, quantity=quantity, client_id=name)
            self._matching.change(replace(one, ticket=changed, quantity=quantity, updated_at=self.now), self.now)
        return self.shelf.order(symbol, order.number)

    def _together(self, order: Order) -> list[Order]:
        if order.list_number < 0:
            return [order]
        one = self.shelf.list(order.list_number)
        numbers = one.pair if order.number in one.pair else (order.number,)
        found = (self.shelf.order(one.symbol, number) for number in numbers)
        return [other for other in found if other.is_open]

    def amendments(self, symbol: str, number: int) -> list[tuple[Order, Order]]:
        """Changes of an order's quantity, before and after, oldest first."""
        versions = self.shelf.versions(symbol, number)
        return [(one, other) for one, other in pairwise(versions) if other.quantity != one.quantity and one.quantity]

    # --- what is there ------------------------------------------------------------------------------------------

    def order(self, symbol: str, number: int | None, client_id: str | None, at: int) -> Order:
        """An order as it was at an instant.

        Args:
            symbol: of the order.
            number: of the order; None: the client id says which.
            client_id: the customer's, the latest of those that have had it; None: the number says which.
            at: epoch milliseconds.

        Raises:
            Refused: -2013: it was not there; -2039: number and id are of two orders; -2026: it was put away.
        """
        self.lane(symbol)
        numbers = self.shelf.numbered(symbol, client_id or "") if number is None else (number,)
        for one in reversed(numbers):
            order = self.shelf.seen(symbol, one, at)
            if order is not None:
                if client_id is not None and order.ticket.client_id != client_id:
                    if number is None:
                        continue  # amended: it has another id now
                    raise Refused(-2039, "Client order ID is not correct for this order ID.")
                if self._put_away(order, at):
                    raise Refused(-2026, "Order was canceled or expired with no executed qty over 90 days ago and"
                                  " has been archived.")  # fmt: skip
                return order
        raise Refused(-2013, "Order does not exist.")

    def _put_away(self, order: Order, at: int) -> bool:
        old = at - order.updated_at > self.settings.archive_days * 86_400_000
        return old and order.state.final and not order.executed

    def trades(self, symbol: str, at: int) -> list[Trade]:
        """Executions of a symbol up to an instant, by number; without those that were taken back."""
        self.lane(symbol)
        found = [
            trade
            for order in self.shelf.of(symbol)
            for trade in order.trades
            if trade.at <= at and (symbol, trade.number) not in self.busted
        ]
        return sorted(found, key=lambda one: one.number)
