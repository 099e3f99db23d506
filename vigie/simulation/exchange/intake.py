"""An order before it exists: what the exchange looks at, in its order, and refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from vigie.simulation.exchange import filters
from vigie.simulation.exchange.custody import Custody
from vigie.simulation.exchange.fees import Fees
from vigie.simulation.exchange.floor import with_reserve
from vigie.simulation.exchange.kinds import Kind, Status
from vigie.simulation.exchange.lane import Lane
from vigie.simulation.exchange.matching import Matching
from vigie.simulation.exchange.orders import Order, Ticket
from vigie.simulation.exchange.path import Tape
from vigie.simulation.exchange.refusals import CLOSED, DUPLICATE, NO_TRADING, Refused, rejected, unknown_symbol
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.exchange.shelf import Shelf
from vigie.simulation.exchange.symbols import Symbol
from vigie.simulation.terms import ZERO


class Intake:
    """Symbols, their prices, one account, and what it may ask for.

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

    # --- what is looked at --------------------------------------------------------------------------------------

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
