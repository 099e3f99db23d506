"""Rule W1 in vigie: from candles in memory to trades, equity and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.w1_rule import configuration
from vigie.domain.candles import Candles, FloatArray
from vigie.domain.trades import Trades
from vigie.metrics.summary import Metrics

Outcome = tuple[Trades, FloatArray, Metrics]


def run(candles: Candles) -> Outcome:
    """What is timed. The import of vigie.research.backtest belongs in here, its call after ``configuration()``.

    Raises:
        NotImplementedError: until the configuration is connected.
    """
    rule = configuration()
    raise NotImplementedError(f"benchmarks.vigie_w1.run: nobody backtests {rule} on {len(candles.close)} candles yet")


def describe(candles: Candles, outcome: Outcome) -> dict[str, Any]:
    """The outcome in the words that all participants share; not timed."""
    trades, equity, metrics = outcome
    # A fill at an open and a stop inside a candle both carry the opening time of their candle.
    entry_rows = np.searchsorted(candles.opens_at, trades.entry_at)
    exit_rows = np.searchsorted(candles.opens_at, trades.exit_at)
    columns = entry_rows, exit_rows, trades.entry_price, trades.exit_price, trades.quantity
    return {
        "trades": [list(row) for row in zip(*(column.tolist() for column in columns), strict=True)],
        "final_equity": float(equity[-1]),
        "metrics": dict(metrics.values),
    }
