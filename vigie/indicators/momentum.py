"""Oscillators. ``ta`` computes these right and fast; seeds and warm-up are stated and tested here."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.indicators.averages import ema, sma
from vigie.indicators.remembered import remembered


@remembered
def rsi(close: FloatArray, period: int = 14) -> FloatArray:
    """Relative strength index (Wilder 1978), 0 to 100, NaN for the first ``period - 1`` rows, shape (n,).

    Gains and losses (0 for the first row) are smoothed with alpha = 1 / period from their first value;
    an average loss of 0 gives 100.
    """
    import pandas as pd
    from ta.momentum import RSIIndicator

    values: FloatArray = RSIIndicator(pd.Series(close), window=period).rsi().to_numpy(np.float64, copy=True)
    return values


@remembered
def stochastic_rsi(rsi_values: FloatArray, window: int = 14, *, flat: float = np.nan) -> FloatArray:
    """Where the RSI stands in its own range, 0 to 1, not smoothed, shape (n,).

    ``(RSI - min) / (max - min)`` over the last ``window`` RSI values; NaN until there are that many.

    Args:
        rsi_values: RSI, NaN while warming up.
        window: rows looked back.
        flat: value where the RSI did not move in the whole window; NaN (no comparison holds) unless a classic
            profile says otherwise.
    """
    import pandas as pd

    rolled = pd.Series(rsi_values).rolling(window)
    low = rolled.min().to_numpy(np.float64)
    high = rolled.max().to_numpy(np.float64)
    spread = high - low
    values: FloatArray = np.full(len(rsi_values), np.nan)
    moving = spread > 0
    np.divide(rsi_values - low, spread, out=values, where=moving)
    values[spread == 0] = flat
    return np.clip(values, 0.0, 1.0)


@remembered
def macd_histogram(close: FloatArray, fast: int = 12, slow: int = 26, signal: int = 9) -> FloatArray:
    """MACD line minus its signal line (Appel), in quote, NaN until all three averages are full, shape (n,)."""
    import pandas as pd
    from ta.trend import MACD

    indicator = MACD(pd.Series(close), window_slow=slow, window_fast=fast, window_sign=signal)
    values: FloatArray = indicator.macd_diff().to_numpy(np.float64, copy=True)
    return values


@remembered
def trix_histogram(close: FloatArray, span: int = 7, signal: int = 15) -> FloatArray:
    """TRIX minus its plain mean, in percent a row, NaN for the first ``signal`` rows, shape (n,).

    TRIX is the one-row change, times 100, of the close smoothed three times by EMA(span) (Hutson 1983).
    The first row has no change: it is NaN, never whatever the memory held.
    """
    smooth = ema(ema(ema(close, span), span), span)
    trix = np.full(len(close), np.nan)
    trix[1:] = (smooth[1:] - smooth[:-1]) / smooth[:-1] * 100.0
    above: FloatArray = trix - sma(trix, signal)
    return above
