"""The exchange's time: set by hand, faster than ours, or ours."""

from __future__ import annotations

import time
from collections.abc import Callable


class ExchangeClock:
    """Epoch milliseconds that go by as told. Fulfils :class:`vigie.ports.clock.Clock`."""

    def __init__(
        self, start_ms: int, speed: float | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Start.

        Args:
            start_ms: first instant.
            speed: how many times faster than ours it goes; None: only when somebody moves it.
            monotonic: seconds of our own time; tests bring their own.
        """
        self._base, self._speed, self._monotonic = start_ms, speed, monotonic
        self._since = monotonic()
        self.moved: Callable[[int], None] | None = None

    def now_ms(self) -> int:
        """The present instant."""
        if self._speed is None:
            return self._base
        return self._base + int((self._monotonic() - self._since) * 1000 * self._speed)

    def advance(self, milliseconds: int) -> int:
        """Move on by so much; the new instant.

        Raises:
            ValueError: backwards.
        """
        if milliseconds < 0:
            raise ValueError("time does not go backwards here")
        self._base += milliseconds
        now = self.now_ms()
        if self.moved is not None:
            self.moved(now)
        return now

    def sleep(self, seconds: float) -> None:
        """Let time go by: at once where it is moved by hand; a negative wait is none."""
        if self._speed is None:
            self.advance(max(round(seconds * 1000), 0))
        elif seconds > 0:
            time.sleep(seconds / self._speed)  # noqa: TID251 - this is a clock
