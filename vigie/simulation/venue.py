"""A venue made of candles: accounts, orders and fills, exact and deterministic.

It has no clock and no candles of its own: instants and prices are given. Whoever drives it lets pairs trade at a
price (`Venue.trade_at`) and plays the inside of closed candles (`Venue.play`); orders meet what they are given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal, localcontext

from vigie.domain.errors import InvariantBroken, RefusalCode, VenueRefused
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance, Fill, Intent, OrderReport, Side
from vigie.domain.order_status import OrderStatus
from vigie.simulation.book import Book
from vigie.simulation.fills import buy_price, sell_price
from vigie.simulation.filters import check_filters, check_parameters
from vigie.simulation.invariants import broken
from vigie.simulation.ledger import Ledger
from vigie.simulation.matching import Candle, meet
from vigie.simulation.orders import VenueOrder
from vigie.simulation.record import VenueRecord
from vigie.simulation.settlement import settle
from vigie.simulation.terms import EXACT, Terms, fill_price


class Venue:
    """One customer's side of an exchange. A refusal changes nothing."""

    def __init__(self, instruments: Iterable[Instrument], terms: Terms, record: VenueRecord | None = None) -> None:
        """Open the venue.

        Args:
            instruments: the pairs that are listed, with their filters.
            terms: fees, slippage, behaviour.
            record: go on from here.
        """
        self.terms = terms
        self._instruments = {str(one.pair): one for one in instruments}
        self.restore(record or VenueRecord())

    def restore(self, record: VenueRecord) -> None:
        """Forget everything and go on from a record.

        Raises:
            InvariantBroken: the record does not add up; says why.
        """
        problems = broken(record)
        if problems:
            raise InvariantBroken(f"the venue's books do not add up: {'; '.join(problems)}")
        self._ledger = Ledger(record.accounts)
        self._book = Book(record.open_orders, record.ended_orders, self.terms.kept_orders)
        self._prices, self._played = dict(record.prices), dict(record.played)
        self._last_order, self._last_trade = dict(record.last_order), dict(record.last_trade)
        self._seen_at = record.seen_at

    def to_record(self) -> VenueRecord:
        """Everything, as `restore` takes it."""
        return VenueRecord(
            accounts=self._ledger.accounts(),
            open_orders=self._book.resting(),
            ended_orders=self._book.ended(),
            prices=dict(self._prices),
            played=dict(self._played),
            last_order=dict(self._last_order),
            last_trade=dict(self._last_trade),
            seen_at=self._seen_at,
        )

    # --- the market ---------------------------------------------------------------------------------------------

    @property
    def seen_at(self) -> int:
        """The latest instant that the venue was told, epoch milliseconds; 0: none."""
        return self._seen_at

    def instrument(self, pair: str) -> Instrument:
        """The filters of a pair.

        Raises:
            VenueRefused: it is not listed.
        """
        try:
            return self._instruments[pair]
        except KeyError:
            raise VenueRefused(f"{pair} is not traded here", RefusalCode.UNKNOWN_PAIR) from None

    def price(self, pair: str) -> Decimal | None:
        """Last price, quote; None: the pair does not trade now."""
        return self._prices.get(pair)

    def played(self, pair: str) -> int:
        """Up to which instant the candles of a pair were played, epoch milliseconds; 0: none was."""
        return self._played.get(pair, 0)

    def awaiting(self) -> dict[str, int]:
        """By pair with open orders: the instant after which candles that close still have to be played."""
        first: dict[str, int] = {}
        for order in self._book.resting():
            first[order.pair] = min(order.placed_at, first.get(order.pair, order.placed_at))
        return {pair: max(self.played(pair), placed_at) for pair, placed_at in first.items()}

    def trade_at(self, pair: str, price: Decimal, at: int) -> None:
        """The pair trades at this price (quote) now. Resting orders meet candles, not single prices.

        Raises:
            VenueRefused: the pair is not listed.
        """
        self.instrument(pair)
        self._prices[pair] = price
        self._see(at)

    def pause(self, pair: str) -> None:
        """The pair does not trade now; what rests goes on resting."""
        self._prices.pop(pair, None)

    def play(
        self, pair: str, open_: Decimal, high: Decimal, low: Decimal, close: Decimal, opens_at: int, closes_at: int
    ) -> None:
        """Let a pair live through a candle; orders that were placed before it closed meet all of it.

        Prices in quote, instants in epoch milliseconds.

        Raises:
            VenueRefused: the pair is not listed.
            ValueError: this candle, or a later one, was played already.
        """
        self.instrument(pair)
        if closes_at <= self.played(pair):
            raise ValueError(f"{pair}: the candle that closes at {closes_at} was played already")
        resting = self._book.resting(pair)
        if resting:
            self._meet_all(resting, Candle(open_, high, low, close, opens_at, closes_at))
        self._prices[pair] = close
        self._played[pair] = closes_at
        self._see(closes_at)

    def _meet_all(self, orders: tuple[VenueOrder, ...], candle: Candle) -> None:
        for order in orders:
            if order.placed_at >= candle.closes_at:
                continue
            met = meet(order, candle, self.terms)
            at = max(candle.opens_at, order.placed_at)
            if met.price is not None:
                self._ledger.unlock(*order.needs)
                fill = self._settle(order, met.price, at)
                self._book.end(replace(order, status=OrderStatus.FILLED, fills=(*order.fills, fill), updated_at=at))
            elif met.triggered != order.triggered:
                self._book.keep(replace(order, triggered=met.triggered, updated_at=at))

    # --- the customer -------------------------------------------------------------------------------------------

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Coins come in.

        Raises:
            ValueError: the amount is not above zero.
        """
        self._ledger.deposit(asset, amount)

    def withdraw(self, asset: str, amount: Decimal) -> None:
        """Free coins go out.

        Raises:
            ValueError: the amount is not above zero.
            VenueRefused: there are not so many.
        """
        self._ledger.withdraw(asset, amount)

    def balances(self) -> dict[str, Balance]:
        """All coins, by asset."""
        return {asset: Balance(one.free, one.locked) for asset, one in self._ledger.accounts().items()}

    def submit(self, intent: Intent, at: int) -> OrderReport:
        """Take an order: execute it at the last price, or let it rest.

        Args:
            intent: what is wanted.
            at: now, epoch milliseconds.

        Raises:
            VenueRefused: with a code; the order does not exist.
        """
        instrument = self.instrument(intent.pair)
        check_parameters(intent)
        if any(one.client_id == intent.client_id for one in self._book.resting()):
            raise VenueRefused(f"an open order has the id {intent.client_id}", RefusalCode.DUPLICATE_ORDER)
        order = VenueOrder(
            number=self._last_order.get(intent.pair, 0) + 1,
            client_id=intent.client_id,
            pair=intent.pair,
            side=intent.side,
            type=intent.type,
            quantity=intent.quantity,
            limit=intent.limit,
            trigger=intent.trigger,
            placed_at=at,
            updated_at=at,
        )
        if intent.trigger is None:
            price = self._market_price(intent)
            check_filters(intent, instrument, price if intent.limit is None else intent.limit)
            if intent.limit is not None:
                price = min(price, intent.limit) if intent.side is Side.BUY else max(price, intent.limit)
            if self._is_beyond(intent):
                order = replace(order, status=OrderStatus.EXPIRED)
            else:
                fill = self._settle(order, price, at)
                order = replace(order, status=OrderStatus.FILLED, fills=(fill,))
            self._book.end(order)
        else:
            check_filters(intent, instrument, intent.limit or intent.trigger)
            self._refuse_triggering(intent)
            self._ledger.lock(*order.needs)
            self._book.keep(order)
        self._last_order[intent.pair] = order.number
        self._see(at)
        return order.report()

    def cancel(self, pair: str, client_id: str, at: int) -> OrderReport:
        """Take an open order off the book.

        Raises:
            VenueRefused: there is no such open order.
        """
        order = self._book.latest(pair, client_id)
        if order is None or order.status.final:
            raise VenueRefused(f"{pair} has no open order {client_id}", RefusalCode.UNKNOWN_ORDER)
        self._ledger.unlock(*order.needs)
        order = replace(order, status=OrderStatus.CANCELED, updated_at=at)
        self._book.end(order)
        self._see(at)
        return order.report()

    def find(self, pair: str, client_id: str) -> OrderReport | None:
        """The latest order with this id; None: there is none, or it ended long ago."""
        order = self._book.latest(pair, client_id)
        return None if order is None else order.report()

    def open_orders(self) -> tuple[OrderReport, ...]:
        """What rests, by pair in the order in which it came."""
        return tuple(one.report() for one in self._book.resting())

    # --- inside -------------------------------------------------------------------------------------------------

    def _market_price(self, intent: Intent) -> Decimal:
        last = self.price(intent.pair)
        if last is None:
            raise VenueRefused(f"{intent.pair} does not trade now", RefusalCode.MARKET_CLOSED)
        slip = buy_price if intent.side is Side.BUY else sell_price
        with localcontext(EXACT):
            return fill_price(slip(last, self.terms.slippage_of(intent.leg)))

    def _is_beyond(self, intent: Intent) -> bool:
        """Whether a pair trades at a worse price than an order bears that cannot wait for a better one."""
        last = self.price(intent.pair)
        if intent.limit is None or last is None:
            return False
        return last > intent.limit if intent.side is Side.BUY else last < intent.limit

    def _refuse_triggering(self, intent: Intent) -> None:
        last = self.price(intent.pair)
        if self.terms.refuse_triggering and last is not None and intent.trigger is not None and last <= intent.trigger:
            raise VenueRefused(
                f"the stop at {intent.trigger} would trigger immediately: {intent.pair} trades at {last}",
                RefusalCode.WOULD_TRIGGER,
            )

    def _settle(self, order: VenueOrder, price: Decimal, at: int) -> Fill:
        number = self._last_trade.get(order.pair, 0) + 1
        fill = settle(self._ledger, order, price, self.terms, str(number), at)
        self._last_trade[order.pair] = number
        return fill

    def _see(self, at: int) -> None:
        self._seen_at = max(self._seen_at, at)
