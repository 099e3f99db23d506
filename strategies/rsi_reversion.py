"""Buys a fall within a rising market: RSI low while the close is above its long mean; sells when RSI has recovered."""

from __future__ import annotations

from dataclasses import dataclass

from vigie.domain.candles import Candles
from vigie.domain.errors import ConfigError
from vigie.indicators.averages import sma
from vigie.indicators.momentum import rsi
from vigie.indicators.volatility import atr, distance
from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    """Periods in candles, RSI from 0 to 100, distances in ATR."""

    rsi_period: int = number(14, low=2, high=500, grid=(7, 14), help="period of the RSI, candles")
    rsi_buy: float = number(30.0, low=1.0, high=99.0, grid=(25.0, 30.0, 35.0), help="buy below this RSI")
    rsi_sell: float = number(55.0, low=1.0, high=99.0, grid=(50.0, 55.0, 65.0), help="sell above this RSI")
    mean_window: int = number(200, low=2, high=5000, grid=(100, 200), help="window of the long mean, candles")
    atr_period: int = number(14, low=2, high=500, help="period of the ATR, candles")
    stop_atr: float = number(3.0, low=0.1, high=50.0, grid=(2.0, 3.0), help="distance of the initial stop, ATR")

    def check(self) -> None:
        """Refuse levels in the wrong order.

        Raises:
            ConfigError: rsi_buy is not below rsi_sell.
        """
        if self.rsi_buy >= self.rsi_sell:
            raise ConfigError(f"rsi_buy={self.rsi_buy:g} must be below rsi_sell={self.rsi_sell:g}")


def signals(candles: Candles, parameters: Parameters) -> Signals:
    """Falls and recoveries at each close; a deeper fall goes first."""
    strength = rsi(candles.close, parameters.rsi_period)
    volatility = atr(candles, parameters.atr_period)
    warm_up = max(3 * parameters.rsi_period, parameters.mean_window, parameters.atr_period)
    fallen = strength < parameters.rsi_buy
    confidence = (100.0 - strength) / 100.0
    confidence[: parameters.rsi_period] = 0.0
    return Signals.of(
        entry=fallen & (candles.close > sma(candles.close, parameters.mean_window)),
        exit=strength > parameters.rsi_sell,
        stop_distance=distance(volatility, parameters.stop_atr),
        volatility=volatility,
        warm_up=warm_up,
        confidence=confidence,
        reasons=("RSI low in a rising market",),
    )
