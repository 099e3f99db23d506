"""A pseudo-terminal that a process writes to, and all that it wrote."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def pseudo_terminal() -> Iterator[tuple[int, Callable[[], str]]]:
    """A terminal of one's own, closed in the end.

    Yields:
        the descriptor that a process is started with; and what, called once after that, waits for all that is written
        there, until nobody has it open any more.
    """
    here, there = os.openpty()
    open_ends = {here, there}

    def close(end: int) -> None:
        if end in open_ends:
            open_ends.remove(end)
            os.close(end)

    def read() -> str:
        close(there)
        pieces = []
        # An error is Linux's way of saying that nobody writes there any more.
        with suppress(OSError):
            while piece := os.read(here, 65_536):
                pieces.append(piece)
        return b"".join(pieces).decode().replace("\r\n", "\n")

    try:
        yield there, read
    finally:
        close(there)
        close(here)
