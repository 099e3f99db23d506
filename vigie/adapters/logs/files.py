"""A log file that is written behind the back of whoever logs: a queue, a thread, ten megabytes, five old ones.

Whoever logs never waits for the disk. What cannot be written is lost, and told once on stderr; so is what comes faster
than the disk takes it. Nothing of this ever raises into the process that trades.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from logging.handlers import QueueHandler, QueueListener, RotatingFileHandler
from pathlib import Path

from vigie.adapters.logs.formats import Formatter

MOST_BYTES, BACKUPS = 10 * 1024 * 1024, 5
MOST_WAITING = 10_000
"""Lines that may wait for the disk."""
LAST_WORDS_SECONDS = 2.0
"""So long an end waits for lines that are not written yet."""
ROOT = "vigie"


def on_stderr(sentence: str) -> None:
    """Say it where a supervisor hears it."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{sentence}\n")
        sys.stderr.flush()


class Once:
    """Says the first sentence and swallows the others."""

    def __init__(self, say: Callable[[str], None] = on_stderr) -> None:
        self._say: Callable[[str], None] | None = say

    def __call__(self, sentence: str) -> None:
        """Say it, if it is the first."""
        say, self._say = self._say, None
        if say is not None:
            say(sentence)


class Rotating(RotatingFileHandler):
    """The end of the queue: entries that are ready, written to a file of bounded size."""

    def __init__(self, path: Path, complain: Callable[[str], None], most_bytes: int, backups: int) -> None:
        super().__init__(
            path, maxBytes=most_bytes, backupCount=backups, encoding="utf-8", errors="backslashreplace", delay=True
        )
        self._complain, self._path = complain, path

    def emit(self, record: logging.LogRecord) -> None:
        """Write one entry; the folder is made when there is something to put there."""
        try:
            if self.stream is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            super().emit(record)
        except OSError as error:
            self._tell(error)
            self.let_go()

    def doRollover(self) -> None:  # noqa: N802 - logging's name
        """Begin a new file; where the old one cannot be moved (somebody reads it, on Windows) it goes on."""
        try:
            super().doRollover()
        except OSError as error:
            self._tell(error)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's own
        """An entry that could not be written."""
        self._tell(sys.exc_info()[1])
        self.let_go()  # opened anew for the next one: the disk may have room again, the folder may be back

    def let_go(self) -> None:
        """Close the file, whatever is still in its buffer; the next entry opens it again."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()

    def close(self) -> None:
        """The end: what a full disk does not take is not worth an error."""
        self.let_go()
        super().close()

    def _tell(self, error: BaseException | None) -> None:
        words = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self._complain(f"{self._path}: the log cannot be written ({words}); nothing else hangs on it")


class Outbox(QueueHandler):
    """The beginning: makes the entry, and leaves it to the thread."""

    def __init__(
        self, waiting: queue.Queue[object], now_ms: Callable[[], int], complain: Callable[[str], None]
    ) -> None:
        super().__init__(waiting)
        self.now_ms, self._complain = now_ms, complain

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The entry as text, at the time that counts here: a replay's is its own."""
        record.created = self.now_ms() / 1000
        return logging.makeLogRecord({"msg": self.format(record), "levelno": record.levelno})

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's own
        """It could not be made, or too many wait: it is lost."""
        error = sys.exc_info()[1]
        why = "more is said than can be written" if isinstance(error, queue.Full) else str(error)
        self._complain(f"the log: lines are lost ({why})")


class _Writer(QueueListener):
    """The thread; an end does not wait for a disk that hangs."""

    def __init__(self, waiting: queue.Queue[object], target: Rotating) -> None:
        super().__init__(waiting, target)
        self._waiting, self._target = waiting, target

    def stop(self) -> None:
        """Write what waits, for a moment; a file that hangs is left to its thread."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        while True:
            try:
                self._waiting.put_nowait(None)
                break
            except queue.Full:  # the end has to get in, whatever is lost for it
                with contextlib.suppress(queue.Empty):
                    self._waiting.get_nowait()
        thread.join(LAST_WORDS_SECONDS)

    def _monitor(self) -> None:
        super()._monitor()  # type: ignore[misc]
        self._target.close()


@contextmanager
def log_file(  # noqa: PLR0913, RUF100
    kind: str,
    name: str,
    path: Path,
    *,
    form: str,
    level: str,
    mask: Callable[[str], str],
    now_ms: Callable[[], int],
    complain: Callable[[str], None] | None = None,
    most_bytes: int = MOST_BYTES,
    backups: int = BACKUPS,
) -> Iterator[logging.Logger]:
    """Keep a log while the block runs.

    Args:
        kind: one of `vigie.adapters.logs.KINDS`: nothing of one tree gets into another.
        name: of the account or command; what is logged as ``vigie.KIND.NAME`` and below goes to the file.
        path: the file; it and its folder are made with the first line.
        form: one of `vigie.adapters.logs.FORMATS`.
        level: ``DEBUG``, ``INFO``, ``WARNING``, ``ERROR`` or ``CRITICAL``.
        mask: takes secrets out of a text.
        now_ms: the time that lines are given, epoch milliseconds.
        complain: told once if something cannot be written; None: on stderr.
        most_bytes: size of a file.
        backups: how many old ones are kept.
    """
    told = complain or Once()
    waiting: queue.Queue[object] = queue.Queue(MOST_WAITING)
    outbox = Outbox(waiting, now_ms, told)
    outbox.setFormatter(Formatter(form, mask))
    with ExitStack() as stack:
        writer = _Writer(waiting, Rotating(path, told, most_bytes, backups))
        writer.start()
        stack.callback(writer.stop)
        logger = logging.getLogger(f"{ROOT}.{kind}.{name}")
        before = logger.level, logger.propagate
        logger.setLevel(level)
        logger.propagate = False
        logger.addHandler(outbox)
        try:
            yield logger
        finally:
            logger.removeHandler(outbox)
            outbox.close()
            logger.setLevel(before[0])
            logger.propagate = before[1]
