"""``.env`` and credentials folders: values that must not stand in ``vigie.toml``. Read, never written, never shown."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FILE = ".env"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What a file says.

    Attributes:
        values: by name.
        problems: lines that mean nothing, and who may read it that should not; sentences without values.
    """

    values: dict[str, str]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"EnvFile({sorted(self.values)})"


def read_env(path: Path) -> EnvFile:
    """Lines of ``NAME=value``, read by python-dotenv.

    Quotes around a value (of several lines too: a private key), escapes in them, ``export`` before a name, and ``#``
    remarks are understood; ``$`` stays as it is.
    A file that others than its owner may read is told, and what it says is not used.
    """
    try:
        content = path.read_bytes()[:_MOST_BYTES]
    except FileNotFoundError:
        return EnvFile({})
    except OSError as error:
        return EnvFile({}, (f"{path}: cannot be read: {error.strerror or error}",))
    problem = open_to_others(path)
    if problem:
        return EnvFile({}, (problem,))
    return _parsed(path, content.decode("utf-8", "replace"))


def _parsed(path: Path, text: str) -> EnvFile:
    # What dotenv_values(interpolate=False) is made of; this also says which line it did not understand.
    from dotenv.parser import parse_stream

    values, problems = dict[str, str](), list[str]()
    for found in parse_stream(io.StringIO(text)):
        if not found.error and found.key is None:
            continue
        if found.error or found.value is None or not _NAME.fullmatch(found.key or ""):
            blank = len(found.original.string) - len(found.original.string.lstrip())
            number = found.original.line + found.original.string[:blank].count("\n")
            problems.append(f"{path}: line {number} is not of the form NAME=value")
        else:
            values[str(found.key)] = found.value
    return EnvFile(values, tuple(problems))


def read_credentials(folder: Path, names: Iterable[str]) -> EnvFile:
    """One file per value, as systemd's ``LoadCredential=`` leaves them: the file's name is the value's.

    Args:
        folder: for instance ``$CREDENTIALS_DIRECTORY``.
        names: that are looked for, in capitals or in small letters.
    """
    values, problems = dict[str, str](), list[str]()
    for name in names:
        for path in (folder / name, folder / name.lower()):
            try:
                text = path.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace").strip()
            except FileNotFoundError:
                continue
            except OSError as error:
                problems.append(f"{path}: cannot be read: {error.strerror or error}")
                continue
            problem = open_to_others(path)
            if problem and open_to_others(folder):
                # In a folder that is closed to others, what its files allow does not matter.
                problems.append(problem)
            else:
                values.setdefault(name, text)
    return EnvFile(values, tuple(problems))


def open_to_others(path: Path) -> str:
    """Why a file with secrets is not safe where it lies; empty: it is, or this system has no such modes."""
    if os.name == "nt":
        return ""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return f"{path}: others may read it (mode {mode:03o}): chmod {'700' if path.is_dir() else '600'} {path}"
    return ""
