"""Every constant of the three generations of the original, under one name each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

Generation = Literal["a", "b", "c"]
Scenario = Literal["base", "sma", "adx", "trix"]
Sizing = Literal["baseline", "risk", "fixed_notional", "volatility_parity"]


@dataclass(frozen=True, slots=True)
class ClassicSettings:
    """Constants; None means "the one of the generation", filled in by ``resolved``.

    Fractions are fractions (0.02 is 2 %), multiples are of the ATR.

    Attributes:
        stop_atr, trailing_atr: stop and trailing multiples.
        stoch_min: lower bound of the entry window (A has none: minus infinity).
        stoch_exit: signal exits need a StochRSI above it.
        rsi_low, rsi_high, hv_limit: B only. ``macd_minimum`` works only with ``macd_filter``, which the original
            never reaches.
        risk: fraction of the wallet at risk, sizing ``risk``.
        cushion: the part of the wallet that sizing ``baseline`` may spend (B), and the cap of both sizings (C).
        volatility_parity_mended: B divides by the price once instead of twice.
        partials, breakeven, cooldown_bars, trend_filter, volume_filter: the switches (B knows partials only).
        fill_at_close: C without open prices: fills at the close of the signal bar, with slippage.
        first_rows_dropped: rows without RSI.
        minimum_candles: fewer: nothing happens and the result is all zero.
    """

    fast: int = 26
    slow: int = 50
    scenario: Scenario = "base"
    capital: float = 10_000.0
    fee: float = 0.0007
    slippage_buy: float | None = None
    slippage_sell: float | None = None
    stop_atr: float = 3.0
    trailing_atr: float | None = None
    stoch_max: float = 0.8
    stoch_min: float | None = None
    stoch_exit: float | None = None
    adx_minimum: float = 25.0
    rsi_low: float = 30.0
    rsi_high: float = 70.0
    hv_limit: float = 1.5
    macd_filter: bool = False
    macd_minimum: float = -0.0005
    sizing: Sizing = "baseline"
    risk: float | None = None
    cushion: float | None = None
    notional_fraction: float = 0.10
    target_volatility: float = 0.02
    volatility_parity_mended: bool = True
    partials: bool = True
    partial_1_at: float = 0.02
    partial_1_part: float = 0.50
    partial_2_at: float = 0.04
    partial_2_part: float = 0.30
    minimum_notional: float = 5.0
    breakeven: bool = True
    breakeven_at: float = 0.01
    cooldown_bars: int = 12
    trend_filter: bool = True
    trend_fast: int = 18
    trend_slow: int = 58
    volume_filter: bool = False
    volume_window: int = 20
    fill_at_close: bool = False
    rsi_window: int = 14
    stoch_window: int = 14
    atr_window: int = 14
    adx_window: int = 14
    sma_window: int = 200
    trix_window: int = 7
    trix_signal: int = 15
    first_rows_dropped: int = 13
    minimum_candles: int = 50


_OWN: dict[Generation, dict[str, float]] = {
    "a": {
        "slippage_buy": 0.0,
        "slippage_sell": 0.0,
        "trailing_atr": 5.5,
        "stoch_min": -math.inf,
        "stoch_exit": 0.2,
        "risk": 0.0,
        "cushion": 1.0,
    },
    "b": {
        "slippage_buy": 0.0001,
        "slippage_sell": 0.0001,
        "trailing_atr": 5.5,
        "stoch_min": 0.05,
        "stoch_exit": 0.2,
        "risk": 0.05,
        "cushion": 0.95,
    },
    "c": {
        "slippage_buy": 0.0001,
        "slippage_sell": 0.0001,
        "trailing_atr": 8.0,
        "stoch_min": 0.05,
        "stoch_exit": 0.4,
        "risk": 0.055,
        "cushion": 0.98,
    },
}


@dataclass(frozen=True, slots=True)
class Numbers:
    """What ``ClassicSettings`` may leave open, settled."""

    slippage_buy: float
    slippage_sell: float
    trailing_atr: float
    stoch_min: float
    stoch_exit: float
    risk: float
    cushion: float


def resolved(generation: Generation, settings: ClassicSettings) -> Numbers:
    """The numbers in force: those of ``settings``, else those of the generation."""
    numbers = Numbers(**_OWN[generation])
    given = {name: getattr(settings, name) for name in _OWN[generation] if getattr(settings, name) is not None}
    return replace(numbers, **given)
