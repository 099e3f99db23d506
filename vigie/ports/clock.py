"""Time, as everything that waits or asks the hour sees it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """The hour and waiting; the real one is ``adapters/clock.py``, tests and replays bring their own."""

    def now_ms(self) -> int:
        """The present instant in epoch milliseconds, UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; zero or less returns at once."""
        ...
