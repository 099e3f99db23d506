"""The snapshot of an account: quick to read, never the only copy of anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vigie.domain.portfolio import Portfolio


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was found.

    Attributes:
        portfolio: the newest snapshot that can be read; None: none.
        source: ``state``, ``backup`` or ``nothing``.
        problems: what was wrong with the files that were not used, sentences.
        lines_told_of: a line of the journal that something else says was on the disk once; 0: nothing does.
        signs_of_life: what else there is that a new account cannot have, names; empty: nothing.
        migrated: the schema that it was written with, and that of now; None: they are the same.
    """

    portfolio: Portfolio | None
    source: str
    problems: tuple[str, ...] = ()
    lines_told_of: int = 0
    signs_of_life: tuple[str, ...] = ()
    migrated: tuple[int, int] | None = None


class StateStore(Protocol):
    """Atomic, with a backup, a checksum and a schema version."""

    def save(self, portfolio: Portfolio) -> None:
        """Replace the snapshot; the one before becomes the backup.

        Raises:
            OSError: it cannot be written; the old one is still there.
        """
        ...

    def load(self) -> Loaded:
        """The newest snapshot that is whole; damage is told, not raised."""
        ...
