"""Costs that are surely above the assumed ones stop entries, and only those."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, QUIET, on_one_pair, ticked
from vigie.decision.settings import Settings
from vigie.domain import events as e
from vigie.domain.order import Fill, Leg
from vigie.domain.samples import KEPT_SAMPLES, Sample
from vigie.engine.drift import drifted, drifts

SETTINGS = Settings()
DICE = random.Random(3)


def samples(count: int, *, slippage: float = 0.0005, fee: float = 0.001, delay: float = 5.0) -> list[Sample]:
    return [
        Sample(BTC, Leg.ENTRY, slippage + DICE.gauss(0, 0.0002), fee, delay + DICE.gauss(0, 2.0)) for _ in range(count)
    ]


def test_what_the_plan_assumes_is_no_drift() -> None:
    assert drifted(samples(60), SETTINGS) == []


@pytest.mark.parametrize(
    ("worse", "word"),
    [({"slippage": 0.003}, "slippage"), ({"fee": 0.002}, "fee"), ({"delay": 600.0}, "delay")],
)
def test_each_cost_is_told_with_its_number_and_its_bound(worse: dict[str, float], word: str) -> None:
    (reason,) = drifted(samples(40, **worse), SETTINGS)
    assert reason.startswith(f"mean {word} of the last 40 orders ")
    assert "surely above" in reason


def test_too_few_orders_say_nothing_and_none_where_it_is_off() -> None:
    dear = samples(29, slippage=0.05)
    assert drifted(dear, SETTINGS) == []
    assert drifted([*dear, *samples(1, slippage=0.05)], SETTINGS) != []
    assert drifted(samples(90, slippage=0.05), replace(SETTINGS, drift_fills=0)) == []


def test_a_mean_that_may_be_chance_is_not_drift() -> None:
    wild = [Sample(BTC, Leg.EXIT, 0.002 + (0.03 if one % 2 else -0.03), 0.001) for one in range(40)]
    slippage = drifts(wild, SETTINGS)[0]
    assert slippage.found.mean > slippage.assumed + slippage.allowed
    assert drifted(wild, SETTINGS) == []


def test_orders_without_a_delay_do_not_count_for_it() -> None:
    assert drifts([Sample(BTC, Leg.CHASE, 0.0, 0.0)] * 3, SETTINGS)[2].found.n == 0


# --- in the engine ------------------------------------------------------------------------------------------------

WORDS = {"partials": "off", "drift_fills": "4", "slippage_alert_fraction": "0.5"}


def dear() -> Rehearsal:
    """A venue that fills a half per cent worse than the plan counts with."""
    rehearsed = on_one_pair([QUIET] * 20, entries=range(0, 20, 2), exits=range(1, 20, 2), overrides=WORDS)
    venue = rehearsed.broker.paper._venue
    venue.terms = replace(venue.terms, slippage_fraction=Decimal("0.005"))
    return rehearsed


def test_entries_stop_with_an_alert_and_what_is_held_is_still_sold() -> None:
    rehearsed = dear()
    ticked(rehearsed, 12)
    (latch,) = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.Halted)]
    assert (latch.name, latch.mode, latch.until) == ("drift", "reduce-only", None)
    assert "mean slippage of the last 4 orders 0.500%" in latch.reason
    assert [one.topic for one in rehearsed.alerts.told].count("drift") == 1
    legs = [one.leg for one in rehearsed.broker.sent]
    assert (legs.count(Leg.ENTRY), legs.count(Leg.EXIT)) == (2, 2)
    assert rehearsed.engine.portfolio.holdings == {}
    # It survives a start.
    rehearsed.again().start()
    assert "drift" in rehearsed.engine.portfolio.latches


def test_who_lifts_it_begins_counting_anew() -> None:
    rehearsed = dear()
    ticked(rehearsed, 12)
    rehearsed.engine._limits.lift("drift", "looked at")
    assert rehearsed.engine.portfolio.samples == ()
    ticked(rehearsed, 2)
    assert "drift" not in rehearsed.engine.portfolio.latches


def test_a_venue_that_costs_what_is_assumed_never_stops_anything() -> None:
    rehearsed = on_one_pair([QUIET] * 20, entries=range(0, 20, 2), exits=range(1, 20, 2), overrides=WORDS)
    assert ticked(rehearsed, 20) == []
    assert len(rehearsed.engine.portfolio.samples) >= 16
    assert rehearsed.engine.portfolio.latches == {}


def test_only_the_newest_orders_are_remembered() -> None:
    from tests.fakes.accounts import AT, BASELINE, WISH, account, closed, learnt, planned
    from vigie.domain.order_status import Learnt

    events: list[e.Event] = [BASELINE]
    for number in range(KEPT_SAMPLES + 5):
        for leg, letter in ((Leg.ENTRY, "e"), (Leg.EXIT, "x")):
            own = f"{letter}{number:031d}"
            plan = planned(own, leg, "1")
            fill = Fill(own, Decimal(100), Decimal(1), Decimal(0), "USDT", AT)
            events += [
                *([WISH] if leg is Leg.ENTRY else []),
                replace(plan, intent=replace(plan.intent, reference=Decimal(100))),
                learnt(Learnt.SENT, own),
                e.FillSeen(own, BTC, fill, Decimal(0)),
                learnt(Learnt.FILLED, own),
            ]
        events.append(closed())
    found = account(events).samples
    assert len(found) == KEPT_SAMPLES
    assert all(math.isnan(one.delay) for one in found)
