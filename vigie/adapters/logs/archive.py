"""Old log files, packed away: ``logs/archives/KIND/NAME-INSTANT.log.gz``. Nothing is lost on the way, whatever fails.

A file is first moved, which needs no room and cannot happen twice; then packed beside itself; only what is packed and
on the disk lets the plain one go. A run that was cut short is gone on with by the next.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from vigie.adapters.logs import KINDS
from vigie.adapters.storage.atomic import make_folder, sync_folder
from vigie.domain.instants import for_names

FOLDER = "archives"
_PACKED, _HALF = ".gz", ".tmp"
_LOG = re.compile(r"(?P<name>[^.].*)\.log(?:\.\d+)?")


@dataclass(slots=True)
class Packed:
    """What was done.

    Attributes:
        files: that were made, below the archive.
        open: files that are old enough and in use.
        problems: sentences.
    """

    files: list[Path] = field(default_factory=list)
    open: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def archive(logs: Path, before_ms: int, is_open: Callable[[Path], bool]) -> Packed:
    """Pack away what was last written before an instant. Twice is as once.

    Args:
        logs: the folder with those of the kinds in it.
        before_ms: epoch milliseconds.
        is_open: whether a process writes to a file.
    """
    done = Packed()
    for kind in KINDS:
        target = logs / FOLDER / kind
        for path in sorted((logs / kind).glob("*.log*")):
            _move_one(path, target, before_ms, is_open, done)
        for left in sorted(target.glob("*.log")):
            try:
                done.files.append(_pack(left))
            except OSError as error:
                done.problems.append(f"{left}: cannot be packed ({error.strerror or error}); it stays as it is")
    return done


def _move_one(path: Path, target: Path, before_ms: int, is_open: Callable[[Path], bool], done: Packed) -> None:
    named = _LOG.fullmatch(path.name)
    try:
        written = path.stat().st_mtime_ns // 1_000_000
        if named is None or written >= before_ms or not path.is_file():
            return
        if is_open(path):
            done.open.append(path)
            return
        make_folder(target)
        path.rename(_free(target, f"{named['name']}-{for_names(written)}"))
        sync_folder(target)
    except FileNotFoundError:
        return  # rotated away meanwhile
    except OSError as error:
        done.problems.append(f"{path}: cannot be moved ({error.strerror or error}); it stays where it is")


def _free(folder: Path, stem: str) -> Path:
    """A name that nothing has: two files can be of one instant."""
    number, path = 1, folder / f"{stem}.log"
    while path.exists() or path.with_name(path.name + _PACKED).exists():
        number += 1
        path = folder / f"{stem}-{number}.log"
    return path


def _pack(path: Path) -> Path:
    packed = path.with_name(path.name + _PACKED)
    half = packed.with_name(f".{packed.name}{_HALF}")
    found = path.stat()
    try:
        with path.open("rb") as source, half.open("wb") as file:
            with gzip.GzipFile("", "wb", fileobj=file, mtime=found.st_mtime) as target:
                shutil.copyfileobj(source, target)
            file.flush()
            os.fsync(file.fileno())
        os.utime(half, ns=(found.st_atime_ns, found.st_mtime_ns))
        half.replace(packed)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    sync_folder(packed.parent)
    path.unlink()
    return packed
