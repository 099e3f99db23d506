"""Numbers over closed trades."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import BoolArray
from vigie.domain.timeframe import HOUR_MS
from vigie.domain.trades import Trades
from vigie.metrics.ratios import Measured

NO_TRADES = "no closed trade"
NO_LOSING_TRADE = "no losing trade"


def longest_streak(wanted: BoolArray) -> int:
    """Length of the longest run of True, shape (n,)."""
    stops = np.flatnonzero(~wanted)
    if not len(stops):
        return len(wanted)
    inner = int(np.diff(stops).max()) if len(stops) > 1 else 1
    return max(inner - 1, int(stops[0]), len(wanted) - 1 - int(stops[-1]))


def traded_value(trades: Trades) -> float:
    """Value bought and sold, in quote, partial sales included.

    What was sold follows from the books: a trade's profit is what it sold minus what it bought minus its fees.
    """
    bought = float(np.dot(trades.quantity, trades.entry_price))
    return 2.0 * bought + float(np.add.reduce(trades.profit) + np.add.reduce(trades.fees))


def round_trips(trades: Trades) -> dict[str, Measured]:
    """Every number that only needs the closed trades, by name (see ``definitions``).

    A win is a trade with profit > 0, a loss one with profit < 0, after fees and slippage; one at exactly 0 is neither.
    Streaks count in order of exit.
    """
    count = len(trades)
    if count == 0:
        return _nothing()
    profit = trades.profit
    wins, losses = profit > 0.0, profit < 0.0
    won, lost = int(np.count_nonzero(wins)), int(np.count_nonzero(losses))
    total = float(np.add.reduce(profit))
    gained = float(np.dot(profit, wins))
    given = float(np.dot(profit, losses))
    best, least = float(profit.max()), float(profit.min())
    return {
        "trades": float(count),
        "profit": total,
        "win_rate": won / count,
        "profit_factor": gained / -given if lost else NO_LOSING_TRADE,
        "expectancy": total / count,
        "expectancy_fraction": float(np.add.reduce(trades.profit_fraction)) / count,
        "average_win": gained / won if won else "no winning trade",
        "average_loss": given / lost if lost else NO_LOSING_TRADE,
        "largest_win": best if won else "no winning trade",
        "largest_loss": least if lost else NO_LOSING_TRADE,
        "longest_winning_streak": float(longest_streak(wins)),
        "longest_losing_streak": float(longest_streak(losses)),
        "average_bars_held": float(np.add.reduce(trades.bars_held)) / count,
        "average_hours_held": float(np.add.reduce(trades.exit_at - trades.entry_at)) / count / HOUR_MS,
        "fees": float(np.add.reduce(trades.fees)),
        "slippage": float(np.add.reduce(trades.slippage)),
    }


def _nothing() -> dict[str, Measured]:
    zero = ("trades", "profit", "longest_winning_streak", "longest_losing_streak", "fees", "slippage")
    undefined = (
        "win_rate",
        "profit_factor",
        "expectancy",
        "expectancy_fraction",
        "average_win",
        "average_loss",
        "largest_win",
        "largest_loss",
        "average_bars_held",
        "average_hours_held",
    )
    return {**dict.fromkeys(zero, 0.0), **dict.fromkeys(undefined, NO_TRADES)}
