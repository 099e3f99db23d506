"""Longer candles out of shorter ones."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import Candles
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.timeframe import DAY_MS, Timeframe

_WEEK_MS = 7 * DAY_MS
_MONDAY_MS = 4 * DAY_MS
"""The epoch began on a Thursday; weeks begin on Monday, as at the exchanges."""


def resample(candles: Candles, timeframe: Timeframe) -> tuple[Candles, int]:
    """Add candles up on the UTC grid of a longer timeframe.

    A bucket with missing rows is built from the rows that exist, as exchanges do after an outage. A last bucket that
    is not over when the data end is dropped: it is still forming.

    Args:
        candles: shape (n,).
        timeframe: a whole multiple of the candles' own.

    Returns:
        The longer candles, and how many rows of a dropped last bucket were left out.

    Raises:
        ConfigError: the timeframe is not a whole multiple of the candles' own.
        DataError: the candles do not fill one bucket.
    """
    length = timeframe.milliseconds
    if length <= candles.timeframe.milliseconds or length % candles.timeframe.milliseconds:
        raise ConfigError(f"{candles.timeframe} candles do not add up to {timeframe}: only to whole multiples")
    offset = _MONDAY_MS if length % _WEEK_MS == 0 else 0
    buckets = (candles.opens_at - offset) // length * length + offset
    complete = len(candles)
    if complete and candles.closes_at[-1] < buckets[-1] + length:
        complete = int(np.searchsorted(buckets, buckets[-1]))
    if complete == 0:
        raise DataError(f"the candles do not fill one {timeframe} candle")
    starts = np.flatnonzero(np.diff(buckets[:complete], prepend=buckets[0] - 1))
    ends = np.append(starts[1:], complete) - 1
    part = candles[:complete]
    longer = Candles(
        timeframe=timeframe,
        opens_at=buckets[starts],
        open=part.open[starts],
        high=np.maximum.reduceat(part.high, starts),
        low=np.minimum.reduceat(part.low, starts),
        close=part.close[ends],
        volume=np.add.reduceat(part.volume, starts),
    )
    return longer, len(candles) - complete
