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

Command line over environment over file over defaults. In the environment, or in ``.env``, a setting of account
``live-main`` is called VIGIE_LIVE_MAIN_CAPITAL, _PAIRS, _TIMEFRAME and so on, and a number VIGIE_LIVE_MAIN_PARAM_FAST.
Secrets are never read from here (`vigie.app.secrets`).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.env_file import read_env
from vigie.app.trading.reoptimise_settings import Reoptimise, read_reoptimise
from vigie.app.watch.settings import TABLE as WATCH
from vigie.app.watch.settings import read_watch
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

FILE = "vigie.toml"
HOUSE_TABLES = ("logs", "health", "backup")
"""Tables of ``vigie.toml`` that are about no account; who uses one checks what it says."""
DEFAULT, FROM_FILE, ENVIRONMENT = "default", FILE, "environment"
_PLAIN = ("venue", "strategy", "profile", "timeframe", "pairs", "capital")
_PARAM = "PARAM_"
_KEYS = ("API_KEY", "API_SECRET", "API_PASSPHRASE")
"""Secrets of the account: known, and read elsewhere."""
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
        reoptimise: when its parameters are looked for anew; None: never.
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
    reoptimise: Reoptimise | None = None


def check_name(name: str) -> str:
    """A name that can be a folder and stand in a client id.

    Raises:
        ConfigError: it cannot.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{name}' is no name for an account: small letters, digits and dashes, a letter first")
    return name


def account_settings(home: Path, name: str, environment: Mapping[str, str] | None = None) -> AccountSettings:
    """What environment and ``vigie.toml`` say of an account; the defaults where they say nothing.

    Args:
        home: where the file lies.
        name: of the account.
        environment: of the process; None: its own.

    Raises:
        ConfigError: the file cannot be read, or keys and values that mean nothing; all of them at once.
    """
    return traced_settings(home, name, environment)[0]


def traced_settings(
    home: Path, name: str, environment: Mapping[str, str] | None = None
) -> tuple[AccountSettings, dict[str, str]]:
    """The same, and where each setting comes from.

    Returns:
        settings; and by key (``capital``, ``parameters.fast``, ``reconcile.dust``) ``default``, ``vigie.toml``,
        ``environment`` or ``.env``. Numbers that nobody names are not among the keys.

    Raises:
        ConfigError: as `account_settings`.
    """
    found, sources, problems = read_settings(home, name, environment)
    if problems:
        raise ConfigError(problems)
    return found, sources


def read_settings(
    home: Path, name: str, environment: Mapping[str, str] | None = None
) -> tuple[AccountSettings, dict[str, str], list[str]]:
    """The same with what is wrong with it: settings that mean nothing are as if nobody had named them.

    Raises:
        ConfigError: a name that cannot be, or a file that cannot be read at all.
    """
    check_name(name)
    tables = _read(home / FILE)
    problems: list[str] = []
    known_top = {"accounts", WATCH, *HOUSE_TABLES}
    if set(tables) - known_top:
        from vigie.app.alerts.found import names  # seldom there, and slow to load

        known_top |= set(names())
    problems += [f"{FILE}: unknown key '{key}'{suggestion(key, known_top)}" for key in tables if key not in known_top]
    problems += read_watch(tables.get(WATCH, {}))[1]
    accounts = tables.get("accounts", {})
    if not isinstance(accounts, dict):
        raise ConfigError([*problems, f"{FILE}: accounts must be tables: [accounts.{name}]"])
    table = accounts.get(name, {})
    found = _account(name, table, problems)
    sources = {key: FROM_FILE if isinstance(table, dict) and key in table else DEFAULT for key in _PLAIN}
    sources |= {f"parameters.{key}": FROM_FILE for key in found.parameters}
    sources |= {f"reconcile.{key}": FROM_FILE for key in found.reconcile}
    written = read_env(home / ENV_FILE)
    problems += written.problems
    there = os.environ if environment is None else environment
    for source, variables in ((ENV_FILE, written.values), (ENVIRONMENT, there)):
        found = _from_variables(found, variables, source, [*accounts, name], sources, problems)
    return found, sources, problems


def prefix_of(account: str) -> str:
    """What the variables of an account begin with: ``VIGIE_LIVE_MAIN_``."""
    return f"VIGIE_{account.upper().replace('-', '_')}_"


def variables_of(account: str, variables: Mapping[str, str], accounts: Sequence[str]) -> dict[str, str]:
    """Variables of one account by what stands behind its prefix; those of an account with a longer name are its own."""
    mine = prefix_of(account)
    longer = tuple(one for one in map(prefix_of, accounts) if one != mine and one.startswith(mine))
    return {
        name.removeprefix(mine): value
        for name, value in sorted(variables.items())
        if name.startswith(mine) and not (longer and name.startswith(longer))
    }


def _from_variables(
    base: AccountSettings,
    variables: Mapping[str, str],
    source: str,
    accounts: Sequence[str],
    sources: dict[str, str],
    problems: list[str],
) -> AccountSettings:
    known = [*(one.upper() for one in _PLAIN), *_KEYS, f"{_PARAM}NAME"]
    changes: dict[str, Any] = {}
    parameters = dict(base.parameters)
    for rest, value in variables_of(base.name, variables, accounts).items():
        where, key = f"{source}: {prefix_of(base.name)}{rest}", rest.lower()
        if rest.startswith(_PARAM) and rest != _PARAM:
            parameters[key.removeprefix(_PARAM.lower())] = value
            sources[f"parameters.{key.removeprefix(_PARAM.lower())}"] = source
            continue
        if rest in _KEYS:
            continue
        if key not in _PLAIN:
            problems.append(f"{where}: there is no such setting{suggestion(rest, known)}")
            continue
        sources[key] = source
        if key == "timeframe":
            _collected(changes, key, lambda value=value: Timeframe.parse(value), where, problems)
        elif key == "pairs":
            _collected(changes, key, lambda value=value: _pairs(value), where, problems)
        else:
            changes[key] = value
    return replace(base, parameters=parameters, **changes)


def account_names(home: Path) -> list[str]:
    """Accounts that ``vigie.toml`` names, sorted.

    Raises:
        ConfigError: the file cannot be read.
    """
    accounts = _read(home / FILE).get("accounts", {})
    return sorted(accounts) if isinstance(accounts, dict) else []


def read_tables(home: Path) -> dict[str, Any]:
    """``vigie.toml`` as it is written; empty: there is none.

    Raises:
        ConfigError: it cannot be read.
    """
    return _read(home / FILE)


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
        _collected(changes, "capital", lambda: _number(table["capital"]), where, problems)
    for key in ("parameters", "reconcile"):
        if key in table:
            _collected(changes, key, lambda key=key: _parameters(table[key]), where, problems)
    if "reoptimise" in table:
        _collected(changes, "reoptimise", lambda: read_reoptimise(table["reoptimise"]), where, problems)
    return replace(base, **changes)


def _collected(changes: dict[str, Any], key: str, read: Any, where: str, problems: list[str]) -> None:  # noqa: ANN401, RUF100
    try:
        changes[key] = read()
    except ConfigError as error:
        problems += [f"{where} {key}: {one}" for one in error.problems]


def _number(value: object) -> str:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        raise ConfigError("must be a number")
    return str(value)


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
