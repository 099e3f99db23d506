"""How far prices move."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import Candles, FloatArray
from vigie.indicators import loops
from vigie.indicators.remembered import remembered

_TRADING_DAYS = 252.0


@remembered
def true_range(candles: Candles) -> FloatArray:
    """``max(high - low, |high - previous close|, |low - previous close|)``; first row high - low; shape (n,)."""
    # The same number with fewer steps: the range of the candle stretched to the previous close.
    ranges = candles.high - candles.low
    previous = candles.close[:-1]
    np.subtract(np.maximum(candles.high[1:], previous), np.minimum(candles.low[1:], previous), out=ranges[1:])
    return ranges


@remembered
def atr(candles: Candles, period: int = 14) -> FloatArray:
    """Average true range (Wilder, New Concepts in Technical Trading Systems, 1978), in quote, shape (n,).

    NaN for the first ``period - 1`` rows, then the plain mean of the first ``period`` true ranges, then
    ``(previous * (period - 1) + range) / period``.
    """
    return loops.average_true_range(candles.high, candles.low, candles.close, period)


@remembered
def distance(volatility: FloatArray, multiple: float) -> FloatArray:
    """So many times a volatility, in its unit, shape (n,): how far a stop or a target lies from a fill.

    A search computes it once for all points that share both, which a product in a strategy cannot say.
    """
    return multiple * volatility


@remembered
def volatility_z_score(close: FloatArray, window: int = 20, baseline: int = 50) -> FloatArray:
    """How unusual the present volatility is, in standard deviations, NaN until ready, shape (n,).

    Sample deviation of ``window`` log returns times sqrt(252) (the factor is the first system's, whatever the
    timeframe), minus its mean over ``baseline`` rows, divided by its sample deviation over them plus 1e-6.
    """
    import pandas as pd

    log_returns = pd.Series(np.log(close)).diff()
    volatility = log_returns.rolling(window).std() * np.sqrt(_TRADING_DAYS)
    rolled = volatility.rolling(baseline)
    score: FloatArray = ((volatility - rolled.mean()) / (rolled.std() + 1e-6)).to_numpy(np.float64, copy=True)
    return score
