"""Things done in processes of their own, forked from this one: no interpreter has to start anew."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory, if the system has such a place: what counts here is order, not the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="vigie-crash-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder).resolve()


def started(work: Callable[[], None]) -> int:
    """Begin something in a process of its own; a traceback goes to stderr.

    Returns:
        its process id; whoever started it waits for it.
    """
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - nothing of the parent may go on in here
            sys.stderr.write(traceback.format_exc())
            os._exit(1)
        os._exit(0)
    return child


def forked(work: Callable[[], None]) -> int:
    """Do something in a process of its own.

    Returns:
        its wait status.
    """
    return os.waitpid(started(work), 0)[1]


def run_apart(work: Callable[[], T]) -> T:
    """What something says that is done in a process of its own; JSON types."""
    (said,) = spread(lambda one: one(), [work], 1)
    return said


def spread(work: Callable[[Any], T], items: Sequence[Any], jobs: int) -> list[T]:
    """Do something to each item, in several processes; what is said must be of JSON types.

    Returns:
        what was said of each, in order.
    """
    told = [tempfile.TemporaryFile() for _ in range(jobs)]  # noqa: SIM115 - closed below

    def take(job: int) -> None:
        told[job].write(json.dumps([work(one) for one in items[job::jobs]]).encode())
        told[job].flush()

    try:
        children = [started(lambda job=job: take(job)) for job in range(jobs)]  # type: ignore[misc]
        status = [os.waitpid(child, 0)[1] for child in children]
        if any(status):
            raise AssertionError(f"processes that were not to be killed ended with {status}")
        found: list[Any] = [None] * len(items)
        for job, file in enumerate(told):
            file.seek(0)
            found[job::jobs] = json.loads(file.read())
        return found
    finally:
        for file in told:
            file.close()
