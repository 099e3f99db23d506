"""The live engine killed before and after every durable operation and every request, answers lost or not.

One run of a small market is made in this process: engine, broker with real ccxt, and the exchange's desk. At each
operation the process forks. The child is what comes after a kill at that very instant: a copy of the files as they are,
an exchange that knows what it knows, and nobody who remembers anything. It starts, trades on, and is looked at.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, Self

from tests.faults.campaign.checks import resting
from tests.faults.campaign.market import HOUR, MINUTE
from tests.faults.campaign.troubles import triggered
from tests.faults.campaign.week import Week
from tests.faults.campaign.world import WRITES, Campaigner, Scene, Spoiled
from tests.faults.crash.processes import scratch
from tests.faults.crash.scenario import LETTERS, START, task
from tests.faults.crash.wrapping import Operation, Wrapper
from vigie.adapters.sim_server.calls import Call
from vigie.domain.confirmation import spelled

ORDER = "/api/v3/order"
FIRST_ROWS = 1
"""Rows of the market that are over when the account begins."""
HOURS_AFTER = 2
"""Hours that a process that came back trades on before it is looked at for the last time."""
WINDOW = 8
"""Operations after a lost answer behind which the process is killed too."""
LOST: dict[str, dict[str, Any]] = {
    "F1 hang, not done": {"action": "hang", "when": "before", "seconds": 30},
    "F2 done, then hang": {"action": "hang", "when": "after", "seconds": 30},
    "F3 reset, not done": {"action": "reset", "when": "before"},
    "F3 done, then reset": {"action": "reset", "when": "after"},
    "F3 half an answer": {"action": "reset", "when": "half"},
    "F4 done, 502": {"action": "answer", "when": "after", "status": 502},
    "F4 done, 504 -1007": {"action": "answer", "when": "after", "status": 504, "code": -1007, "message": "Timeout"},
    "F5 done, a page": {"action": "answer", "when": "after", "body": "<html>hello</html>"},
    "F5 done, cut": {"action": "answer", "when": "after", "cut": 40},
    "F6 done, not shown": {"action": "hang", "when": "after", "seconds": 30},
    "F17 new stop refused": {"action": "answer", "status": 400, "code": -2010, "message": "Account has insufficient "
                             "balance for requested action."},
    "F18 cancel after fill": {},
}  # fmt: skip
NO_FAULT = "no fault"


@dataclass(frozen=True, slots=True)
class Death:
    """A process that died, and what came after.

    Attributes:
        fault: what became of an answer.
        where: number and name of the operation it died before.
        violations: empty: everything held.
    """

    fault: str
    where: str
    violations: tuple[str, ...]


def scene() -> Scene:
    """The market of the replay that is killed, as an exchange's."""
    whole = task(Path())
    deposits = {"USDT": Decimal(10_000), "ETH": Decimal(1)}
    began = START + FIRST_ROWS * HOUR + 1000
    return Scene(whole.series, whole.instruments, whole.plan, began, deposits)


class Stage:
    """One run, and the processes that are forked off it.

    Attributes:
        deaths: what was found.
        operations: of the run itself.
        faults: of answers, by name; at each write of the run one process goes on with each of them.
    """

    def __init__(
        self,
        *,
        jobs: int = 2,
        every: int = 1,
        faults: Sequence[str] = (),
        writes: int = 1,
        spoiled: Spoiled = lambda broker: broker,
    ) -> None:
        """Make ready.

        Args:
            jobs: processes that live at the same time.
            every: only every n-th operation is one to die before; 0: none.
            faults: names out of `LOST`.
            writes: only every n-th write is one whose answer is lost.
            spoiled: puts something wrong around the broker.
        """
        self.faults, self._jobs, self._every, self._writes = tuple(faults), jobs, every, writes
        self._spoiled = spoiled
        self.deaths: list[Death] = []
        self.operations: list[Operation] = []
        self._children: dict[int, Path] = {}
        self._fault, self._count = NO_FAULT, 0
        self._until: int | None = None
        self._told_at = Path()

    def run(self) -> Self:
        """Make the run; all its children have ended when this returns."""
        # What is there now is shared with all children.
        gc.freeze()
        with scratch() as home, scratch() as aside:
            self._home, self._aside = home, aside
            self._wrapper = Wrapper(home, self._before)
            self.world = Campaigner(home, scene(), self._spoiled)
            self.world.passes = self._request
            self.week = Acts(self.world)
            with self._wrapper.installed():
                outcome = self.week.run()
            self.operations = list(self._wrapper.done)
            self._wait_for_all()
            if outcome.violations:
                self.deaths.append(Death(self._fault, "nowhere", tuple(outcome.violations)))
            if self._until is not None:
                self._over()
        return self

    # --- before each operation --------------------------------------------------------------------------------------

    def _request(self, when: str, call: Call) -> None:
        if when == "request" and call.method in WRITES and self._fault == NO_FAULT:
            self._count += 1
            for fault in self.faults if self._count % self._writes == 0 else ():
                if self._fault == NO_FAULT:
                    self._branch(fault, call)
        self._wrapper.about_to(when, f"{call.method} {call.path.rsplit('/', 1)[-1]}")

    def _before(self, number: int, operation: Operation) -> None:
        if self._until is not None and number > self._until:
            self._over()
        if self._until is not None or (self._every and number % self._every == 0):
            target = self._aside / f"{os.getpid()}-{number}"
            while len(self._children) >= self._jobs:
                self._reap()
            # Before the fork: this process goes on writing.
            self._wrapper.paused = True
            shutil.copytree(self._home, target)
            self._wrapper.paused = False
            self._fork(target, lambda: self._come_back(target, f"{number} {operation}"))

    def _fork(self, target: Path, work: Callable[[], None]) -> None:
        child = os.fork()
        if child:
            self._children[child] = target
            return
        self._children, self._told_at = {}, target.with_suffix(".said")
        try:
            work()
        except BaseException:  # noqa: BLE001 - nothing of the parent may go on in here
            self._say(self._told_at, [Death(self._fault, str(target), (traceback.format_exc(limit=-3),))])
            os._exit(1)

    def _come_back(self, target: Path, where: str) -> None:
        """All that a kill leaves, and the process that comes after it."""
        self._wrapper.paused = True
        self.world.passes = lambda _, __: None
        found = self.week.again(target / "state")
        shutil.rmtree(target)
        self._say(self._told_at, [Death(self._fault, where, tuple(found))])
        os._exit(0)

    def _branch(self, fault: str, call: Call) -> None:
        """A process goes on in which the answer to this very call is lost, and is killed all the way after it."""
        stop = "STOP_LOSS" in call.query + call.body
        cancels = call.method == "DELETE"
        if (fault.startswith("F17") and not stop) or (fault.startswith("F18") and not cancels):
            return

        # What goes on writes to the files of this process, which waits, and puts them back as they were.
        self._wait_for_all()
        kept = self._keep()
        said = self._aside / f"{fault.split(' ', maxsplit=1)[0]}.said"
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            self._hear(said)
            self._put_back(kept)
            return
        self._fault, self._told_at, self.deaths = fault, said, []
        self._until = len(self._wrapper.done) + WINDOW
        self._arm(fault, call)

    def _over(self) -> NoReturn:
        """The window is over: what this process was for has been seen."""
        self._wait_for_all()
        self._say(self._told_at, self.deaths)
        os._exit(0)

    def _keep(self) -> Path:
        self._wrapper.paused = True
        kept = self._aside / "kept"
        shutil.copytree(self._home, kept)
        self._wrapper.paused = False
        return kept

    def _put_back(self, kept: Path) -> None:
        self._wrapper.paused = True
        for path in [one for one in self._home.rglob("*") if one.is_file()]:
            if not (kept / path.relative_to(self._home)).exists():
                path.unlink()
        for path in [one for one in kept.rglob("*") if one.is_file()]:
            there = self._home / path.relative_to(kept)
            if path.suffix == ".jsonl":
                # Append-only, and open: what was added goes.
                os.truncate(there, path.stat().st_size)
            else:
                shutil.copy2(path, there)
        shutil.rmtree(kept)
        self._wrapper.paused = False

    def _arm(self, fault: str, call: Call) -> None:
        world = self.world
        if fault.startswith("F18"):
            found = (one for one in resting(world) if one.ticket.client_id in call.query + call.body)
            stop = next(found, None)
            if stop is not None and stop.working:
                world.ex.exchange.execute(stop.ticket.symbol, stop.number)
            elif stop is not None:
                triggered(world, stop)
            return
        world.rules({"name": fault, "method": call.method, "path": ORDER, **LOST[fault]})
        if fault.startswith("F6"):
            until = world.seconds(world.ex.now_ms()) + 120
            world.rules({"name": "lag", "method": "GET", "path": "*/order", "action": "lag", "seconds": 30,
                         "to": until})  # fmt: skip

    # --- children ---------------------------------------------------------------------------------------------------

    @staticmethod
    def _say(at: Path, deaths: Sequence[Death]) -> None:
        at.write_text(json.dumps([(one.fault, one.where, one.violations) for one in deaths]))

    def _reap(self) -> None:
        # Only those that were started here are waited for.
        child, _ = os.waitpid(next(iter(self._children)), 0)
        self._hear(self._children.pop(child).with_suffix(".said"))

    def _hear(self, said: Path) -> None:
        try:
            found = json.loads(said.read_text())
            said.unlink()
        except (OSError, ValueError) as error:
            found = [(self._fault, said.name, [f"a process said nothing: {error}"])]
        self.deaths += [Death(fault, where, tuple(violations)) for fault, where, violations in found]

    def _wait_for_all(self) -> None:
        while self._children:
            self._reap()


class Acts(Week):
    """The market of the matrix: nothing is drawn, a person halts once and resumes."""

    def __init__(self, world: Campaigner) -> None:
        super().__init__(0, world, hours=20 - FIRST_ROWS)
        self._ends = 0
        self.closing = 3

    def _plan(self) -> None:
        for letter in LETTERS:
            at = START + (letter.row + 1) * HOUR + 30 * MINUTE

            def put(letter: Any = letter) -> str:
                latches = {**self.world.account.latches, **self.world.controls.latches()}
                looked_at = {"latches": spelled(latches)} if letter.kind == "resume" else {}
                self.world.controls.box.ask(letter.kind, {**letter.arguments, **looked_at})
                return str(letter.kind)

            self.trouble.later.append((at, "letter", put))

    def again(self, state: Path) -> list[str]:
        """A process after a kill: what it finds is all there is."""
        world = self.world
        world.state, world.fate.left = state, 0
        self._renew()
        self._next_guard = world.ex.now_ms()
        until = world.ex.now_ms() + HOURS_AFTER * HOUR
        self.hours = min(self.hours, (until - world.began) // HOUR)
        end = world.began + self.hours * HOUR
        while world.ex.now_ms() < end and not self.watch.found:
            self._step(end)
        if not self.watch.found:
            self._close()
        world.journal.close()
        return list(self.watch.found)
