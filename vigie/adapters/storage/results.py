"""The result store: ``state/results.db``, SQLite. Only a cache: whatever is wrong with it, it starts anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from vigie.adapters.storage.locks import locked
from vigie.adapters.storage.result_rows import from_row, to_row
from vigie.domain.errors import ConfigError
from vigie.ports.clock import Clock
from vigie.ports.results import StoredResult

SCHEMA = 1
"""Kept as SQLite's ``user_version``; a file of another schema is put aside like a damaged one."""

_WAIT_SECONDS = 60.0
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF
"""SQLite's extended error codes carry the plain one in their lowest byte."""

T = TypeVar("T")


class _Unusable(Exception):
    """The file is there and is not a store of ours."""


@dataclass(frozen=True, slots=True)
class SqliteResults:
    """Fulfils :class:`vigie.ports.results.ResultStore`.

    Each call opens the file and closes it: nothing is shared between threads or inherited by a fork. Writers wait
    for each other, readers for nobody.

    Attributes:
        path: the file; made by the first call.
        clock: names what is put aside.
        report: told about a damaged store.
    """

    path: Path
    clock: Clock
    report: Callable[[str], None] = lambda _: None

    @classmethod
    def of(cls, home: Path, clock: Clock, report: Callable[[str], None] = lambda _: None) -> SqliteResults:
        """The store of a home folder."""
        return cls(home / "state" / "results.db", clock, report)

    def get(self, keys: Collection[str]) -> dict[str, StoredResult]:
        """What is there of these keys. See the port."""
        # One parameter for all keys: SQLite bounds their number.
        wanted = json.dumps(list(keys))
        query = "select key, metrics, daily_returns from results where key in (select value from json_each(?))"
        rows = self._tried(lambda connection: connection.execute(query, [wanted]).fetchall())
        return dict(filter(None, map(from_row, rows)))

    def put(self, results: Mapping[str, StoredResult]) -> None:
        """Keep results, all of them or none. See the port."""
        rows = [to_row(key, result) for key, result in results.items()]

        def write(connection: sqlite3.Connection) -> None:
            # Immediate: a transaction that begins by reading cannot wait for another writer.
            connection.execute("begin immediate")
            with connection:
                connection.executemany("insert or replace into results values (?, ?, ?)", rows)

        self._tried(write)

    def _tried(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do it, if need be with a new store."""
        try:
            try:
                return self._done(work)
            except _Unusable as error:
                self._put_aside(str(error))
                return self._done(work)
        except (OSError, sqlite3.Error, _Unusable) as error:
            raise ConfigError(f"{self.path}: the store of results cannot be used: {error}") from error

    def _done(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with _damage_told(), closing(self._opened()) as connection:
            return work(connection)

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_WAIT_SECONDS)
        try:
            (schema,) = connection.execute("pragma user_version").fetchone()
            if schema == 0:
                self._make_table(connection)
            elif schema != SCHEMA:
                raise _Unusable(f"it has schema {schema}, this vigie writes {SCHEMA}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _make_table(self, connection: sqlite3.Connection) -> None:
        from sqlite_utils import Database

        with locked(self._lock_file()):
            database = Database(connection, execute_plugins=False)
            database.enable_wal()
            columns: dict[str, type] = {"key": str, "metrics": str, "daily_returns": bytes}
            database.table("results").create(columns, pk="key", not_null={"metrics"}, if_not_exists=True)
            connection.execute(f"pragma user_version = {SCHEMA}")

    def _put_aside(self, why: str) -> None:
        """Rename the file, unless another process has just done so."""
        with locked(self._lock_file()):
            try:
                with _damage_told(), closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS)) as connection:
                    (found,) = connection.execute("pragma quick_check(1)").fetchone()
                    (schema,) = connection.execute("pragma user_version").fetchone()
                if found == "ok" and schema in (0, SCHEMA):
                    return
            except _Unusable:
                pass  # still the damaged one
            aside = self.path.with_name(f"{self.path.name}.aside-{self.clock.now_ms()}")
            for tail in ("-wal", "-shm", ""):
                part = self.path.with_name(self.path.name + tail)
                if part.exists():
                    part.rename(aside.with_name(aside.name + tail))
        self.report(
            f"{self.path}: the store of results cannot be read ({why}); kept as {aside.name}, a new one is "
            "begun: it is only a cache"
        )

    def _lock_file(self) -> Path:
        return self.path.with_name(self.path.name + ".lock")


@contextmanager
def _damage_told() -> Iterator[None]:
    """Tell a damaged file from a busy or full disk, which are no reason to throw a store away."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & _PRIMARY in _DAMAGED:
            raise _Unusable(str(error)) from error
        raise
