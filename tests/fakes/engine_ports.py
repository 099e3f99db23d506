"""The ports of an engine kept in memory, one hand-written fake each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vigie.domain.events import AlertRaised, Event
from vigie.domain.holdings import Latch
from vigie.domain.portfolio import Portfolio
from vigie.ports.clock import Clock
from vigie.ports.controls import Request
from vigie.ports.journal import Entry
from vigie.ports.state_store import Loaded


@dataclass
class MemoryJournal:
    clock: Clock
    lines: list[Entry] = field(default_factory=list)
    synced: int = 0

    @property
    def last_seq(self) -> int:
        return self.lines[-1].seq if self.lines else 0

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        first = self.last_seq + 1
        fresh = tuple(Entry(first + at, self.clock.now_ms(), event) for at, event in enumerate(events))
        self.lines += fresh
        return fresh

    def sync(self) -> None:
        self.synced = self.last_seq

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        yield from self.lines[after_seq:]


class Killed(BaseException):
    """The process dies here. No code of ours catches it."""


@dataclass
class DyingJournal(MemoryJournal):
    """A journal whose process dies in the middle of what it appends.

    Attributes:
        last: after which line; None: it lives.
    """

    last: Callable[[Event], bool] | None = None

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        for number, event in enumerate(events, 1):
            if self.last is not None and self.last(event):
                super().append(events[:number])
                self.last = None
                raise Killed
        return super().append(events)


@dataclass
class MemoryStore:
    saved: Portfolio | None = None
    full: bool = False
    migrated: tuple[int, int] | None = None

    def save(self, portfolio: Portfolio) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.saved, self.migrated = portfolio, None

    def load(self) -> Loaded:
        return Loaded(self.saved, "nothing" if self.saved is None else "state", migrated=self.migrated)


@dataclass
class MemoryControls:
    switch: str | None = None
    kept: dict[str, Latch] = field(default_factory=dict)
    box: list[Request] = field(default_factory=list)
    beats: list[Mapping[str, object]] = field(default_factory=list)

    def kill_switch(self) -> str | None:
        return self.switch

    def latches(self) -> Mapping[str, Latch]:
        return dict(self.kept)

    def latch(self, name: str, latch: Latch) -> None:
        self.kept[name] = latch

    def lift(self, name: str) -> None:
        self.kept.pop(name, None)

    def requests(self) -> tuple[Request, ...]:
        return tuple(self.box)

    def done(self, request: Request) -> None:
        self.box.remove(request)

    def beat(self, facts: Mapping[str, object]) -> None:
        self.beats.append(facts)


@dataclass
class CollectedAlerts:
    told: list[AlertRaised] = field(default_factory=list)

    def tell(self, alert: AlertRaised) -> None:
        self.told.append(alert)
