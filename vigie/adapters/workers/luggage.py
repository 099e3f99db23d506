"""What a worker elsewhere needs besides the points: the user's strategy files, and proof that its code is ours."""

from __future__ import annotations

import atexit
import hashlib
import importlib
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from threading import Lock

from vigie.domain.canonical import digest
from vigie.domain.errors import ConfigError
from vigie.research.compile import source_hash
from vigie.strategy.strategy import PACKAGE, Strategy, extend_search_path, load

MOST_BYTES = 10_000_000

_lock = Lock()
_unpacked: dict[str, Strategy] = {}
_folders: list[str] = []


def builds() -> dict[str, str]:
    """What the numbers of a run depend on besides candles, points and strategy: equal builds give equal bits."""
    return {"vigie's sources": source_hash()[:12], "numba": version("numba"), "numpy": version("numpy")}


@dataclass(frozen=True, slots=True)
class Luggage:
    """A strategy on its way to another process.

    Attributes:
        name: of the strategy.
        code_hash: of its file.
        files: the user's strategy folder, by path relative to it; empty for a strategy that comes with vigie.
        built: `builds` of whoever packed.
    """

    name: str
    code_hash: str
    files: Mapping[str, bytes]
    built: Mapping[str, str] = field(default_factory=builds)


def packed(strategy: Strategy) -> Luggage:
    """Pack a strategy: its file and every other Python file in its folder, which it may import.

    Raises:
        ConfigError: the folder is too large, or a file cannot be read.
    """
    ours = Path(str(importlib.import_module(PACKAGE).__file__)).parent
    folder = strategy.path.parent
    if folder.resolve() == ours.resolve():
        return Luggage(strategy.name, strategy.code_hash, {})
    try:
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}
    except OSError as error:
        raise ConfigError(f"{folder}: the strategies cannot be sent to the workers: {error}") from error
    size = sum(map(len, files.values()))
    if size > MOST_BYTES:
        raise ConfigError(f"{folder}: {size:,} bytes of Python files are too many to send to workers: at most 10 MB")
    return Luggage(strategy.name, strategy.code_hash, files)


def unpacked(luggage: Luggage) -> Strategy:
    """The strategy, found here as it was packed there. Unpacked once in a process; several threads may ask.

    Raises:
        ConfigError: this process would compute something else.
    """
    require_same(luggage.built, builds(), "this worker")
    contents = {name: hashlib.sha256(content).hexdigest() for name, content in luggage.files.items()}
    key = digest([luggage.name, luggage.code_hash, contents])
    with _lock:
        if key not in _unpacked:
            _unpacked[key] = _found(luggage)
        return _unpacked[key]


def require_same(wanted: Mapping[str, str], found: Mapping[str, str], who: str) -> None:
    """Refuse a worker whose numbers could differ.

    Raises:
        ConfigError: it has another build.
    """
    other = [
        f"{name} {found.get(name, 'none')}, here {wanted[name]}" for name in wanted if found.get(name) != wanted[name]
    ]
    if other:
        raise ConfigError(
            f"{who} is not built like this vigie ({'; '.join(other)}): install the same versions there, "
            "and start it again"
        )


def _found(luggage: Luggage) -> Strategy:
    if luggage.files:
        _forget_earlier()
        folder = Path(tempfile.mkdtemp(prefix="vigie-strategies-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        for name, content in luggage.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _folders.append(str(folder))
        extend_search_path(folder)
    strategy = load(luggage.name)
    if strategy.code_hash != luggage.code_hash:
        raise ConfigError(
            f"strategy '{luggage.name}' of this worker is another one ({strategy.path}): install the same vigie"
        )
    return strategy


def _forget_earlier() -> None:
    """Strategies that were unpacked before keep working; their names are free again."""
    package = importlib.import_module(PACKAGE)
    package.__path__[:] = [known for known in package.__path__ if known not in _folders]
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        if name.startswith(f"{PACKAGE}.") and any(file.startswith(folder) for folder in _folders):
            del sys.modules[name]
            vars(package).pop(name.removeprefix(f"{PACKAGE}."), None)
