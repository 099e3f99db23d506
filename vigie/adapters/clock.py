"""The system's clock: the only place that reads it."""

from __future__ import annotations

import time


class SystemClock:
    """The machine's own time. Fulfils :class:`vigie.ports.clock.Clock`."""

    def now_ms(self) -> int:
        """The present instant in epoch milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Wait; zero or less returns at once."""
        if seconds > 0:
            time.sleep(seconds)
