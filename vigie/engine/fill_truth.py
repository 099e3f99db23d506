"""Whether what a venue says of an order fits its fills, and what it cost beyond the price it was decided with."""

from __future__ import annotations

from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.coverage import GUARD_PERIOD_MS
from vigie.domain.holdings import OrderRecord
from vigie.domain.order import OrderReport
from vigie.domain.samples import slippage_of
from vigie.engine.books import Books
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock

_APART = Decimal("1e-4")
"""Venues that tell an average price round it: less than this share of a value is no disagreement."""


class FillTruth:
    """Tells somebody of fills that do not come, that do not add up, or that were dear. It never blocks."""

    def __init__(self, setup: Setup, books: Books, clock: Clock) -> None:
        self._setup, self._books, self._clock = setup, books, clock
        self._awaited: dict[str, int] = {}
        self._told: set[str] = set()

    def look(self, before: OrderRecord, report: OrderReport) -> None:
        """Look at an order whose fills have just been booked.

        Args:
            before: what was known of it until then.
            report: what the venue says.
        """
        record = self._books.portfolio.orders.get(report.client_id)
        if record is None:
            return
        if report.executed > record.executed:
            self._await(record, report)
            return
        self._awaited.pop(report.client_id, None)
        apart = abs(report.executed_value - record.executed_value)
        if report.executed == record.executed and report.executed_value and apart > _APART * report.executed_value:
            told = f"{report.executed_value} by the venue's word, {record.executed_value} by its fills"
            self._tell(report, "fills", f"{report.pair}: order {report.client_id} was executed for {told}", urgent=True)
        if record.status.final and not before.status.final:
            self._slippage(record)

    def _await(self, record: OrderRecord, report: OrderReport) -> None:
        """An exit price comes from fills alone: until they are told the trade is open, and that must not last."""
        now = self._clock.now_ms()
        since = self._awaited.setdefault(report.client_id, now)
        if now - since >= GUARD_PERIOD_MS:
            text = (
                f"{report.pair}: {report.executed} of {record.intent.leg.value} order {report.client_id} are executed, "
                f"and fills for {record.executed} are told: the trade stays open, its price is not known"
            )
            self._tell(report, "fills", text, urgent=True)

    def _slippage(self, record: OrderRecord) -> None:
        if not record.executed > 0:
            return
        slippage = slippage_of(record.intent, record.executed_value / record.executed)
        if slippage is None or not slippage > Decimal(repr(float(self._setup.plan.settings.slippage_alert_fraction))):
            return
        intent, price = record.intent, record.executed_value / record.executed
        text = f"{intent.pair}: {intent.leg.value} filled at {price:.10g}, {slippage:.2%} worse than {intent.reference}"
        self._books.write(e.AlertRaised("slippage", text))

    def _tell(self, report: OrderReport, topic: str, text: str, *, urgent: bool) -> None:
        if report.client_id not in self._told:
            self._told.add(report.client_id)
            self._books.write(e.AlertRaised(topic, text, urgent=urgent))
