"""Finding strategies: the packaged ones and those in the user's home."""

from __future__ import annotations

from pathlib import Path

from vigie.domain.errors import ConfigError
from vigie.strategy.strategy import Strategy, extend_search_path, load, names, packaged

FOLDER = "strategies"


def find(name: str, home: Path) -> Strategy:
    """A strategy by name.

    Raises:
        ConfigError: no such strategy, or a name that exists twice.
    """
    extend_search_path(home / FOLDER)
    return load(name)


def origin(strategy: Strategy, home: Path) -> str:
    """``built-in``, or ``home`` for one of the user's own folder."""
    folder = (home / FOLDER).resolve()
    # In a checkout of vigie the two are one folder.
    own = folder != packaged().resolve() and strategy.path.resolve().is_relative_to(folder)
    return "home" if own else "built-in"


def every(home: Path) -> list[Strategy | ConfigError]:
    """All strategies that can be found, sorted by name; in the place of a broken one, what is wrong with it.

    Raises:
        ConfigError: a name exists twice.
    """
    extend_search_path(home / FOLDER)
    return [_or_error(name) for name in names()]


def _or_error(name: str) -> Strategy | ConfigError:
    try:
        return load(name)
    except ConfigError as error:
        return error
