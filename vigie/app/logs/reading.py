"""``vigie logs``: the end of a log, and what comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.adapters.logs import LEVELS
from vigie.adapters.logs.reading import Entry, following, last_entries
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion

LOOK_SECONDS = 0.25
_DAYS = re.compile(r"(\d{1,5})d?")


def checked_level(text: str | None) -> str | None:
    """A level as logs spell it.

    Raises:
        ConfigError: there is none of that name.
    """
    if text is None:
        return None
    level = text.upper()
    if level not in LEVELS:
        raise ConfigError(f"--level {text}: there is no such{suggestion(level, set(LEVELS))}: {', '.join(LEVELS)}")
    return level


def days_of(text: str) -> int:
    """Days of ``30d``.

    Raises:
        ConfigError: not of this form.
    """
    found = _DAYS.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"--older-than {text}: write days, for instance 30d")
    return int(found[1])


def tail(path: Path, most: int, level: str | None) -> Sequence[Entry]:
    """The last entries, oldest first."""
    return last_entries(path, most, level)


def newcomers(path: Path, level: str | None) -> Iterator[Entry]:
    """Entries as they come, without end."""
    clock = SystemClock()
    return (one for one in following(path, lambda: clock.sleep(LOOK_SECONDS)) if one.at_least(level))
