"""What the limits remember of an account, close by close. Live calls these functions, research compiles them."""

from __future__ import annotations

from typing import NamedTuple


class Marks(NamedTuple):
    """The account as the limits see it.

    Attributes:
        day: UTC day since 1970; -1 before the first close.
        day_first, day_low: first and lowest equity of that day, quote.
        peak: highest equity, quote.
        worst: largest fall from the peak so far, fraction.
        lowest: lowest equity since the start, quote.
    """

    day: int
    day_first: float
    day_low: float
    peak: float
    worst: float
    lowest: float


def unmarked(capital: float) -> Marks:
    """An account before its first close."""
    return Marks(-1, 0.0, 0.0, capital, 0.0, capital)


def remembered(marks: Marks, equity: float, day: int) -> Marks:
    """The marks after one more close.

    Args:
        marks: before it.
        equity: at the close, quote.
        day: UTC day in which it lies; midnight opens the new day.
    """
    first, low = marks.day_first, marks.day_low
    if day != marks.day:
        first = low = equity
    peak, worst = fallen(equity, marks.peak, marks.worst)
    return Marks(day, first, min(low, equity), peak, worst, min(marks.lowest, equity))


def fallen(equity: float, peak: float, worst: float) -> tuple[float, float]:
    """The peak so far and the largest fall from one, as a fraction, after one more close."""
    if equity >= peak:
        return equity, worst
    if equity < peak * (1.0 - worst):
        return peak, 1.0 - equity / peak
    return peak, worst
