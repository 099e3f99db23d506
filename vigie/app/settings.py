"""Accounts as the home describes them: ``vigie.toml``, checked as a whole, unknown keys refused.

    [accounts.paper]
    strategy = "ema_stochrsi"
    profile = "standard"
    timeframe = "1h"
    pairs = ["BTC/USDT", "ETH/USDT"]
    capital = 10000
    venue = "binance"
    [accounts.paper.parameters]
    fast = 26
    [accounts.paper.reconcile]
    foreign-order = "ignore"

Command line over file over defaults. Secrets are never read from here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

FILE = "vigie.toml"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One account.

    Attributes:
        name: ``paper``, ``live-...``, ``replay-...``.
        venue: where it trades.
        strategy, profile: names.
        timeframe: of the candles.
        pairs: what is traded, sorted.
        capital: quote allocated, as text; None: the profile's.
        parameters: of strategy, rules, costs, sizing and guards, as text.
        reconcile: policy by kind of difference, and ``stop_fraction``, as text.
    """

    name: str
    venue: str = "binance"
    strategy: str = "ema_stochrsi"
    profile: str = "standard"
    timeframe: Timeframe = field(default_factory=lambda: Timeframe.parse("1h"))
    pairs: tuple[Pair, ...] = (Pair("BTC", "USDT"),)
    capital: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    reconcile: Mapping[str, str] = field(default_factory=dict)


def check_name(name: str) -> str:
    """A name that can be a folder and stand in a client id.

    Raises:
        ConfigError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{name}' is no name for an account: small letters, digits and dashes, a letter first")
    return name


def account_settings(home: Path, name: str) -> AccountSettings:
    """What ``vigie.toml`` says of an account; the defaults where it says nothing.

    Raises:
        ConfigError: the file cannot be read, or keys and values that mean nothing; all of them at once.
    """
    check_name(name)
    tables = _read(home / FILE)
    problems: list[str] = []
    known_top = {"accounts"}
    problems += [f"{FILE}: unknown key '{key}'{suggestion(key, known_top)}" for key in tables if key not in known_top]
    accounts = tables.get("accounts", {})
    if not isinstance(accounts, dict):
        raise ConfigError([*problems, f"{FILE}: accounts must be tables: [accounts.{name}]"])
    table = accounts.get(name, {})
    found = _account(name, table, problems)
    if problems:
        raise ConfigError(problems)
    return found


def account_names(home: Path) -> list[str]:
    """Accounts that ``vigie.toml`` names, sorted.

    Raises:
        ConfigError: the file cannot be read.
    """
    accounts = _read(home / FILE).get("accounts", {})
    return sorted(accounts) if isinstance(accounts, dict) else []


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error


def _account(name: str, table: object, problems: list[str]) -> AccountSettings:
    base = AccountSettings(name)
    where = f"{FILE}: [accounts.{name}]"
    if not isinstance(table, dict):
        problems.append(f"{where} must be a table")
        return base
    known = {one.name for one in fields(AccountSettings)} - {"name"}
    problems += [f"{where} unknown key '{key}'{suggestion(key, known)}" for key in table if key not in known]
    changes: dict[str, Any] = {}
    for key in ("venue", "strategy", "profile"):
        if key in table:
            changes[key] = _text(table[key], f"{where} {key}", problems)
    if "timeframe" in table:
        _collected(changes, "timeframe", lambda: Timeframe.parse(str(table["timeframe"])), where, problems)
    if "pairs" in table:
        _collected(changes, "pairs", lambda: _pairs(table["pairs"]), where, problems)
    if "capital" in table:
        if isinstance(table["capital"], int | float | str) and not isinstance(table["capital"], bool):
            changes["capital"] = str(table["capital"])
        else:
            problems.append(f"{where} capital must be a number")
    for key in ("parameters", "reconcile"):
        if key in table:
            _collected(changes, key, lambda key=key: _parameters(table[key]), where, problems)
    return replace(base, **changes)


def _collected(changes: dict[str, Any], key: str, read: Any, where: str, problems: list[str]) -> None:  # noqa: ANN401, RUF100
    try:
        changes[key] = read()
    except ConfigError as error:
        problems += [f"{where} {key}: {one}" for one in error.problems]


def _text(value: object, where: str, problems: list[str]) -> str:
    if not isinstance(value, str):
        problems.append(f"{where} must be text")
    return str(value)


def _pairs(value: object) -> tuple[Pair, ...]:
    words: Sequence[object] = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    found = sorted({Pair.parse(str(word)) for word in words})
    if not found:
        raise ConfigError('name at least one pair, for instance ["BTC/USDT"]')
    return tuple(found)


def _parameters(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError("must be a table of names and values")
    return {str(key): _word(one) for key, one in value.items()}


def _word(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
