"""Sending orders and learning what became of them: written down before it is sent, asked about and never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from vigie.decision.client_ids import client_id
from vigie.decision.intents import Refusal, approve
from vigie.domain import events as e
from vigie.domain.errors import OutcomeUnknown, RefusalCode, VenueRefused, VenueUnavailable
from vigie.domain.holdings import OrderRecord
from vigie.domain.instrument import exact
from vigie.domain.order import Intent, Leg, OrderReport, OrderType, Side
from vigie.domain.order_status import Learnt, OrderStatus, after
from vigie.domain.pair import Pair
from vigie.domain.trading_mode import TradingMode, permits, strictest
from vigie.engine.books import Books
from vigie.engine.fee_values import FeeValues
from vigie.engine.fill_truth import FillTruth
from vigie.engine.setup import Setup
from vigie.ports.broker import Broker
from vigie.ports.clock import Clock
from vigie.ports.controls import Controls
from vigie.ports.feed import CandleFeed

_LEARNT = {
    OrderStatus.ACCEPTED: Learnt.ACCEPTED,
    OrderStatus.PARTIAL: Learnt.FILLED_IN_PART,
    OrderStatus.FILLED: Learnt.FILLED,
    OrderStatus.CANCELED: Learnt.CANCELED,
    OrderStatus.EXPIRED: Learnt.EXPIRED,
    OrderStatus.REJECTED: Learnt.REJECTED,
}


def _type_of(limit: Decimal | None, trigger: Decimal | None) -> OrderType:
    if trigger is not None:
        return OrderType.STOP_LOSS_LIMIT
    return OrderType.MARKET if limit is None else OrderType.LIMIT_IOC


class Desk:
    """The only place from which orders leave."""

    def __init__(
        self, setup: Setup, books: Books, broker: Broker, controls: Controls, clock: Clock, feed: CandleFeed
    ) -> None:
        self._setup, self._books, self._broker = setup, books, broker
        self._controls, self._clock = controls, clock
        self._fees = FeeValues(setup, books, feed, clock)
        self._truth = FillTruth(setup, books, clock)
        self._sent_at: dict[str, int] = {}
        self._missed_since: dict[str, int] = {}
        self.refusal = RefusalCode.UNSAID
        """Why the venue refused the last order that it refused."""
        self.held_back: TradingMode = TradingMode.ACTIVE
        """What this tick's own troubles allow: a disk that cannot be written, books that do not agree."""

    def now_ms(self) -> int:
        """The present instant, epoch milliseconds."""
        return self._clock.now_ms()

    def hold_back(self, mode: TradingMode) -> None:
        """Let nothing more than a mode allows be done in this tick; never less strict than before."""
        self.held_back = strictest({self.held_back, mode})

    @property
    def mode(self) -> TradingMode:
        """What is allowed at this instant; the kill switch is looked at anew each time."""
        modes = {TradingMode(latch.mode) for latch in self._books.portfolio.latches.values()}
        modes.add(self.held_back)
        if self._controls.kill_switch() is not None:
            modes.add(TradingMode.HALTED)
        return strictest(modes)

    def intent(
        self,
        pair: str,
        leg: Leg,
        quantity: Decimal,
        *,
        candle_at: int | None,
        reason: str,
        trigger: Decimal | None = None,
        limit: Decimal | None = None,
        reference: float | None = None,
        due_at: int | None = None,
    ) -> Intent:
        """An intent with its computed client id.

        Args:
            pair: ``BTC/USDT``.
            leg: what it is for; entries buy, everything else sells.
            quantity: base, on the venue's step.
            candle_at: the candle that decided; None: none did.
            reason: for people.
            trigger: of a stop-limit order, quote; None: no stop.
            limit: quote; None: a market order.
            reference: price that it was decided with, quote; None: nobody looked.
            due_at: when a backtest fills it, epoch milliseconds; None: it has not the like.
        """
        key = f"seq:{self._books.portfolio.seq + 1}" if candle_at is None else str(candle_at)
        attempt = self._books.portfolio.attempts(pair, leg, candle_at)
        return Intent(
            client_id=client_id(
                account=self._setup.account,
                mode=self._setup.mode,
                strategy=self._setup.plan.strategy.name,
                pair=pair,
                key=key,
                leg=leg,
                attempt=attempt,
            ),
            pair=pair,
            leg=leg,
            side=Side.BUY if leg is Leg.ENTRY else Side.SELL,
            type=_type_of(limit, trigger),
            quantity=quantity,
            limit=limit,
            trigger=trigger,
            candle_at=candle_at,
            attempt=attempt,
            reason=reason,
            reference=None if reference is None else exact(reference),
            due_at=due_at,
        )

    def send(self, intent: Intent, refusing: tuple[str, ...] = ()) -> OrderRecord | Refusal:
        """Have an intent approved, write it down, send it, write down the answer.

        Args:
            intent: what is wanted.
            refusing: rules of the gate that refuse it.

        Raises:
            OSError: it cannot be written down, and was not sent.
        """
        unsettled = bool(self._books.portfolio.unsettled(intent.pair))
        approved = approve(intent, mode=self.mode, refusing=refusing, unsettled=unsettled)
        if isinstance(approved, Refusal):
            return approved
        self._books.write(e.IntentPlanned(intent), self._learnt(intent, Learnt.SENT))
        self._books.sync()
        self._sent_at[intent.client_id] = self._clock.now_ms()
        if not permits(self.mode, intent.leg.act):
            # The switch was thrown while we were writing.
            self._books.write(self._learnt(intent, Learnt.ABSENT, "halted before the send"))
            return Refusal(intent, (f"mode {self.mode}",))
        try:
            report = self._broker.submit(approved)
        except VenueRefused as error:
            self.refusal = error.code
            self._books.write(self._learnt(intent, Learnt.REJECTED, str(error)))
        except VenueUnavailable as error:
            self._books.write(self._learnt(intent, Learnt.ABSENT, str(error)))
        except OutcomeUnknown as error:
            self._books.write(self._learnt(intent, Learnt.NO_ANSWER, str(error)))
        else:
            self.learn(report)
        return self._books.portfolio.orders[intent.client_id]

    def cancel(self, client_id: str) -> OrderRecord:
        """Cancel an order of ours; a fill that won the race is booked.

        Raises:
            VenueUnavailable: the venue does not answer.
            OSError: what led to it cannot be brought to the disk; nothing was sent.
        """
        record = self._books.portfolio.orders[client_id]
        if record.status.final:
            return record
        # Why a stop goes (a part is sold, it was jumped over) must not be forgotten once it is gone.
        self._books.sync()
        try:
            self.learn(self._broker.cancel(Pair.parse(record.intent.pair), client_id))
        except VenueRefused:
            self.ask(client_id)
        except OutcomeUnknown as error:
            self._books.write(self._learnt(record.intent, Learnt.NO_ANSWER, str(error)))
            self.ask(client_id)
        return self._books.portfolio.orders[client_id]

    def cancel_foreign(self, pair: str, venue_id: str, client_id: str, reason: str) -> None:
        """Cancel an order that is not ours, because a person said so.

        Raises:
            VenueRefused: there is no such open order.
            VenueUnavailable: surely not done.
            OutcomeUnknown: it may have been cancelled.
            OSError: it cannot be written down that it is going to be; nothing was sent.
        """
        self._books.sync()
        self._broker.cancel(Pair.parse(pair), client_id)
        self._books.write(e.ForeignOrder(pair, venue_id, client_id, "cancelled", reason))

    def settle(self, resting: Sequence[OrderReport] = ()) -> None:
        """Ask the venue about every order of ours that has not ended.

        Args:
            resting: what the venue has just shown to rest: an order that rests there as we know it needs no question.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        shown = {one.client_id: one for one in resting}
        for record in self._books.portfolio.open_orders():
            if not _as_known(record, shown.get(record.intent.client_id)):
                self.settle_one(record)
            else:
                self._missed_since.pop(record.intent.client_id, None)

    def settle_one(self, record: OrderRecord) -> None:
        """Ask the venue about one order that has not ended.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        if record.status is OrderStatus.PLANNED:
            self._settle_planned(record.intent)
        else:
            self.ask(record.intent.client_id)

    def _settle_planned(self, intent: Intent) -> None:
        """An order of which only the plan is written down: it was never sent, unless somebody lost the line."""
        report = self._broker.find(Pair.parse(intent.pair), intent.client_id)
        if report is None:
            self._books.write(self._learnt(intent, Learnt.ABSENT, "never sent"))
            return
        self._books.write(self._learnt(intent, Learnt.SENT, "found at the venue"))
        self.learn(report)

    def ask(self, client_id: str) -> None:
        """Ask the venue what became of an order; absence counts only when it has lasted.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        record = self._books.portfolio.orders[client_id]
        if record.status is OrderStatus.SENT:
            self._books.write(self._learnt(record.intent, Learnt.NO_ANSWER, "asked after a start"))
        report = self._broker.find(Pair.parse(record.intent.pair), client_id)
        if report is not None:
            self._missed_since.pop(client_id, None)
            self.learn(report)
        elif record.status.unsettled:
            if self._missed_long(client_id, self._sent_at):
                self._books.write(self._learnt(record.intent, Learnt.ABSENT, "the venue does not know it"))
        elif self._missed_long(client_id, self._missed_since):
            # It rested there and is gone without a word: what it filled is not known. Reconciliation tells.
            self._books.write(self._learnt(record.intent, Learnt.CANCELED, "vanished at the venue"))

    def _missed_long(self, client_id: str, since: dict[str, int]) -> bool:
        """Whether it is not there for so long that no copy of the venue's books can lag behind that much."""
        now = self._clock.now_ms()
        return now - since.setdefault(client_id, now) >= self._setup.absent_after_seconds * 1000

    def learn(self, report: OrderReport) -> None:
        """Book what a venue says of an order of ours: its fills first, then its status."""
        record = self._books.portfolio.orders[report.client_id]
        fresh = [fill for fill in report.fills if fill.trade_id not in record.trade_ids]
        learnt = _LEARNT[report.status]
        told = record.executed + sum((fill.quantity for fill in fresh), Decimal(0))
        if report.executed > told:
            # Fills are still to come: it has not ended for us before each of them is known.
            learnt = Learnt.FILLED_IN_PART
        triggered = report.triggered and not record.triggered
        events: list[e.Event] = [
            e.FillSeen(report.client_id, report.pair, fill, self._fees.value_of(report.pair, fill)) for fill in fresh
        ]
        changed = after(record.status, learnt) is not record.status
        if changed or triggered or (report.venue_id and report.venue_id != record.venue_id):
            ended_at = report.updated_at if learnt in (Learnt.CANCELED, Learnt.EXPIRED) else 0
            heard = e.OrderLearnt(report.client_id, report.pair, learnt, report.venue_id, triggered, venue_at=ended_at)
            # An order is accepted before it is filled, and a fill belongs to an order that is known at the venue.
            events = [*events, heard]
        if events:
            self._books.write(*events)
        self._truth.look(record, report)

    @staticmethod
    def _learnt(intent: Intent, learnt: Learnt, message: str = "") -> e.OrderLearnt:
        return e.OrderLearnt(intent.client_id, intent.pair, learnt, message=message)


def _as_known(record: OrderRecord, shown: OrderReport | None) -> bool:
    """Whether an order that rests at the venue has nothing to tell that we do not know."""
    if shown is None or record.status not in (OrderStatus.ACCEPTED, OrderStatus.PARTIAL):
        return False
    return (shown.executed, shown.triggered) == (record.executed, record.triggered)
