"""Exclusive locks between processes: the one place that knows how this system spells them.

The operating system lets go of a lock when its holder dies, whatever kills it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

if sys.platform == "win32":
    import errno
    import msvcrt
    import os

    _FAR = 1 << 30
    """Locked bytes cannot be read by others: the one that is locked lies far behind any content."""

    def _take(descriptor: int, *, wait: bool) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
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
        os.lseek(descriptor, _FAR, os.SEEK_SET)
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
    with hold(path, wait=wait) as file:
        try:
            yield
        finally:
            _release(file.fileno())


def hold(path: Path, *, wait: bool = True) -> BinaryIO:
    """Take a lock, and keep it until the file that is returned is closed or this process ends.

    Args:
        path: as for `locked`; may have content.
        wait: as for `locked`.

    Returns:
        the file, unbuffered; whatever is written to it goes to its end.

    Raises:
        BlockingIOError: not waiting, and somebody else holds it.
        OSError: the file cannot be made.
    """
    file = path.open("a+b", buffering=0)
    try:
        _take(file.fileno(), wait=wait)
    except BaseException:
        file.close()
        raise
    return file
