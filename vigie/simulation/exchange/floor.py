"""An order's way through the exchange: it comes, waits, rests, is executed, ends; and what a list does about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from vigie.simulation.exchange.kinds import Force, Kind, State
from vigie.simulation.exchange.lane import Lane
from vigie.simulation.exchange.orders import Order, OrderList, Trade
from vigie.simulation.exchange.refusals import (
    STOP_WOULD_TRIGGER,
    WOULD_MATCH,
    WOULD_TRIGGER,
    Refused,
    rejected,
)
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.exchange.till import Till
from vigie.simulation.terms import ZERO

_BASIS = 10_000
OUT_OF_RANGE = "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"


class Floor(Till):
    """Where orders are executed."""

    def __init__(self, lanes: Mapping[str, Lane], settings: Settings) -> None:
        super().__init__(lanes, settings)
        self._extremes: dict[tuple[str, int], Decimal] = {}
        self._trades: dict[str, int] = {}

    # --- levels -------------------------------------------------------------------------------------------------

    def _level(self, order: Order, lane: Lane) -> tuple[Decimal, bool]:
        """The price at which something happens to an order, and whether that is reached from above."""
        ticket = order.ticket
        if order.working:
            beyond = ZERO if self._settings.touch else lane.symbol.tick
            limit = ticket.price or ZERO
            return (limit - beyond, True) if ticket.buys else (limit + beyond, False)
        if order.trailing_at >= 0:
            extreme = self._extremes[ticket.symbol, order.number]
            sign = 1 if ticket.buys else -1
            return extreme * (_BASIS + sign * (ticket.trail or 0)) / _BASIS, not ticket.buys
        return ticket.stop or ZERO, ticket.kind.stops != ticket.buys

    def _triggered(self, order: Order, price: Decimal) -> bool:
        level, down = self._level(order, self._lanes[order.ticket.symbol])
        return price <= level if down else price >= level

    # --- an order's way -----------------------------------------------------------------------------------------

    def refuse_crossing(self, order: Order) -> None:
        """Refuse an order whose trigger or whose limit the price has passed already.

        Raises:
            Refused: -2010.
        """
        ticket, lane = order.ticket, self._lanes[order.ticket.symbol]
        price, book = lane.last, lane.book()
        if price is not None and ticket.kind.contingent and ticket.stop is not None and self._triggered(order, price):
            raise rejected(WOULD_TRIGGER if ticket.kind.limited else STOP_WOULD_TRIGGER)
        if book is not None and ticket.kind is Kind.LIMIT_MAKER and ticket.price is not None:
            bid, ask = book
            if ticket.price >= ask if ticket.buys else ticket.price <= bid:
                raise rejected(WOULD_MATCH)

    def enter(self, order: Order, at: int) -> Order:
        """Put an order that was looked at into the exchange: it waits, rests or is executed.

        Raises:
            Refused: it cannot be paid; then it is not there.
        """
        ticket, lane = order.ticket, self._lanes[order.ticket.symbol]
        if ticket.kind.contingent:
            order = replace(order, state=State.NEW, updated_at=at)
            if ticket.trail is not None and ticket.stop is None and lane.price is not None:
                self._extremes[ticket.symbol, order.number] = lane.price
                order = replace(order, trailing_at=at)
            self._keep(order, at)
            return order
        if ticket.kind is Kind.MARKET and ticket.buys and lane.price is not None:
            self.custody.require(lane.symbol.pair.quote, self.market_cost(order, lane))
        order = replace(order, state=State.NEW, working_at=at, updated_at=at)
        self._keep(order, at)
        return self._work(order, lane, at)

    def fill_now(self, order: Order, quantity: Decimal, at: int) -> None:
        """A resting order is executed at its own price because somebody says so."""
        lane = self._lanes[order.ticket.symbol]
        self._execute(order, lane, order.ticket.price or ZERO, quantity, at, maker=True)

    def change(self, order: Order, at: int) -> None:
        """An open order has become another one; what it no longer needs becomes free."""
        self._keep(order, at)

    def market_cost(self, order: Order, lane: Lane) -> Decimal:
        """What a purchase at the market costs now, quote."""
        capacity = lane.capacity()
        quantity = order.remaining if capacity is None else min(order.remaining, capacity)
        return quantity * lane.taken_at(lane.price or ZERO, buys=True)

    def end(self, order: Order, state: State, at: int, expiry: str = "") -> Order:
        """End an order; the orders that wait for it end with it."""
        order = order.ended(state, at, expiry)
        self._keep(order, at)
        self._extremes.pop((order.ticket.symbol, order.number), None)
        one = self._list_of(order)
        if one is not None:
            if one.pending and order.number == one.orders[0]:
                for number in one.pending:
                    waiting = self.shelf.order(one.symbol, number)
                    if waiting.is_open:
                        self._keep(waiting.ended(state, at), at)
            self._tidy(one, at)
        return order

    def _trigger(self, order: Order, lane: Lane) -> None:
        if order.ticket.trail is not None and order.trailing_at < 0:
            self._extremes[order.ticket.symbol, order.number] = lane.price or ZERO
            self._keep(replace(order, trailing_at=lane.at, updated_at=lane.at), lane.at)
            return
        order = replace(order, working_at=lane.at, updated_at=lane.at)
        self._keep(order, lane.at)
        self._expire_partner(order, lane.at)
        self._work(order, lane, lane.at, triggered=True)

    def _work(self, order: Order, lane: Lane, at: int, *, triggered: bool = False) -> Order:
        """An order that has just come onto the book takes what it can get."""
        price = self._taking(order, lane, triggered=triggered)
        if price is None:
            expires = order.ticket.force in (Force.IOC, Force.FOK)
            return self.end(order, State.EXPIRED, at) if expires else order
        if self._out_of_range(lane, price):
            return self.end(order, State.EXPIRED, at, OUT_OF_RANGE)
        quantity = self._available(order, lane, price)
        if order.ticket.force is Force.FOK and quantity < order.remaining:
            return self.end(order, State.EXPIRED, at)
        if quantity > 0:
            order = self._execute(order, lane, price, quantity, at, maker=False)
        stays = order.ticket.kind.limited and order.ticket.force in (None, Force.GTC)
        return order if order.state.final or stays else self.end(order, State.EXPIRED, at)

    def _taking(self, order: Order, lane: Lane, *, triggered: bool) -> Decimal | None:
        """The price at which an order takes now; None: its limit does not let it."""
        ticket = order.ticket
        if ticket.kind is Kind.LIMIT_MAKER or lane.price is None:
            return None
        price = lane.taken_at(lane.price, buys=ticket.buys)
        if ticket.price is None:
            return price
        best = lane.price if triggered else lane.taken_at(lane.price, buys=ticket.buys, slips=False)
        if best > ticket.price if ticket.buys else best < ticket.price:
            return None
        return min(price, ticket.price) if ticket.buys else max(price, ticket.price)

    def _out_of_range(self, lane: Lane, price: Decimal) -> bool:
        reference, share = self.references.get(lane.name), lane.symbol.price_range
        return reference is not None and share is not None and abs(price - reference) > reference * share

    def _available(self, order: Order, lane: Lane, price: Decimal) -> Decimal:
        """Base that can be executed now: what is wanted, what there is, what can be paid."""
        quantity = order.remaining
        capacity = lane.capacity()
        if capacity is not None:
            quantity = min(quantity, capacity)
        if order.ticket.buys and order.ticket.price is None:
            payable = self.custody.free(lane.symbol.pair.quote) + self.custody.locked(self._key(order))
            if quantity * price > payable:
                return ZERO
        return quantity

    def _rest(self, order: Order, lane: Lane) -> None:
        """A resting order is filled at its own price once the market has gone through it."""
        limit, price = order.ticket.price, lane.price
        if limit is None or price is None or not self._triggered(order, price):
            return
        quantity = self._available(order, lane, limit)
        if quantity > 0:
            self._execute(order, lane, limit, quantity, lane.at, maker=True)

    # --- executions ---------------------------------------------------------------------------------------------

    def _execute(  # noqa: PLR0913, RUF100
        self, order: Order, lane: Lane, price: Decimal, quantity: Decimal, at: int, *, maker: bool
    ) -> Order:
        symbol = lane.symbol
        lane.take(quantity)
        self._expire_partner(order, at)
        executed = order.executed + quantity
        done = replace(
            order,
            state=State.FILLED if executed == order.quantity else State.PARTIALLY_FILLED,
            executed=executed,
            executed_value=order.executed_value + price * quantity,
            updated_at=at,
        )
        # What it locked for this part is let go of first: the trade is paid from free coins.
        self._release(done)
        free_before = self.custody.free(symbol.pair.base)
        fee, asset = self._fee(done, lane, price, quantity, at, maker=maker)
        base, quote = symbol.pair.base, symbol.pair.quote
        if order.ticket.buys:
            self.custody.exchange(quote, price * quantity, base, quantity)
        else:
            self.custody.exchange(base, quantity, quote, price * quantity)
        self.custody.pay(asset, fee)
        number = self._trades[symbol.name] = self._trades.get(symbol.name, 0) + 1
        trade = Trade(
            number, order.number, symbol.name, order.ticket.side, price, quantity, fee, asset, at, maker,
            order.list_number,
        )  # fmt: skip
        done = replace(done, trades=(*done.trades, trade))
        self.shelf.put(done, at)
        self.revision += 1
        self._hold(done, quantity, fee if asset == base else ZERO, free_before)
        if done.state is State.FILLED:
            self._extremes.pop((symbol.name, order.number), None)
            self._after_fill(done, at)
        return done

    # --- lists --------------------------------------------------------------------------------------------------

    def _expire_partner(self, order: Order, at: int) -> None:
        """One of a pair has begun: the other one ends in the same event."""
        one = self._list_of(order)
        for number in one.pair if one and order.number in one.pair else ():
            partner = self.shelf.order(order.ticket.symbol, number)
            if number != order.number and partner.is_open:
                self.end(partner, State.EXPIRED, at)

    def _hold(self, order: Order, quantity: Decimal, fee: Decimal, free_before: Decimal) -> None:
        """What the first order of a list that pays has received stays locked for the others."""
        one = self._list_of(order)
        if one is None or not one.kind.pays or order.number != one.orders[0]:
            return
        received = quantity if free_before >= fee else quantity - fee
        one = replace(one, held=one.held + received)
        self.shelf.put_list(one)
        self.custody.keep(("held", one.symbol, one.number), self._lanes[one.symbol].symbol.pair.base, one.held)

    def _let_go(self, one: OrderList) -> OrderList:
        if one.held:
            self.custody.keep(("held", one.symbol, one.number), self._lanes[one.symbol].symbol.pair.base, ZERO)
            one = replace(one, held=ZERO)
            self.shelf.put_list(one)
        return one

    def _after_fill(self, order: Order, at: int) -> None:
        one = self._list_of(order)
        if one is None:
            return
        if one.pending and order.number == one.orders[0]:
            received = one.held
            one = self._let_go(one)
            self._place_pending(one, received, at)
        self._tidy(self.shelf.list(one.number), at)

    def _place_pending(self, one: OrderList, received: Decimal, at: int) -> None:
        """The first order of a list is filled: the others take their places, all of them or none."""
        waiting = [self.shelf.order(one.symbol, number) for number in one.pending]
        if one.kind.pays:
            waiting = [self._sized(order, received) for order in waiting]
        try:
            for order in waiting:
                if not order.quantity:
                    raise rejected("nothing was received that LOT_SIZE lets through")
                self.refuse_crossing(order)
            if len(waiting) > 1:
                self.enter_pair(waiting, at)
            else:
                self.enter(self._reserved(waiting[0]), at)
        except Refused:
            for order in waiting:
                current = self.shelf.order(one.symbol, order.number)
                if current.is_open:
                    self.end(replace(order, state=State.PENDING_NEW), State.EXPIRED, at)

    def enter_pair(self, orders: list[Order], at: int) -> None:
        """Put two orders of which one cancels the other into the exchange; one lock for both.

        Raises:
            Refused: they cannot be paid; then neither is there.
        """
        orders = [self._reserved(order) for order in orders]
        lane = self._lanes[orders[0].ticket.symbol]
        needs = max(replace(order, state=State.NEW).needs for order in orders)
        pair = lane.symbol.pair
        self.custody.keep(self._key(orders[0]), pair.quote if orders[0].ticket.buys else pair.base, needs)
        for order in orders:
            # Both are on the shelf before the lock is looked at again: each keeps the other's need.
            self.shelf.put(replace(order, state=State.NEW, updated_at=at), at)
        for order in orders:
            if self.shelf.order(lane.name, order.number).is_open:
                self.enter(order, at)

    def _reserved(self, order: Order) -> Order:
        lane = self._lanes[order.ticket.symbol]
        return with_reserve(order, lane)

    def _sized(self, order: Order, received: Decimal) -> Order:
        symbol = self._lanes[order.ticket.symbol].symbol
        quantity = symbol.sellable(received, at_market=not order.ticket.kind.limited)
        return replace(order, quantity=quantity)

    def _tidy(self, one: OrderList, at: int) -> None:
        """A list of which nothing is open is done."""
        one = self.shelf.list(one.number)
        if not any(order.is_open for order in self.shelf.orders_of(one)):
            one = self._let_go(one)
            self.shelf.put_list(replace(one, done=True, updated_at=at))


def with_reserve(order: Order, lane: Lane) -> Order:
    """A purchase that waits for its trigger and has no limit locks what it would cost at the trigger."""
    ticket = order.ticket
    if not (ticket.buys and ticket.kind.contingent and ticket.price is None):
        return order
    return replace(order, reserve=ticket.stop or lane.last or ZERO)
