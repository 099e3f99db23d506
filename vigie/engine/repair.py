"""Reconciliation that a person asks for: what does not agree, what would be done about it, and doing it.

Nothing here invents a fill. What is booked is what the venue's own lists tell; where they tell nothing, the journal
says so, and somebody is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.errors import InvariantBroken, OutcomeUnknown, RefusalCode, VenueRefused, VenueUnavailable
from vigie.domain.holdings import EXACT
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt, OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.domain.trading_mode import TradingMode
from vigie.engine.adopting import Adopter
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.limits import Limits
from vigie.engine.protection import Guardian
from vigie.engine.reconcile import Difference
from vigie.engine.reconcile import DifferenceKind as Kind
from vigie.engine.remedies import Policy, words
from vigie.engine.scratch import Scratch
from vigie.engine.setup import Setup
from vigie.engine.witness import Witness, unbooked
from vigie.ports.broker import Broker
from vigie.ports.clock import Clock
from vigie.ports.controls import Controls
from vigie.ports.feed import CandleFeed
from vigie.ports.journal import Journal

LATCH = "reconcile"
_ORDER = (
    # Orders that hold coins come before the coins, and money comes last: what was sold has paid some of it.
    Kind.STATE, Kind.UNBOOKED, Kind.VANISHED_ORDER, Kind.UNKNOWN_ORDER, Kind.FROZEN_PAIR, Kind.LOST_ORDER,
    Kind.FOREIGN_ORDER, Kind.BUST, Kind.MANUAL_CLOSE, Kind.QUANTITY_DRIFT, Kind.DUST, Kind.LEFT_ALONE,
    Kind.ORPHAN_POSITION, Kind.MISSING_STOP, Kind.MISSING_QUOTE,
)  # fmt: skip
Policies = Mapping[Kind, Policy]


@dataclass(frozen=True, slots=True)
class Rooms:
    """What of an account reconciliation works with."""

    setup: Setup
    books: Books
    desk: Desk
    guardian: Guardian
    limits: Limits
    broker: Broker
    feed: CandleFeed
    clock: Clock
    journal: Journal
    controls: Controls


class Reconciler:
    """One account. The caller holds its lock."""

    def __init__(self, rooms: Rooms, *, stop_fraction: float = 0.05, patient: bool = False) -> None:
        """Make ready; nothing is asked yet.

        Args:
            rooms: of the account.
            stop_fraction: how far below its price the stop of adopted coins lies.
            patient: whether it may wait for as long as an order has to stay away before it is given up.
        """
        self._rooms, self._patient = rooms, patient
        self._adopter = Adopter(rooms.setup, rooms.books, rooms.feed, rooms.clock, stop_fraction)
        self._witness = Witness(rooms.setup, rooms.broker, rooms.journal)

    @property
    def portfolio(self) -> Portfolio:
        """The account as it stands."""
        return self._rooms.books.portfolio

    def plan(self, policies: Policies) -> tuple[e.Disagreement, ...]:
        """What does not agree and what would be done about it. Nothing is written, sold or cancelled.

        Raises:
            VenueUnavailable: no usable answer.
            VenueRefused: the venue does not let us ask.
            InvariantBroken: the journal is damaged.
        """
        return tuple(_row(one, policies[one.kind]) for one in self._differences())

    def apply(self, policies: Policies, request_id: str = "") -> tuple[e.Disagreement, ...]:
        """Put right what policies allow, journal it, and look again.

        Returns:
            what had been found, each with what became of it.

        Raises:
            VenueUnavailable: no usable answer; what was done until then is journalled.
            VenueRefused: the venue does not let us ask.
            InvariantBroken: the journal is damaged.
            OSError: it cannot be written down.
        """
        first = self._differences()
        self._settle(first)
        outcomes: dict[tuple[Kind, str], str] = {}
        for one in first:
            outcomes[one.kind, one.subject] = self._treat(one, policies[one.kind])
        for one in self._differences():
            # What a sale or a stop brought about is put right as well; what is left is told.
            if (one.kind, one.subject) not in outcomes:
                first.append(one)
                outcomes[one.kind, one.subject] = self._treat(one, policies[one.kind])
        left = {(one.kind, one.subject): one.text for one in self._differences()}
        rows = tuple(
            _row(one, policies[one.kind], outcomes[one.kind, one.subject], (one.kind, one.subject) not in left)
            for one in first
        )
        self._rooms.books.write(
            e.Reconciled(tuple(left.values()), tuple(one.outcome for one in rows), rows, request_id)
        )
        self._rooms.books.sync()
        return rows

    # --- looking ---------------------------------------------------------------------------------------------------

    def _differences(self) -> list[Difference]:
        rooms = self._rooms
        before = rooms.books.portfolio
        # Rehearsed on scratch paper: the plan is told of the account as it is once the venue's word is booked.
        scratch = Scratch(before.seq, rooms.clock)
        books = Books(scratch, rooms.clock, before)
        desk = Desk(rooms.setup, books, rooms.broker, rooms.controls, rooms.clock, rooms.feed)
        self._ask_all(desk, before)
        found = unbooked(before, books.portfolio, scratch.lines)
        found += self._vanished(books.portfolio, {one.subject for one in found})
        if not books.portfolio.unsettled():
            found += self._witness.hear(books.portfolio, rooms.clock.now_ms()).differences
        return sorted(found, key=lambda one: (_ORDER.index(one.kind), one.subject))

    def _vanished(self, account: Portfolio, told: set[str]) -> list[Difference]:
        """Open orders of ours that neither the list nor a question finds."""
        waiting = [one for one in account.open_orders() if not one.status.unsettled]
        if not waiting:
            return []
        shown = {one.client_id for one in self._rooms.broker.open_orders()}
        found = []
        for one in waiting:
            own, pair = one.intent.client_id, one.intent.pair
            if own in shown | told or not self._is_unknown(pair, own):
                continue
            text = f"{pair}: the {one.intent.leg} order of {one.intent.quantity} is not known at the venue"
            found.append(Difference(Kind.VANISHED_ORDER, own, one.intent.quantity, Decimal(0), text))
        return found

    def _is_unknown(self, pair: str, own: str) -> bool:
        try:
            return self._rooms.broker.find(Pair.parse(pair), own) is None
        except VenueRefused as refusal:
            if refusal.code is not RefusalCode.UNKNOWN_PAIR:
                raise
            # Of a pair that is not listed any more nobody can be asked.
            return False

    @staticmethod
    def _ask_all(desk: Desk, account: Portfolio) -> None:
        """Ask about every open order; a pair that is not listed any more keeps nobody from asking about the others."""
        for record in account.open_orders():
            try:
                desk.settle_one(record)
            except VenueRefused as refusal:
                if refusal.code is not RefusalCode.UNKNOWN_PAIR:
                    raise

    # --- doing -----------------------------------------------------------------------------------------------------

    def _settle(self, found: Sequence[Difference]) -> None:
        """Book what the venue says of our orders; one that stays away is given up only after the time that it takes."""
        rooms = self._rooms
        self._ask_all(rooms.desk, rooms.books.portfolio)
        if self._patient and any(one.kind in (Kind.VANISHED_ORDER, Kind.UNKNOWN_ORDER) for one in found):
            rooms.clock.sleep(rooms.setup.absent_after_seconds + 1.0)
            self._ask_all(rooms.desk, rooms.books.portfolio)

    def _treat(self, one: Difference, policy: Policy) -> str:
        try:
            if policy is Policy.HALT:
                return self._halt(one)
            return self._STEPS[one.kind](self, one, policy)
        except (VenueUnavailable, OutcomeUnknown, VenueRefused) as error:
            return f"not done: {error}"
        except InvariantBroken as error:
            self._halt(one)
            return f"not done, and halted: {error}"

    def _halt(self, one: Difference) -> str:
        limits = self._rooms.limits
        if LATCH not in self._rooms.books.portfolio.latches:
            limits.latch(LATCH, TradingMode.HALTED, one.text)
            self._rooms.books.write(e.AlertRaised(LATCH, one.text, urgent=True))
        return "nothing touched; halted until a person resumes"

    def _booked(self, _: Difference, __: Policy) -> str:
        return "the venue was asked, and what it said is booked"

    def _lost(self, one: Difference, policy: Policy) -> str:
        order, made = one.order, one.made
        if order is None or made is None:
            raise InvariantBroken(f"{one.subject}: a lost order without an order")
        if policy is Policy.CLOSE:
            return self._foreign(one, policy)
        self._rooms.books.write(
            e.IntentPlanned(self._adopter.intent_of(order, made)),
            e.OrderLearnt(order.client_id, order.pair, Learnt.SENT, order.venue_id, message="found at the venue"),
        )
        self._rooms.desk.ask(order.client_id)
        return f"{order.client_id} is written down as our {made.leg} order"

    def _foreign(self, one: Difference, policy: Policy) -> str:
        order = one.order
        if order is None:
            raise InvariantBroken(f"{one.subject}: a foreign order without an order")
        name = order.client_id or order.venue_id
        if policy is Policy.IGNORE:
            self._rooms.books.write(e.ForeignOrder(order.pair, order.venue_id, order.client_id, "ignored", one.text))
            return f"{name} is left to rest"
        self._rooms.desk.cancel_foreign(order.pair, order.venue_id, order.client_id, one.text)
        return f"{name} is cancelled"

    def _bust(self, one: Difference, _: Policy) -> str:
        fill, account = one.fill, self._rooms.books.portfolio
        if fill is None or fill.pair not in account.holdings:
            return f"not done: {one.subject} is not held any more, so there is nothing to take back; {self._halt(one)}"
        self._release(fill.pair)
        self._rooms.books.write(
            e.FillReversed(fill.client_id, fill.pair, fill.fill, fill.fee_value),
            e.AlertRaised("bust", one.text, urgent=True),
        )
        self._tend(fill.pair)
        return f"trade {fill.fill.trade_id} is taken back in the books"

    def _gone(self, one: Difference, _: Policy) -> str:
        """Coins fewer than ours, in a pair that is held."""
        said = self._adopter.sold_elsewhere(one)
        self._tend(one.subject)
        return said

    def _drift(self, one: Difference, policy: Policy) -> str:
        if one.theirs < one.ours:
            return self._gone(one, policy)
        return self._orphan(one, policy)

    def _dust(self, one: Difference, _: Policy) -> str:
        return self._adopter.dust(one)

    def _alone(self, one: Difference, _: Policy) -> str:
        return self._adopter.left_alone(one)

    def _orphan(self, one: Difference, policy: Policy) -> str:
        if policy is Policy.IGNORE:
            return self._adopter.left_alone(one)
        said = self._adopter.adopt(one)
        if policy is Policy.CLOSE and one.subject in self._rooms.books.portfolio.holdings:
            self._rooms.guardian.sell(one.subject, Leg.CLOSE, candle_at=None, reason="reconcile: close")
            left = self._rooms.books.portfolio.holdings.get(one.subject)
            return f"{said}; sold" if left is None else f"{said}; {left.quantity} are left to be sold"
        self._tend(one.subject)
        return said

    def _stop(self, one: Difference, policy: Policy) -> str:
        if policy is Policy.CLOSE:
            self._rooms.guardian.sell(one.subject, Leg.CLOSE, candle_at=None, reason="reconcile: close")
            return "sold"
        self._tend(one.subject)
        held = self._rooms.books.portfolio.holdings.get(one.subject)
        if held is None:
            return "nothing is held any more"
        placed = self._rooms.guardian.protected(one.subject)
        return "a stop rests" if placed else "not done: no stop rests yet; the next tick tries again"

    def _quote(self, one: Difference, _: Policy) -> str:
        account = self._rooms.books.portfolio
        missing = EXACT.subtract(one.theirs, account.cash)
        if missing >= 0:
            return "settled by what was booked before"
        self._rooms.books.write(e.FlowSeen(missing, f"reconcile: {one.text}"))
        return f"{-missing} {one.subject} booked as withdrawn"

    def _release(self, pair: str) -> None:
        """Take away stops of a pair whose coins are about to be counted anew."""
        for record in self._rooms.books.portfolio.open_orders(pair):
            if record.intent.leg is Leg.STOP and record.status is not OrderStatus.PLANNED:
                self._rooms.desk.cancel(record.intent.client_id)

    def _tend(self, pair: str) -> None:
        self._rooms.guardian.tend(pair)

    _STEPS: Mapping[Kind, Callable[[Reconciler, Difference, Policy], str]] = {
        Kind.UNBOOKED: _booked,
        Kind.VANISHED_ORDER: _booked,
        Kind.LOST_ORDER: _lost,
        Kind.FOREIGN_ORDER: _foreign,
        Kind.BUST: _bust,
        Kind.MANUAL_CLOSE: _gone,
        Kind.QUANTITY_DRIFT: _drift,
        Kind.DUST: _dust,
        Kind.LEFT_ALONE: _alone,
        Kind.ORPHAN_POSITION: _orphan,
        Kind.MISSING_STOP: _stop,
        Kind.MISSING_QUOTE: _quote,
    }


def _row(one: Difference, policy: Policy, outcome: str = "", done: bool = False) -> e.Disagreement:
    said = outcome or words(one.kind, policy)
    return e.Disagreement(one.kind.value, one.subject, one.ours, one.theirs, one.text, policy.value, said, done)
