"""What asks a process to end: Ctrl-C, a supervisor's signal."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self


class EndSignals:
    """Hears the signals that ask this process to end; the second one ends it at once, as Ctrl-C does.

    Python's handlers run between two instructions of the main thread: the first signal only leaves a note, so that no
    order is torn from its line in the journal.
    """

    def __init__(self, patience: float | None = None) -> None:
        """Make ready; signals are heard in ``with``.

        Args:
            patience: seconds after the first signal in which there is no end, which then comes as if by a second one;
                None: for ever. Less than a supervisor waits before it kills.
        """
        self.heard: str | None = None
        self._patience = patience
        self._first, self._left = threading.Event(), threading.Event()
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> Self:
        for number in end_signals():
            self._before[number] = signal.signal(number, self._hear)
        if self._patience is not None:
            # Started before it is needed: nothing is started in a signal's handler.
            threading.Thread(target=self._insist, args=(self._patience,), name="end", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._left.set()
        self._first.set()
        for number, before in self._before.items():
            signal.signal(number, before)

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self.heard is not None:
            raise KeyboardInterrupt
        self.heard = signal.Signals(number).name
        self._first.set()

    def ask(self, reason: str) -> None:
        """Ask for an end as the first signal does, from any thread of this process."""
        if self.heard is None:
            self.heard = reason
        self._first.set()

    def _insist(self, patience: float) -> None:
        self._first.wait()
        if not self._left.wait(patience):
            interrupt_main_thread()


def interrupt_main_thread(known: Mapping[str, Any] = vars(signal)) -> None:
    """Send the main thread a signal of this process's own.

    Args:
        known: names that the system's signals have.
    """
    if "pthread_kill" in known:
        # Wakes it from a read that waits, too.
        known["pthread_kill"](threading.main_thread().ident, signal.SIGINT)
    else:
        _thread.interrupt_main()


def end_signals(known: Mapping[str, Any] = vars(signal)) -> tuple[int, ...]:
    """Numbers of the signals that ask for an end.

    Args:
        known: names that the system's signals have.
    """
    # SIGBREAK is how a supervisor on Windows asks; elsewhere there is none.
    return tuple(int(known[name]) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if name in known)


class Interrupting:
    """Makes of every signal that asks for an end one KeyboardInterrupt in the main thread; later ones are not heard.

    What tidies up behind it is not interrupted again. Outside the main thread nothing is heard.
    """

    def __init__(self) -> None:
        """Make ready; signals are heard in ``with``."""
        self._before: dict[int, Any] = {}
        self._held = self._heard = self._raised = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (*end_signals(), *hang_up()):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    @contextmanager
    def held(self) -> Iterator[None]:
        """What is begun here is ended before the interrupt comes: a process that starts gets known to who ends it."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            if self._heard:
                self._raise()

    def _hear(self, *_: object) -> None:
        self._heard = True
        if not self._held:
            self._raise()

    def _raise(self) -> None:
        if not self._raised:
            self._raised = True
            raise KeyboardInterrupt


def hang_up(known: Mapping[str, Any] = vars(signal)) -> tuple[int, ...]:
    """Number of the signal that a closed terminal sends; none where there is none.

    Args:
        known: names that the system's signals have.
    """
    return (int(known["SIGHUP"]),) if "SIGHUP" in known else ()
