"""What the limits remember of an account's equity, close by close."""

from __future__ import annotations

from typing import NamedTuple


class Marks(NamedTuple):
    """The account as the limits see it.

    Attributes:
        day: UTC day since 1970; -1 before the first close.
        day_first, day_low: first and lowest equity of that day, quote.
        peak: highest equity, quote.
        worst: largest fall from the peak so far, fraction.
    """

    day: int
    day_first: float
    day_low: float
    peak: float
    worst: float


def remembered(marks: Marks, equity: float, day: int) -> Marks:
    """The marks after one more close.

    Args:
        marks: before it.
        equity: at the close, quote.
        day: UTC day in which it lies; midnight opens the new day.
    """
    first, low, peak, worst = marks.day_first, marks.day_low, marks.peak, marks.worst
    if day != marks.day:
        first = low = equity
    low = min(low, equity)
    if equity >= peak:
        peak = equity
    elif equity < peak * (1.0 - worst):
        worst = 1.0 - equity / peak
    return Marks(day, first, low, peak, worst)
