"""Reading a journal: forwards with the chain checked, backwards from the end, or one line by its number.

None of this needs the account's lock: a last line without an end is being written right now, and is left out. Nothing
here knows the events; whoever only shows lines does not pay for importing them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.storage.appending import last_line
from vigie.adapters.storage.journal_lines import NOTHING, Line, check_follows, check_genesis, understand
from vigie.domain.errors import InvariantBroken

_NAME = re.compile(r"\d{4}-\d{2}\.jsonl")
_BLOCK = 65_536


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at every line found.

    Attributes:
        lines: that are whole and in their place, the genesis line included, before the first bad one.
        last_seq, last_hash: of the last of them; -1 and zeros where there is none.
        files: names, in order.
        bad: file, line and why, of the first bad line; None: the chain holds.
    """

    lines: int
    last_seq: int
    last_hash: str
    files: tuple[str, ...]
    bad: str | None


def segments(folder: Path) -> list[Path]:
    """The journal's files, oldest first; none where there is no journal.

    Raises:
        OSError: the folder cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []


def walk(folder: Path, after_seq: int = -1, account: str | None = None) -> Iterator[Line]:
    """Lines after a number, in order, the chain checked from the beginning of the file that holds the first of them.

    Args:
        folder: of the journal.
        after_seq: -1: from the genesis line on, which checks everything.
        account: whose journal it is to be; None: anybody's.

    Raises:
        InvariantBroken: a line that is damaged, missing or not in its place; names file and line.
        ConfigError: a later vigie wrote it.
        OSError: a file cannot be read.
    """
    files = segments(folder)
    first = _holding(files, after_seq + 1)
    seq, digest = _end_of(files[first - 1]) if first else (-1, NOTHING)
    for at, path in enumerate(files[first:], first):
        number = 0
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                if not raw.endswith(b"\n") and at == len(files) - 1:
                    return  # somebody is writing it now, or died over it
                with _Told(path, number):
                    if not raw.endswith(b"\n"):
                        raise ValueError("it has lost its end")
                    line = understand(raw.removesuffix(b"\n"))
                    check_follows(line, seq, digest)
                    if line.seq == 0:
                        check_genesis(line, account)
                seq, digest = line.seq, line.hash
                if seq > after_seq:
                    yield line
        if number == 0 and at < max(1, len(files) - 1):
            # The first file is made with its genesis line inside, and only the last can have been begun just now.
            raise InvariantBroken(f"{path}: line 1: the file is empty, its lines are missing")


def verify(folder: Path, account: str | None = None) -> Verified:
    """Look at every line, and find the first bad one.

    Raises:
        OSError: a file cannot be read.
        ConfigError: a later vigie wrote it.
    """
    lines, seq, digest, bad = 0, -1, NOTHING, None
    try:
        for lines, line in enumerate(walk(folder, account=account), 1):  # noqa: B007 - read after the loop
            seq, digest = line.seq, line.hash
    except InvariantBroken as error:
        bad = str(error)
    return Verified(lines, seq, digest, tuple(path.name for path in segments(folder)), bad)


def backwards(folder: Path) -> Iterator[Line]:
    """Whole lines, the last one first; each is checked by itself, the chain is not.

    Raises:
        InvariantBroken: a damaged line; names file and byte.
        OSError: a file cannot be read.
    """
    for path in reversed(segments(folder)):
        for start, raw in _raw_backwards(path):
            yield _understood_at(path, start, raw)


def tail(folder: Path, count: int, kinds: Collection[str] = ()) -> list[Line]:
    """The last lines, oldest first; reads from the end and no further than it must.

    Args:
        folder: of the journal.
        count: how many at most.
        kinds: only these; empty: all.

    Raises:
        InvariantBroken: a damaged line among those looked at.
        OSError: a file cannot be read.
    """
    marks = [f'"kind":"{kind}"'.encode() for kind in kinds]
    found: list[Line] = []
    for path in reversed(segments(folder)):
        for start, raw in _raw_backwards(path):
            if len(found) >= count:
                return found[::-1]
            # A first sieve without reading JSON; the words may also stand in a text.
            if marks and not any(mark in raw for mark in marks):
                continue
            line = _understood_at(path, start, raw)
            if not kinds or line.kind in kinds:
                found.append(line)
    return found[::-1]


def newer(folder: Path, after_seq: int) -> list[Line]:
    """Lines after a number, in order, read from the end: for those who follow.

    Raises:
        InvariantBroken: a damaged line among them.
        OSError: a file cannot be read.
    """
    found: list[Line] = []
    for line in backwards(folder):
        if line.seq <= after_seq:
            break
        found.append(line)
    return found[::-1]


def find(folder: Path, seq: int) -> Line | None:
    """The line of a number; None: there is no such line.

    Raises:
        InvariantBroken: it is damaged, or another one on the way to it.
        OSError: a file cannot be read.
    """
    files = segments(folder)
    if seq < 0 or not files:
        return None
    mark = b'{"seq":%d,' % seq
    content = files[_holding(files, seq)].read_bytes()
    at = 0 if content.startswith(mark) else content.find(b"\n" + mark) + 1
    end = content.find(b"\n", at)
    if end < 0 or not content.startswith(mark, at):
        return None
    return _understood_at(files[_holding(files, seq)], at, content[at:end])


def _holding(files: list[Path], seq: int) -> int:
    """Which file a number would stand in, by the first lines of all; 0 if none can tell."""
    for at in range(len(files) - 1, 0, -1):
        with files[at].open("rb") as file:
            raw = file.readline()
        if raw.endswith(b"\n"):
            with _Told(files[at], 1):
                if understand(raw[:-1]).seq <= seq:
                    return at
    return 0


def _end_of(path: Path) -> tuple[int, str]:
    """Number and hash of the last line of a file that others follow."""
    with _Told(path, None):
        line = understand(last_line(path))
    return line.seq, line.hash


def _understood_at(path: Path, start: int, raw: bytes) -> Line:
    try:
        return understand(raw)
    except ValueError as error:
        raise InvariantBroken(f"{path}: the line at byte {start}: {error}") from None


def _raw_backwards(path: Path) -> Iterator[tuple[int, bytes]]:
    """Whole lines of a file from the last to the first, each with the byte it begins at and without its end."""
    with path.open("rb") as file:
        position = file.seek(0, os.SEEK_END)
        rest, ended = b"", False
        while position > 0:
            size = min(_BLOCK, position)
            position -= size
            file.seek(position)
            lines = (file.read(size) + rest).split(b"\n")
            rest = lines[0]
            start = position + sum(len(one) + 1 for one in lines)
            for raw in reversed(lines[1:]):
                start -= len(raw) + 1
                if ended:
                    yield start, raw
                ended = True  # what stands behind the last line feed is no line
        if ended:
            yield 0, rest


class _Told:
    """Says where, when a line is not what it should be."""

    __slots__ = ("number", "path")

    def __init__(self, path: Path, number: int | None) -> None:
        self.path = path
        self.number = number

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ValueError):
            where = "last line" if self.number is None else f"line {self.number}"
            raise InvariantBroken(f"{self.path}: {where}: {error}") from None
