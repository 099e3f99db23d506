"""What else tells of an account when its journal does not: a start must not take it for a new one.

People may halt an account before it begins, and put requests into its box: those are no signs. Everything here is
written by a running engine alone, and only after its first line of the journal.
"""

from __future__ import annotations

import json
from pathlib import Path

from vigie.adapters.storage import heartbeat
from vigie.adapters.storage.journal_files import segments

_FILES = ("vigie.db", heartbeat.NAME)
_PEOPLES = {"person", "pause", "kill-switch"}
"""Latches that need no engine."""


def signs_of_life(folder: Path) -> tuple[str, ...]:
    """Names of files that an account has only when it has lived, its snapshots apart; none for a new one.

    Args:
        folder: of the account; need not exist.
    """
    found = [name for name in _FILES if (folder / name).exists()]
    if _latched_by_an_engine(folder / "halts.json"):
        found.append("halts.json")
    journal = folder / "journal"
    if not segments(journal):
        # Beside a journal it is nothing: the very first line can be torn too.
        found += [f"journal/{path.name}" for path in sorted(journal.glob("*.torn-*"))]
    return tuple(found)


def lines_told_of(folder: Path) -> int:
    """The number of a journal line that surely was on the disk once, as the heartbeat tells; 0: it tells nothing.

    Args:
        folder: of the account; need not exist.
    """
    last = heartbeat.read(folder)
    seq = 0 if last is None else last.facts.get("seq", 0)
    return seq if type(seq) is int else 0


def _latched_by_an_engine(path: Path) -> bool:
    try:
        return not _PEOPLES.issuperset(json.loads(path.read_bytes())["latches"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return True
