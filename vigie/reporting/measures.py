"""What is measured of an account, for whoever draws curves of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

HIT_WINDOW = 100
"""Closed trades whose ends are looked at."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What is measured.

    Attributes:
        predictions: decisions at closes.
        bounds_ms: upper bounds of times that are counted together, milliseconds.
        decided: of the predictions, by time taken: one number per bound and one above, not cumulated.
        decided_ms: all of the times together.
        trades_executed: entries with a fill.
        trades_won, trades_lost: closed trades, fees taken off; one without a profit counts as lost.
        stop_rate, target_rate: of the last `HIT_WINDOW` closed trades, fractions; None: there are none.
        equity: quote; None: not known.
        equity_fraction: of what the account began with, flows removed; None: not known.
        drawdown: of the highest equity so far, fraction; None: not known.
        signals: decisions by kind.
        errors: by step and type.
        positions: pairs that are held.
        heartbeat_age: seconds; None: there is none.
        mode: in force.
        unprotected: pairs that are held without a stop at the venue.
        halts: that stand.
        healthy: what ``/health`` says.
        running: a process holds the account.
        venue, account: names.
    """

    account: str = ""
    venue: str = ""
    predictions: int = 0
    bounds_ms: tuple[int, ...] = ()
    decided: tuple[int, ...] = (0,)
    decided_ms: float = 0.0
    trades_executed: int = 0
    trades_won: int = 0
    trades_lost: int = 0
    stop_rate: float | None = None
    target_rate: float | None = None
    equity: float | None = None
    equity_fraction: float | None = None
    drawdown: float | None = None
    signals: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[tuple[str, str], int] = field(default_factory=dict)
    positions: tuple[str, ...] = ()
    heartbeat_age: float | None = None
    mode: str = "active"
    unprotected: int = 0
    halts: int = 0
    healthy: bool = False
    running: bool = False

    @property
    def untimed(self) -> int:
        """Decisions of which nobody knows how long they took: made before it was measured, or the file was lost."""
        return max(0, self.predictions - sum(self.decided))

    @property
    def cumulated(self) -> tuple[int, ...]:
        """Decisions up to each bound, and all; who was not timed is in none but the last."""
        found, total = [], 0
        for count in self.decided[:-1]:
            total += count
            found.append(min(total, self.predictions))
        return (*found, self.predictions)
