"""The snapshot of an account: ``<state>/<account>/state.json``, and the one before it in ``state.json.bak``.

One JSON object that ends with its own SHA-256 (`vigie.adapters.storage.sealed`)::

    {"schema":2,"account":"paper","portfolio":{…},"sha256":"…"}

At every instant at least one of the two files is whole, and a file that is damaged never becomes the backup.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from vigie.adapters.storage.atomic import write_atomically
from vigie.adapters.storage.sealed import seal, unseal
from vigie.adapters.storage.signs_of_life import lines_told_of, signs_of_life
from vigie.domain.errors import ConfigError
from vigie.domain.portfolio import Portfolio
from vigie.domain.record import from_json, to_json
from vigie.ports.state_store import Loaded

SCHEMA = 2

Migration: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""The portfolio of one schema as that of the next; named for what it changes."""


def _with_coverage_and_runs(portfolio: dict[str, Any]) -> dict[str, Any]:
    """From 1 to 2: fields were added, each with a default; what belongs in them is told again by the journal."""
    return portfolio


MIGRATIONS: Mapping[int, Migration] = {1: _with_coverage_and_runs}
"""By the schema that is left. They make a file of old readable; the account itself is told again by its journal
(`vigie.engine.recovery`)."""


@dataclass(frozen=True, slots=True)
class StateFile:
    """Fulfils :class:`vigie.ports.state_store.StateStore`.

    Attributes:
        path: ``state.json``; its folder is made when needed.
        account: whose it is; the file of another one is not read.
        schema: that is written.
        migrations: by the schema that is left.
    """

    path: Path
    account: str
    schema: int = SCHEMA
    migrations: Mapping[int, Migration] = field(default_factory=lambda: MIGRATIONS)

    @property
    def backup(self) -> Path:
        """The good one before."""
        return self.path.with_name(self.path.name + ".bak")

    def save(self, portfolio: Portfolio) -> None:
        """Replace the snapshot; the one before becomes the backup. See the port.

        Raises:
            ConfigError: the file there was written by a later vigie.
        """
        document = {"schema": self.schema, "account": self.account, "portfolio": to_json(portfolio)}
        raw, _ = seal(document, "sha256")
        if self._is_whole():
            self._keep()
        write_atomically(self.path, raw + b"\n")

    def load(self) -> Loaded:
        """The newest snapshot that is whole; damage is told, not raised. See the port.

        Raises:
            ConfigError: a later vigie wrote it: no damage, and nothing to fall back from.
        """
        problems: list[str] = []
        others: dict[str, Any] = {
            "lines_told_of": lines_told_of(self.path.parent),
            "signs_of_life": signs_of_life(self.path.parent),
        }
        for path, source in ((self.path, "state"), (self.backup, "backup")):
            try:
                portfolio, schema = self._read(path)
                migrated = None if schema == self.schema else (schema, self.schema)
                return Loaded(portfolio, source, tuple(problems), **others, migrated=migrated)
            except FileNotFoundError:
                problems.append(f"{path}: it does not exist")
            except OSError as error:
                problems.append(f"{path}: it cannot be read ({error.strerror or error})")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                problems.append(f"{path}: {error}")
        nothing_yet = not self.path.exists() and not self.backup.exists()
        return Loaded(None, "nothing", () if nothing_yet else tuple(problems), **others)

    def _read(self, path: Path) -> tuple[Portfolio, int]:
        """What a file says, in the words of now, and the schema that it was written with."""
        document, found = self._document(path)
        account = document.get("account")
        if account != self.account:
            raise ValueError(f"it is the state of account {account}, not of {self.account}")
        portfolio = document["portfolio"]
        for schema in range(found, self.schema):
            migrate = self.migrations.get(schema)
            if migrate is None:
                raise ValueError(f"it has schema {schema}, and nothing leads from there to {self.schema}")
            portfolio = migrate(portfolio)
        return from_json(Portfolio, portfolio), found

    def _document(self, path: Path) -> tuple[dict[str, Any], int]:
        """What is in a file, whole and not from the future, and its schema."""
        document, _ = unseal(path.read_bytes().removesuffix(b"\n"), "sha256")
        schema = document.get("schema")
        if type(schema) is not int:
            raise ValueError("it does not say its schema")
        if schema > self.schema:
            raise ConfigError(f"{path}: it has schema {schema}, this vigie knows {self.schema}: use the later vigie")
        return document, schema

    def _is_whole(self) -> bool:
        try:
            self._document(self.path)
        except (OSError, ValueError, RecursionError):
            return False
        return True

    def _keep(self) -> None:
        """Give the present snapshot its second name, without ever taking away the first."""
        second = self.path.with_name(f".{self.backup.name}.tmp")
        second.unlink(missing_ok=True)
        try:
            os.link(self.path, second)
        except OSError:
            # A file system without hard links.
            write_atomically(self.backup, self.path.read_bytes())
            return
        second.replace(self.backup)
        # Renaming one name of a file to another name of the same file does nothing.
        second.unlink(missing_ok=True)
