"""Paper trading's venue: orders meet real or replayed candles, and nothing leaves this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from vigie.adapters.exchanges.paper_ledger import PaperLedger
from vigie.decision.intents import ApprovedIntent
from vigie.domain.errors import DataError, OutcomeUnknown, VenueUnavailable
from vigie.domain.instrument import Instrument, exact
from vigie.domain.order import Balance, Intent, OrderReport, OrderType
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.ports.clock import Clock
from vigie.ports.feed import CandleFeed
from vigie.simulation.playing import play_closed

T = TypeVar("T")


class PaperBroker:
    """A paper account. Fulfils :class:`vigie.ports.broker.Broker`.

    Before each answer it plays the candles that closed since the last one, so that a stop that was hit while nobody
    looked is filled in its own candle; and whatever it answers is on the disk first.
    """

    def __init__(self, ledger: PaperLedger, feed: CandleFeed, clock: Clock, timeframe: Timeframe) -> None:
        """Make ready; nothing is asked yet.

        Args:
            ledger: the account's books.
            feed: candles that stops are held against and prices that market orders meet. The shorter its candles,
                the nearer a stop comes to the instant at which it was hit.
            clock: now.
            timeframe: of the feed's candles.
        """
        self._ledger, self._feed, self._clock, self._timeframe = ledger, feed, clock, timeframe
        self._venue = ledger.venue

    def instrument(self, pair: Pair) -> Instrument:
        """The filters that orders are held to.

        Raises:
            VenueRefused: the pair is not listed.
        """
        return self._venue.instrument(str(pair))

    def submit(self, approved: ApprovedIntent) -> OrderReport:
        """Execute an order at the present price, or let it rest.

        Raises:
            VenueRefused: with a code; the order does not exist.
            VenueUnavailable: the candles or the price cannot be had; surely not done.
            OutcomeUnknown: the ledger could not be written: ask.
            TypeError: not approved.
        """
        if not isinstance(approved, ApprovedIntent):
            raise TypeError(f"only an ApprovedIntent is sent, not {type(approved).__name__}")
        intent = approved.intent
        self._catch_up()
        self._set_price(intent)
        report = self._venue.submit(intent, self._clock.now_ms())
        return self._kept(report, f"order {intent.client_id}")

    def cancel(self, pair: Pair, client_id: str) -> OrderReport:
        """Cancel an open order.

        Raises:
            VenueRefused: there is no such open order.
            VenueUnavailable: the candles cannot be had; surely not done.
            OutcomeUnknown: the ledger could not be written: ask.
        """
        self._catch_up()
        report = self._venue.cancel(str(pair), client_id, self._clock.now_ms())
        return self._kept(report, f"the cancel of {client_id}")

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        """What became of an order, with its fills; None: there is none, or it ended long ago.

        Raises:
            VenueUnavailable: the candles cannot be had.
        """
        self._catch_up()
        return self._venue.find(str(pair), client_id)

    def open_orders(self) -> tuple[OrderReport, ...]:
        """What rests.

        Raises:
            VenueUnavailable: the candles cannot be had.
        """
        self._catch_up()
        return self._venue.open_orders()

    def balances(self) -> Mapping[str, Balance]:
        """All coins, by asset.

        Raises:
            VenueUnavailable: the candles cannot be had.
        """
        self._catch_up()
        return self._venue.balances()

    def _catch_up(self) -> None:
        """Let resting orders meet the candles that have closed. Pairs without orders have nothing to meet."""
        now, played = self._clock.now_ms(), 0
        for name, after in self._venue.awaiting().items():
            count = -(-(now - after) // self._timeframe.milliseconds)
            if count > 0:
                pair = Pair.parse(name)
                candles = self._read(partial(self._feed.closed, pair, count))
                played += play_closed(self._venue, pair, candles, after)
        if played:
            try:
                self._ledger.save()
            except OSError as error:
                raise VenueUnavailable(_unwritten(self._ledger, error)) from error

    def _set_price(self, intent: Intent) -> None:
        """Let the venue know the price that the order meets, where it meets one."""
        if intent.type is OrderType.STOP_LOSS_LIMIT and not self._venue.terms.refuse_triggering:
            return
        self._venue.instrument(intent.pair)
        price = self._read(partial(self._feed.price, Pair.parse(intent.pair)))
        if price is None:
            self._venue.pause(intent.pair)
        else:
            self._venue.trade_at(intent.pair, exact(price), self._clock.now_ms())

    def _read(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except DataError as error:
            raise VenueUnavailable(f"the paper venue has no usable candles: {error}") from error

    def _kept(self, report: OrderReport, what: str) -> OrderReport:
        try:
            self._ledger.save()
        except OSError as error:
            raise OutcomeUnknown(f"{what} may or may not have been done: {_unwritten(self._ledger, error)}") from error
        return report


def _unwritten(ledger: PaperLedger, error: OSError) -> str:
    return f"{ledger.path}: cannot be written: {error.strerror or error}"
