"""Ratios of different timeframes are compared as annual ones: the same curve has about the same ratio at each."""

from __future__ import annotations

import numpy as np
import pytest

from vigie.domain.candles import FloatArray
from vigie.domain.timeframe import HOUR_MS, Timeframe
from vigie.metrics import ratios

HOURS = 40_000


def curve(carried: float) -> FloatArray:
    """Equity of steps of which each carries on a part of the one before."""
    steps = np.random.default_rng(3).normal(0.0002, 0.004, HOURS)
    for row in range(1, HOURS):
        steps[row] += carried * steps[row - 1]
    return 10_000.0 * np.exp(np.cumsum(steps))


def sharpe(equity: FloatArray, hours: int) -> float:
    per_year = Timeframe(hours * HOUR_MS).per_year
    measured = ratios.sharpe(ratios.moments(equity[hours - 1 :: hours], 10_000.0), per_year)
    assert isinstance(measured, float)
    return measured


@pytest.mark.parametrize("hours", [4, 12, 24])
def test_without_memory_between_candles_the_annual_ratio_hangs_on_no_timeframe(hours: int) -> None:
    equity = curve(0.0)
    assert sharpe(equity, hours) == pytest.approx(sharpe(equity, 1), rel=0.06)


def test_where_a_candle_carries_on_the_one_before_short_candles_flatter() -> None:
    """What the guide warns of: the square root of time takes each return for a new one (Lo, 2002)."""
    equity = curve(0.3)
    assert sharpe(equity, 1) > 1.15 * sharpe(equity, 24)
