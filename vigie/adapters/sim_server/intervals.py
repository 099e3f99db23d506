"""Intervals of klines and where on the calendar they begin."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import IntArray

_SECOND, _MINUTE, _HOUR, _DAY = 1000, 60_000, 3_600_000, 86_400_000
LENGTHS = {
    "1s": _SECOND,
    **{f"{count}m": count * _MINUTE for count in (1, 3, 5, 15, 30)},
    **{f"{count}h": count * _HOUR for count in (1, 2, 4, 6, 8, 12)},
    "1d": _DAY,
    "3d": 3 * _DAY,
    "1w": 7 * _DAY,
    "1M": 31 * _DAY,
}
"""By name; a month is as long as the longest."""
_MONDAY = 4 * _DAY


def begins(opens_at: IntArray, interval: str) -> IntArray:
    """The beginnings of the intervals in which instants lie, epoch milliseconds, shape (n,)."""
    if interval == "1M":
        months: IntArray = (
            opens_at.astype("datetime64[ms]").astype("datetime64[M]").astype("datetime64[ms]").astype(np.int64)
        )
        return months
    offset = _MONDAY if interval == "1w" else 0
    found: IntArray = (opens_at - offset) // LENGTHS[interval] * LENGTHS[interval] + offset
    return found


def ends(begin: int, interval: str) -> int:
    """The last millisecond of the interval that begins there."""
    if interval == "1M":
        month = np.datetime64(begin, "ms").astype("datetime64[M]") + 1
        return int(month.astype("datetime64[ms]").astype(np.int64)) - 1
    return begin + LENGTHS[interval] - 1
