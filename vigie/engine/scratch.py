"""A journal on scratch paper: what would be written is folded, shown, and forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vigie.domain.events import Event
from vigie.ports.clock import Clock
from vigie.ports.journal import Entry


class Scratch:
    """Fulfils :class:`vigie.ports.journal.Journal`; nothing of it reaches a disk.

    Attributes:
        lines: what was written.
    """

    def __init__(self, last_seq: int, clock: Clock) -> None:
        """Go on after a line of the real one."""
        self._first, self._clock = last_seq, clock
        self.lines: list[Entry] = []

    @property
    def last_seq(self) -> int:
        """Number of the last line."""
        return self._first + len(self.lines)

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        """Add lines."""
        now = self._clock.now_ms()
        fresh = tuple(Entry(self.last_seq + 1 + at, now, event) for at, event in enumerate(events))
        self.lines += fresh
        return fresh

    def sync(self) -> None:
        """There is nothing to bring to a disk."""

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        """What was written here after a line."""
        return (one for one in self.lines if one.seq > after_seq)
