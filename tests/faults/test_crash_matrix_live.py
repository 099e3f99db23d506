"""The live engine killed at any operation, its answers lost or not, comes back to the same truth. The whole is long."""

from __future__ import annotations

import os
import sys

import pytest

from tests.faults.campaign.spoiled import SendsAgain, blind_after_a_start
from tests.faults.crash.live import LOST, Death, Stage
from vigie.domain import events as e

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and asks /proc which file a descriptor is of")
AMBIGUOUS = ("F1", "F2", "F3", "F4", "F5", "F6", "F17", "F18")


def told(deaths: list[Death]) -> list[str]:
    return [f"{one.fault}, {one.where}: {text}" for one in deaths for text in one.violations]


def test_everything_happens_in_the_run_that_is_killed() -> None:
    stage = Stage(every=0).run()
    assert told(stage.deaths) == []
    legs = {one.event.intent.leg for one in stage.world.journal.lines if isinstance(one.event, e.IntentPlanned)}
    assert {"entry", "stop", "partial-1", "partial-2", "exit", "chase"} <= legs
    done = {(one.call, one.subject) for one in stage.operations}
    assert {
        ("request", "POST order"),
        ("answer", "DELETE order"),
        ("fsync", "journal"),
        ("replace", "state.json"),
    } <= done
    assert {name.split(" ")[0] for name in LOST} == set(AMBIGUOUS)


def test_a_process_killed_here_and_there_comes_back_to_the_same_truth() -> None:
    stage = Stage(every=97).run()
    assert len(stage.deaths) > 8
    assert told(stage.deaths) == []


@pytest.mark.parametrize(("fault", "writes"), [("F2 done, then hang", 14), ("F18 cancel after fill", 6)])
def test_a_process_killed_behind_a_lost_answer_comes_back_to_the_same_truth(fault: str, writes: int) -> None:
    stage = Stage(every=0, faults=(fault,), writes=writes).run()
    assert len(stage.deaths) > 8
    assert told(stage.deaths) == []


def test_a_build_that_sends_again_after_a_lost_answer_is_caught() -> None:
    stage = Stage(every=0, faults=("F2 done, then hang",), writes=30, spoiled=SendsAgain).run()
    assert any("was sent twice" in text for text in told(stage.deaths))


def test_a_build_whose_recovery_does_not_look_is_caught_behind_the_kill() -> None:
    stage = Stage(every=0, faults=("F2 done, then hang",), writes=15, spoiled=blind_after_a_start()).run()
    assert [one for one in stage.deaths if one.violations and one.where != "nowhere"]


@pytest.mark.long
def test_every_place_to_die_and_every_other_lost_answer_lead_back_to_the_same_truth() -> None:
    # All of them, for docs/crash_matrix.md: python -m tests.faults.crash --live
    stage = Stage(writes=2, faults=tuple(LOST), jobs=os.cpu_count() or 1).run()
    assert len(stage.deaths) > 2800
    assert told(stage.deaths) == []
