"""When a generation may buy and when its signal says sell: indicators and conditions on the shortened series.

EMA, RSI, ATR and StochRSI see the whole series, then the rows without RSI (the first 13) are dropped, and everything
else is computed on what is left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.oracles import indicators
from tests.oracles.classic_settings import ClassicSettings, Generation, Numbers

Columns = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The shortened series: one value per row that is left, row 0 being row ``offset`` of the full series."""

    offset: int
    open: list[float]
    close: list[float]
    atr: list[float]
    may_enter: list[bool]
    wants_out: list[bool]


def prepare(generation: Generation, candles: Columns, s: ClassicSettings, n: Numbers) -> Rows:
    """Compute all indicators and both conditions for every row."""
    offset = s.first_rows_dropped
    high, low, close = (list(candles[name]) for name in ("high", "low", "close"))
    strength = indicators.rsi(close, s.rsi_window)
    nothing, level = (math.nan, 0.5) if generation == "c" else (0.0, 0.0)
    stoch = indicators.stoch_rsi(strength, s.stoch_window, warm_up=nothing, flat=level)[offset:]
    fast, slow = indicators.ema(close, s.fast)[offset:], indicators.ema(close, s.slow)[offset:]
    ranges = indicators.atr(high, low, close, s.atr_window, warm_up=0.0)[offset:]
    rest = {name: list(column)[offset:] for name, column in candles.items()}

    conditions = [
        [a > b for a, b in zip(fast, slow, strict=True)],
        [value < s.stoch_max for value in stoch],
        [value > n.stoch_min for value in stoch],
        _scenario(rest, s),
    ]
    if generation == "b":
        conditions += _filters_of_b(rest, strength[offset:], s)
    if generation == "c":
        conditions += _filters_of_c(rest, ranges, s)
    return Rows(
        offset=offset,
        open=rest["open"],
        close=rest["close"],
        atr=ranges,
        may_enter=[all(row) for row in zip(*conditions, strict=True)],
        wants_out=[b > a and value > n.stoch_exit for a, b, value in zip(fast, slow, stoch, strict=True)],
    )


def _scenario(rest: Columns, s: ClassicSettings) -> list[bool]:
    close = rest["close"]
    if s.scenario == "sma":
        return [price > average for price, average in zip(close, indicators.mean(close, s.sma_window), strict=True)]
    if s.scenario == "adx":
        # Zeros in warm-up as in the original. B averaged with windows centred on the bar (lesson 70): mended.
        trend = indicators.adx(rest["high"], rest["low"], close, s.adx_window, warm_up=0.0)
        return [value > s.adx_minimum for value in trend]
    if s.scenario == "trix":
        return [value > 0 for value in indicators.trix_histogram(close, s.trix_window, s.trix_signal)]
    return [True] * len(close)


def _filters_of_b(rest: Columns, strength: Sequence[float], s: ClassicSettings) -> list[list[bool]]:
    filters = [
        [s.rsi_low <= value <= s.rsi_high for value in strength],
        [-s.hv_limit < value < s.hv_limit for value in indicators.hv_z_score(rest["close"])],
    ]
    if s.macd_filter:
        filters.append([value > s.macd_minimum for value in indicators.macd_histogram(rest["close"])])
    return filters


def _filters_of_c(rest: Columns, ranges: Sequence[float], s: ClassicSettings) -> list[list[bool]]:
    filters = [[math.isfinite(value) and value > 0 for value in ranges]]
    if s.trend_filter:
        trend = indicators.higher_trend(rest["opens_at"], rest["close"], s.trend_fast, s.trend_slow)
        filters.append([value > 0.5 for value in trend])
    if s.volume_filter:
        filters.append(indicators.loud_volume(rest["volume"], s.volume_window))
    return filters
