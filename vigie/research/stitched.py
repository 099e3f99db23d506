"""The tests of a walk-forward as one run: its days, its trades, its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.saved_result import DailyReturns
from vigie.domain.timeframe import DAY_MS
from vigie.domain.trades import Trades
from vigie.metrics.returns import last_of_each_day, simple_returns
from vigie.metrics.summary import Metrics, measure
from vigie.research.folds import Fold
from vigie.research.result import BacktestResult

_MONEY = ("quantity", "fees", "slippage", "profit")


def days_of(result: BacktestResult) -> DailyReturns:
    """Returns of a run by UTC day; a midnight belongs to the day that it ends.

    Raises:
        ValueError: a return that is not finite: the equity fell to zero.
    """
    rows = last_of_each_day(result.closes_at, result.identity.timeframe.milliseconds)
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = simple_returns(result.equity[rows], result.capital)
    return DailyReturns((result.closes_at[rows] - 1) // DAY_MS, returns)


def stitched_days(tests: Sequence[tuple[Fold, BacktestResult | None]]) -> DailyReturns:
    """Returns by UTC day of tests one after the other; in a fold in which nothing was chosen, cash earns nothing.

    Two tests that meet inside a day share it: what both earned there is multiplied.

    Args:
        tests: folds in order of time, each with its run.

    Raises:
        ValueError: no fold, or a return that is not finite: the equity fell to zero.
    """
    pieces = [_cash(fold) if run is None else days_of(run) for fold, run in tests]
    days: IntArray = np.concatenate([one.days for one in pieces])
    growth: FloatArray = 1.0 + np.concatenate([one.returns for one in pieces])
    own, first = np.unique(days, return_index=True)
    if len(own) == len(days):
        # Through 1 + r and back would lose the last digits.
        return DailyReturns(days, np.concatenate([one.returns for one in pieces]))
    return DailyReturns(own, np.multiply.reduceat(growth, first) - 1.0)


def _cash(fold: Fold) -> DailyReturns:
    days = np.arange(fold.test_start // DAY_MS, (fold.test_end - 1) // DAY_MS + 1, dtype=np.int64)
    return DailyReturns(days, np.zeros(len(days)))


def stitched_metrics(runs: Sequence[BacktestResult]) -> Metrics:
    """Numbers of tests one after the other, each continuing with what the one before left.

    Args:
        runs: in order of time, at least one, of one timeframe.
    """
    capital = level = runs[0].capital
    equity, invested, trades = [], [], []
    for one in runs:
        factor = level / one.capital
        equity.append(one.equity * factor)
        invested.append(one.invested * factor)
        trades.append(replace(one.trades, **{name: getattr(one.trades, name) * factor for name in _MONEY}))
        level = float(equity[-1][-1])
    columns = {field.name: np.concatenate([getattr(one, field.name) for one in trades]) for field in fields(Trades)}
    return measure(
        equity=np.concatenate(equity),
        invested=np.concatenate(invested),
        closes_at=np.concatenate([one.closes_at for one in runs]),
        capital=capital,
        timeframe=runs[0].identity.timeframe,
        trades=Trades(**columns),
    )
