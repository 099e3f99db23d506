"""Weeks of trouble drawn from a seed: what is promised holds after every step; and a broken build is found out."""

from __future__ import annotations

import pytest

from tests.faults.campaign.spoiled import Around, ForgetsStops, LosesFills, SendsAgain
from tests.faults.campaign.week import Outcome, week
from tests.faults.crash import builds

GATE = 50
FEW = (3,)


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


def test_what_is_promised_holds_through_a_day_of_trouble_over_http() -> None:
    assert told([week(8, hours=30, over_http=True)]) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(GATE, GATE + 5))
def test_what_is_promised_holds_through_a_week_of_trouble_over_http(seed: int) -> None:
    assert told([week(seed, over_http=True)]) == []


# --- builds with something wrong ------------------------------------------------------------------------------------


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
