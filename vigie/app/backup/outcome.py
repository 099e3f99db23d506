"""What came of the daily backup of a home: ``state/daily.json``, for those who look on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from vigie.adapters.storage.atomic import write_atomically
from vigie.app.accounts import state_folder

FILE = "daily.json"
BACKUP, ARCHIVE = "backup", "archive"
"""Topics of what goes wrong (`vigie.reporting.notices.families.host`)."""
TOPICS = (BACKUP, ARCHIVE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the last time.

    Attributes:
        account: whose process started it.
        started_at: epoch milliseconds.
        ended_at: epoch milliseconds; None: it runs, or was ended.
        succeeded_at: when a backup was last taken; None: never.
        file: name of the last backup.
        problems: sentences by topic.
    """

    account: str
    started_at: int
    ended_at: int | None = None
    succeeded_at: int | None = None
    file: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)


def read_outcome(home: Path) -> Outcome | None:
    """What came of the last time; None: there was none, or its file says nothing."""
    try:
        found = Outcome(**json.loads((state_folder(home) / FILE).read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    instants = (found.started_at, found.ended_at or 0, found.succeeded_at or 0)
    sound = all(type(one) is int for one in instants) and isinstance(found.problems, dict)
    return found if sound else None


def write_outcome(home: Path, outcome: Outcome) -> None:
    """Write it down, durably.

    Raises:
        OSError: it cannot be written.
    """
    write_atomically(state_folder(home) / FILE, json.dumps(asdict(outcome)).encode() + b"\n")
