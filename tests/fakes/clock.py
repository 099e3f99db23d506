"""A clock that stands still until it is told to wait."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class FakeClock:
    """Fulfils the Clock port.

    Attributes:
        at_ms: the present instant, epoch milliseconds.
        waits: every wait in seconds, in order.
    """

    at_ms: int = 1_750_000_000_000
    waits: list[float] = field(default_factory=list)

    def now_ms(self) -> int:
        """The present instant."""
        return self.at_ms

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.waits.append(seconds)
        self.at_ms += round(seconds * 1000)
