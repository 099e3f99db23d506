"""Buys when a fast EMA crosses above a slow one, sells when it crosses below; stop in ATR."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.domain.candles import Candles
from vigie.domain.errors import ConfigError
from vigie.indicators.averages import ema_pair
from vigie.indicators.crosses import crosses
from vigie.indicators.volatility import atr, distance
from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    """Spans in candles, distances in ATR."""

    fast: int = number(20, low=2, high=1000, grid=(10, 20, 30), help="span of the fast EMA, candles")
    slow: int = number(50, low=3, high=2000, grid=(50, 100, 200), help="span of the slow EMA, candles")
    atr_period: int = number(14, low=2, high=500, help="period of the ATR, candles")
    stop_atr: float = number(3.0, low=0.1, high=50.0, grid=(2.0, 3.0), help="distance of the initial stop, ATR")
    warm_up: int = number(200, low=1, high=10_000, help="first candles without an entry")

    def check(self) -> None:
        """Refuse a fast span that is not the shorter one.

        Raises:
            ConfigError: fast is not below slow.
        """
        if self.fast >= self.slow:
            raise ConfigError(f"fast={self.fast} must be below slow={self.slow}")


def signals(candles: Candles, parameters: Parameters) -> Signals:
    """Crosses at each close."""
    fast, slow = ema_pair(candles.close, parameters.fast, parameters.slow)
    volatility = atr(candles, parameters.atr_period)
    crossing = crosses(fast, slow)
    return Signals.of(
        entry=crossing > 0,
        exit=crossing < 0,
        stop_distance=distance(volatility, parameters.stop_atr),
        volatility=volatility,
        warm_up=parameters.warm_up,
        reasons=("fast EMA crossed above slow EMA",),
    )
