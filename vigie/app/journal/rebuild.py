"""``vigie journal rebuild``: snapshot and read model anew from the journal, and what that changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.read_model import READ_MODEL, ReadModel
from vigie.adapters.storage.state_file import StateFile
from vigie.app.accounts import account_folder
from vigie.domain.errors import InvariantBroken
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.record import to_json

SCHEMA = "vigie.journal.rebuild/1"


def rebuild(
    home: Path, account: str, *, dry_run: bool, report: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Fold the whole journal, compare, and replace what was there.

    Args:
        home: of the user.
        account: whose journal.
        dry_run: compare, write nothing.
        report: told what was mended at the journal's end.

    Raises:
        AccountLocked: an engine holds the account.
        InvariantBroken: the journal is damaged, or there is none.
        ConfigError: a later vigie wrote it.
    """
    folder, clock = account_folder(home, account), SystemClock()
    with AccountLock.take(folder, clock), JsonlJournal(folder / "journal", account, clock, report) as journal:
        if not journal.begun:
            raise InvariantBroken(f"{folder / 'journal'}: there is no journal to rebuild from")
        whole = folded((one.seq, one.at, one.event) for one in journal.read())
        store = StateFile(folder / "state.json", account)
        loaded = store.load()
        changes = list(differences(loaded.portfolio, whole))
        before = _counts(folder / READ_MODEL)
        if not dry_run:
            store.save(whole)
            model = ReadModel(folder / READ_MODEL, journal, report)
            model.rebuild()
            model.close()
        return {
            "schema": SCHEMA,
            "account": account,
            "dry_run": dry_run,
            "lines": whole.seq + 1,  # the first is number 0
            "snapshot": {
                "source": loaded.source,
                "problems": list(loaded.problems),
                "lines_behind": None if loaded.portfolio is None else whole.seq - loaded.portfolio.seq,
                "changes": changes,
            },
            "read_model": {"rows_before": before, "rows_after": before if dry_run else _counts(folder / READ_MODEL)},
        }


def differences(old: Portfolio | None, new: Portfolio) -> Iterator[dict[str, Any]]:
    """What a snapshot says otherwise than the journal, by path; nothing for the number of the last line."""
    before = {} if old is None else dict(_leaves(to_json(old)))
    after = dict(_leaves(to_json(new)))
    for path in sorted(set(before) | set(after)):
        if path != "seq" and before.get(path) != after.get(path):
            yield {"path": path, "snapshot": before.get(path), "journal": after.get(path)}


def _leaves(document: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(document, Mapping) and document:
        for name, value in document.items():
            yield from _leaves(value, f"{path}.{name}" if path else name)
    else:
        yield path, document


def _counts(path: Path) -> dict[str, int] | None:
    """Rows by table; None: there is no read model that can be read."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1.0)) as connection:
            names = connection.execute("select name from sqlite_master where type = 'table' order by name").fetchall()
            return {
                str(name): int(connection.execute(f'select count(*) from "{name}"').fetchone()[0])  # noqa: S608
                for (name,) in names
            }
    except sqlite3.Error:
        return None
