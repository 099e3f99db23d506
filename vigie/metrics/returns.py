"""Returns of an equity curve: per candle, per UTC day, per calendar month."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.instants import as_datetime
from vigie.domain.timeframe import DAY_MS


@dataclass(frozen=True, slots=True)
class MonthReturn:
    """Return of one calendar month (UTC); ``fraction`` is end / start - 1."""

    year: int
    month: int
    fraction: float


def simple_returns(equity: FloatArray, start: float, *, out: FloatArray | None = None) -> FloatArray:
    """Simple returns from point to point, the first one from ``start``: shape (n,), fractions.

    Args:
        equity: in quote, positive, shape (n,).
        start: value before the first point, in quote, positive.
        out: where to write them, shape (n,); a new array by default.
    """
    returns = np.empty(len(equity)) if out is None else out
    returns[:1] = equity[:1] / start
    np.divide(equity[1:], equity[:-1], out=returns[1:])
    returns -= 1.0
    return returns


def last_of_each_day(at: IntArray, step: int) -> IntArray:
    """Row of the last point of each UTC day that has one; midnight still belongs to the day it ends.

    Args:
        at: epoch milliseconds, increasing, shape (n,), n >= 1.
        step: milliseconds from one point to the next where there is no hole.
    """
    first_midnight = -(-int(at[0]) // DAY_MS) * DAY_MS
    if int(at[-1] - at[0]) == step * (len(at) - 1) and DAY_MS % step == 0:
        return _every_day(len(at), int(first_midnight - at[0]) // step, DAY_MS // step)
    rows = np.searchsorted(at, np.arange(first_midnight, int(at[-1]) + DAY_MS, DAY_MS), side="right")
    rows -= 1
    # A midnight that no new point precedes ends a day without candles.
    fresh = rows[1:] != rows[:-1]
    return rows if fresh.all() else rows[np.append(True, fresh)]


def _every_day(count: int, first: int, per_day: int) -> IntArray:
    """The days of candles without a hole, without a search."""
    rows = np.arange(first, count + per_day - 1, per_day)
    rows[-1] = min(int(rows[-1]), count - 1)
    return rows


def monthly_returns(equity: FloatArray, at: IntArray, start: float) -> tuple[MonthReturn, ...]:
    """Return of each calendar month (UTC) that has a candle; the first starts from the capital.

    Args:
        equity: in quote, positive, shape (n,).
        at: closing instants, epoch milliseconds, shape (n,).
        start: capital before the first candle, in quote.
    """
    if not len(equity):
        return ()
    months = (at - 1).astype("datetime64[ms]").astype("datetime64[M]")
    last = np.append(np.flatnonzero(months[1:] != months[:-1]), len(equity) - 1)
    levels = [start, *equity[last].tolist()]
    days = [as_datetime(int(at[row]) - 1) for row in last]
    return tuple(
        MonthReturn(day.year, day.month, after / before - 1.0)
        for day, (before, after) in zip(days, pairwise(levels), strict=True)
    )
