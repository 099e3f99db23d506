"""``vigie init``: a home to start from. What is there already is left as it is."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.storage.atomic import make_folder, sync_folder
from vigie.app.config import check
from vigie.app.home.examples import env_example, toml_example
from vigie.app.settings import FILE
from vigie.app.strategies.finding import FOLDER
from vigie.app.strategies.new import source_of
from vigie.domain.errors import ConfigError

SCHEMA = "vigie.init/1"
FOLDERS = ("state", "logs", FOLDER)
ECOSYSTEM = "ecosystem.config.js"
STRATEGY = "my_strategy"
NOTES = (
    "vigie paper alone needs a network: it asks a venue for candles",
    "it trades ema_stochrsi until [accounts.paper] of vigie.toml says otherwise",
)
"""What is not seen from the commands that come next."""
_OWNER_ONLY, _USUAL = 0o600, 0o666
"""Modes of files, before the user's umask."""


def create(home: Path) -> dict[str, Any]:
    """Write what is missing of a home: folders, settings, secrets to fill in, a strategy, a file for PM2.

    Args:
        home: the folder; made if it is missing.

    Returns:
        What was written and what was left alone, relative to the home; what is wrong with its settings; commands that
        come next, and what to know of them.

    Raises:
        ConfigError: it is no folder, or it cannot be written.
    """
    files: dict[str, tuple[Callable[[], str], int]] = {
        FILE: (lambda: toml_example(home), _USUAL),
        ENV_FILE: (lambda: env_example(home), _OWNER_ONLY),
        f"{FOLDER}/{STRATEGY}.py": (lambda: source_of(STRATEGY), _USUAL),
        ECOSYSTEM: (ecosystem, _USUAL),
    }
    written, left = list[str](), list[str]()
    try:
        for name in FOLDERS:
            (left if (home / name).is_dir() else written).append(f"{name}/")
            make_folder(home / name)
        for name, (text, mode) in files.items():
            (written if _write_new(home / name, text, mode) else left).append(name)
    except OSError as error:
        raise ConfigError(f"{error.filename or home}: cannot be written: {error.strerror or error}") from error
    return {
        "schema": SCHEMA,
        "home": str(home),
        "written": written,
        "left_alone": left,
        "problems": check(home)["problems"],
        "next": _next(home),
        "notes": list(NOTES),
    }


def ecosystem() -> str:
    """The file of PM2, as it is shipped."""
    return resources.files(__package__).joinpath(ECOSYSTEM).read_text(encoding="utf-8")


def _write_new(path: Path, text: Callable[[], str], mode: int) -> bool:
    """Write a file that is not there yet; False: something of that name is, and stays."""
    if os.path.lexists(path):
        return False
    content = text().encode()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    except FileExistsError:
        return False
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return True


def _next(home: Path) -> list[str]:
    there = [] if home == Path.cwd() else [f"cd {shlex.quote(str(home))}"]
    return [
        *there,
        "vigie config check",
        f"vigie strategy check {STRATEGY}",
        f"vigie backtest --strategy {STRATEGY}",
        f"vigie paper --replay --strategy {STRATEGY} --timerange 20250601-20250630",
        "vigie paper",
    ]
