"""What asks a process to end: Ctrl-C, a supervisor's signal."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Self


class EndSignals:
    """Hears the signals that ask this process to end; the second one ends it at once, as Ctrl-C does.

    Python's handlers run between two instructions of the main thread: the first signal only leaves a note, so that no
    order is torn from its line in the journal.
    """

    def __init__(self) -> None:
        self.heard: str | None = None
        self._before: dict[int, signal._HANDLER] = {}

    def __enter__(self) -> Self:
        for number in _signals():
            self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _hear(self, number: int, _: FrameType | None) -> None:
        if self.heard is not None:
            raise KeyboardInterrupt
        self.heard = signal.Signals(number).name


def _signals() -> tuple[int, ...]:
    # SIGBREAK is how a supervisor on Windows asks; elsewhere there is none.
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    return tuple(int(getattr(signal, name)) for name in names if hasattr(signal, name))
