"""The venue's time, told by our clock: what an engine goes by whose machine may have the wrong hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vigie.ports.clock import Clock


class KnowsSkew(Protocol):
    """Knows how far apart two clocks are: `vigie.adapters.market_data.live_feed.LiveFeed`."""

    def skew_ms(self) -> int:
        """The venue's time less ours, as it was told last."""
        ...


@dataclass(frozen=True, slots=True)
class VenueClock:
    """Fulfils :class:`vigie.ports.clock.Clock`.

    Candles close, orders are filled and days begin by the venue's time. Ours is only as good as whoever sets it.

    Attributes:
        clock: ours.
        feed: knows how far it is off.
    """

    clock: Clock
    feed: KnowsSkew

    def now_ms(self) -> int:
        """The present instant in epoch milliseconds, as the venue counts."""
        return self.clock.now_ms() + self.feed.skew_ms()

    def sleep(self, seconds: float) -> None:
        """Wait; zero or less returns at once."""
        self.clock.sleep(seconds)
