"""The journal of an account: ``<state>/<account>/journal/YYYY-MM.jsonl``, append-only, hash-chained, monthly files.

How a line is spelled and checked: `vigie.adapters.storage.journal_lines`. The chain runs through all files. A line
goes into the file of its month, unless a later month was begun already: months never go back, clocks may.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Self

from vigie.adapters.storage.appending import append as append_whole
from vigie.adapters.storage.appending import last_line, whole_length
from vigie.adapters.storage.atomic import sync_folder, write_atomically
from vigie.adapters.storage.journal_files import segments, walk
from vigie.adapters.storage.journal_lines import (
    NOTHING,
    Line,
    check_follows,
    check_genesis,
    spell,
    spell_genesis,
    understand,
)
from vigie.domain.errors import ConfigError, InvariantBroken
from vigie.domain.events import KINDS, Event, from_fields, to_fields
from vigie.domain.instants import as_iso, for_names
from vigie.ports.clock import Clock
from vigie.ports.journal import Entry


class JsonlJournal:
    """Fulfils :class:`vigie.ports.journal.Journal`. Opened by whoever holds the account's lock, and closed by him.

    Opening looks at the two ends only: the genesis line and the last one. A torn last line (bytes behind the last line
    feed: its writer died) is cut into a side file and reported; if it is whole but for its line feed, the line feed is
    put back. Nothing else is ever mended. The file is made, genesis line inside, by the first `append`.

    What a writer that is killed leaves is a beginning of what it appended: of several events the first few may be
    there. Until `sync` nobody depends on them.
    """

    def __init__(
        self,
        folder: Path,
        account: str,
        clock: Clock,
        report: Callable[[str], None] = lambda _: None,
        *,
        require: Callable[[], None] = lambda: None,
    ) -> None:
        """Open it.

        Args:
            folder: of the journal; need not exist.
            account: whose it is.
            clock: says when.
            report: told what was mended.
            require: raises where this process may no longer write; asked before each line and each `sync`, and so
                before anything is sent.

        Raises:
            InvariantBroken: one of the ends is damaged, or it is the journal of another account.
            ConfigError: a later vigie wrote it.
            OSError: it cannot be read, or the torn end not be cut.
        """
        self._folder, self._account, self._clock, self._report = folder, account, clock, report
        self._require = require
        self._file: BinaryIO | None = None
        self._name = ""
        self._size = 0
        self._seq, self._hash = 0, NOTHING
        self._unclean = self._unsynced = self._unnamed = False
        self._lost: OSError | None = None
        self._look()

    @property
    def last_seq(self) -> int:
        """Number of the last line; 0: none."""
        return self._seq

    @property
    def begun(self) -> bool:
        """Whether there is a journal on disk, be it only the genesis line."""
        return self._name != ""

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        """Add lines. See the port."""
        if not events:
            return ()
        self._require()
        at = self._clock.now_ms()
        if not self.begun:
            self._begin(at)
        seq, digest, lines, entries = self._seq, self._hash, list[bytes](), list[Entry]()
        for event in events:
            seq += 1
            raw, digest = spell(seq, at, event.KIND, event.VERSION, digest, to_fields(event))
            lines.append(raw)
            entries.append(Entry(seq, at, event))
        self._write(self._opened(at), b"".join(lines))
        self._seq, self._hash = seq, digest
        return tuple(entries)

    def sync(self) -> None:
        """Everything appended is on the disk when this returns. See the port.

        After a failure the system may have dropped what it could not write and forget about it: no later call can
        succeed until the journal is opened anew.
        """
        self._require()
        if self._lost is not None:
            raise OSError(self._lost.errno, f"the journal could not be written to the disk before ({self._lost})")
        if self._file is None or not self._unsynced:
            return
        try:
            os.fsync(self._file.fileno())
            if self._unnamed:
                sync_folder(self._folder)
        except OSError as error:
            self._lost = error
            raise
        self._unsynced = self._unnamed = False

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        """Lines after a number. See the port."""
        for line in walk(self._folder, max(after_seq, 0), self._account):
            yield entry_of(line)

    def close(self) -> None:
        """Let go of the file; nothing is synced by it."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look(self) -> None:
        """Find the end, mending what a dead writer left there."""
        files = segments(self._folder)
        if not files:
            return
        self._check_beginning(files[0])
        before = _last_of(files[-2]) if len(files) > 1 else None
        if self._mend(files[-1], before):
            files.pop()
        line = _last_of(files[-1])
        # The last writer may have died before its fsync: what has been seen must not be lost any more.
        with files[-1].open("r+b") as file:
            os.fsync(file.fileno())
            self._size = os.fstat(file.fileno()).st_size
        sync_folder(self._folder)
        self._name = files[-1].name
        self._seq, self._hash = line.seq, line.hash

    def _check_beginning(self, path: Path) -> None:
        with path.open("rb") as file:
            raw = file.readline()
        try:
            line = understand(raw.removesuffix(b"\n"))
            check_follows(line, -1, NOTHING)
            check_genesis(line, self._account)
        except ValueError as error:
            raise InvariantBroken(f"{path}: line 1: {error}") from None

    def _mend(self, path: Path, before: Line | None) -> bool:
        """Cut what stands behind the last line feed, unless only the line feed is missing.

        Returns:
            True if nothing was left of the file, a month that was begun without a whole line: it is gone.
        """
        kept = whole_length(path)
        with path.open("rb") as file:
            file.seek(kept)
            torn = file.read()
        if not torn and kept:
            return False
        last = _last_of(path) if kept else before
        # The byte where the line feed should be may be missing or be another one.
        for raw in (torn, torn[:-1]):
            if _is_next(raw, last):
                _replace_end(path, kept + len(raw), b"\n")
                self._report(f"{path}: the last line had lost its line feed; it is whole, and was kept")
                return False
        side = path.with_name(f"{path.name}.torn-{for_names(self._clock.now_ms())}")
        append_whole(side, torn)
        self._report(f"{path}: the last line was torn (its writer died); {len(torn)} bytes were moved to {side.name}")
        if kept:
            _replace_end(path, kept, b"")
            return False
        path.unlink()
        sync_folder(path.parent)
        return True

    def _begin(self, at: int) -> None:
        """Make the first file; it is there with its genesis line, or not at all."""
        raw, digest = spell_genesis(self._account, at)
        path = self._folder / f"{as_iso(at)[:7]}.jsonl"
        write_atomically(path, raw)
        self._name, self._size, self._hash = path.name, len(raw), digest

    def _opened(self, at: int) -> BinaryIO:
        """The file that takes a line of this instant."""
        name = max(self._name, f"{as_iso(at)[:7]}.jsonl")
        if name != self._name:
            self.sync()  # the month before is on the disk before the next one begins
            self.close()
            self._name, self._size, self._unnamed = name, 0, True
        if self._file is None:
            self._file = (self._folder / name).open("ab", buffering=0)
        return self._file

    def _write(self, file: BinaryIO, content: bytes) -> None:
        """One call in the ordinary case; what fails half-way is taken back, at the latest by the next call."""
        if self._unclean:
            os.ftruncate(file.fileno(), self._size)
            self._unclean = False
        self._unsynced = True
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(file.fileno(), rest) :]
        except BaseException:
            self._unclean = True
            os.ftruncate(file.fileno(), self._size)
            self._unclean = False
            raise
        self._size += len(content)


def entry_of(line: Line) -> Entry:
    """The entry of a line, its event understood.

    Raises:
        InvariantBroken: an event that this vigie does not know.
        ConfigError: a later vigie wrote it.
    """
    known = KINDS.get(line.kind)
    if known is not None and line.version > known.VERSION:
        raise ConfigError(
            f"journal, seq {line.seq}: '{line.kind}' has version {line.version}, this vigie knows {known.VERSION}: "
            "use the later vigie"
        )
    try:
        return Entry(line.seq, line.at, from_fields(line.kind, line.version, line.fields))
    except ValueError as error:
        raise InvariantBroken(f"journal, seq {line.seq}: {error}") from None


def _last_of(path: Path) -> Line:
    """The last whole line of a file."""
    try:
        return understand(last_line(path))
    except ValueError as error:
        with path.open("rb") as file:
            number = sum(raw.endswith(b"\n") for raw in file)
        raise InvariantBroken(f"{path}: line {number}: {error}") from None


def _is_next(raw: bytes, last: Line | None) -> bool:
    try:
        check_follows(understand(raw), *((last.seq, last.hash) if last else (-1, NOTHING)))
    except ValueError:
        return False
    return True


def _replace_end(path: Path, size: int, end: bytes) -> None:
    with path.open("r+b") as file:
        file.truncate(size)
        file.seek(size)
        file.write(end)
        file.flush()
        os.fsync(file.fileno())
