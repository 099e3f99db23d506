"""A process killed at any operation, and a power loss at any, comes back to the same truth. The whole is long."""

from __future__ import annotations

import os
import sys

import pytest

from tests.faults.crash import builds, matrix, power
from tests.faults.crash.killing import Point, Rig, Verdict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and asks /proc which file a descriptor is of")
JOBS = 2


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig()


def told(verdicts: list[Verdict]) -> list[str]:
    return [f"{one.point} {one.variant}: {text}" for one in verdicts for text in one.violations]


def before(rig: Rig, call: str, subject: str) -> list[Point]:
    return [
        one for one in rig.points() if one.operation and (one.operation.call, one.operation.subject) == (call, subject)
    ]


def test_everything_happens_in_the_replay_that_is_killed(rig: Rig) -> None:
    kinds = {act.split(" ")[0] for act in rig.whole.acts}
    assert kinds == {"entry", "partial-1", "partial-2", "exit", "stop", "chase", "trade"}
    done = {(one.call, one.subject) for one in rig.operations}
    legs = ("entry", "stop", "partial-1", "partial-2", "exit", "chase")
    assert {("request", f"submit {leg}") for leg in legs} <= done
    assert {("request", "cancel stop"), ("replace", "halts.json"), ("unlink", "request")} <= done
    families = {matrix.family(one) for one in rig.points()}
    assert families == set(matrix.FAMILIES)


def test_a_process_killed_at_an_operation_of_each_kind_comes_back_to_the_same_truth(rig: Rig) -> None:
    assert told(matrix.killed(rig, matrix.sample(rig), JOBS)) == []


def test_a_process_that_is_killed_in_the_first_line_of_its_account_begins_it_again(rig: Rig) -> None:
    (first, *_) = (one for one in rig.points() if one.torn)
    assert first.act == "begin"
    assert told(matrix.killed(rig, [first], 1)) == []


def test_a_process_that_is_killed_in_its_recovery_too_comes_back_to_the_same_truth(rig: Rig) -> None:
    entered = before(rig, "answer", "submit entry")[:1]
    found = matrix.killed_twice(rig, entered, 1, step=9)
    assert len(found) >= 4
    assert told(found) == []


def test_what_a_power_loss_leaves_is_enough(rig: Rig) -> None:
    found = power.judged(rig, every=170, jobs=JOBS, venue_elsewhere=True)
    assert len(found) >= 10
    assert told(found) == []


def test_a_build_that_writes_down_what_it_has_sent_is_caught() -> None:
    broken = Rig(builds.intent_after_the_send)
    (found,) = matrix.killed(broken, before(broken, "answer", "submit entry")[:1], 1)
    assert "fills: BTC/USDT 1 was executed and is not in the journal" in found.violations


def test_a_build_that_draws_its_ids_is_caught() -> None:
    broken = Rig(builds.random_ids)
    (found,) = matrix.killed(broken, before(broken, "answer", "submit entry")[:1], 1)
    assert any(one.startswith("ids: entry BTC/USDT") for one in found.violations)


@pytest.mark.long
def test_a_build_that_never_syncs_is_caught_by_the_power_loss_and_not_by_the_kill() -> None:
    broken = Rig(builds.no_fsync)
    assert told(matrix.killed(broken, before(broken, "answer", "submit entry")[:1], 1)) == []
    found = power.judged(broken, every=250, jobs=JOBS, venue_elsewhere=True)
    lost = [text for one in found for text in one.violations if "was executed and is not in the journal" in text]
    assert lost


@pytest.mark.long
def test_every_place_to_die_leads_back_to_the_same_truth(rig: Rig) -> None:
    found = matrix.killed(rig, rig.points(), os.cpu_count() or 1)
    assert len(found) > 1000
    assert told(found) == []


@pytest.mark.long
@pytest.mark.parametrize("elsewhere", [False, True])
def test_every_third_image_of_a_power_loss_is_enough(rig: Rig, elsewhere: bool) -> None:
    found = power.judged(rig, every=3, jobs=os.cpu_count() or 1, venue_elsewhere=elsewhere, seed=3)
    # All of them, for docs/crash_matrix.md: python -m tests.faults.crash
    assert len(found) > 850
    assert told(found) == []


@pytest.mark.long
def test_every_second_death_after_an_answer_leads_back_to_the_same_truth(rig: Rig) -> None:
    answers = [one for one in rig.points() if one.operation and one.operation.call == "answer"]
    assert told(matrix.killed_twice(rig, answers[::3], os.cpu_count() or 1, step=2)) == []
