"""Kill a replay at an operation, start it again, and look."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.faults.crash.invariants import Run, broken, folder_of, run_of, unprotected, venue_of
from tests.faults.crash.scenario import ACCOUNT, ACTS, HOUR, START, moved, task, visit
from tests.faults.crash.wrapping import Operation, Wrapper
from vigie.adapters.exchanges.paper_ledger import FILE_NAME
from vigie.adapters.storage.journal_files import segments
from vigie.app.replay import ReplayTask, run_replay
from vigie.app.wiring import Replay, terms_of
from vigie.domain.errors import VigieError
from vigie.simulation.terms import Terms

Build = Callable[[], AbstractContextManager[object]]
"""What is wrong with the build that is killed; `whole` for nothing."""

SHIPPED: Build = nullcontext


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory, if the system has such a place: what counts here is order, not the disk."""
    memory = Path("/dev/shm")  # noqa: S108 - made by mkdtemp below
    with tempfile.TemporaryDirectory(prefix="vigie-crash-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder).resolve()


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process dies: right before an operation, which is right after the one before it.

    Attributes:
        number: of the operation; the number behind the last: at the end.
        operation: it; None: the end.
        torn: in the middle of a write, half of which is done.
    """

    number: int
    operation: Operation | None
    torn: bool = False

    @property
    def act(self) -> str:
        """What the row is about."""
        row = -1 if self.operation is None else self.operation.row
        return ACTS[row] if 0 <= row < len(ACTS) else "begin" if row < 0 and self.operation else "end"

    def __str__(self) -> str:
        where = "at the end" if self.operation is None else f"{'in' if self.torn else 'before'} {self.operation}"
        return f"{self.number} {where} ({self.act})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a start after a crash came to.

    Attributes:
        point: where the process died.
        variant: which of the images it left; empty: what was written.
        violations: of the invariants; empty: none.
        given_up: orders of which recovery proved that they were never at the venue.
    """

    point: Point
    variant: str
    violations: tuple[str, ...]
    given_up: tuple[str, ...]


class Rig:
    """The replay, its undisturbed run, and what it is killed with."""

    def __init__(self, build: Build = SHIPPED) -> None:
        self.build = build
        self.task: ReplayTask = task(Path())
        self.terms: Terms = terms_of(self.task.plan.settings)
        self.operations: tuple[Operation, ...] = ()
        with scratch() as home:
            said = run_apart(lambda: self._record(home))
            if said["problems"]:
                raise AssertionError(f"the undisturbed run: {said['problems']}")
            self.operations = tuple(Operation(*one) for one in said["operations"])
            self.whole: Run = run_of(home)

    def points(self) -> list[Point]:
        """Every place to die."""
        found = []
        for number, operation in enumerate(self.operations):
            found.append(Point(number, operation))
            if operation.call == "write":
                found.append(Point(number, operation, torn=True))
        return [*found, Point(len(self.operations), None)]

    def kill(self, point: Point) -> Verdict:
        """Let a process die there, start again, and judge."""
        with scratch() as home:
            self.die(home, point)
            return self.judge(home, point)

    def die(self, home: Path, point: Point) -> None:
        """Let a process run to a point and kill it there."""

        def before(number: int, operation: Operation) -> None:
            if number == point.number and not point.torn:
                if operation != point.operation:
                    raise AssertionError(f"operation {number} was {point.operation} and is {operation} now")
                os.kill(os.getpid(), signal.SIGKILL)

        wrapper = Wrapper(home, before, tear=point.number if point.torn else None)

        def work() -> None:
            with self.build():
                self._run(home, wrapper)
            os.kill(os.getpid(), signal.SIGKILL)

        status = forked(work)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            raise AssertionError(f"{point}: the process did not die there, its status is {status}")

    def judge(self, home: Path, point: Point, variant: str = "") -> Verdict:
        """Start what was left in a fresh process, let it run to the end, and look at all that was promised."""
        said = run_apart(lambda: self._restart(home))
        return Verdict(point, variant, tuple(said["violations"]), tuple(said["given_up"]))

    def _record(self, home: Path) -> dict[str, object]:
        wrapper = Wrapper(home)
        with self.build():
            problems = self._run(home, wrapper)
        return {
            "operations": [(one.call, one.subject, one.row, one.size) for one in wrapper.done],
            "problems": problems,
        }

    def _run(self, home: Path, wrapper: Wrapper) -> list[str]:
        def watch(replay: Replay) -> None:
            at = replay.market.row_opens_at
            wrapper.row = -1 if at is None else (at - START) // HOUR + 1
            visit(home, at)

        with wrapper.installed():
            wrapper.row = 0
            return list(run_replay(moved(self.task, home), watch=watch).problems)

    def _restart(self, home: Path) -> dict[str, object]:
        violations: list[str] = []

        def look() -> None:
            naked = unprotected(venue_of(home, self.terms))
            violations.extend(f"protection: {one}" for one in naked)

        def watch(replay: Replay) -> None:
            look()
            visit(home, replay.market.row_opens_at)

        first = [True]

        def progress(_: int) -> None:
            # The first word comes when recovery and the tick after it are done.
            if first.pop() if first else False:
                look()
                visit(home, known)

        try:
            known = self._known(home)
            with self.build():
                # What lay in the box while the last row was looked at lies there again; what came after, comes after.
                visit(home, None if known is None else known - HOUR)
                done = run_replay(moved(self.task, home), progress=progress, watch=watch)
            violations += [f"problem: {one}" for one in done.problems]
            violations += [] if done.started.clean else [f"recovery: {'; '.join(done.started.steps)}"]
            violations += broken(home, self.terms)
            found = run_of(home)
            violations += self._compared(found)
        except (VigieError, OSError, ValueError) as error:
            return {"violations": [*violations, f"{type(error).__name__}: {error}"], "given_up": []}
        return {"violations": sorted(set(violations)), "given_up": found.given_up}

    def _known(self, home: Path) -> int | None:
        """The last row that the venue has lived through; the person knows the hour as well."""
        folder = folder_of(home)
        if not (folder / FILE_NAME).exists() or not segments(folder / "journal"):
            return None
        played = max(venue_of(home, self.terms).played.values(), default=0)
        return played - HOUR if played else None

    def _compared(self, found: Run) -> list[str]:
        """Against the undisturbed run. A decision whose order never left is dropped, and may change what follows."""
        if found.given_up and any(not one.startswith(("stop", "exit", "chase")) for one in found.given_up):
            return []
        differing = set(found.acts) ^ set(self.whole.acts)
        return [f"acts: {one}" for one in sorted(differing)]


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own; a traceback goes to stderr.

    Returns:
        its wait status.
    """
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - nothing of the parent may go on in here
            sys.stderr.write(traceback.format_exc())
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def run_apart(work: Callable[[], dict[str, object]]) -> dict[str, object]:
    """What something says that is done in a process of its own."""
    with tempfile.TemporaryFile() as told:

        def speak() -> None:
            os.write(told.fileno(), json.dumps(work()).encode())

        status = forked(speak)
        if status != 0:
            raise AssertionError(f"a process that was not to be killed ended with status {status}")
        told.seek(0)
        said: dict[str, object] = json.loads(told.read())
        return said
