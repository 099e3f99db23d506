"""``[accounts.NAME.reoptimise]`` of ``vigie.toml``: when an account's parameters are looked for anew.

[accounts.live-main.reoptimise]
every = "weekly"
day = "sunday"
hour = 3
arguments = ["--grid", "fast=10,20", "--folds", "4"]
auto_promote = false
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OURS = ("--strategy", "--profile", "--timeframe", "--pairs", "--capital", "--promote", "--propose", "--json", "--quiet")
"""Words for ``vigie walk-forward`` that follow from the account."""


@dataclass(frozen=True, slots=True)
class Reoptimise:
    """When, and how.

    Attributes:
        every: ``weekly`` or ``monthly``.
        day: of the week, by name; of the month, 1 to 28.
        hour: UTC.
        arguments: more words for ``vigie walk-forward``.
        auto_promote: what passes every gate is taken without a person.
    """

    every: str
    day: str
    hour: int = 3
    arguments: tuple[str, ...] = ()
    auto_promote: bool = False

    def last_due(self, now_ms: int) -> int:
        """The last instant, not after now, at which it was to happen; epoch milliseconds."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        at = now.replace(hour=self.hour, minute=0, second=0, microsecond=0)
        if self.every == "weekly":
            at -= timedelta(days=(at.weekday() - DAYS.index(self.day)) % 7)
            at -= timedelta(days=7 if at > now else 0)
        else:
            at = at.replace(day=int(self.day))
            if at > now:
                at = (at.replace(day=1) - timedelta(days=1)).replace(day=int(self.day))
        return round(at.timestamp() * 1000)


def read_reoptimise(table: object) -> Reoptimise:
    """What a table says.

    Raises:
        ConfigError: unknown keys, and values that mean nothing; all of them.
    """
    if not isinstance(table, Mapping):
        raise ConfigError("must be a table")
    known = [one.name for one in fields(Reoptimise)]
    problems = [f"unknown key '{key}'{suggestion(str(key), known)}" for key in table if key not in known]
    every = table.get("every")
    if every not in ("weekly", "monthly"):
        problems.append('every must be "weekly" or "monthly"')
    day = _day(every, table.get("day"), problems)
    hour = table.get("hour", 3)
    if isinstance(hour, bool) or not isinstance(hour, int) or not 0 <= hour <= 23:
        problems.append("hour must be a whole number, 0 to 23 (UTC)")
    promote = table.get("auto_promote", False)
    if not isinstance(promote, bool):
        problems.append("auto_promote must be true or false")
    arguments = _arguments(table.get("arguments", []), problems)
    if problems:
        raise ConfigError(problems)
    return Reoptimise(str(every), day, int(hour), arguments, bool(promote))


def _day(every: object, day: Any, problems: list[str]) -> str:  # noqa: ANN401, RUF100
    if every == "monthly":
        found = 1 if day is None else day
        if isinstance(found, bool) or not isinstance(found, int) or not 1 <= found <= 28:
            problems.append("day must be a day that every month has, 1 to 28")
        return str(found)
    found = "sunday" if day is None else day
    if found not in DAYS:
        problems.append(f"day must be one of {', '.join(DAYS)}")
    return str(found)


def _arguments(given: object, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        problems.append('arguments must be a list of words, for instance ["--folds", "4"]')
        return ()
    ours = sorted({one.partition("=")[0] for one in given} & set(OURS))
    problems += [f"arguments: {one} follows from the account" for one in ours]
    return tuple(given)
