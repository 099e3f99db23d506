"""What other processes ask of an account: one small file per request in ``<state>/<account>/requests/``.

A request appears whole or not at all. Its name begins with the instant it was made: names sort as time does.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.storage.atomic import sync_folder, write_atomically
from vigie.domain.instants import for_names
from vigie.domain.record import from_json, to_json
from vigie.ports.clock import Clock
from vigie.ports.controls import Request

_LONGEST = 65_536
_NO_REQUEST = (OSError, ValueError, TypeError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class LetterBox:
    """Requests of one account. Anybody puts in, the lock holder takes out.

    Attributes:
        folder: ``requests``; made by the first letter.
        clock: says when.
        report: told what could not be read.
    """

    folder: Path
    clock: Clock
    report: Callable[[str], None] = lambda _: None

    def ask(self, kind: str, arguments: Mapping[str, str]) -> Request:
        """Put a request in; it is on disk when this returns.

        Raises:
            OSError: it cannot be written.
        """
        now = self.clock.now_ms()
        while any(self.folder.glob(f"{for_names(now)}-*.json")):
            now += 1  # two of one millisecond keep their order: it is their names that sort
        request = Request(f"{for_names(now)}-{os.urandom(4).hex()}", kind, now, dict(arguments))
        write_atomically(self._path(request.request_id), json.dumps(to_json(request)).encode() + b"\n")
        return request

    def waiting(self) -> tuple[Request, ...]:
        """What waits, oldest first. A letter that is none is put aside, once, and reported."""
        try:
            names = sorted(path for path in self.folder.glob("*.json") if not path.name.startswith("."))
        except OSError as error:
            self.report(f"{self.folder}: requests cannot be read ({error.strerror or error})")
            return ()
        return tuple(filter(None, map(self._opened, names)))

    def peek(self) -> tuple[Request, ...]:
        """What waits, oldest first, for those who only look: nothing is put aside, nothing reported."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            # One that is gone meanwhile, or that is no request: the engine sees to it.
            with contextlib.suppress(*_NO_REQUEST):
                if not path.name.startswith("."):
                    found.append(_read(path))
        return tuple(found)

    def done(self, request: Request) -> None:
        """Take a request out; one that is gone already is no error.

        Raises:
            OSError: it cannot be removed.
        """
        path = self._path(request.request_id)
        if path.exists():
            path.unlink(missing_ok=True)
            sync_folder(self.folder)

    def _path(self, request_id: str) -> Path:
        return self.folder / f"{request_id}.json"

    def _opened(self, path: Path) -> Request | None:
        try:
            return _read(path)
        except FileNotFoundError:
            return None  # its writer thought better of it
        except _NO_REQUEST as error:
            self._put_aside(path, str(error))
            return None

    def _put_aside(self, path: Path, why: str) -> None:
        try:
            path.rename(path.with_name(path.name + ".bad"))
        except OSError as error:
            why = f"{why}; and it cannot be put aside: {error.strerror or error}"
        self.report(f"{path}: it is no request ({why}), and was put aside")


def _read(path: Path) -> Request:
    with path.open("rb") as file:
        raw = file.read(_LONGEST + 1)
    if len(raw) > _LONGEST:
        raise ValueError(f"it is longer than {_LONGEST} bytes")
    request = from_json(Request, json.loads(raw))
    if request.request_id != path.stem:
        raise ValueError(f"it calls itself {request.request_id!r}")
    return request
