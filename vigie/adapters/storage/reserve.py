"""Room that is kept for the journal lines of what protects: ``<state>/<account>/reserve``, a file of noise.

When the disk is full the file is given up, and what it took is there for the lines of stops, sales and fills. A line
that plans a purchase never has any of it: while the reserve is spent, or the disk nearly full, nothing new is bought.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.storage.atomic import sync_folder, write_atomically
from vigie.domain.events import Event, IntentPlanned
from vigie.domain.order import Leg
from vigie.ports.journal import Entry, Journal

NAME = "reserve"
SIZE = 1024 * 1024
"""Bytes: some thousand lines."""
ROOM = 4
"""So many times its size has to be free before it is made (again)."""
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


@dataclass(frozen=True, slots=True)
class Reserve:
    """The file.

    Attributes:
        folder: of the account.
        size: bytes.
        critical: with less than so many bytes free nothing is bought.
    """

    folder: Path
    size: int = SIZE
    critical: int = 0

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / NAME

    @property
    def spent(self) -> bool:
        """Whether it is gone."""
        return not self.path.exists()

    def free(self) -> int:
        """Bytes that this process may still write to the disk.

        Raises:
            OSError: the disk does not say.
        """
        return shutil.disk_usage(self.folder).free

    def make(self) -> bool:
        """Take the room, if there is plenty; True: it is there.

        Raises:
            OSError: it cannot be written.
        """
        if self.spent:
            if self.free() < ROOM * self.size:
                return False
            # Noise: a file system that packs zeros would keep no room at all.
            write_atomically(self.path, os.urandom(self.size))
        return True

    def release(self) -> bool:
        """Give the room up; True: there was some to give."""
        try:
            self.path.unlink()
            sync_folder(self.folder)
        except OSError:
            return False
        return True

    def against_buying(self) -> str | None:
        """Why nothing new may be bought; None: there is room."""
        if self.spent:
            return "the disk was full, and what is left of it is kept for orders that protect"
        try:
            free = self.free()
        except OSError as error:
            return f"how much room is left cannot be told ({error.strerror or error})"
        if free < self.critical:
            return f"{free / 1e6:.0f} MB are free, less than {self.critical / 1e6:.0f} MB: nothing new is bought"
        return None


class ReservedJournal:
    """Fulfils :class:`vigie.ports.journal.Journal`; gives the reserve up where a line would not fit."""

    def __init__(self, journal: Journal, reserve: Reserve) -> None:
        self._journal, self._reserve = journal, reserve

    @property
    def last_seq(self) -> int:
        """Number of the last line. See the port."""
        return self._journal.last_seq

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        """Add lines. See the port."""
        buys = any(isinstance(one, IntentPlanned) and one.intent.leg is Leg.ENTRY for one in events)
        why = self._reserve.against_buying() if buys else None
        if why is not None:
            raise OSError(errno.ENOSPC, why)
        try:
            return self._journal.append(events)
        except OSError as error:
            # What failed was taken back by the journal: it is tried once more, with the room that is free now.
            if buys or error.errno not in FULL or not self._reserve.release():
                raise
            return self._journal.append(events)

    def sync(self) -> None:
        """Everything appended is on the disk when this returns. See the port."""
        self._journal.sync()

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        """Lines after a number. See the port."""
        return self._journal.read(after_seq)
