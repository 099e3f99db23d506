"""Which files a strategy is made of: its own, and those beside it that it imports."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from pathlib import Path

_PACKAGE = "strategies"


def source_files(path: Path) -> tuple[Path, ...]:
    """The file of a strategy and every file of its folder that it imports, directly or not; sorted, its own first.

    Only what is written as an import statement is seen; what is not in the folder belongs to vigie or to a library.
    """
    found = {path: None}
    waiting = [path]
    while waiting:
        for helper in _imported(waiting.pop(), path.parent):
            if helper not in found:
                found[helper] = None
                waiting.append(helper)
    return (path, *sorted(one for one in found if one != path))


def code_hash(path: Path) -> str:
    """SHA-256 of a strategy's source: of its file alone, or of all its files with their names, where it has helpers."""
    files = source_files(path)
    if len(files) == 1:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    digest = hashlib.sha256()
    for one in files:
        digest.update(f"{one.relative_to(path.parent).as_posix()}\0".encode())
        digest.update(hashlib.sha256(one.read_bytes()).digest())
    return digest.hexdigest()


def _imported(path: Path, folder: Path) -> Iterator[Path]:
    """Files below the folder that a file of it imports."""
    inside = path.relative_to(folder).parent.parts
    for node in ast.walk(ast.parse(path.read_bytes())):
        names: list[tuple[str, ...]] = []
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            stem = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                stem = (_PACKAGE, *inside[: len(inside) + 1 - node.level], *stem)
            names = [(*stem, alias.name) for alias in node.names]
        for name in names:
            if name[0] == _PACKAGE:
                yield from _files_of(folder, name[1:])


def _files_of(folder: Path, name: tuple[str, ...]) -> Iterator[Path]:
    """What an import of a dotted name runs: packages on the way, and the module; a last word may be a name in it."""
    here = folder
    for word in name:
        here = here / word
        if here.with_suffix(".py").is_file():
            yield here.with_suffix(".py")
            return
        if not here.is_dir():
            return
        if (here / "__init__.py").is_file():
            yield here / "__init__.py"
