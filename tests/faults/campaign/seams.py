"""Where a process of the campaign can die, and what a power cut takes with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.engine_ports import Killed
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import segments
from vigie.adapters.storage.state_file import StateFile
from vigie.domain.events import Event
from vigie.domain.portfolio import Portfolio
from vigie.ports.clock import Clock
from vigie.ports.journal import Entry
from vigie.ports.state_store import Loaded

PLACES = ("append", "appended", "sync", "synced", "save", "saved", "request", "answer", "order", "ordered")
"""Before and after a line, an fsync, a snapshot, a request, and a request that changes something."""
NO_SPACE = 28


@dataclass
class Fate:
    """Says when a process dies, and when its disk is full.

    Attributes:
        place, left: it dies the n-th time it comes by this place; 0: it lives.
        full: nothing can be written.
        deaths: so far.
    """

    place: str = ""
    left: int = 0
    full: bool = False
    deaths: int = 0

    def at(self, place: str) -> None:
        """Come by a place.

        Raises:
            Killed: here.
        """
        if self.left and place == self.place:
            self.left -= 1
            if not self.left:
                self.deaths += 1
                raise Killed

    def write(self) -> None:
        """Come by a write.

        Raises:
            OSError: the disk is full.
        """
        if self.full:
            raise OSError(NO_SPACE, "No space left on device")


@dataclass
class WatchedJournal:
    """The shipped journal, its lines at hand. Fulfils `vigie.ports.journal.Journal`.

    Attributes:
        folder: of its files.
        lines: all of them.
        synced: how many are surely on the disk.
    """

    folder: Path
    account: str
    clock: Clock
    fate: Fate
    lines: list[Entry] = field(default_factory=list)
    synced: int = 0
    _sure: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._whole = JsonlJournal(self.folder, self.account, self.clock)
        self.lines = list(self._whole.read())
        self._is_sure()

    @property
    def last_seq(self) -> int:
        return self._whole.last_seq

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        self.fate.at("append")
        self.fate.write()
        fresh = self._whole.append(events)
        self.lines += fresh
        self.fate.at("appended")
        return fresh

    def sync(self) -> None:
        self.fate.at("sync")
        self.fate.write()
        self._whole.sync()
        self._is_sure()
        self.fate.at("synced")

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        return self._whole.read(after_seq)

    def close(self) -> None:
        self._whole.close()

    def cut_power(self) -> None:
        """What was not synced is gone."""
        self.close()
        for path in segments(self.folder):
            kept = self._sure.get(path.name)
            if kept is None:
                path.unlink()
            else:
                with path.open("r+b") as file:
                    file.truncate(kept)

    def _is_sure(self) -> None:
        self.synced = self.last_seq
        self._sure = {path.name: path.stat().st_size for path in segments(self.folder)}


@dataclass
class WatchedStore:
    """The shipped snapshot. Fulfils `vigie.ports.state_store.StateStore`."""

    whole: StateFile
    fate: Fate

    def save(self, portfolio: Portfolio) -> None:
        self.fate.at("save")
        self.fate.write()
        self.whole.save(portfolio)
        self.fate.at("saved")

    def load(self) -> Loaded:
        return self.whole.load()
