"""Streams whose other end is no person: a pipe has no width, and may be closed before all is said."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

CLOSED = 141
"""128 + SIGPIPE: what a shell counts for who wrote to a pipe that nobody reads any more."""
_NEVER = 10_000
"""Columns that no line has."""


def columns(stream: TextIO) -> int | None:
    """How wide lines may be; None: as wide as the terminal, or as COLUMNS says.

    A line in a pipe or a file is for a program, or for ``grep``: it is not broken.
    """
    return None if stream.isatty() or os.environ.get("COLUMNS") else _NEVER


@contextmanager
def beside(stream: TextIO | None = None) -> Iterator[None]:
    """What is said beside what is done: if nobody can be told, it is done all the same.

    An engine that trades is not ended by a terminal that was closed, a reader that has gone, a full disk under its
    stderr; its log and its journal have what it says.

    Args:
        stream: where it is said; None: stderr.
    """
    try:
        yield
    except BrokenPipeError:
        with suppress(OSError, ValueError):
            silence(sys.stderr if stream is None else stream)
    except OSError:
        return  # a full disk may have room again


def silence(stream: TextIO) -> None:
    """Give a stream a place to write to: the interpreter flushes it once more on its way out.

    Raises:
        OSError: it has no file.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
