"""A file of lines that only grows: written by several processes, whole lines or nothing.

Whoever appends holds the lock of the file (``locks.locked``) from looking at its end to the fsync.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import BinaryIO

from vigie.adapters.storage.atomic import sync_folder

_BLOCK = 65_536
_TORN = ".torn"


def append(path: Path, lines: bytes) -> None:
    """Add whole lines to the end and fsync; what fails half-way is taken back.

    Args:
        path: the file; made if missing, its folder exists.
        lines: each ends with a line feed.

    Raises:
        OSError: the file cannot be written.
    """
    fresh = not path.exists()
    with path.open("ab", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(file.fileno(), rest) :]
            os.fsync(file.fileno())
        except BaseException:
            # Should this fail too, the torn end is cut by whoever comes next.
            with contextlib.suppress(OSError):
                file.truncate(size)
            raise
    if fresh:
        sync_folder(path.parent)


def is_torn(path: Path) -> bool:
    """True if the last line has no end: its writer died, or is still writing."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


def cut_torn_end(path: Path) -> Path:
    """Move an unfinished last line into a side file, where it is kept for people.

    Returns:
        the side file; older fragments in it are kept.

    Raises:
        OSError: one of the two files cannot be written.
    """
    kept = whole_length(path)
    side = path.with_name(path.name + _TORN)
    with path.open("r+b") as file:
        file.seek(kept)
        append(side, file.read() + b"\n")
        file.truncate(kept)
        os.fsync(file.fileno())
    return side


def whole_length(path: Path) -> int:
    """Bytes up to and including the last line feed."""
    with path.open("rb") as file:
        return _line_start(file, file.seek(0, os.SEEK_END))


def last_line(path: Path) -> bytes:
    """The last whole line without its end, empty if there is none; reads no more than it must."""
    with path.open("rb") as file:
        end = _line_start(file, file.seek(0, os.SEEK_END))
        if end == 0:
            return b""
        start = _line_start(file, end - 1)
        file.seek(start)
        return file.read(end - 1 - start)


def _line_start(file: BinaryIO, before: int) -> int:
    """Where the line begins that the byte at ``before`` would belong to."""
    end = before
    while end > 0:
        start = max(0, end - _BLOCK)
        file.seek(start)
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0
