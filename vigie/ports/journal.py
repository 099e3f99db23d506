"""The append-only truth of what we did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from vigie.domain.events import Event


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.

    Attributes:
        seq: its number, from 1, without holes.
        at: epoch milliseconds.
        event: what happened.
    """

    seq: int
    at: int
    event: Event


class Journal(Protocol):
    """One writer; whoever writes holds the account's lock."""

    @property
    def last_seq(self) -> int:
        """Number of the last line; 0: none."""
        ...

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        """Add lines; they are handed to the operating system, not yet surely on the disk.

        Raises:
            OSError: they cannot be written; nothing of them remains.
            AccountLocked: this process is not the account's writer any more; nothing of them was written.
        """
        ...

    def sync(self) -> None:
        """Everything appended is on the disk when this returns.

        Raises:
            OSError: it is not.
            AccountLocked: this process is not the account's writer any more.
        """
        ...

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        """Lines after a number, in order, the chain checked on the way.

        Raises:
            InvariantBroken: a line that is damaged or breaks the chain; names file and line.
        """
        ...
