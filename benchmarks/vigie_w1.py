"""Rule W1 in vigie: from candles in memory to trades, equity and metrics."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from benchmarks.w1_rule import configuration
from vigie.decision.profile import Plan
from vigie.domain.candles import Candles, FloatArray, Series
from vigie.domain.pair import Pair
from vigie.domain.trades import Trades
from vigie.metrics.summary import Metrics
from vigie.research.backtest import run as backtest

Outcome = tuple[Trades, FloatArray, Metrics]


@cache
def _plan() -> Plan:
    return configuration()


def run(candles: Candles) -> Outcome:
    """What is timed: a whole backtest through the general engine."""
    result = backtest(_plan(), [Series(Pair("W1", "USD"), "benchmark", candles, "memory")])
    return result.trades, result.equity, result.measured


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
