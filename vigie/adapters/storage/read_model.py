"""The read model of an account: ``<state>/<account>/vigie.db``, SQLite, told from the journal and never the only copy.

Written by whoever holds the account's lock; read by anybody, with `reading`, which needs nothing but sqlite3.
"""

from __future__ import annotations

import contextlib
import math
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from vigie.adapters.storage.read_model_rows import project
from vigie.adapters.storage.read_model_schema import SCHEMA, make_tables
from vigie.domain.errors import DataError
from vigie.ports.journal import Entry, Journal

READ_MODEL = "vigie.db"
"""Its name in the folder of an account."""
_WAIT_SECONDS = 5.0
_PRIMARY = 0xFF
"""SQLite's extended error codes carry the plain one in their lowest byte."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}
"""The last one: a table or column of ours is missing."""


class ReadModel:
    """The writer's side. Whatever is wrong with the file, it is built anew; no trading waits for it or fails by it."""

    def __init__(self, path: Path, journal: Journal, report: Callable[[str], None] = lambda _: None) -> None:
        """Nothing is opened yet.

        Args:
            path: the file; its folder exists.
            journal: what it is told from.
            report: told when it is built anew, or cannot be written.
        """
        self._path, self._journal, self._report = path, journal, report
        self._connection: sqlite3.Connection | None = None
        self._trouble = ""

    def update(self, entries: Sequence[Entry] = ()) -> None:
        """Add what is new. Never raises for the file's sake: what cannot be written is reported and tried again.

        Args:
            entries: just appended; where they do not follow what the file holds, or there are none, the journal is
                read from there.

        Raises:
            InvariantBroken: the journal is damaged.
        """
        try:
            try:
                self._add(entries)
            except (sqlite3.DatabaseError, _Unusable) as error:
                if isinstance(error, sqlite3.DatabaseError) and not _is_damage(error):
                    raise  # busy, or a full disk: no reason to throw it away
                self.close()
                self._report(f"{self._path}: the read model cannot be used ({error}): it is built from the journal")
                self.rebuild()
            self._trouble = ""
        except (OSError, sqlite3.Error, _Unusable) as error:
            self.close()
            if str(error) != self._trouble:
                self._report(f"{self._path}: the read model cannot be written ({error}); it will be tried again")
            self._trouble = str(error)  # told once, not at every tick

    def rebuild(self) -> None:
        """Build it from the whole journal; readers see the old one until the new one is whole.

        Raises:
            InvariantBroken: the journal is damaged.
            OSError: it cannot be written.
            sqlite3.Error: it cannot be written.
        """
        self.close()
        fresh = self._path.with_name(f".{self._path.name}.tmp")
        fresh.unlink(missing_ok=True)
        with closing(sqlite3.connect(fresh)) as connection:
            connection.execute("pragma synchronous = off")  # it is nothing yet, and everything is in the journal
            make_tables(connection)
            self._write(connection, self._journal.read())
        for tail in ("-wal", "-shm"):
            # Pages of the old file must not be taken for pages of the new one.
            self._path.with_name(self._path.name + tail).unlink(missing_ok=True)
        fresh.replace(self._path)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _add(self, entries: Sequence[Entry]) -> None:
        connection = self._opened()
        held = _last_seq(connection)
        if held > self._journal.last_seq:
            raise _Unusable(f"it holds line {held} of a journal with {self._journal.last_seq}")
        if entries and entries[0].seq == held + 1:
            self._write(connection, iter(entries))
        elif held < self._journal.last_seq:
            self._write(connection, self._journal.read(held))

    def _opened(self) -> sqlite3.Connection:
        if not self._path.exists():
            self.close()  # somebody removed it under us
            self.rebuild()
        if self._connection is None:
            connection = sqlite3.connect(self._path, timeout=_WAIT_SECONDS)
            try:
                (schema,) = connection.execute("pragma user_version").fetchone()
                (found,) = connection.execute("pragma quick_check(1)").fetchone()
                if schema != SCHEMA or found != "ok":
                    raise _Unusable(f"schema {schema}, check: {found}")
                connection.execute("pragma journal_mode = wal")
                # Consistent after a power loss, perhaps a little behind: the journal has the rest.
                connection.execute("pragma synchronous = normal")
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _write(self, connection: sqlite3.Connection, entries: Iterator[Entry]) -> None:
        """All of them or none."""
        last = 0
        with connection:
            for entry in entries:
                project(connection, entry)
                last = entry.seq
            if last:
                connection.execute("update progress set last_seq = ?", [last])


class _Unusable(Exception):
    """The file is there and is not our read model."""


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads, and waits for nobody.

    Args:
        path: the read model.

    Raises:
        DataError: it is not there, or cannot be read; says how to build it.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1.0)) as connection:
            # Not every SQLite is built with it.
            connection.create_function("sqrt", 1, _root, deterministic=True)
            connection.row_factory = sqlite3.Row
            yield connection
    except sqlite3.Error as error:
        raise DataError(
            f"{path}: the read model cannot be read ({error}): vigie journal rebuild makes it anew"
        ) from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & _PRIMARY in _DAMAGE


def _root(value: float | None) -> float | None:
    return None if value is None or value < 0 else math.sqrt(value)


def _last_seq(connection: sqlite3.Connection) -> int:
    (last,) = connection.execute("select last_seq from progress").fetchone()
    return int(last)
