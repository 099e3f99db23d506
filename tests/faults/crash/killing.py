"""Kill a replay at an operation, start it again, and look."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

# What a replay imports when it needs it: here once for all the processes that die.
import sqlite_utils  # noqa: F401

import vigie.engine.governance.rules.r01_kill_switches
import vigie.reporting.account  # noqa: F401
from tests.faults.crash.invariants import Run, broken, entries_of, folder_of, run_of, unprotected, venue_of
from tests.faults.crash.processes import forked, run_apart, scratch
from tests.faults.crash.scenario import ACTS, HOUR, LETTERS, START, moved, task, visit
from tests.faults.crash.wrapping import Operation, Wrapper
from vigie.adapters.exchanges.paper_ledger import FILE_NAME
from vigie.adapters.storage.journal_files import segments
from vigie.app.trading.replay import ReplayResult, ReplayTask, run_replay
from vigie.app.trading.setups import terms_of
from vigie.app.wiring import Replay
from vigie.simulation.terms import Terms

Build = Callable[[], AbstractContextManager[object]]
"""What is wrong with the build that is killed."""

SHIPPED: Build = nullcontext


def act_of(row: int | None) -> str:
    """What a row of the market is about; None: the end."""
    return ACTS[row] if row is not None and row < len(ACTS) else "end"


@dataclass(frozen=True, slots=True)
class Point:
    """Where a process dies: right before an operation, which is right after the one before it.

    Attributes:
        number: of the operation; the number behind the last: at the end.
        operation: it; None: the end.
        torn: in the middle of a write, this many bytes of which are done; 0: before it.
    """

    number: int
    operation: Operation | None
    torn: int = 0

    @property
    def act(self) -> str:
        """What the row is about."""
        return act_of(None if self.operation is None else self.operation.row)

    def __str__(self) -> str:
        where = "at the end" if self.operation is None else f"before {self.operation}"
        if self.torn:
            where = f"{self.torn} bytes into {self.operation}"
        return f"{self.number}, {where} ({self.act})"


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
            self.operations = tuple(
                Operation(call, subject, row, tuple(ends)) for call, subject, row, ends in said["operations"]
            )
            self.whole: Run = run_of(home)
        self.asked_early = {letter.row: self._stopped_after(letter.row) for letter in LETTERS}

    def _stopped_after(self, row: int) -> Run:
        """A run that a person stops and starts again when a letter was just put in: it is obeyed one candle earlier."""
        with scratch() as home:
            for until in (row, None):
                run_apart(lambda until=until: self.replay(home, until=until).problems)  # type: ignore[misc]
            return run_of(home)

    def points(self) -> list[Point]:
        """Every place to die."""
        found = []
        for number, operation in enumerate(self.operations):
            found.append(Point(number, operation))
            # A write ends in the middle of its last line, or after any of the others.
            begins = operation.ends[-2] if len(operation.ends) > 1 else 0
            cuts = [*operation.ends[:-1], (begins + operation.ends[-1]) // 2] if operation.ends else []
            found += [Point(number, operation, cut) for cut in cuts]
        return [*found, Point(len(self.operations), None)]

    def kill(self, point: Point) -> Verdict:
        """Let a process die there, start again, and judge."""
        with scratch() as home:
            self.die(home, point)
            return self.judge(home, point)

    def kill_twice(self, point: Point, number: int) -> Verdict | None:
        """Let a process die there, and the next one at an operation of its recovery.

        Returns:
            None: the second one has no such operation.
        """
        with scratch() as home:
            self.die(home, point)
            wrapper = Wrapper(home, lambda at, _: _die() if at == number else None)
            if not _killed(forked(lambda: self.run(home, wrapper))):
                return None
            return self.judge(home, point, f"again before operation {number}")

    def die(self, home: Path, point: Point) -> None:
        """Let a process run to a point and kill it there."""

        def before(number: int, operation: Operation) -> None:
            if number == point.number and not point.torn:
                if operation != point.operation:
                    raise AssertionError(f"operation {number} was {point.operation} and is {operation} now")
                _die()

        wrapper = Wrapper(home, before, tear=(point.number, point.torn) if point.torn else None)

        def work() -> None:
            self.run(home, wrapper)
            _die()

        status = forked(work)
        if not _killed(status):
            raise AssertionError(f"{point}: the process did not die there, its status is {status}")

    def judge(self, home: Path, point: Point, variant: str = "") -> Verdict:
        """Start what was left in a fresh process, let it run to the end, and look at all that was promised."""
        said = run_apart(lambda: self._restart(home))
        return Verdict(point, variant, tuple(said["violations"]), tuple(said["given_up"]))

    def _record(self, home: Path) -> dict[str, list[object]]:
        wrapper = Wrapper(home)
        problems = self.run(home, wrapper)
        done = [(one.call, one.subject, one.row, one.ends) for one in wrapper.done]
        return {"operations": done, "problems": problems}  # type: ignore[dict-item]

    def run(self, home: Path, wrapper: Wrapper) -> list[str]:
        """The replay with its calls wrapped. What the build does wrong is below: an fsync left out is not seen."""
        with wrapper.installed(), self.build():
            return list(self.replay(home, wrapper).problems)

    def _restart(self, home: Path) -> dict[str, list[str]]:
        violations: list[str] = []

        def look() -> None:
            violations.extend(f"protection: {one}" for one in unprotected(venue_of(home, self.terms)))

        try:
            waiting = self._waiting(home)
            with self.build():
                done = self.replay(home, look=look)
            violations += [f"problem: {one}" for one in done.problems]
            violations += [] if done.started.clean else [f"recovery: {'; '.join(done.started.steps)}"]
            entries = entries_of(home)
            violations += broken(home, self.terms, entries=entries)
            found = run_of(home, entries)
            violations += self._compared(found, waiting)
        except Exception as error:  # noqa: BLE001 - whatever comes up is a finding
            return {"violations": [*violations, f"{type(error).__name__}: {error}"], "given_up": []}
        return {"violations": sorted(set(violations)), "given_up": list(found.given_up)}

    def replay(
        self,
        home: Path,
        wrapper: Wrapper | None = None,
        look: Callable[[], None] = lambda: None,
        until: int | None = None,
    ) -> ReplayResult:
        """The shipped replay, first or again, and a person who looks in after each candle, and may stop it."""
        known = self._known(home)
        waiting = ["the first word comes when recovery and the tick after it are done"]

        def progress(_: int) -> None:
            if waiting:
                waiting.clear()
                look()
                visit(home, known)

        def watch(replay: Replay) -> None:
            look()
            at = replay.market.row_opens_at
            if wrapper is not None:
                wrapper.row = 0 if at is None else (at - START) // HOUR + 1
            visit(home, at)
            if at is not None and until == (at - START) // HOUR:
                signal.raise_signal(signal.SIGINT)

        # What lay in the box while the last row was looked at lies there again; what came after, comes after.
        visit(home, None if known is None else known - HOUR)
        return run_replay(moved(self.task, home), progress=progress, watch=watch)

    def _known(self, home: Path) -> int | None:
        """The last row that the venue has lived through; the person knows the hour as well."""
        folder = folder_of(home)
        if not (folder / FILE_NAME).exists() or not segments(folder / "journal"):
            return None
        played = max(venue_of(home, self.terms).played.values(), default=0)
        return played - HOUR if played else None

    def _waiting(self, home: Path) -> int | None:
        """The row whose letter lies in the box already while the tick of that row is done again; None: none does."""
        known = self._known(home)
        row = None if known is None else (known - START) // HOUR
        lies = any(letter.row == row and letter.path(folder_of(home)).exists() for letter in LETTERS)
        return row if lies else None

    def _compared(self, found: Run, waiting: int | None) -> list[str]:
        """Against the undisturbed run. A decision whose order never left is dropped, and may change what follows."""
        if any(not one.startswith(("stop", "exit", "chase")) for one in found.given_up):
            return []
        allowed = [self.whole, *([] if waiting is None else [self.asked_early[waiting]])]
        if any(found.acts == one.acts for one in allowed):
            return []
        return [f"acts: {one}" for one in sorted(set(found.acts) ^ set(self.whole.acts))]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _killed(status: int) -> bool:
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
