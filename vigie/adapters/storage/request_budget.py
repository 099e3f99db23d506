"""``request_budget/<venue>.json``: what all processes of this host have asked of a venue."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vigie.adapters.storage.atomic import make_folder
from vigie.adapters.storage.locks import locked
from vigie.ports.request_budget import Spent


class BudgetFile:
    """One file, one lock. Fulfils :class:`vigie.ports.request_budget.BudgetStore`."""

    def __init__(self, path: Path) -> None:
        """Make ready; nothing is read yet.

        Args:
            path: the file; a lock of the same name with ``.lock`` at its end lies beside it.
        """
        self._path = path
        self._lock = path.with_name(f"{path.name}.lock")

    def change(self, step: Callable[[Spent], Spent]) -> Spent:
        """Read, change, write, with nobody in between.

        Raises:
            OSError: it cannot be read or written.
        """
        make_folder(self._path.parent)
        with locked(self._lock):
            known = self._read()
            changed = step(known)
            if changed != known:
                self._write(changed)
            return changed

    def _read(self) -> Spent:
        try:
            document = json.loads(self._path.read_bytes())
            counts = {str(name): (int(window), int(used)) for name, (window, used) in document["counts"].items()}
            return Spent(counts, int(document["blocked_until"]), str(document["why"]))
        except FileNotFoundError:
            return Spent()
        except (ValueError, KeyError, TypeError, AttributeError):
            # Somebody has put something else there: the venue's next answer tells what it counts.
            return Spent()

    def _write(self, spent: Spent) -> None:
        # Replaced, so that it is never half written; without fsync: a machine that lost its power has asked nothing
        # for longer than any window, and this is written with every request.
        document: dict[str, Any] = {
            "counts": {name: list(count) for name, count in sorted(spent.counts.items())},
            "blocked_until": spent.blocked_until,
            "why": spent.why,
        }
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}.tmp")
        try:
            temporary.write_text(json.dumps(document), encoding="utf-8")
            temporary.replace(self._path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise


class BudgetInMemory:
    """For one process alone. Fulfils :class:`vigie.ports.request_budget.BudgetStore`."""

    def __init__(self) -> None:
        self._spent = Spent()

    def change(self, step: Callable[[Spent], Spent]) -> Spent:
        """As the file does."""
        self._spent = step(self._spent)
        return self._spent
