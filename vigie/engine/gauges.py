"""What a tick tells those who only look on: facts for the heartbeat. Nothing is decided by any of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vigie.engine.reconcile import Difference, DifferenceKind

OF_A_PAIR = "pair"


class Gauges:
    """Collects from one heartbeat to the next."""

    def __init__(self) -> None:
        self._equity: tuple[float, int] | None = None
        self._more: list[str] = []
        self._fewer: list[str] = []
        self._decided_ms: list[int] = []
        self._errors: list[list[str]] = []

    def priced(self, equity: float, at: int) -> None:
        """What the account is worth at live prices; NaN: a price is not known, and nothing is told.

        Args:
            equity: quote.
            at: of the prices, epoch milliseconds.
        """
        self._equity = None if math.isnan(equity) else (equity, at)

    def compared(self, found: Sequence[Difference]) -> None:
        """What the venue holds otherwise than the books."""
        self._more = sorted(one.subject for one in found if one.kind is DifferenceKind.ORPHAN_POSITION)
        self._fewer = sorted(one.subject for one in found if one.kind is DifferenceKind.MANUAL_CLOSE)

    def decided(self, milliseconds: int) -> None:
        """A pair was decided on.

        Args:
            milliseconds: from the candles to the signals; the least that a clock of milliseconds can tell is 0.
        """
        self._decided_ms.append(max(0, milliseconds))

    def failed(self, step: str, error: Exception) -> None:
        """A step went wrong; of a pair only that it was one: kinds of errors are few, pairs are not."""
        self._errors.append([OF_A_PAIR if "/" in step else step, type(error).__name__])

    def facts(self, now: int) -> dict[str, object]:
        """What was collected; lists begin anew.

        Args:
            now: by the clock that told the instant of the prices: a heartbeat may go by another.
        """
        told: dict[str, object] = {
            "equity": None if self._equity is None else self._equity[0],
            "equity_age_ms": None if self._equity is None else max(0, now - self._equity[1]),
            "venue_more": self._more,
            "venue_fewer": self._fewer,
            "decided_ms": self._decided_ms,
            "errors": self._errors,
        }
        self._decided_ms, self._errors = [], []
        return told
