"""The exchange's time: set by hand, faster than ours, or ours."""

from __future__ import annotations

from vigie.ports.clock import Clock


class ExchangeClock:
    """Epoch milliseconds that go by as told. Fulfils :class:`vigie.ports.clock.Clock`."""

    def __init__(self, start_ms: int, pace: tuple[Clock, float] | None = None) -> None:
        """Start.

        Args:
            start_ms: first instant.
            pace: our own clock, and how many times faster than it this one goes; None: only when somebody moves it.
        """
        self._base, self._pace = start_ms, pace
        self._since = 0 if pace is None else pace[0].now_ms()

    def now_ms(self) -> int:
        """The present instant."""
        if self._pace is None:
            return self._base
        clock, speed = self._pace
        return self._base + int(max(clock.now_ms() - self._since, 0) * speed)

    def advance(self, milliseconds: int) -> int:
        """Move on by so much; the new instant.

        Raises:
            ValueError: backwards.
        """
        if milliseconds < 0:
            raise ValueError("time does not go backwards here")
        self._base += milliseconds
        return self.now_ms()

    def sleep(self, seconds: float) -> None:
        """Let time go by: at once where it is moved by hand; a negative wait is none."""
        if self._pace is None:
            self.advance(max(round(seconds * 1000), 0))
        else:
            clock, speed = self._pace
            clock.sleep(seconds / speed)
