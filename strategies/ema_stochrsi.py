"""The first system: buys while a fast EMA is above a slow one and the StochRSI is not overbought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from vigie.domain.candles import BoolArray, Candles, FloatArray
from vigie.domain.errors import ConfigError
from vigie.domain.timeframe import Timeframe
from vigie.indicators.averages import ema_pair, sma
from vigie.indicators.momentum import macd_histogram, rsi, stochastic_rsi, trix_histogram
from vigie.indicators.trend import adx, higher_timeframe_uptrend
from vigie.indicators.volatility import atr, distance, volatility_z_score
from vigie.strategy.params import Params, Value, choice, number, switch
from vigie.strategy.signals import Signals

CLASSIC_DROP = 13
"""Rows without an RSI that the original dropped before it computed SMA, ADX, TRIX and the filters."""
CLASSIC_LEAST = 50
"""The original tested nothing on fewer candles than this."""


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    """The documented system; the classic profiles preset what their generation did differently."""

    fast: int = number(26, low=2, high=500, grid=(14, 18, 20, 26, 30), help="span of the fast EMA, candles")
    slow: int = number(50, low=3, high=1000, grid=(26, 36, 40, 50, 60), help="span of the slow EMA, candles")
    scenario: str = choice(
        "base",
        ("base", "sma", "adx", "trix"),
        grid=("base", "sma", "adx", "trix"),
        help="one more entry filter: close above SMA, ADX strong, TRIX rising",
    )
    stoch_min: float = number(0.05, low=-1.0, high=1.0, help="StochRSI must be above this to buy; -1: no bound")
    stoch_max: float = number(0.8, low=0.0, high=1.0, grid=(0.7, 0.8), help="StochRSI must be below this to buy")
    stoch_exit: float = number(0.2, low=0.0, high=1.0, grid=(0.2, 0.4), help="StochRSI must be above this to sell")
    atr_period: int = number(14, low=2, high=500, help="period of the ATR, candles")
    stop_atr: float = number(3.0, low=0.1, high=50.0, help="distance of the initial stop, ATR")
    target_atr: float = number(0.0, low=0.0, high=100.0, help="distance of the target, ATR; 0: none")
    sma_window: int = number(200, low=2, high=5000, help="window of scenario sma, candles")
    adx_min: float = number(25.0, low=0.0, high=100.0, help="ADX must be above this in scenario adx")
    rsi_filter: bool = switch(True, help="buy only while rsi_min <= RSI <= rsi_max")
    rsi_min: float = number(30.0, low=0.0, high=100.0, help="lower RSI bound")
    rsi_max: float = number(70.0, low=0.0, high=100.0, help="upper RSI bound")
    volatility_filter: bool = switch(True, help="buy only while |volatility z-score| < volatility_max")
    volatility_max: float = number(1.5, low=0.0, high=10.0, help="bound of the volatility z-score")
    macd_filter: bool = switch(True, help="buy only while the MACD histogram is above macd_min")
    macd_min: float = number(-0.0005, low=-1e9, high=1e9, help="bound of the MACD histogram, quote")
    trend_filter: bool = switch(False, help="buy only while the longer timeframe is in an uptrend")
    trend_timeframe: str = choice("4h", ("4h", "1d", "1w"), help="the longer timeframe")
    trend_fast: int = number(18, low=2, high=500, help="fast EMA of the longer timeframe, its candles")
    trend_slow: int = number(58, low=3, high=1000, help="slow EMA of the longer timeframe, its candles")
    volume_filter: bool = switch(False, help="buy only above the mean volume")
    volume_window: int = number(20, low=2, high=1000, help="window of the mean volume, candles")
    warm_up: str = choice(
        "blocked",
        ("blocked", "classic-zero", "classic-nan"),
        help="while indicators warm up: no entry; or as the first system did it (classic profiles)",
    )

    def check(self) -> None:
        """Refuse spans and bounds in the wrong order.

        Raises:
            ConfigError: every wrong order, at once.
        """
        orders = (("fast", "slow"), ("trend_fast", "trend_slow"), ("stoch_min", "stoch_max"), ("rsi_min", "rsi_max"))
        problems = [
            f"{low}={getattr(self, low):g} must be below {high}={getattr(self, high):g}"
            for low, high in orders
            if getattr(self, low) >= getattr(self, high)
        ]
        if problems:
            raise ConfigError(problems)


_PLAIN = {"rsi_filter": False, "volatility_filter": False, "macd_filter": False}

PRESETS: Mapping[str, Mapping[str, Value]] = MappingProxyType(
    {
        "classic-a": {**_PLAIN, "stoch_min": -1.0, "warm_up": "classic-zero"},
        # The original's MACD filter asked for a column that was never made: it did nothing.
        "classic-b": {"macd_filter": False, "warm_up": "classic-zero"},
        # Five to three, as in the second system.
        "titan": {"target_atr": 5.0},
        "classic-c": {**_PLAIN, "stoch_exit": 0.4, "trend_filter": True, "warm_up": "classic-nan"},
    }
)


def signals(candles: Candles, parameters: Parameters) -> Signals:
    """States, not crossings: the wish to buy stands as long as the conditions do."""
    classic = parameters.warm_up != "blocked"
    fast, slow = ema_pair(candles.close, parameters.fast, parameters.slow)
    strength = rsi(candles.close)
    stochastic = _stochastic(strength, parameters.warm_up)
    volatility = atr(candles, parameters.atr_period)
    entry = (fast > slow) & (stochastic > parameters.stoch_min) & (stochastic < parameters.stoch_max)
    if parameters.rsi_filter:
        entry &= (strength >= parameters.rsi_min) & (strength <= parameters.rsi_max)
    drop = min(CLASSIC_DROP, len(candles)) if classic else 0
    entry[drop:] &= _filters(candles[drop:], parameters)
    if classic and len(candles) < CLASSIC_LEAST:
        entry[:] = False
    return Signals.of(
        entry=entry,
        exit=(slow > fast) & (stochastic > parameters.stoch_exit),
        stop_distance=distance(volatility, parameters.stop_atr),
        target_distance=parameters.target_atr * volatility if parameters.target_atr > 0.0 else None,
        volatility=volatility,
        warm_up=CLASSIC_DROP if classic else _warm_up(parameters, candles.timeframe),
        reasons=(f"fast EMA above slow, StochRSI in its window, scenario {parameters.scenario}",),
    )


def _stochastic(strength: FloatArray, warm_up: str) -> FloatArray:
    """StochRSI; what it is while undefined belongs to the generation of the first system."""
    if warm_up == "classic-zero":
        known: FloatArray = np.nan_to_num(stochastic_rsi(strength, flat=0.0), nan=0.0)
        return known
    return stochastic_rsi(strength, flat=0.5 if warm_up == "classic-nan" else np.nan)


def _filters(candles: Candles, parameters: Parameters) -> BoolArray:
    """Everything that the original computed after dropping the rows without an RSI."""
    passed = _scenario(candles, parameters)
    if parameters.volatility_filter:
        passed &= np.abs(volatility_z_score(candles.close)) < parameters.volatility_max
    if parameters.macd_filter:
        passed &= macd_histogram(candles.close) > parameters.macd_min
    if parameters.trend_filter:
        longer = Timeframe.parse(parameters.trend_timeframe)
        passed &= higher_timeframe_uptrend(candles, longer, parameters.trend_fast, parameters.trend_slow)
    if parameters.volume_filter:
        passed &= candles.volume > sma(candles.volume, parameters.volume_window)
    return passed


def _scenario(candles: Candles, parameters: Parameters) -> BoolArray:
    if parameters.scenario == "sma":
        return candles.close > sma(candles.close, parameters.sma_window)
    if parameters.scenario == "adx":
        return adx(candles) > parameters.adx_min
    if parameters.scenario == "trix":
        return trix_histogram(candles.close) > 0.0
    return np.ones(len(candles), dtype=np.bool_)


def _warm_up(parameters: Parameters, timeframe: Timeframe) -> int:
    """Candles until every indicator in use is ready; an EMA has forgotten its seed after three spans."""
    longest = [3 * parameters.slow, 27, parameters.atr_period]
    if parameters.scenario == "sma":
        longest.append(parameters.sma_window)
    if parameters.volatility_filter:
        longest.append(70)
    if parameters.macd_filter:
        longest.append(3 * 26)
    if parameters.trend_filter:
        candles_each = max(1, Timeframe.parse(parameters.trend_timeframe).milliseconds // timeframe.milliseconds)
        longest.append(3 * parameters.trend_slow * candles_each)
    if parameters.volume_filter:
        longest.append(parameters.volume_window)
    return max(longest)


_BASE_PAIRS = {
    "1m": (5, 13),
    "5m": (7, 17),
    "15m": (9, 21),
    "30m": (12, 26),
    "1h": (14, 26),
    "4h": (26, 50),
    "1d": (50, 200),
}
TRAINING_FRACTION = 0.7


def propose(candles: Candles) -> Mapping[str, Value]:
    """The EMA pair that suits the volatility of the first 70 % of the candles; later ones are not looked at.

    A base pair by timeframe, 12 % shorter in a volatile market (mean ATR/close above 1.5 %), 12 % longer in a calm
    one (below 0.5 %). Candles before the first ATR count as 0, as in the original.

    Raises:
        ConfigError: no base pair is known for the timeframe.
    """
    base = _BASE_PAIRS.get(str(candles.timeframe))
    if base is None:
        raise ConfigError(f"no EMA pair is known for {candles.timeframe} candles; known: {', '.join(_BASE_PAIRS)}")
    training = candles[: int(len(candles) * TRAINING_FRACTION)]
    relative = np.nan_to_num(atr(training), nan=0.0) / training.close
    volatility = float(relative.mean()) if len(training) else 0.0
    if volatility > 0.015:
        return {"fast": max(5, int(base[0] * 0.88)), "slow": max(10, int(base[1] * 0.88))}
    if volatility < 0.005:
        return {"fast": int(base[0] * 1.12), "slow": int(base[1] * 1.12)}
    return {"fast": base[0], "slow": base[1]}
