"""The exchange as its one customer, and whoever holds its strings, sees it.

It has no clock of its own: `advance` says how late it is. Every public call is exact and a refusal changes nothing. The
same data, settings and calls give the same orders, to the last digit.
"""

from __future__ import annotations

from decimal import Decimal

from vigie.simulation.exchange.customer import Customer
from vigie.simulation.exchange.exactly import exactly
from vigie.simulation.exchange.kinds import State
from vigie.simulation.exchange.orders import Order, Trade
from vigie.simulation.exchange.refusals import CANCEL, UNKNOWN, Refused
from vigie.simulation.exchange.symbols import Symbol
from vigie.simulation.terms import ZERO


class Exchange(Customer):
    """All of it."""

    # --- time ---------------------------------------------------------------------------------------------------

    @exactly
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

    # --- what a customer cannot do ------------------------------------------------------------------------------

    @exactly
    def deposit(self, asset: str, amount: Decimal) -> None:
        """Coins come in.

        Raises:
            ValueError: the amount is not above zero.
        """
        self.custody.deposit(asset, amount)

    @exactly
    def withdraw(self, asset: str, amount: Decimal) -> None:
        """Free coins go out.

        Raises:
            ValueError: the amount is not above zero.
            Refused: there are not so many.
        """
        self.custody.withdraw(asset, amount)

    @exactly
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

    @exactly
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

    @exactly
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
