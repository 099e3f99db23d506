"""What each run of an account did: ``<state>/<account>/receipts/YYYY-MM-DD.jsonl``, one JSON object a line.

For those who watch, never for those who trade: nothing is fsynced, nothing here raises when it cannot write, and what
is old or too much is dropped. A line that a dying writer left half is skipped by readers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from vigie.domain.instants import as_iso

FOLDER = "receipts"
AWAY = "away"
"""Kind of a start that found no venue."""
KEEP_DAYS = 14
MOST_BYTES = 8 * 1024 * 1024
"""Of a day: a process that ticks every five seconds writes half of it."""
_NAME = re.compile(r"\d{4}-\d{2}-\d{2}\.jsonl")


@dataclass(slots=True)
class Receipts:
    """Writes them.

    Attributes:
        folder: of the receipts; made when needed.
        report: told once when they cannot be written, and again when that has changed.
        keep_days: files that are kept.
        most_bytes: of a day.
    """

    folder: Path
    report: Callable[[str], None] = lambda _: None
    keep_days: int = KEEP_DAYS
    most_bytes: int = MOST_BYTES
    _trouble: str = ""

    def write(self, at: int, facts: Mapping[str, object]) -> None:
        """Add one; what cannot be written is reported and no more.

        Args:
            at: epoch milliseconds.
            facts: of JSON's own types; others are told as text.
        """
        try:
            self._append(at, json.dumps({"at": at, **facts}, default=str, separators=(",", ":")).encode() + b"\n")
            trouble = ""
        except OSError as error:
            trouble = f"{self.folder}: receipts cannot be written ({error.strerror or error})"
        if trouble and trouble != self._trouble:
            self.report(trouble)
        self._trouble = trouble

    def _append(self, at: int, line: bytes) -> None:
        path = self.folder / f"{as_iso(at)[:10]}.jsonl"
        fresh = not path.exists()
        if fresh:
            self.folder.mkdir(parents=True, exist_ok=True)
            for old in _files(self.folder)[: -max(self.keep_days - 1, 1)]:
                old.unlink(missing_ok=True)
        with path.open("ab", buffering=0) as file:
            if file.tell() + len(line) <= self.most_bytes:
                file.write(line)


def last(folder: Path, count: int = 1, kinds: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The last receipts, oldest first; none where there are none that can be read.

    Args:
        folder: of the receipts.
        count: how many at most.
        kinds: only these; empty: all.
    """
    found = (one for one in backwards(folder) if not kinds or one.get("kind") in kinds)
    return list(islice(found, count))[::-1]


def backwards(folder: Path) -> Iterator[dict[str, Any]]:
    """All of them, the last one first."""
    for path in reversed(_files(folder)):
        try:
            lines = path.read_bytes().splitlines()
        except OSError:
            continue
        for raw in reversed(lines):
            one = _read(raw)
            if one is not None:
                yield one


def _read(raw: bytes) -> dict[str, Any] | None:
    try:
        one = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return one if isinstance(one, dict) and type(one.get("at")) is int else None


def _files(folder: Path) -> list[Path]:
    """As they were written, not as they are called: a rehearsal's days lie years before those of the machine."""
    try:
        found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))
    except OSError:
        return []
