"""Brokers with something wrong, put around the shipped one: a campaign that finds nothing has to find these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

from vigie.decision.intents import ApprovedIntent
from vigie.domain.errors import OutcomeUnknown
from vigie.domain.order import Leg, OrderReport
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.ports.broker import Broker


class Around:
    """A broker around another one; it changes nothing."""

    def __init__(self, whole: Broker) -> None:
        self.whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)

    def submit(self, approved: ApprovedIntent) -> OrderReport:
        return self.whole.submit(approved)

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        return self.whole.find(pair, client_id)

    def open_orders(self) -> tuple[OrderReport, ...]:
        return self.whole.open_orders()


class SendsAgain(Around):
    """Takes no answer for a no."""

    def submit(self, approved: ApprovedIntent) -> OrderReport:
        try:
            return super().submit(approved)
        except OutcomeUnknown:
            return super().submit(approved)


class ForgetsStops(Around):
    """Says of every third stop that it rests, and does not send it."""

    def __init__(self, whole: Broker) -> None:
        super().__init__(whole)
        self._count = count(1)
        self._told: dict[str, OrderReport] = {}

    def submit(self, approved: ApprovedIntent) -> OrderReport:
        intent = approved.intent
        if intent.leg is Leg.STOP and next(self._count) % 3 == 0:
            self._told[intent.client_id] = report = OrderReport(
                intent.client_id, "1", intent.pair, intent.side, intent.type, OrderStatus.ACCEPTED, intent.quantity,
                Decimal(0), Decimal(0), intent.limit, intent.trigger, triggered=False, fills=(), updated_at=0,
            )  # fmt: skip
            return report
        return super().submit(approved)

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        return self._told.get(client_id) or super().find(pair, client_id)

    def open_orders(self) -> tuple[OrderReport, ...]:
        return (*super().open_orders(), *self._told.values())


class LosesFills(Around):
    """Tells of an order that is filled by two fills the first one only."""

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        report = super().find(pair, client_id)
        if report is None or not report.fills or report.side != "sell":
            return report
        return replace(report, fills=(), executed=report.executed * 0, executed_value=report.executed_value * 0)


class Blind(Around):
    """Finds nothing that was sent before."""

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        return None

    def open_orders(self) -> tuple[OrderReport, ...]:
        return ()


def blind_after_a_start() -> Callable[[Broker], Broker]:
    """The first process has the whole broker, those after it a blind one: a recovery that does not look."""
    made = count()

    def around(whole: Broker) -> Broker:
        return Blind(whole) if next(made) else whole

    return around
