"""After several failures in a row work is left alone for a while, then tried once.

M. Nygard, *Release It!* (2007), calls it a circuit breaker: closed, open, half-open.
"""

from __future__ import annotations

from enum import StrEnum

from vigie.ports.clock import Clock

FAILURES = 3
PAUSE_S = 300.0


class State(StrEnum):
    """Of a circuit breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitBreaker:
    """Counts failures in a row; lives in memory: a fresh process tries afresh."""

    def __init__(self, clock: Clock, *, failures: int = FAILURES, pause_s: float = PAUSE_S) -> None:
        """Closed at first.

        Args:
            clock: says how long it has been open.
            failures: in a row, after which it opens.
            pause_s: seconds until it is tried again.
        """
        self._clock, self._most, self._pause_ms = clock, failures, round(pause_s * 1000)
        self._failures = 0
        self._opened_at: int | None = None

    @property
    def state(self) -> State:
        """As it is now."""
        if self._opened_at is None:
            return State.CLOSED
        # A clock that was set back must not make a day of five minutes: then it is tried.
        return State.OPEN if 0 <= self._clock.now_ms() - self._opened_at < self._pause_ms else State.HALF_OPEN

    @property
    def opens_again_at(self) -> int | None:
        """When work is tried again, epoch milliseconds; None: it is closed."""
        return None if self._opened_at is None else self._opened_at + self._pause_ms

    def admits(self) -> bool:
        """Whether work may be done now."""
        return self.state is not State.OPEN

    def failed(self) -> bool:
        """Work went wrong; True: that opened it. A try that fails keeps it open for another pause."""
        fresh = self._opened_at is None
        self._failures += 1
        if self._failures < self._most and fresh:
            return False
        self._opened_at = self._clock.now_ms()
        return fresh

    def succeeded(self) -> bool:
        """Work went well; True: that closed it."""
        was_open = self._opened_at is not None
        self._failures, self._opened_at = 0, None
        return was_open
