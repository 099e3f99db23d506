"""Log files read for people: the last entries, and those that come, across rotation."""

from __future__ import annotations

import json
import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vigie.adapters.logs import LEVELS
from vigie.adapters.logs.files import BACKUPS
from vigie.adapters.logs.formats import INDENT

_LEVEL = "|".join(LEVELS)
_INSTANT = r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3})"
_LINES = tuple(
    re.compile(_INSTANT + rest, re.DOTALL)
    for rest in (
        rf" - (?P<name>\S+) - (?P<level>{_LEVEL}) - (?P<process>\d+) - (?P<thread>\S+) - (?P<message>.*)",
        rf" - (?P<name>\S+) - (?P<level>{_LEVEL}) - (?P<message>.*)",
        rf" (?P<level>{_LEVEL}) +(?P<message>.*)",
    )
)
_TRACE = "Traceback (most recent call last):"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a log.

    Attributes:
        text: as it stands in the file, all its lines.
        fields: ``time``, ``level``, ``message`` and what else its format tells; a line of none has a message only.
    """

    text: str
    fields: dict[str, str]

    def at_least(self, level: str | None) -> bool:
        """Whether it is of a level or above; what has none is shown."""
        told = self.fields.get("level")
        return level is None or told not in LEVELS or LEVELS.index(told) >= LEVELS.index(level)


def entry_of(text: str) -> Entry:
    """An entry, whatever its format: settings change, and files stay."""
    if text.startswith("{"):
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return Entry(text, {str(name): str(value) for name, value in document.items() if value is not None})
    for shape in _LINES:
        found = shape.fullmatch(text)
        if found:
            fields = {**found.groupdict(), "time": found["time"].replace(" ", "T") + "Z"}
            message, cut, trace = fields["message"].replace("\n" + INDENT, "\n").partition("\n" + _TRACE)
            return Entry(text, {**fields, "message": message} | ({"exception": _TRACE + trace} if cut else {}))
    return Entry(text, {"message": text})


def files_of(path: Path) -> list[Path]:
    """A log and its old files that are there, the newest first."""
    named = [path, *(path.with_name(f"{path.name}.{number}") for number in range(1, BACKUPS + 1))]
    return [one for one in named if one.is_file()]


def last_entries(path: Path, most: int, level: str | None = None) -> list[Entry]:
    """The last entries of a log, oldest first; its old files are read where the newest has too few.

    Args:
        path: the newest file.
        most: so many.
        level: only those of this level or above; None: all.

    Raises:
        OSError: a file cannot be read.
    """
    found: list[Entry] = []
    for one in files_of(path):
        with one.open("rb") as file:
            kept = deque((entry for entry in _entries(file) if entry.at_least(level)), most)
        found = [*kept, *found][-most:] if most else []
        if len(found) >= most:
            break
    return found


def _entries(file: BinaryIO) -> Iterator[Entry]:
    block: list[str] = []
    for raw in file:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if block and not line.startswith(INDENT):
            yield entry_of("\n".join(block))
            block = []
        block.append(line)
    if block:
        yield entry_of("\n".join(block))


def following(path: Path, pause: Callable[[], None]) -> Iterator[Entry]:
    """Entries as they come, from now on; a file that is rotated away, cut or not there yet is waited for.

    Args:
        path: the log.
        pause: waits a moment.

    Yields:
        entries of which no more comes for the moment: all lines of one are written at once.
    """
    file = _opened(path)
    if file is not None:
        file.seek(0, 2)
    rest = b""
    try:
        while True:
            more = b"" if file is None else file.read()
            rest += more
            if more:
                continue
            whole, _, rest = rest.rpartition(b"\n")
            yield from map(entry_of, _blocks(whole.decode("utf-8", "replace")))
            if _replaced(file, path):
                if file is not None:
                    file.close()
                file, rest = _opened(path), b""
                continue
            pause()
    finally:
        if file is not None:
            file.close()


def _blocks(text: str) -> Iterator[str]:
    block: list[str] = []
    for line in text.splitlines():
        if block and not line.startswith(INDENT):
            yield "\n".join(block)
            block = []
        block.append(line)
    if block:
        yield "\n".join(block)


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _replaced(file: BinaryIO | None, path: Path) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return False
    if file is None:
        return True
    now = os.fstat(file.fileno())
    return (now.st_ino, now.st_dev) != (found.st_ino, found.st_dev) or found.st_size < file.tell()
