"""The candles of the benchmark: seeded, hourly, with volatility clusters, fat tails and drift regimes."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import Candles
from vigie.domain.timeframe import Timeframe

START_MS = 1_577_836_800_000
"""2020-01-01 00:00 UTC."""


def synthetic(size: int, seed: int) -> Candles:
    """Make ``size`` candles; the same seed makes the same candles."""
    draw = np.random.default_rng(seed)
    shocks = np.clip(draw.standard_t(4, size) / np.sqrt(2), -8, 8)
    variance = np.empty(size)
    variance[0] = long_run = 0.006**2
    for row in range(1, size):  # GARCH(1, 1)
        variance[row] = 0.05 * long_run + (0.08 * shocks[row - 1] ** 2 + 0.87) * variance[row - 1]
    regimes = np.repeat(draw.normal(0, 0.0006, size // 200 + 1), 200)[:size]
    moves = regimes + shocks * np.sqrt(variance) - variance / 2
    close = 100 * np.exp(np.cumsum(moves))
    gaps = np.where(draw.random(size) < 0.02, draw.normal(0, 0.003, size), 0.0)
    opens = np.concatenate(([100.0], close[:-1])) * np.exp(gaps)
    reach = np.abs(draw.normal(0, 0.6, (2, size))) * np.sqrt(variance)
    return Candles(
        timeframe=Timeframe(3_600_000),
        opens_at=START_MS + 3_600_000 * np.arange(size, dtype=np.int64),
        open=opens,
        high=np.maximum(opens, close) * np.exp(reach[0]),
        low=np.minimum(opens, close) * np.exp(-reach[1]),
        close=close,
        volume=draw.lognormal(3, 1, size),
    )
