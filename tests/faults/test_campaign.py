"""Weeks of trouble drawn from a seed: what is promised holds after every step; and a broken build is found out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from tests.faults.campaign.week import Outcome, week
from tests.faults.crash import builds
from vigie.decision.intents import ApprovedIntent
from vigie.domain.errors import OutcomeUnknown
from vigie.domain.order import Leg, OrderReport
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.ports.broker import Broker

GATE = 50
FEW = (3, 4, 5)


def told(outcomes: list[Outcome]) -> list[str]:
    return [f"seed {one.seed}: {text}" for one in outcomes for text in one.violations]


@pytest.mark.parametrize("seed", FEW)
def test_what_is_promised_holds_through_two_days_of_trouble(seed: int) -> None:
    outcome = week(seed, hours=48)
    assert told([outcome]) == []
    assert outcome.trades > 1
    assert outcome.faults


def test_a_seed_is_the_same_week_again() -> None:
    first, again = (week(7, hours=36) for _ in range(2))
    assert first.log == again.log
    assert first.to_json() == again.to_json()


@pytest.mark.long
@pytest.mark.parametrize("tens", range(GATE // 10))
def test_what_is_promised_holds_through_fifty_weeks_of_trouble(tens: int) -> None:
    outcomes = [week(seed) for seed in range(10 * tens, 10 * tens + 10)]
    assert told(outcomes) == []
    assert sum(one.deaths for one in outcomes) > 5


# --- builds with something wrong ------------------------------------------------------------------------------------


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


def first_violation(made: type[Around], seeds: range) -> str:
    found = (week(seed, made) for seed in seeds)
    return next((one.violations[0] for one in found if one.violations), "")


def test_a_broker_that_sends_again_after_a_time_out_is_found_out() -> None:
    assert "was sent twice" in first_violation(SendsAgain, range(6))


def test_a_broker_that_forgets_a_stop_is_found_out() -> None:
    assert first_violation(ForgetsStops, range(2)).startswith("protection: ")


def test_a_broker_that_loses_fills_is_found_out() -> None:
    assert first_violation(LosesFills, range(2)).startswith(("fills: ", "books: "))


def test_ids_that_are_drawn_are_found_out() -> None:
    with builds.random_ids():
        outcome = week(0)
    assert any("cannot be computed" in one for one in outcome.violations)
