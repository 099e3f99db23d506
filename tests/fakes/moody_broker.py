"""A venue in a bad mood: answers get lost, orders are refused, vanish or fill in part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from enum import StrEnum

from tests.fakes.engine_ports import Killed
from vigie.adapters.exchanges.paper import PaperBroker
from vigie.decision.intents import ApprovedIntent
from vigie.domain.errors import OutcomeUnknown, VenueRefused, VenueUnavailable
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance, Fill, Intent, OrderReport
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.simulation.orders import VenueOrder
from vigie.simulation.terms import EXACT


class Mood(StrEnum):
    """What becomes of a call."""

    FINE = "fine"
    DONE_AND_LOST = "done, and the answer is lost"
    LOST = "not done, and the answer is lost"
    AWAY = "surely not done"
    REFUSED = "refused"
    FILLS_LATER = "done, and its fills are told later"
    DIES_BEFORE = "not done, and nobody is left to hear of it"
    DIES_AFTER = "done, and nobody is left to hear of it"


@dataclass
class MoodyBroker:
    """A paper venue, and what its line makes of it. Fulfils :class:`vigie.ports.broker.Broker`.

    Attributes:
        paper: the venue.
        moods: by method (``submit``, ``cancel``, ``read``), those of its next calls; then it is fine.
        always: by method, its mood after that.
        before: called before an order is sent or cancelled, with the method and the client id.
        sent: every intent that was submitted, whatever became of it.
        hides_fills: it tells how much of an order was executed, and none of its fills.
        token_fee: by asset, how much of it each fill costs beside what the venue itself takes.
    """

    paper: PaperBroker
    moods: dict[str, list[Mood]] = field(default_factory=dict)
    always: dict[str, Mood] = field(default_factory=dict)
    before: Callable[[str, str], None] = lambda _, __: None
    sent: list[Intent] = field(default_factory=list)
    hides_fills: bool = False
    token_fee: tuple[str, Decimal] | None = None

    def instrument(self, pair: Pair) -> Instrument:
        return self.paper.instrument(pair)

    def submit(self, approved: ApprovedIntent) -> OrderReport:
        self.before("submit", approved.intent.client_id)
        self.sent.append(approved.intent)
        mood = self._mood(f"submit {approved.intent.leg.value}", "submit")
        self._not_done(mood)
        report = self.paper.submit(approved)
        self._unheard(mood)
        if mood is Mood.FILLS_LATER:
            return replace(report, fills=())
        return self._told(report)

    def cancel(self, pair: Pair, client_id: str) -> OrderReport:
        self.before("cancel", client_id)
        mood = self._mood("cancel")
        self._not_done(mood)
        report = self.paper.cancel(pair, client_id)
        self._unheard(mood)
        return self._told(report)

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        self._read()
        report = self.paper.find(pair, client_id)
        return None if report is None else self._told(report)

    def open_orders(self) -> tuple[OrderReport, ...]:
        self._read()
        return self.paper.open_orders()

    def balances(self) -> Mapping[str, Balance]:
        self._read()
        return self.paper.balances()

    # --- what happens at the venue without us -------------------------------------------------------------------

    def vanish(self, pair: str, client_id: str) -> None:
        """An order is cancelled by somebody else."""
        venue = self.paper._venue
        venue.cancel(pair, client_id, venue.seen_at)

    def fill_in_part(self, client_id: str, quantity: Decimal, price: Decimal) -> None:
        """A resting sale is executed in part."""
        venue = self.paper._venue
        record = venue.to_record()
        order = next(one for one in record.open_orders if one.client_id == client_id)
        number = record.last_trade.get(order.pair, 0) + 1
        base, quote = order.pair.split("/")
        with localcontext(EXACT):
            value = quantity * price
            fee = value * venue.terms.fee_fraction
            coins, money = record.accounts[base], record.accounts[quote]
            accounts = {
                **record.accounts,
                base: replace(coins, locked=coins.locked - quantity, traded=coins.traded + quantity),
                quote: replace(
                    money, free=money.free + value - fee, fees=money.fees + fee, traded=money.traded - value
                ),
            }
        fill = Fill(str(number), price, quantity, fee, quote, venue.seen_at)
        changed = replace(order, status=OrderStatus.PARTIAL, fills=(*order.fills, fill))
        venue.restore(
            replace(
                record,
                accounts=accounts,
                open_orders=_with(record.open_orders, changed),
                last_trade={**record.last_trade, order.pair: number},
            )
        )

    # --- inside -------------------------------------------------------------------------------------------------

    def _told(self, report: OrderReport) -> OrderReport:
        if self.hides_fills:
            return replace(report, fills=())
        if self.token_fee is None:
            return report
        asset, fee = self.token_fee
        return replace(report, fills=tuple(replace(one, fee=fee, fee_asset=asset) for one in report.fills))

    def _mood(self, *names: str) -> Mood:
        for name in names:
            if self.moods.get(name):
                return self.moods[name].pop(0)
        return next((self.always[name] for name in names if name in self.always), Mood.FINE)

    def _read(self) -> None:
        if self._mood("read") is not Mood.FINE:
            raise VenueUnavailable("the venue does not answer")

    @staticmethod
    def _unheard(mood: Mood) -> None:
        if mood is Mood.DONE_AND_LOST:
            raise OutcomeUnknown("no answer")
        if mood is Mood.DIES_AFTER:
            raise Killed

    @staticmethod
    def _not_done(mood: Mood) -> None:
        if mood is Mood.DIES_BEFORE:
            raise Killed
        if mood is Mood.LOST:
            raise OutcomeUnknown("no answer")
        if mood is Mood.AWAY:
            raise VenueUnavailable("the venue does not answer")
        if mood is Mood.REFUSED:
            raise VenueRefused("no")


def _with(orders: Iterable[VenueOrder], changed: VenueOrder) -> tuple[VenueOrder, ...]:
    return tuple(changed if one.client_id == changed.client_id else one for one in orders)
