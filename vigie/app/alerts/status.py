"""How the channels of an account do, as their process wrote it last. Light: `vigie status` reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from vigie.app.accounts import account_folder

FOLDER, STATUS = "alerts", "status.json"


def alerts_folder(home: Path, account: str) -> Path:
    """Where what is told of an account lies."""
    return account_folder(home, account) / FOLDER


def read_status(folder: Path) -> dict[str, Any] | None:
    """What a channel's process wrote last; None: nothing that can be read."""
    try:
        document = json.loads((folder / STATUS).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def alert_statuses(home: Path, account: str) -> list[dict[str, Any]]:
    """Of each channel that has done something: waiting letters, the last one sent, what went wrong."""
    found = []
    for path in sorted(alerts_folder(home, account).glob(f"**/{STATUS}")):
        document = read_status(path.parent)
        if document is not None:
            found.append({"channel": path.parent.name, **document})
    return found
