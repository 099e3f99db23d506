"""Recursive loops behind the indicators."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vigie.domain.candles import FloatArray
from vigie.domain.loops import loop


@loop
def exponential(values: FloatArray, alpha: float) -> FloatArray:
    """``y[i] = alpha * x[i] + (1 - alpha) * y[i-1]``, ``y[0] = x[0]``, shape (n,)."""
    smooth = np.empty(len(values))
    if len(values) == 0:
        return smooth
    state = values[0]
    kept = 1.0 - alpha
    smooth[0] = state
    for row in range(1, len(values)):
        state = alpha * values[row] + kept * state
        smooth[row] = state
    return smooth


@loop
def exponential_pair(values: FloatArray, alpha: float, other: float) -> tuple[FloatArray, FloatArray]:
    """Two of `exponential` in one pass: each waits for its own last value, so the second costs nothing."""
    first, second = np.empty(len(values)), np.empty(len(values))
    if len(values) == 0:
        return first, second
    one, two = values[0], values[0]
    kept, other_kept = 1.0 - alpha, 1.0 - other
    first[0], second[0] = one, two
    for row in range(1, len(values)):
        one = alpha * values[row] + kept * one
        two = other * values[row] + other_kept * two
        first[row] = one
        second[row] = two
    return first, second


@loop
def wilder_mean(values: FloatArray, period: int, first: int) -> FloatArray:
    """Wilder's running mean, seeded with a plain mean, shape (n,).

    NaN before row ``first + period - 1``; there the mean of rows ``first .. first + period - 1``;
    then ``(previous * (period - 1) + x) / period``.
    """
    smooth = np.full(len(values), np.nan)
    ready = first + period - 1
    if len(values) <= ready:
        return smooth
    state = 0.0
    for row in range(first, ready + 1):
        state += values[row]
    state /= period
    smooth[ready] = state
    for row in range(ready + 1, len(values)):
        state = (state * (period - 1) + values[row]) / period
        smooth[row] = state
    return smooth


@loop
def average_true_range(high: FloatArray, low: FloatArray, close: FloatArray, period: int) -> FloatArray:
    """True ranges and their Wilder mean in one pass, shape (n,); NaN for the first ``period - 1`` rows.

    The true range is the range of the candle stretched to the previous close; the first row has none.
    """
    smooth = np.full(len(close), np.nan)
    if len(close) < period:
        return smooth
    state = high[0] - low[0]
    for row in range(1, period):
        state += max(high[row], close[row - 1]) - min(low[row], close[row - 1])
    state /= period
    share = 1.0 / period
    smooth[period - 1] = state
    for row in range(period, len(close)):
        stretched = max(high[row], close[row - 1]) - min(low[row], close[row - 1])
        # (state * (period - 1) + stretched) / period without the wait for a quotient; a constant range stays itself.
        state += (stretched - state) * share
        smooth[row] = state
    return smooth


@loop
def wilder_sum(values: FloatArray, period: int, first: int) -> FloatArray:
    """Wilder's running sum, shape (n,).

    NaN before row ``first + period - 1``; there the sum of rows ``first .. first + period - 1``;
    then ``previous - previous / period + x``.
    """
    smooth = np.full(len(values), np.nan)
    ready = first + period - 1
    if len(values) <= ready:
        return smooth
    state = 0.0
    for row in range(first, ready + 1):
        state += values[row]
    smooth[ready] = state
    for row in range(ready + 1, len(values)):
        state = state - state / period + values[row]
        smooth[row] = state
    return smooth


@loop
def crossings(line: FloatArray, second: FloatArray) -> NDArray[np.int8]:
    """+1 where a line gets above a second one, -1 where it gets below, 0 elsewhere and in the first row; shape (n,)."""
    found = np.zeros(len(line), np.int8)
    for row in range(1, len(line)):
        up = line[row] > second[row] and not line[row - 1] > second[row - 1]
        down = line[row] < second[row] and not line[row - 1] < second[row - 1]
        found[row] = int(up) - int(down)
    return found
