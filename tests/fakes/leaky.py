"""Strategies that see the future, each in one of the ways in which people do it by accident."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from vigie.domain.candles import BoolArray, Candles
from vigie.indicators.averages import ema
from vigie.indicators.volatility import atr
from vigie.strategy.params import Params
from vigie.strategy.signals import Signals

FOUR_HOURS_MS = 4 * 3_600_000


def asked(candles: Candles, entry: BoolArray) -> Signals:
    """An entry where it is asked for, an exit where it is not."""
    volatility = atr(candles)
    return Signals.of(entry=entry, exit=~entry, stop_distance=3.0 * volatility, volatility=volatility, warm_up=50)


def centred_average(candles: Candles, _: Params) -> Signals:
    """Above a mean whose window is centred on the candle: seven candles of the future."""
    mean = pd.Series(candles.close).rolling(15, center=True).mean().to_numpy()
    return asked(candles, candles.close > mean)


def unshifted_higher_timeframe(candles: Candles, _: Params) -> Signals:
    """The 4-hour candle in which an hour lies, with the close that it will have."""
    bucket = candles.opens_at // FOUR_HOURS_MS
    last = np.flatnonzero(np.append(np.diff(bucket) != 0, True))
    closes = candles.close[last]
    rising = ema(closes, 3) > ema(closes, 9)
    return asked(candles, rising[np.searchsorted(bucket[last], bucket)])


def forming_candle(candles: Candles, _: Params) -> Signals:
    """The open of the candle after, which is still forming."""
    after = np.append(candles.open[1:], candles.close[-1:])
    return asked(candles, after > candles.close * 1.0001)


def whole_sample_mean(candles: Candles, _: Params) -> Signals:
    """Normalised with mean and deviation of all candles."""
    return asked(candles, (candles.close - candles.close.mean()) / candles.close.std() > 0.5)


def last_row_is_special(candles: Candles, _: Params) -> Signals:
    """Treats the newest candle it is shown unlike all others: backtest and live would differ."""
    entry = candles.close > ema(candles.close, 20)
    entry[-1:] = False
    return asked(candles, entry)


def decided_by_what_follows(candles: Candles, _: Params) -> Signals:
    """A wish in a few candles only, and only if the one after confirms it."""
    entry = np.zeros(len(candles), dtype=np.bool_)
    rows = np.arange(97, len(candles), 311)
    entry[rows[rows + 1 < len(candles)]] = True
    return Signals.of(
        entry=entry,
        exit=np.zeros(len(candles), dtype=np.bool_),
        stop_distance=0.01 * candles.close,
        volatility=0.01 * candles.close,
        warm_up=50,
    )


LEAKS: Mapping[str, Callable[[Candles, Params], Signals]] = {
    "centred average": centred_average,
    "unshifted higher timeframe": unshifted_higher_timeframe,
    "forming candle": forming_candle,
    "whole-sample mean": whole_sample_mean,
    "special last row": last_row_is_special,
    "decided by what follows": decided_by_what_follows,
}


def honest(candles: Candles, _: Params) -> Signals:
    """The control: the same shapes, each from candles that are closed."""
    mean = pd.Series(candles.close).rolling(15).mean().to_numpy()
    return asked(candles, (candles.close > mean) & (ema(candles.close, 3) > ema(candles.close, 9)))
