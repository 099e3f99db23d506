"""``[backup]`` of ``vigie.toml``: what a trading process does once a day besides trading.

    [backup]
    daily = true      # a backup, by a process of its own
    hour = 3          # of the day, UTC
    keep = 14         # archives
    logs_days = 30    # logs that are older are packed away; 0: never

Keys and what they mean: `BackupSettings`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vigie.app.settings import FILE, read_tables
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion

TABLE = "backup"
MOST = {"hour": 23, "keep": 10_000, "logs_days": 36_500}
LEAST = {"hour": 0, "keep": 1, "logs_days": 0}


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """What is done daily, and when.

    Attributes:
        daily: a backup is taken.
        hour: of the day, UTC.
        keep: archives that are kept, those of ``vigie backup create`` among them.
        logs_days: logs last written so many days ago are packed away; 0: never.
    """

    daily: bool = True
    hour: int = 3
    keep: int = 14
    logs_days: int = 30

    @property
    def anything(self) -> bool:
        """Whether there is something to do."""
        return self.daily or self.logs_days > 0

    def last_due(self, now_ms: int) -> int:
        """The last instant, not after now, at which it was to happen; epoch milliseconds."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        at = now.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        return round((at - timedelta(days=1 if at > now else 0)).timestamp() * 1000)


def backup_settings(home: Path) -> BackupSettings:
    """What the file of a home says.

    Raises:
        ConfigError: unknown keys, and values that mean nothing; all of them at once.
    """
    table = read_tables(home).get(TABLE, {})
    where = f"{FILE}: [{TABLE}]"
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table")
    known = [one.name for one in fields(BackupSettings)]
    problems = [f"{where} unknown key '{key}'{suggestion(key, known)}" for key in table if key not in known]
    said: dict[str, Any] = {key: value for key, value in table.items() if key in known}
    for key, value in said.items():
        if key == "daily":
            problems += [] if isinstance(value, bool) else [f"{where} daily must be true or false"]
        elif type(value) is not int or not LEAST[key] <= value <= MOST[key]:
            problems.append(f"{where} {key} must be a whole number, {LEAST[key]} to {MOST[key]:,}")
    if problems:
        raise ConfigError(problems)
    return BackupSettings(**said)
