"""Every indicator of vigie beside its oracle: what tests of all of them run over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.oracles import indicators as oracle
from tests.oracles.markets import Market
from vigie.domain.candles import Candles
from vigie.domain.timeframe import Timeframe
from vigie.indicators import averages, channels, momentum, trend, volatility

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator with the numbers that strategies use.

    ``ready``: index of the first row that is defined. ``tolerance``: relative and absolute.
    """

    name: str
    ours: Callable[[Candles], Floats]
    oracle: Callable[[Market], Sequence[float]]
    ready: int
    tolerance: float = 1e-12


def _before(values: Sequence[float], window: int, pick: Callable[[Sequence[float]], float]) -> list[float]:
    return [pick(values[i - window : i]) if i >= window else oracle.NAN for i in range(len(values))]


def _uptrend(candles: Candles) -> Floats:
    return trend.higher_timeframe_uptrend(candles, Timeframe.parse("4h"), 18, 58).astype(np.float64)


INDICATORS = (
    Indicator("ema", lambda c: averages.ema(c.close, 20), lambda m: oracle.ema(m["close"], 20), 0),
    Indicator("sma", lambda c: averages.sma(c.close, 20), lambda m: oracle.mean(m["close"], 20), 19),
    Indicator("highest", lambda c: channels.highest_before(c.high, 20), lambda m: _before(m["high"], 20, max), 20),
    Indicator("lowest", lambda c: channels.lowest_before(c.low, 20), lambda m: _before(m["low"], 20, min), 20),
    Indicator("rsi", lambda c: momentum.rsi(c.close), lambda m: oracle.rsi(m["close"]), 13),
    Indicator(
        "stochastic_rsi",
        lambda c: momentum.stochastic_rsi(momentum.rsi(c.close), flat=0.5),
        lambda m: oracle.stoch_rsi(oracle.rsi(m["close"])),
        26,
    ),
    Indicator(
        "macd_histogram", lambda c: momentum.macd_histogram(c.close), lambda m: oracle.macd_histogram(m["close"]), 33
    ),
    Indicator(
        "trix_histogram", lambda c: momentum.trix_histogram(c.close), lambda m: oracle.trix_histogram(m["close"]), 15
    ),
    Indicator("adx", trend.adx, lambda m: oracle.adx(m["high"], m["low"], m["close"]), 27),
    Indicator("uptrend", _uptrend, lambda m: oracle.higher_trend(m["opens_at"], m["close"]), 0),
    Indicator("true_range", volatility.true_range, lambda m: oracle.true_range(m["high"], m["low"], m["close"]), 0),
    Indicator("atr", volatility.atr, lambda m: oracle.atr(m["high"], m["low"], m["close"]), 13),
    Indicator(
        "volatility_z_score",
        lambda c: volatility.volatility_z_score(c.close),
        lambda m: oracle.hv_z_score(m["close"]),
        69,
        1e-7,
    ),
)
