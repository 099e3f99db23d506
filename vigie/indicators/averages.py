"""Moving averages."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.indicators import loops
from vigie.indicators.remembered import frozen, is_remembering, remembered


@remembered
def ema(values: FloatArray, span: int) -> FloatArray:
    """Exponential moving average, alpha = 2 / (span + 1), seeded with the first value, shape (n,).

    Defined from the first row on, as in the first system; how many rows to wait is the strategy's warm-up.
    """
    return loops.exponential(values, 2.0 / (span + 1.0))


def ema_pair(values: FloatArray, fast: int, slow: int) -> tuple[FloatArray, FloatArray]:
    """Two of `ema`, in the time of one; the same numbers to the bit."""
    if is_remembering():
        return ema(values, fast), ema(values, slow)
    one, other = loops.exponential_pair(values, 2.0 / (fast + 1.0), 2.0 / (slow + 1.0))
    return frozen(one), frozen(other)


@remembered
def sma(values: FloatArray, window: int) -> FloatArray:
    """Plain mean of the last ``window`` values, NaN before, shape (n,)."""
    import pandas as pd

    mean: FloatArray = pd.Series(values).rolling(window).mean().to_numpy(np.float64, copy=True)
    return mean
