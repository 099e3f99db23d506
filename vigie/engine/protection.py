"""Stops at the venue: every holding has one, at the effective stop, for the coins really held; or it is sold."""

from __future__ import annotations

from decimal import Decimal

from vigie.decision.intents import Refusal
from vigie.domain import events as e
from vigie.domain.errors import DataError, InvariantBroken, OutcomeUnknown, VenueRefused, VenueUnavailable
from vigie.domain.instrument import Instrument
from vigie.domain.order import Leg, Side
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Holding, OrderRecord
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.positions import closing, opening, trigger_of
from vigie.engine.setup import Setup
from vigie.ports.broker import Broker
from vigie.ports.feed import CandleFeed

PLACING_TRIES = 3
"""A stop that is refused is tried so often in one go before the position is sold instead."""
PATIENCE_MS = 60_000
"""A guard period: for so long a stop may wait for a venue that says "later"."""


class Guardian:
    """Keeps holdings protected. Every path that takes a stop away ends with a stop, a sale, or a halt."""

    def __init__(self, setup: Setup, books: Books, desk: Desk, broker: Broker, feed: CandleFeed) -> None:
        self._setup, self._books, self._desk = setup, books, desk
        self._broker, self._feed = broker, feed
        self._rules = setup.plan.settings.rules()
        self._put_off_since: dict[str, int] = {}
        self.heard = False
        """The venue has answered in this tick: what it does not let us do is not for want of a line."""

    def tend(self, pair: str) -> None:
        """Bring a pair in order: look at new fills, close what is sold, protect what is held.

        Raises:
            VenueUnavailable: the venue does not answer.
            InvariantBroken: a holding that can be neither protected nor sold.
        """
        held = self._books.portfolio.holdings.get(pair)
        if held is None:
            return
        instrument = self._broker.instrument(Pair.parse(pair))
        look = opening(held, self._rules)
        if look is not None:
            self._books.write(look)
        if not self._closed(pair, instrument):
            self._protect(pair, instrument)

    def protected(self, pair: str) -> bool:
        """Whether a stop rests for all coins of a holding that can be sold, at its effective stop."""
        held = self._books.portfolio.holdings[pair]
        stop = self._stop_of(held)
        instrument = self._broker.instrument(Pair.parse(pair))
        return stop is not None and self._fits(held, stop, instrument)

    def sell(self, pair: str, leg: Leg, quantity: Decimal | None = None, *, candle_at: int | None, reason: str) -> None:
        """Sell a holding, or a part of it, at the market, and protect what is left.

        Args:
            pair: what is held.
            leg: what for.
            quantity: base, on the step; None: all of it.
            candle_at: the candle that decided; None: none did.
            reason: for people.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        held = self._books.portfolio.holdings[pair]
        instrument = self._broker.instrument(Pair.parse(pair))
        self._lift_stop(pair)
        left = self._books.portfolio.holdings.get(pair)
        if left is not None and (quantity is None or left.quantity == held.quantity):
            # Where the stop took some of it meanwhile, a part has been sold already.
            sellable = instrument.quantity_down(left.quantity if quantity is None else min(quantity, left.quantity))
            self._desk.send(self._desk.intent(pair, leg, sellable, candle_at=candle_at, reason=reason))
        if not self._closed(pair, instrument):
            self._protect(pair, instrument)

    def _closed(self, pair: str, instrument: Instrument) -> bool:
        """Write the trade of a holding that is over."""
        account = self._books.portfolio
        held = account.holdings.get(pair)
        if held is None:
            return True
        if any(one.intent.leg is Leg.ENTRY for one in account.open_orders(pair)):
            return False
        trade = closing(account, held, instrument, self._price(pair))
        if trade is None:
            return False
        self._lift_stop(pair)
        self._books.write(trade)
        return True

    def _price(self, pair: str) -> float | None:
        try:
            return self._feed.price(Pair.parse(pair))
        except (VenueUnavailable, VenueRefused, DataError):
            # A price that cannot be had must not keep a stop from being placed.
            return None

    def _protect(self, pair: str, instrument: Instrument) -> None:
        held = self._books.portfolio.holdings[pair]
        if any(
            one.intent.side is Side.SELL and one.intent.leg is not Leg.STOP and one.status.at_venue
            for one in self._books.portfolio.open_orders(pair)
        ):
            # A sale of unknown fate may hold the coins: it is settled first.
            return
        stop = self._stop_of(held) or self._claimed(pair)
        if stop is not None and self._fits(held, stop, instrument):
            return
        if stop is not None:
            self._lift_stop(pair)
            if self._closed(pair, instrument):
                return
        for _ in range(PLACING_TRIES):
            if self._place(pair, instrument):
                self._put_off_since.pop(pair, None)
                return
        self._emergency(pair, instrument)

    def _place(self, pair: str, instrument: Instrument) -> bool:
        """Whether a stop rests now, or may rest and has to be asked about."""
        held = self._books.portfolio.holdings[pair]
        trigger = trigger_of(held, instrument)
        if trigger is None:
            return False
        fraction = Decimal(repr(float(self._setup.plan.settings.stop_limit_fraction)))
        intent = self._desk.intent(
            pair,
            Leg.STOP,
            instrument.quantity_down(held.quantity),
            candle_at=None if held.rules is None else held.rules.candle_at,
            reason="protection",
            trigger=trigger,
            limit=instrument.price_down(trigger * (1 - fraction)),
        )
        sent = self._desk.send(intent)
        if isinstance(sent, Refusal):
            raise InvariantBroken(f"{pair}: a stop was refused by our own gate: {', '.join(sent.reasons)}")
        if sent.status is OrderStatus.ABANDONED:
            self._put_off(pair)
        if sent.status in (OrderStatus.REJECTED, OrderStatus.ABANDONED):
            return False
        self._books.write(e.StopMarked(pair, intent.client_id, f"{intent.quantity} at {trigger}"))
        return True

    def _put_off(self, pair: str) -> None:
        """A stop was surely not sent: the next tick tries again, for one guard period if the venue answers otherwise.

        Raises:
            VenueUnavailable: it is to wait.
        """
        now = self._desk.now_ms()
        if pair not in self._put_off_since:
            words = f"{pair}: its stop could not be sent to the venue: it is tried again at each tick"
            self._books.write(e.AlertRaised("unprotected", words, urgent=True))
        if not self.heard or now - self._put_off_since.setdefault(pair, now) < PATIENCE_MS:
            raise VenueUnavailable(f"{pair} is held without a stop: the venue could not be reached to place it")

    def _emergency(self, pair: str, instrument: Instrument) -> None:
        """No stop can be placed: sell, and if that fails too, stop everything and call somebody."""
        held = self._books.portfolio.holdings[pair]
        self._books.write(e.AlertRaised("unprotected", f"{pair}: no stop can be placed: it is sold", urgent=True))
        sent = self._desk.send(
            self._desk.intent(
                pair,
                Leg.EMERGENCY,
                instrument.quantity_down(held.quantity),
                candle_at=None,
                reason="no stop can be placed",
            )
        )
        if not isinstance(sent, Refusal) and sent.status is OrderStatus.ABANDONED:
            raise VenueUnavailable(f"{pair} is held without a stop: the venue takes neither a stop nor a sale now")
        if isinstance(sent, Refusal) or sent.status is OrderStatus.REJECTED:
            raise InvariantBroken(f"{pair}: {held.quantity} held, and neither a stop nor a sale gets through")
        self._closed(pair, instrument)

    def _lift_stop(self, pair: str) -> None:
        """Take the stop away, if there is one; what it filled meanwhile is booked.

        Raises:
            VenueUnavailable: the venue does not answer.
            OutcomeUnknown: nobody knows whether it is gone: nothing may be sold yet.
        """
        held = self._books.portfolio.holdings.get(pair)
        if held is None or held.stop_id is None:
            return
        if held.stop_id in self._books.portfolio.orders:
            # One that is not remembered any more has ended long ago: only ended orders are forgotten.
            self._desk.cancel(held.stop_id)
        record = self._books.portfolio.orders.get(held.stop_id)
        if record is not None and not record.status.final:
            # It rests, or a cancel is still under way: it stays the stop of this holding until the next tick asks.
            raise OutcomeUnknown(f"{pair}: the cancel of its stop got no answer, and the stop still rests")
        if pair in self._books.portfolio.holdings:
            self._books.write(e.StopMarked(pair, None, "lifted"))

    def was_jumped_over(self, held: Holding) -> bool:
        """Whether a stop was triggered and rests at its limit, unfilled."""
        stop = self._stop_of(held)
        return stop is not None and stop.triggered

    def _stop_of(self, held: Holding) -> OrderRecord | None:
        record = None if held.stop_id is None else self._books.portfolio.orders.get(held.stop_id)
        return None if record is None or record.status.final else record

    def _claimed(self, pair: str) -> OrderRecord | None:
        """A stop that was sent, and whose sender died before he wrote down that it protects the holding."""
        for one in self._books.portfolio.open_orders(pair):
            if one.intent.leg is Leg.STOP:
                self._books.write(e.StopMarked(pair, one.intent.client_id, "found at the venue after a crash"))
                return one
        return None

    def _fits(self, held: Holding, stop: OrderRecord, instrument: Instrument) -> bool:
        """Whether a resting stop is the one that the holding wants. It is only ever raised."""
        if stop.intent.quantity - stop.executed != instrument.quantity_down(held.quantity):
            return False
        trigger = trigger_of(held, instrument)
        return trigger is None or stop.triggered or (stop.intent.trigger or Decimal(0)) >= trigger
