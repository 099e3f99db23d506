"""The kill switch for people: ``<state>/.halt_trading``. Whatever is there under that name halts all accounts."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from vigie.adapters.storage.atomic import make_folder, sync_folder, write_atomically
from vigie.domain.masking import for_people

NAME = ".halt_trading"
_LONGEST = 4096


def path_of(state: Path) -> Path:
    """Where the kill switch of a state folder lies."""
    return state / NAME


def reason_to_halt(state: Path) -> str | None:
    """Why trading is halted by the file; None: nothing is there.

    One look at the name (no link is followed) while nothing is there: cheap enough for before each send. What cannot
    be looked at halts.

    Args:
        state: the state folder of the home.
    """
    path = state / NAME
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path} cannot be looked at ({error.strerror or error})"
    if stat.S_ISDIR(found.st_mode):
        return f"{path} is there, as a folder"
    return f"{path} is there{_words(path)}"


def halt(state: Path, reason: str) -> None:
    """Make the file; it is on disk when this returns. Trading was halted already if something else is there.

    Raises:
        OSError: it cannot be made; what is there under its name halts all the same.
    """
    write_atomically(state / NAME, (reason + "\n").encode("utf-8", "backslashreplace"))


def halt_first(state: Path, reason: str) -> bool:
    """Make the file unless something is there already; what a person wrote into it is never replaced.

    Returns:
        True if it was made by this call; it is on disk then.

    Raises:
        OSError: it cannot be made; nothing is halted.
    """
    make_folder(state)
    try:
        file = (state / NAME).open("xb")
    except FileExistsError:
        return False
    # From here on trading is halted, whatever else fails: an empty file halts as well.
    with file, contextlib.suppress(OSError):
        file.write((reason + "\n").encode("utf-8", "backslashreplace"))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(state)
    return True


def identity(state: Path) -> str | None:
    """What tells this kill switch from one that is made later: its instant and its words; None: nothing is there."""
    reason = reason_to_halt(state)
    if reason is None:
        return None
    try:
        made_at = os.lstat(state / NAME).st_mtime_ns
    except OSError:
        made_at = 0
    return f"{made_at} {reason}"


def lift(state: Path) -> None:
    """Take the file away; nothing happens if there is none.

    Raises:
        OSError: it cannot be removed, a folder for example: a person made it, a person removes it.
    """
    (state / NAME).unlink(missing_ok=True)


def _words(path: Path) -> str:
    """What a person wrote into it, if that can be read without waiting."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return f", and cannot be read ({error.strerror or error})"
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return ", and is no ordinary file"
        text = for_people(os.read(descriptor, _LONGEST).decode("utf-8", "replace"))
    except OSError as error:
        return f", and cannot be read ({error.strerror or error})"
    finally:
        os.close(descriptor)
    return f": {text}" if text else ""
