"""Direction and its strength."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import BoolArray, Candles, FloatArray
from vigie.domain.timeframe import Timeframe
from vigie.indicators import loops
from vigie.indicators.averages import ema_pair
from vigie.indicators.remembered import remembered


@remembered
def adx(candles: Candles, period: int = 14) -> FloatArray:
    """Average directional index (Wilder 1978), 0 to 100, NaN for the first ``2 * period - 1`` rows, shape (n,).

    Wilder sums of the directional moves and of ``max(high, previous close) - min(low, previous close)``; DX is 0
    where both directional indicators are 0; the first value is the mean of the first ``period`` DX.
    """
    rows = len(candles)
    if rows < 2:
        return np.full(rows, np.nan)
    up, down = np.zeros(rows), np.zeros(rows)
    up[1:] = candles.high[1:] - candles.high[:-1]
    down[1:] = candles.low[:-1] - candles.low[1:]
    plus = np.where((up > down) & (up > 0), up, 0.0)
    minus = np.where((down > up) & (down > 0), down, 0.0)
    ranges = np.zeros(rows)
    ranges[1:] = np.maximum(candles.high[1:], candles.close[:-1]) - np.minimum(candles.low[1:], candles.close[:-1])
    range_sum = loops.wilder_sum(ranges, period, 1)
    di_plus = _share(loops.wilder_sum(plus, period, 1), range_sum)
    di_minus = _share(loops.wilder_sum(minus, period, 1), range_sum)
    dx = 100.0 * _share(np.abs(di_plus - di_minus), di_plus + di_minus)
    return loops.wilder_mean(dx, period, period)


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Part / whole; 0 where the whole is 0, NaN where it is NaN."""
    shares = np.where(np.isnan(whole), np.nan, 0.0)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares


@remembered
def higher_timeframe_uptrend(candles: Candles, timeframe: Timeframe, fast: int, slow: int) -> BoolArray:
    """Whether EMA(fast) > EMA(slow) on the last *completed* candle of a longer timeframe, shape (n,).

    Each row sees the higher candle before the one it lies in, never the one still forming; False before there is one.
    """
    bucket = candles.opens_at // timeframe.milliseconds
    last_in_bucket = np.flatnonzero(np.append(np.diff(bucket) != 0, True)) if len(bucket) else np.zeros(0, np.int64)
    closes = candles.close[last_in_bucket]
    faster, slower = ema_pair(closes, fast, slow)
    uptrend = faster > slower
    own = np.searchsorted(bucket[last_in_bucket], bucket)
    seen = np.zeros(len(candles), dtype=np.bool_)
    later = own > 0
    seen[later] = uptrend[own[later] - 1]
    return seen
