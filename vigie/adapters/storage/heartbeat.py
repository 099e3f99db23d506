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
        at: epoch milliseconds.
        facts: what it did.
    """

    pid: int
    at: int
    facts: Mapping[str, Any] = field(default_factory=dict)


def beat(folder: Path, at: int, facts: Mapping[str, object]) -> None:
    """Tell that this process lives.

    Args:
        folder: of the account; exists.
        at: now, epoch milliseconds.
        facts: of JSON's own types; others are told as text.

    Raises:
        OSError: it cannot be written.
    """
    content = json.dumps({"pid": os.getpid(), "at": at, "facts": facts}, default=str, separators=(",", ":"))
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
    return Heartbeat(pid, at, facts)
