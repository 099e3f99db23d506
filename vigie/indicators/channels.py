"""Highest highs and lowest lows."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.indicators.remembered import remembered


@remembered
def highest_before(values: FloatArray, window: int) -> FloatArray:
    """Highest of the ``window`` rows before each row, itself not included, NaN until there are so many, shape (n,)."""
    import pandas as pd

    high: FloatArray = pd.Series(values).rolling(window).max().shift(1).to_numpy(np.float64, copy=True)
    return high


@remembered
def lowest_before(values: FloatArray, window: int) -> FloatArray:
    """Lowest of the ``window`` rows before each row, itself not included, NaN until there are so many, shape (n,)."""
    import pandas as pd

    low: FloatArray = pd.Series(values).rolling(window).min().shift(1).to_numpy(np.float64, copy=True)
    return low
