"""How alike two pairs move."""

from __future__ import annotations

import math

from vigie.domain.candles import FloatArray

LEAST_RETURNS = 30
"""Fewer common returns than this say nothing: the correlation is unknown."""


def correlation(first: FloatArray, second: FloatArray) -> float:
    """Pearson's correlation of two return series of equal length, over the rows that both have.

    Returns:
        -1 to 1, or NaN with fewer than 30 common rows or without variance: unknown is not uncorrelated.
    """
    count, sum_x, sum_y = 0, 0.0, 0.0
    for x, y in zip(first, second):  # noqa: B905 - compiled too, where zip takes no keyword
        if x == x and y == y:
            count += 1
            sum_x += x
            sum_y += y
    if count < LEAST_RETURNS:
        return math.nan
    mean_x, mean_y = sum_x / count, sum_y / count
    xx, yy, xy = 0.0, 0.0, 0.0
    for x, y in zip(first, second):  # noqa: B905
        if x == x and y == y:
            xx += (x - mean_x) * (x - mean_x)
            yy += (y - mean_y) * (y - mean_y)
            xy += (x - mean_x) * (y - mean_y)
    if xx <= 0.0 or yy <= 0.0:
        return math.nan
    return min(1.0, max(-1.0, xy / math.sqrt(xx * yy)))


def highest_correlation(returns: FloatArray, pair: int, held: FloatArray, row: int, window: int) -> float:
    """Highest absolute correlation of a pair with the pairs that are held.

    Args:
        returns: log returns, shape (pairs, rows); NaN where a pair has none.
        pair: who wants to enter.
        held: base held of each pair, shape (pairs,).
        row: last row that may be looked at.
        window: returns looked at.

    Returns:
        0 to 1; NaN if any of them is unknown.
    """
    start = max(0, row + 1 - window)
    highest = 0.0
    for other in range(returns.shape[0]):
        if other != pair and held[other] > 0.0:
            one = correlation(returns[pair, start : row + 1], returns[other, start : row + 1])
            if one != one:
                return math.nan
            highest = max(highest, abs(one))
    return highest
