"""Finding lines of a journal by the words in them, without reading the others: 100,000 lines in some milliseconds.

Lines that are found are checked by themselves; the chain is not (`vigie.adapters.storage.journal_files.walk` does).
A quotation mark inside a text is escaped, so that ``"kind":"run"`` can stand nowhere but where it is meant.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from vigie.adapters.storage.journal_files import segments
from vigie.adapters.storage.journal_lines import Line, understand
from vigie.domain.errors import InvariantBroken


def last_of(folder: Path, kind: str, before_seq: int | None = None) -> Line | None:
    """The last line of a kind; None: there is none.

    Args:
        folder: of the journal.
        kind: of the event.
        before_seq: only lines before this one.

    Raises:
        InvariantBroken: the line is damaged.
        OSError: a file cannot be read.
    """
    for line in backwards_with(folder, [kind_mark(kind)]):
        if line.kind == kind and (before_seq is None or line.seq < before_seq):
            return line
    return None


def kind_mark(kind: str) -> str:
    """What stands in every line of a kind."""
    return f'"kind":"{kind}",'


def backwards_with(folder: Path, words: Sequence[str]) -> Iterator[Line]:
    """Lines in which at least one of some words stands, the last one first; no further than somebody asks for.

    Args:
        folder: of the journal.
        words: as they are spelled in the file.

    Raises:
        InvariantBroken: one of them is damaged.
        OSError: a file cannot be read.
    """
    marks = [word.encode("ascii") for word in words]
    for path in reversed(segments(folder)):
        with _mapped(path) as content:
            found = [content.rfind(mark) for mark in marks]
            while (at := max(found, default=-1)) >= 0:
                line = _line_around(path, content, at)
                if line is not None:
                    yield line
                start = content.rfind(b"\n", 0, at) + 1
                found = [
                    one if one < start else content.rfind(mark, 0, start)
                    for one, mark in zip(found, marks, strict=True)
                ]


def lines_with(folder: Path, word: str) -> Iterator[Line]:
    """Lines in which a word stands, in order.

    Args:
        folder: of the journal.
        word: as it is spelled in the file, for instance ``"kind":"trade",``.

    Raises:
        InvariantBroken: one of them is damaged.
        OSError: a file cannot be read.
    """
    mark = word.encode("ascii")
    for path in segments(folder):
        with _mapped(path) as content:
            at = 0
            while (at := content.find(mark, at)) >= 0:
                line = _line_around(path, content, at)
                if line is None:
                    break
                yield line
                at = content.find(b"\n", at) + 1


def _line_around(path: Path, content: mmap.mmap | bytes, at: int) -> Line | None:
    """The line in which a byte stands; None: it has no end yet."""
    start, end = content.rfind(b"\n", 0, at) + 1, content.find(b"\n", at)
    if end < 0:
        return None
    try:
        return understand(content[start:end])
    except ValueError as error:
        raise InvariantBroken(f"{path}: the line at byte {start}: {error}") from None


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap | bytes]:
    """The bytes of a file, without reading them all; an empty file cannot be mapped."""
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            yield content
