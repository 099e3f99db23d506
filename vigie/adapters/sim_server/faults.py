"""The fault plan: rules that say which calls go wrong, and how.

A rule matches calls (method, path, parameters), or the hour; it acts from its ``nth`` match on, ``count`` times, inside
its window of time. A rule that never acted has tested nothing, and is told.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from vigie.domain.errors import ConfigError
from vigie.domain.instants import from_iso
from vigie.domain.names import suggestion

ACTIONS: Mapping[str, frozenset[str]] = {
    "hang": frozenset({"when", "seconds"}),
    "reset": frozenset({"when"}),
    "answer": frozenset({"when", "status", "code", "message", "body", "cut", "retry_after"}),
    "lag": frozenset({"seconds"}),
    "skew": frozenset({"seconds", "drift_per_hour"}),
    "klines": frozenset({"how", "row", "factor"}),
    "do": frozenset({"when", "acts"}),
}
"""What a rule can do, and the words that go with it."""
_MATCHING = frozenset({"name", "method", "path", "where", "nth", "count", "from", "to", "at", "action"})
_WHENS = {"hang": ("before", "after"), "reset": ("before", "after", "half"), "answer": ("before", "after"),
          "do": ("before", "after")}  # fmt: skip
KLINES = ("late", "gap", "duplicate", "revise", "forming")


@dataclass(slots=True)
class Rule:
    """One rule.

    Attributes:
        name: for people.
        action: one of `ACTIONS`.
        options: what goes with it.
        method, path: patterns (``*`` is anything).
        where: patterns of parameters.
        nth: the first match that counts.
        count: how often it acts; 0: always.
        since, until: epoch milliseconds; None: no bound.
        at: it acts by itself at this instant, epoch milliseconds; None: it waits for calls.
        matched, fired: how often so far.
    """

    name: str
    action: str
    options: Mapping[str, Any] = field(default_factory=dict)
    method: str = "*"
    path: str = "*"
    where: Mapping[str, str] = field(default_factory=dict)
    nth: int = 1
    count: int = 1
    since: int | None = None
    until: int | None = None
    at: int | None = None
    matched: int = 0
    fired: int = 0

    def matches(self, method: str, path: str, parameters: Mapping[str, str], now: int) -> bool:
        """Whether a call is meant; nothing is counted."""
        if self.at is not None or not self.in_window(now):
            return False
        if not fnmatchcase(method, self.method) or not fnmatchcase(path, self.path):
            return False
        return all(fnmatchcase(parameters.get(name, ""), pattern) for name, pattern in self.where.items())

    def in_window(self, now: int) -> bool:
        """Whether it is its time."""
        return (self.since is None or now >= self.since) and (self.until is None or now < self.until)

    def acts(self) -> bool:
        """Count a match; whether the rule acts on it."""
        self.matched += 1
        if self.matched < self.nth or (self.count and self.fired >= self.count):
            return False
        self.fired += 1
        return True

    @property
    def spent(self) -> bool:
        """It has acted as often as it may."""
        return bool(self.count) and self.fired >= self.count

    def to_json(self) -> dict[str, Any]:
        """For the control port."""
        return {
            "name": self.name, "action": self.action, "method": self.method, "path": self.path,
            "where": dict(self.where), "matched": self.matched, "fired": self.fired,
        }  # fmt: skip


class Plan:
    """The rules in force."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = list(rules)

    def acting(self, method: str, path: str, parameters: Mapping[str, str], now: int) -> list[Rule]:
        """Rules that act on a call; counts it. Skew is no matter of single calls."""
        found = [one for one in self.rules if one.action != "skew" and one.matches(method, path, parameters, now)]
        return [one for one in found if one.acts()]

    def due(self, now: int) -> list[Rule]:
        """Rules whose own instant has come, in the order of their instants; each is given once."""
        found = sorted((one for one in self.rules if one.at is not None and one.at <= now and not one.fired),
                       key=lambda one: one.at or 0)  # fmt: skip
        for one in found:
            one.acts()
        return found

    def next_due(self) -> int | None:
        """The next such instant, epoch milliseconds; None: there is none."""
        return min((one.at for one in self.rules if one.at is not None and not one.fired), default=None)

    def skew_ms(self, now: int) -> int:
        """How far the exchange's time is off now, milliseconds."""
        total = 0.0
        for one in self.rules:
            if one.action == "skew" and one.in_window(now):
                one.matched, one.fired = one.matched + 1, one.fired + 1
                hours = (now - (one.since or now)) / 3_600_000
                drift = float(one.options.get("drift_per_hour", 0))
                total += 1000 * (float(one.options.get("seconds", 0)) + drift * hours)
        return round(total)

    def never_fired(self) -> tuple[str, ...]:
        """Names of the rules that have done nothing."""
        return tuple(one.name for one in self.rules if not one.fired)


def read_plan(text: str, start_ms: int) -> Plan:
    """A plan out of TOML: ``[[rule]]`` tables.

    Args:
        text: of the file.
        start_ms: instants that are plain numbers are seconds after this one.

    Raises:
        ConfigError: all that is wrong.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the fault plan is not TOML: {error}") from error
    strange = sorted(set(document) - {"rule"})
    if strange:
        raise ConfigError(f"the fault plan has [[rule]] tables only, not '{strange[0]}'")
    return plan_of(document.get("rule", []), start_ms)


def plan_of(tables: Sequence[Mapping[str, Any]], start_ms: int) -> Plan:
    """A plan out of tables.

    Raises:
        ConfigError: all that is wrong.
    """
    problems: list[str] = []
    rules: list[Rule] = []
    for index, table in enumerate(tables, start=1):
        name = str(table.get("name", f"rule {index}"))
        try:
            rules.append(_rule(name, table, start_ms))
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ConfigError(problems)
    return Plan(rules)


def _rule(name: str, table: Mapping[str, Any], start_ms: int) -> Rule:
    action = str(table.get("action", ""))
    if action not in ACTIONS:
        raise ValueError(f"there is no action '{action}'{suggestion(action, list(ACTIONS))}")
    options = {key: value for key, value in table.items() if key not in _MATCHING}
    for key in options:
        if key not in ACTIONS[action]:
            known = sorted(_MATCHING | ACTIONS[action])
            raise ValueError(f"'{key}' is not a word of a rule that does {action}{suggestion(key, known)}")
    _check_options(action, options)
    at = _instant(table.get("at"), start_ms)
    if at is not None and action != "do":
        raise ValueError("only a rule with action 'do' has an 'at'")
    return Rule(
        name=name,
        action=action,
        options=options,
        method=str(table.get("method", "*")),
        path=str(table.get("path", "*")),
        where={str(key): str(value) for key, value in dict(table.get("where", {})).items()},
        nth=_whole(table, "nth", 1),
        count=_whole(table, "count", 0 if action in ("lag", "skew") else 1),
        since=_instant(table.get("from"), start_ms),
        until=_instant(table.get("to"), start_ms),
        at=at,
    )


def _check_options(action: str, options: Mapping[str, Any]) -> None:
    when = options.get("when", "before")
    if action in _WHENS and when not in _WHENS[action]:
        raise ValueError(f"'when' is one of {', '.join(_WHENS[action])}, not '{when}'")
    if action == "klines" and options.get("how") not in KLINES:
        raise ValueError(f"'how' is one of {', '.join(KLINES)}, not '{options.get('how')}'")
    for name in ("seconds", "drift_per_hour", "factor", "retry_after", "status", "code", "cut", "row"):
        value = options.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"'{name}' is a number, not '{value}'")  # noqa: TRY004 - one kind of problem for all
    acts = options.get("acts", [])
    if not isinstance(acts, list) or not all(isinstance(one, Mapping) for one in acts):
        raise ValueError("'acts' is a list of tables")


def _whole(table: Mapping[str, Any], name: str, usual: int) -> int:
    value = table.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"'{name}' is a whole number from zero upwards, not '{value}'")
    return value


def _instant(value: Any, start_ms: int) -> int | None:  # noqa: ANN401, RUF100 - TOML
    if value is None:
        return None
    if isinstance(value, bool):
        raise ValueError(f"'{value}' is no instant")  # noqa: TRY004 - one kind of problem for all
    if isinstance(value, int | float):
        return start_ms + round(value * 1000)
    try:
        return from_iso(str(value))
    except ValueError as error:
        raise ValueError(f"{error}: write 2024-03-01T12:00:00Z, or seconds after the start") from None
