"""The heartbeat of an account's process: ``<state>/<account>/heartbeat.json``, replaced on each tick.

Not fsynced: it is about the present. What a power loss leaves of it is read as no heartbeat, which is unhealthy.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = "heartbeat.json"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What the process said last.

    Attributes:
        pid: its id.
        at: epoch milliseconds, by the clock that it goes by: a replay's or a simulated exchange's may be years off.
        facts: what it did.
        written_at: the same instant by the machine's clock; None: a vigie before this one did not say so.
    """

    pid: int
    at: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    written_at: int | None = None


def beat(folder: Path, at: int, facts: Mapping[str, object], written_at: int | None = None) -> None:
    """Tell that this process lives.

    Args:
        folder: of the account; exists.
        at: now, epoch milliseconds.
        facts: of JSON's own types; others are told as text.
        written_at: now by the machine's clock; None: `at` is by it.

    Raises:
        OSError: it cannot be written.
    """
    document = {"pid": os.getpid(), "at": at, "written_at": at if written_at is None else written_at, "facts": facts}
    content = json.dumps(document, default=str, separators=(",", ":"))
    temporary = folder / f".{NAME}.tmp"  # one writer: one name, and nothing piles up
    temporary.write_bytes(content.encode("utf-8", "backslashreplace") + b"\n")
    temporary.replace(folder / NAME)


def read(folder: Path) -> Heartbeat | None:
    """The last heartbeat; None: there is none that can be read, which nobody may take for healthy."""
    try:
        document = json.loads((folder / NAME).read_bytes())
        pid, at, facts = document["pid"], document["at"], document["facts"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if type(pid) is not int or type(at) is not int or not isinstance(facts, dict):
        return None
    written_at = document.get("written_at")
    return Heartbeat(pid, at, facts, written_at if type(written_at) is int else None)
