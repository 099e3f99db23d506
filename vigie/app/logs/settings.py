"""Where and how things are logged. See docs/logs_and_metrics.md.

[logs]
format = "text"      # text, json, prod, dev
level = "INFO"
folder = "logs"      # relative to the home
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.env_file import read_env
from vigie.adapters.logs import FORMATS, LEVELS
from vigie.app.settings import ENVIRONMENT, FILE, read_tables
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion

TABLE = "logs"
VARIABLES = {f"VIGIE_LOGS_{name.upper()}": name for name in ("format", "level", "folder")}


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How logs are kept.

    Attributes:
        format: of `vigie.adapters.logs.formats.FORMATS`.
        level: the least that is written.
        folder: with one folder per kind in it.
    """

    format: str
    level: str
    folder: Path


def log_settings(home: Path, environment: Mapping[str, str] | None = None) -> LogSettings:
    """What ``[logs]`` of ``vigie.toml`` and the environment say.

    Args:
        home: the user's folder.
        environment: of the process; None: its own.

    Raises:
        ConfigError: unknown keys, and values that mean nothing; all at once.
    """
    table = read_tables(home).get(TABLE, {})
    problems: list[str] = []
    if not isinstance(table, dict):
        raise ConfigError(f"{FILE}: [{TABLE}] must be a table")
    known = set(VARIABLES.values())
    problems += [f"{FILE}: [{TABLE}] unknown key '{key}'{suggestion(key, known)}" for key in table if key not in known]
    said = {key: (f"{FILE}: [{TABLE}] {key}", value) for key, value in table.items() if key in known}
    there = os.environ if environment is None else environment
    for source, values in ((ENV_FILE, read_env(home / ENV_FILE).values), (ENVIRONMENT, there)):
        said |= {key: (f"{source}: {name}", values[name]) for name, key in VARIABLES.items() if values.get(name)}
    found = LogSettings("text", "INFO", home / "logs")
    for key, (where, value) in said.items():
        if not isinstance(value, str) or not value:
            problems.append(f"{where} must be text")
        elif key == "folder":
            found = replace(found, folder=home / Path(value).expanduser())
        elif key == "format":
            _one_of(value, FORMATS, where, problems)
            found = replace(found, format=value)
        else:
            _one_of(value.upper(), LEVELS, where, problems)
            found = replace(found, level=value.upper())
    if problems:
        raise ConfigError(problems)
    return found


def _one_of(value: str, known: Sequence[str], where: str, problems: list[str]) -> None:
    if value not in known:
        problems.append(f"{where}: there is no '{value}'{suggestion(value, set(known))}: {', '.join(known)}")


def log_folder(home: Path, kind: str) -> Path:
    """Where the logs of a kind lie; the usual place where the settings cannot be read."""
    try:
        return log_settings(home).folder / kind
    except ConfigError:
        return home / "logs" / kind
