"""Secrets taken out of what people get, by their values: those in reach, and those pasted into ``vigie.toml``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from vigie.adapters.logs.masks import HIDDEN, SHORTEST
from vigie.app.logs.writing import secrets_in_reach
from vigie.app.pasted import pasted_secrets


def hider(home: Path, environment: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """What takes the secrets of a home out of a text. Never raises; what cannot be read hides nothing.

    Hashes and other long words stay: only known values are looked for, whatever their case.

    Args:
        home: the user's folder.
        environment: of the process; None: its own.
    """
    try:
        values = {*secrets_in_reach(home, environment), *pasted_secrets(home)}
    except Exception:  # noqa: BLE001 - it is called while an error is told
        return lambda text: text
    return hider_of(values)


def hider_of(values: Iterable[str]) -> Callable[[str], str]:
    """The same for known values."""
    forms = {form for one in values for form in (one, quote(one, safe="")) if len(form) >= SHORTEST}
    if not forms:
        return lambda text: text
    known = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))), re.IGNORECASE)
    return lambda text: known.sub(HIDDEN, text)
