"""What is asked for health: ``[health]`` of ``vigie.toml``.

    [health]
    health_port = 8080
    metrics_port = 8888
    bind = "127.0.0.1"
    silence_seconds = 180    # a heartbeat that is older is a loop that hangs
    equity_seconds = 120     # an equity that is older is not shown
    window = 50              # closed trades of win_rate and profit_factor

The token for any other address than loopback is a secret: VIGIE_HEALTH_TOKEN in the environment or ``.env``.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.env_file import read_credentials, read_env
from vigie.app.settings import FILE, read_tables
from vigie.app.status.health import GUARD_SECONDS
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion

TABLE, TOKEN = "health", "VIGIE_HEALTH_TOKEN"
SHORTEST_TOKEN = 16
_MOST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """How health is asked for.

    Attributes:
        health_port, metrics_port: 0: any that is free.
        bind: address to listen on.
        silence_seconds: a heartbeat older than this is a loop that hangs.
        equity_seconds: an equity older than this is not shown.
        window: closed trades that are looked back on.
        token: that a caller has to show; empty: none, on loopback only.
    """

    health_port: int = 8080
    metrics_port: int = 8888
    bind: str = "127.0.0.1"
    silence_seconds: float = 3.0 * GUARD_SECONDS
    equity_seconds: float = 120.0
    window: int = 50
    token: str = ""

    def __repr__(self) -> str:
        return f"HealthSettings({self.bind}, {self.health_port}, {self.metrics_port})"

    @property
    def on_loopback(self) -> bool:
        """Whether nobody but this machine can ask."""
        return _is_loopback(self.bind)


def health_settings(home: Path, environment: Mapping[str, str] | None = None, **said: object) -> HealthSettings:
    """What the command line, ``[health]`` of ``vigie.toml`` and the environment say.

    Args:
        home: the user's folder.
        environment: of the process; None: its own.
        said: on the command line, by attribute; None: not said.

    Raises:
        ConfigError: unknown keys, values that mean nothing, an open address without a token; all at once.
    """
    table = read_tables(home).get(TABLE, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{FILE}: [{TABLE}] must be a table")
    known = {one.name for one in fields(HealthSettings)} - {"token"}
    where = f"{FILE}: [{TABLE}]"
    problems = [f"{where} unknown key '{key}'{suggestion(key, known)}" for key in table if key not in known]
    values: dict[str, Any] = {}
    for key, value in {**table, **{name: one for name, one in said.items() if one is not None}}.items():
        problem = _problem(key, value) if key in known else ""
        if problem:
            problems.append(f"{where} {key}: {problem}")
        elif key in known:
            values[key] = value
    found = replace(HealthSettings(), **values, token=_token(home, environment))
    if not found.on_loopback and len(found.token) < SHORTEST_TOKEN:
        problems.append(
            f"{found.bind} can be reached by others: set {TOKEN} (at least {SHORTEST_TOKEN} characters) in the"
            " environment, the credentials folder or .env, or bind to 127.0.0.1"
        )
    if problems:
        raise ConfigError(problems)
    return found


def _problem(key: str, value: object) -> str:
    if key == "bind":
        return "" if isinstance(value, str) and _is_address(value) else "must be an address, for instance 127.0.0.1"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number"
    if key.endswith("_port"):
        return "" if type(value) is int and 0 <= value <= _MOST_PORT else "must be a port, 0 to 65535"
    if key == "window":
        return "" if type(value) is int and value >= 1 else "must be a whole number of trades, at least 1"
    return "" if 0 < value < float("inf") else "must be more than 0 seconds"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return text == "localhost"
    return True


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return text == "localhost"


def _token(home: Path, environment: Mapping[str, str] | None) -> str:
    there = os.environ if environment is None else environment
    folder = there.get("CREDENTIALS_DIRECTORY")
    kept = read_credentials(Path(folder), [TOKEN]).values if folder else {}
    written = read_env(home / ENV_FILE).values
    return there.get(TOKEN) or kept.get(TOKEN) or written.get(TOKEN) or ""
