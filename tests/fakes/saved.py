"""Saved results made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.domain.saved_result import DailyReturns, ResultKind, SavedResult
from vigie.domain.timeframe import DAY_MS

FIRST_DAY = 18_262
"""2020-01-01."""


def noise(seed: int = 1, count: int = 400, mean: float = 0.0) -> FloatArray:
    """Returns of days with a deviation of 1 %."""
    return np.random.default_rng(seed).normal(mean, 0.01, count)


def a_result(
    kind: ResultKind = ResultKind.BACKTEST, returns: FloatArray | None = None, first: int = 0, **facts: Any
) -> SavedResult:
    """A result with these returns from so many days after 2020-01-01 on."""
    values = noise() if returns is None else returns
    days = FIRST_DAY + first + np.arange(len(values))
    one = SavedResult(
        kind=kind,
        strategy="ema_cross",
        profile="standard",
        timeframe="1h",
        parameters={"fast": 20, "slow": 50, "long": True},
        settings={"fee_fraction": 0.001, "slippage_fraction": 0.0005, "trail_atr": 5.5},
        venues={"BTC/USDT": "binance"},
        data_hashes={"BTC/USDT": "a" * 64},
        synthetic=False,
        start_at=int(days[0]) * DAY_MS,
        end_at=int(days[-1] + 1) * DAY_MS,
        capital=10_000.0,
        strategy_hash="b" * 64,
        code_hash="c" * 64,
        version="0.1.0",
        trials=12,
        metrics={"total_return": 0.25, "sharpe": None, "trades": 40.0},
        undefined={"sharpe": "returns do not vary"},
        daily=DailyReturns(days, values),
    )
    return replace(one, **facts)
