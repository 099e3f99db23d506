"""The whole matrix: every place to die, every image of a power loss, every broken build; as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.faults.crash import builds, power
from tests.faults.crash.killing import Build, Point, Rig, Verdict
from tests.faults.crash.processes import spread
from tests.faults.crash.scenario import ACTS

FAMILIES = ("journal", "snapshot", "venue's books", "send", "answer", "halts", "requests", "heartbeat", "folders, lock")


def family(point: Point) -> str:
    """What kind of operation a point is at."""
    operation = point.operation
    if operation is None:
        return "heartbeat"
    if operation.call in ("request", "answer"):
        return "send" if operation.call == "request" else "answer"
    subject = operation.subject
    for beginning, name in (
        ("journal", "journal"),
        ("folder journal", "journal"),
        ("state.json", "snapshot"),
        ("paper_ledger", "venue's books"),
        ("halts", "halts"),
        ("request", "requests"),
        ("folder requests", "requests"),
        ("heartbeat", "heartbeat"),
    ):
        if subject.startswith(beginning):
            return name
    return "folders, lock"


def sample(rig: Rig) -> list[Point]:
    """A place before each call on each kind of file, each time in another row, and some in the middle of a write."""
    kinds: dict[tuple[str, str, bool], list[Point]] = {}
    for point in rig.points():
        call = "" if point.operation is None else point.operation.call
        kinds.setdefault((call, family(point), point.torn > 0), []).append(point)
    return [points[(7 * turn) % len(points)] for turn, points in enumerate(kinds.values())]


def killed(rig: Rig, points: Sequence[Point], jobs: int) -> list[Verdict]:
    """Kill at each of the points, start again, and judge."""

    def kill(point: Point) -> list[list[str]]:
        found = rig.kill(point)
        return [list(found.violations), list(found.given_up)]

    said = spread(kill, points, jobs)
    return [Verdict(point, "", tuple(bad), tuple(up)) for point, (bad, up) in zip(points, said, strict=True)]


def killed_twice(rig: Rig, points: Sequence[Point], jobs: int, *, step: int = 1) -> list[Verdict]:
    """Kill at each of the points, and again at the operations of the recovery and the tick after it."""

    def kill(point: Point) -> list[list[object]]:
        found: list[list[object]] = []
        number = 0
        while number < RECOVERY and (verdict := rig.kill_twice(point, number)) is not None:
            found.append([verdict.variant, list(verdict.violations), list(verdict.given_up)])
            number += step
        return found

    return [
        Verdict(point, str(variant), tuple(bad), tuple(up))
        for point, each in zip(points, spread(kill, points, jobs), strict=True)
        for variant, bad, up in each  # type: ignore[misc]
    ]


RECOVERY = 60
"""Operations after a start at which a process is killed for the second time."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A build that has to be caught.

    Attributes:
        name: what is broken.
        build: it.
        catch: the part of the matrix that is to catch it.
    """

    name: str
    build: Build
    catch: Callable[[Rig, int], list[Verdict]]


def _at_answers(rig: Rig, jobs: int) -> list[Verdict]:
    points = [one for one in rig.points() if one.operation is not None and one.operation.call == "answer"]
    return killed(rig, points[:12], jobs)


def _without_power(rig: Rig, jobs: int) -> list[Verdict]:
    return power.judged(rig, every=60, jobs=jobs, venue_elsewhere=True)


BROKEN = (
    Broken("an intent is written down after it was sent", builds.intent_after_the_send, _at_answers),
    Broken("nothing is ever fsynced", builds.no_fsync, _without_power),
    Broken("client ids are drawn at random", builds.random_ids, _at_answers),
)


def table(verdicts: Sequence[Verdict], columns: Sequence[str], column: Callable[[Verdict], str]) -> list[str]:
    """A table of acts by something: how often, and in how many of them something did not hold."""
    done: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    for one in verdicts:
        cell = one.point.act, column(one)
        done[cell] += 1
        bad[cell] += bool(one.violations)

    def told(cells: Sequence[tuple[str, str]]) -> str:
        times, wrong = sum(done[cell] for cell in cells), sum(bad[cell] for cell in cells)
        return "" if not times else str(times) if not wrong else f"{times}, **{wrong} broken**"

    acts = [*dict.fromkeys(ACTS), "end"]
    lines = [f"| | {' | '.join(columns)} | all |", f"|---|{'---:|' * (len(columns) + 1)}"]
    for act in acts:
        row = [(act, name) for name in columns]
        if any(done[cell] for cell in row):
            lines.append(f"| {act} | {' | '.join(told([cell]) for cell in row)} | {told(row)} |")
    sums = [[(act, name) for act in acts] for name in columns]
    every = [cell for cells in sums for cell in cells]
    return [*lines, f"| **all** | {' | '.join(told(cells) for cells in sums)} | {told(every)} |"]


def faults_of(verdicts: Sequence[Verdict], most: int = 20) -> list[str]:
    """What did not hold, in lines."""
    found = [one for one in verdicts if one.violations]
    lines = [f"- {one.point} {one.variant}: {one.violations[0]}" for one in found[:most]]
    return [*lines, *([f"- and {len(found) - most} more"] if len(found) > most else [])]
