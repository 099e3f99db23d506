"""Finding strategies: the packaged ones and those in the user's home."""

from __future__ import annotations

from pathlib import Path

from vigie.strategy.strategy import Strategy, extend_search_path, load, names

FOLDER = "strategies"


def find(name: str, home: Path) -> Strategy:
    """A strategy by name.

    Raises:
        ConfigError: no such strategy, or a name that exists twice.
    """
    extend_search_path(home / FOLDER)
    return load(name)


def every(home: Path) -> list[Strategy]:
    """All strategies that can be found, sorted by name.

    Raises:
        ConfigError: one of them cannot be imported, or a name exists twice.
    """
    extend_search_path(home / FOLDER)
    return [load(name) for name in names()]
