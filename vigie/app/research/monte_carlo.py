"""What else might have happened: resampled histories of a backtest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vigie.app.data.candles import Report
from vigie.app.research.backtest import Request, backtest
from vigie.domain.candles import FloatArray
from vigie.metrics.returns import last_of_each_day, simple_returns
from vigie.research.monte_carlo import MonteCarlo, bootstrap_returns, resample_trades
from vigie.research.result import BacktestResult

DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Resampling:
    """How histories are drawn.

    Attributes:
        paths: how many of each kind.
        seed: the same seed gives the same numbers.
        block_length: mean length of a block of days; None: automatic.
        ruin_drawdown: the drawdown that counts as ruin, fraction.
    """

    paths: int = 10_000
    seed: int = 7
    block_length: float | None = None
    ruin_drawdown: float = 0.5


def monte_carlo(
    request: Request, how: Resampling, report: Report = lambda _: None
) -> tuple[BacktestResult, dict[str, MonteCarlo | str]]:
    """Run a backtest (counted as one), then resample its days and its trades.

    Returns:
        the backtest, and by method the intervals, or why there are none.

    Raises:
        ConfigError: a name, number, path or pair is wrong.
        DataError: the candles cannot be used.
    """
    result = backtest(request, report)
    days = last_of_each_day(result.closes_at, result.identity.timeframe.milliseconds)
    daily = simple_returns(result.equity[days], result.capital)
    trades = trade_returns(result)
    years = (result.measured.values["days"] or 1.0) / DAYS_PER_YEAR
    per_year = max(len(trades) / years, 1e-9)
    common = {"seed": how.seed, "paths": how.paths, "ruin_drawdown": how.ruin_drawdown}
    return result, {
        "days": bootstrap_returns(daily, periods_per_year=DAYS_PER_YEAR, block_length=how.block_length, **common),  # type: ignore[arg-type]
        "trades_drawn": resample_trades(trades, trades_per_year=per_year, replace=True, **common),  # type: ignore[arg-type]
        "trades_shuffled": resample_trades(trades, trades_per_year=per_year, **common),  # type: ignore[arg-type]
    }


def trade_returns(result: BacktestResult) -> FloatArray:
    """Profit of each trade as a fraction of the equity at the last close before its entry, shape (trades,)."""
    before = np.searchsorted(result.closes_at, result.trades.entry_at, side="right") - 1
    equity = np.where(before >= 0, result.equity[np.maximum(before, 0)], result.capital)
    returns: FloatArray = result.trades.profit / equity
    return returns
