"""What steers a running account, all of it files: kill switch, latches, stopped marker, requests, heartbeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from vigie.adapters.storage import heartbeat, kill_switch, tallies
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.letter_box import LetterBox
from vigie.domain.holdings import Latch
from vigie.ports.clock import Clock
from vigie.ports.controls import Request


@dataclass(frozen=True, slots=True)
class FileControls:
    """Fulfils :class:`vigie.ports.controls.Controls`.

    Attributes:
        state: the state folder of the home: the kill switch lies there, for all accounts.
        folder: of the account.
        halts: latches and stopped marker.
        box: requests.
        clock: says when.
        report: told what could not be read or written.
        machine: the machine's clock, for heartbeats; None: `clock` is it.
    """

    state: Path
    folder: Path
    halts: Halts
    box: LetterBox
    clock: Clock
    report: Callable[[str], None]
    machine: Clock | None = None

    @classmethod
    def of(
        cls, state: Path, account: str, clock: Clock, report: Callable[[str], None] = lambda _: None,
        machine: Clock | None = None,
    ) -> Self:  # fmt: skip
        """The controls of an account below a state folder."""
        folder = state / account
        box = LetterBox(folder / "requests", clock, report)
        return cls(state, folder, Halts(folder, clock), box, clock, report, machine)

    def kill_switch(self) -> str | None:
        """Why trading is halted by the file that people make. See the port."""
        return kill_switch.reason_to_halt(self.state)

    def latches(self) -> Mapping[str, Latch]:
        """Latches of this account as they stand on disk. See the port."""
        return self.halts.latches()

    def latch(self, name: str, latch: Latch) -> None:
        """Keep a latch. See the port."""
        self.halts.latch(name, latch)

    def lift(self, name: str) -> None:
        """Forget a latch. See the port."""
        self.halts.lift(name)

    def requests(self) -> tuple[Request, ...]:
        """What waits, oldest first. See the port."""
        return self.box.waiting()

    def done(self, request: Request) -> None:
        """Take a request out of the box. See the port."""
        self.box.done(request)

    def beat(self, facts: Mapping[str, object]) -> None:
        """Tell that the process lives. See the port.

        A heartbeat that cannot be written is reported and no more: its absence is the alarm. It carries the machine's
        time beside that of the clock here, which may be simulated: whoever asks whether the process lives is outside.
        """
        try:
            written_at = None if self.machine is None else self.machine.now_ms()
            heartbeat.beat(self.folder, self.clock.now_ms(), facts, written_at)
            tallies.add(self.folder, facts)
        except OSError as error:
            self.report(f"{self.folder}: the heartbeat cannot be written ({error.strerror or error})")
