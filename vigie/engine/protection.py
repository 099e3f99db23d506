"""Stops at the venue: every holding has one, at the effective stop, for the coins really held; or it is sold."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from vigie.decision.intents import Refusal
from vigie.domain import events as e
from vigie.domain.errors import (
    DataError,
    InvariantBroken,
    OutcomeUnknown,
    RefusalCode,
    VenueRefused,
    VenueUnavailable,
)
from vigie.domain.holdings import Holding, OrderRecord
from vigie.domain.instrument import Instrument
from vigie.domain.order import Leg, Side
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.plans import Plans
from vigie.engine.positions import closing, opening, trigger_of
from vigie.ports.broker import Broker
from vigie.ports.feed import CandleFeed

PLACING_TRIES = 3
"""A stop that is refused is tried so often in one go before the position is sold instead."""
PATIENCE_MS = 60_000
"""A guard period: for so long a stop may wait for a venue that says "later"."""


class Guardian:
    """Keeps holdings protected. Every path that takes a stop away ends with a stop, a sale, or a halt."""

    def __init__(self, plans: Plans, books: Books, desk: Desk, broker: Broker, feed: CandleFeed) -> None:
        self._plans, self._books, self._desk = plans, books, desk
        self._broker, self._feed = broker, feed
        self._short: dict[str, tuple[Decimal, Decimal]] = {}
        self._refused_at: dict[str, int] = {}
        self._put_off_since: dict[str, int] = {}
        self._told_of: set[str] = set()
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
        look = opening(held, self._plans.rules(pair))
        if look is not None:
            self._books.write(look)
        if not self._closed(pair, instrument):
            self._sweep(pair, instrument)
            self._protect(pair, instrument)

    def protected(self, pair: str) -> bool:
        """Whether a stop rests for all coins of a holding that can be sold, at its effective stop."""
        held = self._books.portfolio.holdings[pair]
        stop = self._stop_of(held)
        instrument = self._broker.instrument(Pair.parse(pair))
        return stop is not None and self._fits(held, stop, instrument)

    def sell(
        self,
        pair: str,
        leg: Leg,
        quantity: Decimal | None = None,
        *,
        candle_at: int | None,
        reason: str,
        reference: float | None = None,
        due_at: int | None = None,
    ) -> None:
        """Sell a holding, or a part of it, at the market, and protect what is left.

        Args:
            pair: what is held.
            leg: what for.
            quantity: base, on the step; None: all of it.
            candle_at: the candle that decided; None: none did.
            reason: for people.
            reference: price that was looked at, quote; None: nobody looked.
            due_at: when a backtest sells it, epoch milliseconds; None: it does not.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        if self._sale_underway(pair):
            # Nobody knows yet what it came to: sold twice, coins would go that are not ours.
            return
        held = self._books.portfolio.holdings[pair]
        instrument = self._broker.instrument(Pair.parse(pair))
        self._lift_stop(pair)
        left = self._books.portfolio.holdings.get(pair)
        if left is not None and (quantity is None or left.quantity == held.quantity):
            # Where the stop took some of it meanwhile, a part has been sold already.
            sellable = instrument.quantity_down(left.quantity if quantity is None else min(quantity, left.quantity))
            self._desk.send(
                self._desk.intent(
                    pair, leg, sellable, candle_at=candle_at, reason=reason, reference=reference, due_at=due_at
                )
            )
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
        self._forget(pair)
        return True

    def _forget(self, pair: str) -> None:
        """What was in the way of a stop is over: the next trouble has its own patience, and is told anew."""
        self._put_off_since.pop(pair, None)
        self._refused_at.pop(pair, None)
        self._told_of.discard(pair)

    def _sweep(self, pair: str, instrument: Instrument) -> None:
        """Let the dust of earlier trades join a holding, where more can be sold with it than without.

        Only once the entry is over and while no stop rests for it: a stop is not moved for dust.
        """
        account = self._books.portfolio
        held, dust = account.holdings[pair], account.dust.get(pair, Decimal(0))
        if not dust or held.stop_id is not None or held.received or account.open_orders(pair):
            return
        if instrument.quantity_down(held.quantity + dust) > instrument.quantity_down(held.quantity):
            self._books.write(e.DustSwept(pair, dust))

    def _price(self, pair: str) -> float | None:
        try:
            return self._feed.price(Pair.parse(pair))
        except (VenueUnavailable, VenueRefused, DataError):
            # A price that cannot be had must not keep a stop from being placed.
            return None

    def _protect(self, pair: str, instrument: Instrument) -> None:
        held = self._books.portfolio.holdings[pair]
        if self._sale_underway(pair):
            # It may hold the coins: it is settled first.
            return
        stop = self._stop_of(held) or self._claimed(pair)
        if stop is not None and self._fits(held, stop, instrument):
            if held.bare_since is not None and stop.rests:
                # More was bought and it covers that too, or it was found again: a time without a stop is over.
                self._books.write(e.StopMarked(pair, stop.intent.client_id, "covers all that is held"))
            self._forget(pair)
            return
        if stop is not None:
            self._lift_stop(pair)
            if self._closed(pair, instrument):
                return
            self._sweep(pair, instrument)
        self._wait_after_two_refusals(pair)
        self._short.pop(pair, None)
        for _ in range(PLACING_TRIES):
            if self._place(pair, instrument):
                self._forget(pair)
                return
            if self._desk.refusal is RefusalCode.WOULD_TRIGGER and self._passed(pair, instrument):
                return
            instrument = self._filters_now(pair, instrument)
            self._look_for_coins(pair, instrument)
        self._emergency(pair, instrument)

    def _filters_now(self, pair: str, known: Instrument) -> Instrument:
        """The filters after a refusal: the venue may have changed them, and the next try has to fit."""
        try:
            return self._broker.instrument(Pair.parse(pair))
        except (VenueUnavailable, VenueRefused):
            return known

    def _sale_underway(self, pair: str) -> bool:
        return any(
            one.intent.side is Side.SELL and one.intent.leg is not Leg.STOP and one.status.at_venue
            for one in self._books.portfolio.open_orders(pair)
        )

    def _look_for_coins(self, pair: str, instrument: Instrument) -> None:
        """A stop was refused: if fewer coins are there than our books say, it is tried for those that are."""
        account = self._books.portfolio
        held, base = account.holdings[pair], pair.split("/", maxsplit=1)[0]
        try:
            balance = self._broker.balances().get(base)
        except VenueUnavailable:
            return
        left_alone = account.left_alone.get(base, Decimal(0)) + account.dust.get(pair, Decimal(0))
        there = Decimal(0) if balance is None else balance.total - left_alone
        wanted, found = instrument.quantity_down(held.quantity), instrument.quantity_down(max(there, Decimal(0)))
        trigger = trigger_of(held, instrument)
        if found >= wanted or trigger is None or not instrument.sendable(found, trigger):
            return
        if pair not in self._short:
            text = f"{pair}: {held.quantity} held by our books, {there} at the venue: the stop rests for those"
            self._books.write(e.AlertRaised("unprotected", text, urgent=True))
        self._short[pair] = (held.quantity, found)

    def found_again(self, differing: Collection[str]) -> None:
        """The venue has all the coins of our books, but those of some pairs: stops rest for all of them again."""
        for pair in set(self._short) - set(differing):
            del self._short[pair]

    def _wanted(self, held: Holding, instrument: Instrument) -> Decimal:
        """What a stop has to rest for: all coins that can be sold, or as many of them as the venue has."""
        quantity, there = self._short.get(held.pair, (held.quantity, held.quantity))
        return instrument.quantity_down(there if quantity == held.quantity else held.quantity)

    def _place(self, pair: str, instrument: Instrument) -> bool:
        """Whether a stop rests now, or may rest and has to be asked about."""
        held = self._books.portfolio.holdings[pair]
        trigger = trigger_of(held, instrument)
        self._desk.refusal = RefusalCode.UNSAID
        if trigger is None:
            return False
        fraction = Decimal(repr(float(self._plans.of(pair).settings.stop_limit_fraction)))
        intent = self._desk.intent(
            pair,
            Leg.STOP,
            self._wanted(held, instrument),
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

    def _passed(self, pair: str, instrument: Instrument) -> bool:
        """The price has passed the stop before it could rest: what it would have done is done. Whether it was sent."""
        held = self._books.portfolio.holdings[pair]
        candle_at = None if held.rules is None else held.rules.candle_at
        quantity = self._wanted(held, instrument)
        sent = self._desk.send(
            self._desk.intent(pair, Leg.CHASE, quantity, candle_at=candle_at, reason="the price has passed its stop")
        )
        if isinstance(sent, Refusal) or sent.status is OrderStatus.REJECTED:
            return False
        if sent.status is OrderStatus.ABANDONED:
            self._put_off(pair)
            return False
        words = f"{pair}: the price passed its stop before it could rest: it is sold at the market"
        self._books.write(e.AlertRaised("unprotected", words))
        self._closed(pair, instrument)
        return True

    def _put_off(self, pair: str) -> None:
        """A stop was surely not sent: the next tick tries again, for one guard period if the venue answers otherwise.

        Raises:
            VenueUnavailable: it is to wait.
        """
        now = self._desk.now_ms()
        if pair not in self._told_of:
            self._told_of.add(pair)
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
                self._wanted(held, instrument),
                candle_at=None,
                reason="no stop can be placed",
            )
        )
        if not isinstance(sent, Refusal) and sent.status is OrderStatus.ABANDONED:
            raise VenueUnavailable(f"{pair} is held without a stop: the venue takes neither a stop nor a sale now")
        if isinstance(sent, Refusal) or sent.status is OrderStatus.REJECTED:
            self._refused_at[pair] = self._desk.now_ms()
            raise InvariantBroken(f"{pair}: {held.quantity} held, and neither a stop nor a sale gets through")
        self._closed(pair, instrument)

    def _wait_after_two_refusals(self, pair: str) -> None:
        """A venue that has just refused both is asked again a guard period later, and not at every look.

        Raises:
            VenueRefused: it is not time yet.
        """
        waits = self._refused_at.get(pair, -PATIENCE_MS) + PATIENCE_MS - self._desk.now_ms()
        if 0 < waits <= PATIENCE_MS:
            raise VenueRefused(f"{pair} is held without a stop: neither it nor a sale gets through; tried every minute")

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
        return self.jumped_over_at(held) is not None

    def jumped_over_at(self, held: Holding) -> int | None:
        """When that was learnt, epoch milliseconds; None: it was not."""
        stop = self._stop_of(held)
        return stop.triggered_at if stop is not None and stop.triggered else None

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
        """Whether a resting stop is the one that the holding wants. It is only ever raised, and not for a trifle."""
        if stop.intent.quantity - stop.executed != self._wanted(held, instrument):
            return False
        trigger, rests_at = trigger_of(held, instrument), stop.intent.trigger or Decimal(0)
        if trigger is None or stop.triggered or rests_at >= trigger:
            return True
        step = Decimal(repr(float(self._plans.of(held.pair).settings.stop_step_fraction)))
        return trigger - rests_at < step * rests_at
