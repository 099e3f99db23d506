"""One writer per account: an operating-system lock on ``<state>/<account>/lock``, held as long as the process lives.

The file's content is for people: who holds it since when. It is the lock that counts, and the system lets go of it
however its holder dies.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from vigie.adapters.storage.atomic import make_folder, remove_leftovers
from vigie.adapters.storage.locks import hold
from vigie.domain.errors import AccountLocked
from vigie.domain.instants import as_text
from vigie.domain.masking import for_people
from vigie.domain.record import from_json, to_json
from vigie.ports.clock import Clock

_LOOKS = 10
_PAUSE_SECONDS = 0.05
"""Others only look who holds the lock, or do one small thing with it: worth half a second of patience."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an account, or held it last.

    Attributes:
        pid: process id.
        host: where.
        since: epoch milliseconds.
        command: what was called, secrets masked.
    """

    pid: int
    host: str
    since: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {as_text(self.since)} ({self.command})"


class AccountLock:
    """A lock that is held; made by `take`.

    Attributes:
        left_by: who held it last and did not give it back: a process that died. None: it was given back.
    """

    def __init__(self, path: Path, file: BinaryIO, left_by: Holder | None) -> None:
        self._path, self._file = path, file
        self.left_by = left_by

    @classmethod
    def take(cls, folder: Path, clock: Clock) -> Self:
        """Become the account's only writer; temporary files of dead writers are removed.

        Args:
            folder: of the account; made if missing.
            clock: says since when, and waits half a second for who only looks.

        Raises:
            AccountLocked: another process holds it; says who since when.
            OSError: the file cannot be made or written.
        """
        make_folder(folder)
        path = folder / "lock"
        for look in range(_LOOKS):
            file = _tried(path)
            if file is not None:
                return cls._taken(path, file, clock)
            if look < _LOOKS - 1:
                clock.sleep(_PAUSE_SECONDS)
        who = _written(path)
        raise AccountLocked(f"account {folder.name} is held by {who or 'another process'}: one writer at a time")

    @classmethod
    def _taken(cls, path: Path, file: BinaryIO, clock: Clock) -> Self:
        try:
            left_by = _written(path)
            me = Holder(os.getpid(), socket.gethostname(), clock.now_ms(), for_people(" ".join(sys.argv)))
            file.truncate(0)
            file.write(json.dumps(to_json(me)).encode() + b"\n")
            remove_leftovers(path.parent)
        except BaseException:
            file.close()
            raise
        return cls(path, file, left_by)

    def is_held(self) -> bool:
        """Whether the lock still counts: false once its file was removed or replaced under us. Cheap."""
        return not self._file.closed and _is_at(self._file, self._path)

    def require(self) -> None:
        """Make sure that nobody else can have taken the account since.

        Raises:
            AccountLocked: the lock's file was removed or replaced: another process may be trading.
        """
        if not self.is_held():
            raise AccountLocked(
                f"{self._path} was removed or replaced: another process may hold the account, so this one lets go;"
                " its stops stay at the venue"
            )

    def release(self) -> None:
        """Give it back; a second time does nothing."""
        if not self._file.closed:
            self._file.truncate(0)
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def holder_of(folder: Path) -> Holder | None:
    """Who holds an account now; None: nobody, or somebody who has not written his name yet.

    Raises:
        OSError: the file cannot be opened.
    """
    path = folder / "lock"
    if not path.exists():
        return None
    file = _tried(path)
    if file is not None:
        file.close()
        return None
    return _written(path)


def _tried(path: Path) -> BinaryIO | None:
    """The lock, unless somebody else has it or its file was replaced meanwhile."""
    try:
        file = hold(path, wait=False)
    except BlockingIOError:
        return None
    if _is_at(file, path):
        return file
    file.close()
    return None


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _written(path: Path) -> Holder | None:
    """Who wrote his name into the file; None: nobody that can be read."""
    try:
        return from_json(Holder, json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, AttributeError):
        return None
