"""Exclusive locks between processes: the one place that knows how this system spells them.

The operating system lets go of a lock when its holder dies, whatever kills it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import errno
    import msvcrt

    def _take(descriptor: int, *, wait: bool) -> None:
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError as error:
                # LK_LOCK gives up after ten seconds; we do not.
                if wait and error.errno in (errno.EDEADLK, errno.EACCES):
                    continue
                raise BlockingIOError(error.errno, "locked by another process") from error
            return

    def _release(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(descriptor: int, *, wait: bool) -> None:
        # flock, not lockf: it also keeps two threads of one process apart.
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))

    def _release(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock while the block runs.

    Args:
        path: a file that exists for locking only; made if missing, never removed (a second one of the same name
            would be a second lock). Its folder exists.
        wait: wait for the holder, however long it takes.

    Raises:
        BlockingIOError: not waiting, and somebody else holds it.
        OSError: the file cannot be made.
    """
    with path.open("ab") as file:
        _take(file.fileno(), wait=wait)
        try:
            yield
        finally:
            _release(file.fileno())
