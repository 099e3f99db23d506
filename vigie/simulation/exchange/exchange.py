"""The exchange as its one customer, and whoever holds its strings, sees it.

It has no clock of its own: `advance` says how late it is. Every public call is exact (`EXACT`) and a refusal changes
nothing. The same data, settings and calls give the same orders, to the last digit.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal, localcontext
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from vigie.simulation.exchange import filters, lists
from vigie.simulation.exchange.custody import Custody
from vigie.simulation.exchange.fees import Fees
from vigie.simulation.exchange.kinds import Kind, ListKind, State, Status
from vigie.simulation.exchange.lane import Lane
from vigie.simulation.exchange.matching import Matching, with_reserve
from vigie.simulation.exchange.orders import Order, OrderList, Ticket, Trade
from vigie.simulation.exchange.path import Tape
from vigie.simulation.exchange.refusals import (
    AMEND,
    CANCEL,
    CLOSED,
    DUPLICATE,
    NO_TRADING,
    RESTRICTIONS,
    UNKNOWN,
    Refused,
    rejected,
    unknown_symbol,
)
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.exchange.shelf import Shelf
from vigie.simulation.exchange.symbols import Symbol
from vigie.simulation.terms import EXACT, ZERO

P = ParamSpec("P")
T = TypeVar("T")


def _exactly(
    method: Callable[Concatenate[Exchange, P], T],
) -> Callable[Concatenate[Exchange, P], T]:
    def exactly(self: Exchange, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with localcontext(EXACT):
            return method(self, *args, **kwargs)

    update_wrapper(exactly, method)
    return exactly


class Exchange:
    """Symbols, their prices, and one account.

    Attributes:
        now: epoch milliseconds.
        can_trade: False: the account may neither place nor cancel.
        restricted: symbols that the account may not trade.
        busted: trades that were taken back, by symbol and number.
    """

    def __init__(self, symbols: Iterable[Symbol], tapes: Mapping[str, Tape], settings: Settings, start: int) -> None:
        """Open at ``start`` (epoch milliseconds), with empty accounts.

        Args:
            symbols: what is listed.
            tapes: the candles of each of them, by its name.
            settings: of the matching.
            start: epoch milliseconds.
        """
        self.settings, self.now, self.started = settings, start, start
        self.lanes = {one.name: Lane(one, tapes[one.name], settings, start) for one in symbols}
        self._matching = Matching(self.lanes, settings)
        self.can_trade = True
        self.restricted: set[str] = set()
        self.busted: set[tuple[str, int]] = set()

    @property
    def shelf(self) -> Shelf:
        """All orders; to look at."""
        return self._matching.shelf

    @property
    def custody(self) -> Custody:
        """All coins; to look at."""
        return self._matching.custody

    @property
    def fees(self) -> dict[str, Fees]:
        """By symbol; ``""`` for those that have none of their own."""
        return self._matching.fees

    @property
    def references(self) -> dict[str, Decimal]:
        """Reference prices by symbol."""
        return self._matching.references

    @property
    def revision(self) -> int:
        """Counts changes of orders."""
        return self._matching.revision

    def lane(self, symbol: str) -> Lane:
        """A symbol and its prices.

        Raises:
            Refused: -1121: it is not listed.
        """
        try:
            return self.lanes[symbol]
        except KeyError:
            raise unknown_symbol() from None

    # --- time ---------------------------------------------------------------------------------------------------

    @_exactly
    def advance(self, to: int) -> None:
        """Let time go by; orders of all symbols meet the prices on the way, in the order of the instants.

        Args:
            to: epoch milliseconds; an instant that is over changes nothing.
        """
        to = max(to, self.now)
        waiting = {name for name in self.lanes if self._matching.approach(name, to)}
        while waiting:
            name = min(waiting, key=lambda one: (self.lanes[one].at, one))
            self._matching.strike(name)
            if not self._matching.approach(name, to):
                waiting.remove(name)
        self.now = to

    # --- orders -------------------------------------------------------------------------------------------------

    @_exactly
    def check(self, ticket: Ticket) -> Order:
        """What an order would be; nothing is placed.

        Raises:
            Refused: with the code that placing it would have.
        """
        order = self._look(ticket)
        self._matching.refuse_crossing(order)
        self._payable(order)
        return order

    @_exactly
    def submit(self, ticket: Ticket) -> Order:
        """Take an order.

        Raises:
            Refused: the order does not exist.
        """
        order = self._look(ticket)
        self._matching.refuse_crossing(order)
        order = self._matching.enter(order, self.now)
        return self.shelf.order(ticket.symbol, order.number)

    @_exactly
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

    def _look(self, ticket: Ticket, brings: filters.Counts | None = None, *, later: bool = False) -> Order:
        """An order that passed everything but its price and its payment."""
        lane = self.lane(ticket.symbol)
        symbol = lane.symbol
        if symbol.status is not Status.TRADING:
            raise rejected(CLOSED)
        self._allow(ticket, symbol)
        if lane.last is None:
            raise Refused(-1112, "No orders on book for symbol.") if ticket.kind is Kind.MARKET else rejected(CLOSED)
        quantity = self._quantity(ticket, lane)
        if not (later and ticket.quantity is None):
            self._filter(ticket, quantity, lane, brings)
        if not self.can_trade:
            raise rejected(NO_TRADING)
        if ticket.symbol in self.restricted:
            raise rejected("This symbol is restricted for this account.")
        if any(one.ticket.client_id == ticket.client_id for one in self.shelf.open(ticket.symbol)):
            raise rejected(DUPLICATE)
        number = self.shelf.last_number(ticket.symbol) + 1
        return with_reserve(Order(number, ticket, quantity, self.now, self.now), lane)

    def _allow(self, ticket: Ticket, symbol: Symbol) -> None:
        words = ticket.kind.value.replace("_", " ").capitalize()
        if ticket.kind not in symbol.kinds:
            raise rejected(f"{words} orders are not supported for this symbol.")
        if ticket.trail is not None and not symbol.flags["allowTrailingStop"]:
            raise rejected("Trailing stop orders are not supported for this symbol.")
        if ticket.iceberg is not None and not symbol.flags["icebergAllowed"]:
            raise rejected("Iceberg orders are not supported for this symbol.")
        if ticket.iceberg is not None and ticket.quantity is not None and ticket.iceberg > ticket.quantity:
            raise rejected("IcebergQty exceeds QTY.")
        if ticket.value is not None and not symbol.flags["quoteOrderQtyMarketAllowed"]:
            raise rejected("Quote order qty market orders are not support for this symbol.")

    def _quantity(self, ticket: Ticket, lane: Lane) -> Decimal:
        if ticket.value is None:
            return ticket.quantity or ZERO
        price = lane.taken_at(lane.price or ZERO, buys=ticket.buys)
        return lane.symbol.sellable(ticket.value / price, at_market=True)

    def _filter(self, ticket: Ticket, quantity: Decimal, lane: Lane, brings: filters.Counts | None) -> None:
        def average(minutes: int) -> Decimal:
            return self.references.get(ticket.symbol) or lane.average(minutes)

        coming = brings or filters.Counts(orders=1, algos=int(ticket.kind.contingent))
        purchases = sum((one.remaining for one in self.shelf.open(ticket.symbol) if one.ticket.buys), ZERO)
        filters.check(
            lane.symbol,
            filters.Looked(
                ticket,
                quantity,
                average,
                self.counts(ticket.symbol),
                self.custody.total(lane.symbol.pair.base) + purchases,
                brings=coming.orders,
                brings_algos=coming.algos,
                lists=brings is not None,
            ),
        )

    def counts(self, symbol: str) -> filters.Counts:
        """What is open."""
        here, everywhere = self.shelf.open(symbol), tuple(self.shelf.all_open())
        open_lists = self.shelf.open_lists.values()
        return filters.Counts(
            orders=len(here),
            algos=sum(one.ticket.kind.contingent for one in here),
            icebergs=sum(one.ticket.iceberg is not None for one in here),
            lists=sum(one.symbol == symbol for one in open_lists),
            all_orders=len(everywhere),
            all_algos=sum(one.ticket.kind.contingent for one in everywhere),
            all_icebergs=sum(one.ticket.iceberg is not None for one in everywhere),
            all_lists=len(open_lists),
        )

    def _payable(self, order: Order) -> None:
        lane = self.lane(order.ticket.symbol)
        pair, ticket = lane.symbol.pair, order.ticket
        if ticket.kind is Kind.MARKET and ticket.buys:
            self.custody.require(pair.quote, self._matching.market_cost(order, lane))
        else:
            self.custody.require(pair.quote if ticket.buys else pair.base, order.needs)

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

    @_exactly
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

    @_exactly
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

    @_exactly
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
        return [
            (one, other)
            for one, other in itertools.pairwise(versions)
            if other.quantity != one.quantity and one.quantity
        ]

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

    # --- what a customer cannot do ------------------------------------------------------------------------------

    @_exactly
    def deposit(self, asset: str, amount: Decimal) -> None:
        """Coins come in.

        Raises:
            ValueError: the amount is not above zero.
        """
        self.custody.deposit(asset, amount)

    @_exactly
    def withdraw(self, asset: str, amount: Decimal) -> None:
        """Free coins go out.

        Raises:
            ValueError: the amount is not above zero.
            Refused: there are not so many.
        """
        self.custody.withdraw(asset, amount)

    @_exactly
    def execute(self, symbol: str, number: int, quantity: Decimal | None = None) -> Order:
        """Fill a resting order now, at its own price, whatever the market says.

        Args:
            symbol: of the order.
            number: of the order.
            quantity: base; None: all that remains.

        Raises:
            Refused: -2011: there is no such order on the book.
        """
        order = self.find_open(symbol, number, None)
        if not order.working or order.ticket.price is None:
            raise Refused(CANCEL, UNKNOWN)
        self._matching.fill_now(order, min(quantity or order.remaining, order.remaining), self.now)
        return self.shelf.order(symbol, number)

    @_exactly
    def bust(self, symbol: str, number: int) -> Trade:
        """Take a trade back: it is told no more, and coins and fee go back where they came from.

        Raises:
            Refused: there is no such trade, or what it brought is not there any more.
        """
        trade = next((one for one in self.trades(symbol, self.now) if one.number == number), None)
        if trade is None:
            raise Refused(-2013, "Order does not exist.")
        pair = self.lane(symbol).symbol.pair
        given, amount, back, returned = (
            (pair.base, trade.quantity, pair.quote, trade.value)
            if trade.side.value == "buy"
            else (pair.quote, trade.value, pair.base, trade.quantity)
        )
        refunded = trade.fee if trade.fee_asset == given else ZERO
        self.custody.require(given, amount - refunded)
        self.custody.refund(trade.fee_asset, trade.fee)
        self.custody.exchange(given, amount, back, returned)
        self.busted.add((symbol, number))
        return trade

    def relist(self, symbol: Symbol) -> None:
        """Other facts about a symbol; open orders stay as they are.

        Raises:
            Refused: -1121: it is not listed.
        """
        self.lane(symbol.name).symbol = symbol

    def delist(self, symbol: str) -> None:
        """A symbol goes for good; its open orders expire.

        Raises:
            Refused: -1121: it is not listed.
        """
        self.expire_all(symbol)
        del self.lanes[symbol]

    @_exactly
    def expire_all(self, symbol: str) -> int:
        """End all open orders of a symbol, as an exchange does in maintenance; how many those were.

        Raises:
            Refused: -1121: it is not listed.
        """
        self.lane(symbol)
        count = 0
        for order in self.shelf.open(symbol):
            current = self.shelf.order(symbol, order.number)
            if current.is_open:
                self._matching.end(current, State.EXPIRED, self.now)
                count += 1
        return count
