"""``[watch]`` of ``vigie.toml``: when those who watch an account speak up. The defaults are meant to be kept.

Keys and what they mean: `WatchSettings`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion

FILE, TABLE = "vigie.toml", "watch"


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """Limits of those who watch.

    Attributes:
        memory_mb: resident memory of a trading process, above which somebody is told, megabytes.
        disk_low_mb: free room below which somebody is told.
        disk_critical_mb: free room below which nothing new is bought.
        failures: decisions that fail in a row before decisions pause.
        pause_s: how long they pause, seconds.
        receipt_days: days of receipts that are kept.
        grace_s: how long something may be missing before the watchdog says so.
        repeat_s: how long the watchdog is silent about what it has said.
        once_minutes: how long a call with ``--once`` may last: less than until the next one.
    """

    memory_mb: float = 500
    disk_low_mb: float = 500
    disk_critical_mb: float = 50
    failures: float = 3
    pause_s: float = 300
    receipt_days: float = 14
    grace_s: float = 180
    repeat_s: float = 3600
    once_minutes: float = 55


LEAST: Mapping[str, float] = {
    "failures": 1, "receipt_days": 2, "grace_s": 0, "once_minutes": 0.01, "disk_critical_mb": 0,
}  # fmt: skip
_WHOLE = ("failures", "receipt_days")


def read_watch(table: object) -> tuple[WatchSettings, list[str]]:
    """What a table says, and what is wrong with it; what is wrong is as if nobody had said it."""
    where = f"{FILE}: [{TABLE}]"
    if not isinstance(table, Mapping):
        return WatchSettings(), [f"{where} must be a table"]
    known = [one.name for one in fields(WatchSettings)]
    problems = [f"{where} unknown key '{key}'{suggestion(str(key), known)}" for key in table if key not in known]
    found: dict[str, float] = {}
    for key in known:
        if key not in table:
            continue
        value, least = table[key], LEAST.get(key, 1.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value < 1e9:
            problems.append(f"{where} {key} must be a number, {least:g} or more")
        elif key in _WHOLE and value != int(value):
            problems.append(f"{where} {key} must be a whole number")
        else:
            found[key] = value
    settings = WatchSettings(**found)
    if settings.disk_critical_mb > settings.disk_low_mb:
        problems.append(f"{where} disk_critical_mb must not be above disk_low_mb: somebody has to be told first")
    return settings, problems


def watch_settings(home: Path) -> WatchSettings:
    """What the file of a home says.

    Raises:
        ConfigError: keys and values that mean nothing; all of them at once.
    """
    try:
        document = tomllib.loads((home / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return WatchSettings()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{home / FILE}: cannot be read: {error}") from error
    settings, problems = read_watch(document.get(TABLE, {}))
    if problems:
        raise ConfigError(problems)
    return settings
