"""Buys above the highest high of the last candles, sells below the lowest low of fewer (Donchian's channel)."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.domain.candles import Candles
from vigie.indicators.channels import highest_before, lowest_before
from vigie.indicators.volatility import atr, distance
from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    """Windows in candles, distances in ATR."""

    entry_window: int = number(
        55, low=2, high=5000, grid=(20, 55, 120), help="candles whose highest high must be exceeded"
    )
    exit_window: int = number(20, low=2, high=5000, grid=(10, 20, 60), help="candles whose lowest low ends a trade")
    atr_period: int = number(14, low=2, high=500, help="period of the ATR, candles")
    stop_atr: float = number(3.0, low=0.1, high=50.0, grid=(2.0, 3.0), help="distance of the initial stop, ATR")


def signals(candles: Candles, parameters: Parameters) -> Signals:
    """Breakouts at each close; the candle itself is never part of its own channel."""
    volatility = atr(candles, parameters.atr_period)
    return Signals.of(
        entry=candles.close > highest_before(candles.high, parameters.entry_window),
        exit=candles.close < lowest_before(candles.low, parameters.exit_window),
        stop_distance=distance(volatility, parameters.stop_atr),
        volatility=volatility,
        warm_up=max(parameters.entry_window, parameters.exit_window, parameters.atr_period) + 1,
        reasons=("close above the channel",),
    )
