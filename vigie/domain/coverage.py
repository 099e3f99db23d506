"""How long positions had no stop at the venue, from the first fill to the stop's acceptance and at each replacement."""

from __future__ import annotations

from dataclasses import dataclass

GUARD_PERIOD_MS = 60_000
"""No position is without a stop for longer than this: the time between two looks of the guard."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """Stretches without a stop that are over.

    Attributes:
        count: of them.
        total_ms, longest_ms: their lengths.
        too_long: how many were longer than a guard period.
    """

    count: int = 0
    total_ms: int = 0
    longest_ms: int = 0
    too_long: int = 0

    def with_one(self, milliseconds: int) -> Gaps:
        """One more; a clock that went backwards makes none shorter than nothing."""
        length = max(0, milliseconds)
        return Gaps(
            self.count + 1,
            self.total_ms + length,
            max(self.longest_ms, length),
            self.too_long + (length > GUARD_PERIOD_MS),
        )
