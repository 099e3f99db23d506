"""Which accounts a home has, and which one is meant. Light: nothing here imports more than the standard library."""

from __future__ import annotations

from pathlib import Path

from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion

_TRACES = ("journal", "state.json", "halts.json", "stopped", "requests", "lock")
"""A folder below ``state/`` with one of these is an account."""
_MARKS = ("vigie.toml", ".env", "strategies", "state")
"""A folder with one of these is somebody's home."""
_USED = ("heartbeat.json", "state.json", "journal")
"""The first of these that is there tells when it was used."""


def state_folder(home: Path) -> Path:
    """Where the run-time files of a home lie."""
    return home / "state"


def account_folder(home: Path, account: str) -> Path:
    """Where the files of an account lie."""
    return state_folder(home) / account


def require_home(home: Path) -> None:
    """Tell a folder that is nobody's home from one in which no account has begun.

    Raises:
        ConfigError: nothing of vigie lies there.
    """
    if not any(_there(home / mark) for mark in _MARKS):
        raise ConfigError(
            f"nothing was halted or lifted: {home} is no home of vigie (none of {', '.join(_MARKS)} is in it): "
            "go to yours, or name it with VIGIE_HOME"
        )


def _there(path: Path) -> bool:
    """Whether something has this name; what cannot be looked at may be: who halts is not kept from trying."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def known(home: Path) -> list[str]:
    """Accounts that have left something on the disk, sorted."""
    try:
        folders = [one for one in state_folder(home).iterdir() if one.is_dir()]
    except FileNotFoundError:
        return []
    return sorted(one.name for one in folders if any((one / trace).exists() for trace in _TRACES))


def to_read(home: Path, given: str | None) -> str:
    """The account that a reading command is about: the one that was named, or the one that was used last.

    Raises:
        ConfigError: there is none, or none of that name.
    """
    names = known(home)
    if not names:
        whose = "" if given is None else f" '{given}'"
        raise ConfigError(f"there is no account{whose} yet: {_begins(given)}")
    if given is not None:
        return _checked(given, names)
    return max(names, key=lambda name: (_used_at(account_folder(home, name)), name))


def to_steer(home: Path, given: str | None) -> str:
    """The account that a command changes: the one that was named, or the only one. Never a guess.

    Raises:
        ConfigError: there is none, none of that name, or more than one.
    """
    names = known(home)
    if given is None and len(names) > 1:
        raise ConfigError(f"there are {len(names)} accounts: say which with --account: {', '.join(names)}")
    return to_read(home, given)


def others(home: Path, account: str) -> list[str]:
    """The home's accounts but for one, sorted."""
    return [name for name in known(home) if name != account]


def _checked(given: str, names: list[str]) -> str:
    if given not in names:
        near, there = suggestion(given, names), ", ".join(names)
        tail = near if "known" in near else f"{near} There are: {there}"
        raise ConfigError(f"there is no account '{given}'{tail}")
    return given


def _begins(given: str | None) -> str:
    """The command that makes the first account, of that name where one of its kind can be made at once."""
    if given is None or not given.startswith(("replay-", "paper")):
        return "vigie paper --replay begins one"
    replay = " --replay" if given.startswith("replay-") else ""
    return f"vigie paper{replay} --account {given} begins it"


def _used_at(folder: Path) -> float:
    """When an engine was last at work there; what people do to an account does not count."""
    for name in _USED:
        try:
            return (folder / name).stat().st_mtime
        except OSError:
            continue
    return 0.0
