"""Trials for tests, and a ledger that keeps them in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field

from vigie.domain.trial import POINT_DIGITS, Market, TrialCount, TrialEvent, TrialKind


def key(*words: object) -> str:
    """A key as real points have them: the same words, the same key."""
    return hashlib.sha256(repr(words).encode()).hexdigest()


def an_event(
    *points: str,
    strategy: str = "ema_cross",
    kind: TrialKind = TrialKind.BACKTEST,
    pairs: Collection[str] = ("BTC/USDT",),
    venue: str = "binance",
    timeframe: str = "1h",
) -> TrialEvent:
    """One event; without points, one point of its own."""
    return TrialEvent(
        kind=kind,
        strategy=strategy,
        strategy_hash="a" * 64,
        code_hash="b" * 64,
        timeframe=timeframe,
        venues=dict.fromkeys(pairs, venue),
        data_hashes=dict.fromkeys(pairs, "c" * 64),
        points=points or (key(strategy, sorted(pairs), timeframe),),
    )


@dataclass
class FakeTrialLedger:
    """Fulfils the TrialLedger port.

    Attributes:
        events: everything that was recorded, in order.
    """

    events: list[TrialEvent] = field(default_factory=list)

    def record(self, event: TrialEvent) -> None:
        """Keep an event."""
        self.events.append(event)

    def count(self, strategy: str, markets: Collection[Market]) -> int:
        """Distinct points of the strategy on any of the markets."""
        wanted = set(markets)
        return len(
            {
                point[:POINT_DIGITS]
                for event in self.events
                if event.strategy == strategy
                and wanted & {Market(venue, pair, event.timeframe) for pair, venue in event.venues.items()}
                for point in event.points
            }
        )

    def breakdown(self, strategy: str | None = None) -> tuple[TrialCount, ...]:
        """Not needed by any test yet."""
        raise NotImplementedError(strategy)
