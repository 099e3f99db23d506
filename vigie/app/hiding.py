"""Secrets taken out of what people get, by their values: those in reach, and keys pasted into ``vigie.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from vigie.adapters.logs.masks import HIDDEN, SHORTEST
from vigie.app.logs.writing import secrets_in_reach
from vigie.app.settings import FILE

_KEY = re.compile(
    r"(?=.*[A-Z])(?=.*[a-z])(?=.*[0-9])[A-Za-z0-9+/=_\-]{20,}|[0-9a-f]{32,}|[0-9A-F]{32,}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4,}){4}"
)
"""Venues' keys: letters of both cases and digits, long hexadecimals, UUIDs. Names of accounts are none of these."""


def hider(home: Path, environment: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """What takes the secrets of a home out of a text. Never raises; what cannot be read hides nothing.

    Hashes and other long words stay: only known values are looked for, whatever their case.

    Args:
        home: the user's folder.
        environment: of the process; None: its own.
    """
    try:
        values = {*secrets_in_reach(home, environment), *pasted_keys(home)}
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


def pasted_keys(home: Path) -> list[str]:
    """Texts of ``vigie.toml`` that look like a key: somebody's slip, which no message may repeat."""
    try:
        raw = (home / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    try:
        texts: Iterable[str] = _texts(tomllib.loads(raw))
    except tomllib.TOMLDecodeError:
        texts = re.findall(r"[^\s\"'=,\[\]]+", raw)
    return [one for one in texts if _KEY.fullmatch(one) and not one.startswith("/")]


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield str(name)
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
