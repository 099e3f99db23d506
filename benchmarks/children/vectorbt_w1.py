"""Rule W1 in vectorbt: ``from_signals`` with a callback that moves the stop.

What it cannot say: a stop hit in the very bar of the entry (one order per bar).
"""

from __future__ import annotations

import warnings
from typing import Any

import numba
import numpy as np
import pandas as pd
import vectorbt as vbt
from numba import njit
from serve import Columns, Prepared, serve
from vectorbt.portfolio.enums import SizeType, StopEntryPrice, StopExitPrice


@njit(cache=True)
def ema(values, span):
    alpha = 2 / (span + 1)
    out = np.empty_like(values)
    out[0] = values[0]
    for i in range(1, len(values)):
        out[i] = (1 - alpha) * out[i - 1] + alpha * values[i]
    return out


@njit(cache=True)
def atr(high, low, close, window):
    out = np.full(len(close), np.nan)
    total = high[0] - low[0]
    for i in range(1, len(close)):
        reach = max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1]))
        if i < window:
            total += reach
            if i == window - 1:
                out[i] = total / window
        else:
            out[i] = (out[i - 1] * (window - 1) + reach) / window
    return out


@njit
def move_stop(c, ranges, high, exits, stop_atr, activation_atr, trail_atr, memory):
    """The stop of bar i, from what was known at the close of bar i - 1; memory: entry bar, stop, highest, active."""
    if c.position_now <= 0:
        return c.curr_stop, c.curr_trail
    entry_range = ranges[c.init_i - 1]
    if memory[0] != c.init_i:
        memory[0] = c.init_i
        memory[1] = c.init_price - stop_atr * entry_range
        memory[2] = -np.inf
        memory[3] = 0.0
    before = high[c.i - 1]
    memory[2] = max(memory[2], before)
    if before >= c.init_price + activation_atr * entry_range:
        memory[3] = 1.0
    if memory[3] == 1.0:
        memory[1] = max(memory[1], memory[2] - trail_atr * entry_range)
    if exits[c.i]:
        return np.nan, False  # the cross is looked at before the stop
    # A stop is a fraction below a reference; a trailing one's reference is the highest price, so it is never negative.
    return max(0.0, 1 - memory[1] / c.curr_price), True


def prepare(columns: Columns, rule: dict[str, float]) -> Prepared:
    # Without a time zone: an aware index is turned into objects at each step and costs it more than a second a run.
    index = pd.to_datetime(columns["opens_at"], unit="ms")
    opens, high, low, close = (columns[name] for name in ("open", "high", "low", "close"))
    frames = {name: pd.Series(columns[name], index=index) for name in ("open", "high", "low", "close")}

    def run() -> dict[str, Any]:
        fast, slow = ema(close, int(rule["fast"])), ema(close, int(rule["slow"]))
        ranges = atr(high, low, close, int(rule["atr_window"]))
        above, below = fast > slow, fast < slow
        entries, exits = np.zeros(len(close), dtype=np.bool_), np.zeros(len(close), dtype=np.bool_)
        entries[2:] = above[1:-1] & (fast[:-2] <= slow[:-2])
        entries[: int(rule["blocked"]) + 1] = False
        exits[2:] = below[1:-1] & (fast[:-2] >= slow[:-2])
        fills = opens * (1 + rule["slippage"])
        distance = np.full(len(close), np.nan)
        distance[1:] = rule["stop_atr"] * ranges[:-1]
        portfolio = vbt.Portfolio.from_signals(
            frames["close"],
            entries,
            exits,
            open=frames["open"],
            high=frames["high"],
            low=frames["low"],
            price=opens,
            # Of the cash, fee included: the smaller of the risk and everything.
            size=np.minimum(1.0, rule["risk"] * fills * (1 + rule["fee"]) / distance),
            size_type=SizeType.Percent,
            direction="longonly",
            accumulate=False,
            fees=rule["fee"],
            slippage=rule["slippage"],
            init_cash=rule["capital"],
            sl_stop=np.nan_to_num(distance / fills),
            sl_trail=True,
            stop_entry_price=StopEntryPrice.FillPrice,
            stop_exit_price=StopExitPrice.StopMarket,
            adjust_sl_func_nb=move_stop,
            adjust_sl_args=(
                ranges,
                high,
                exits,
                rule["stop_atr"],
                rule["activation_atr"],
                rule["trail_atr"],
                np.full(4, -1.0),
            ),
            freq="1h",
        )
        trades = portfolio.trades
        metrics = {
            "sharpe": portfolio.sharpe_ratio(),
            "sortino": portfolio.sortino_ratio(),
            "max_drawdown": portfolio.max_drawdown(),
            "profit_factor": trades.profit_factor(),
        }
        return {"trades": trades.values, "equity": portfolio.value().to_numpy(), "metrics": metrics}

    def describe(outcome: dict[str, Any]) -> dict[str, Any]:
        closed = outcome["trades"][outcome["trades"]["status"] == 1]
        names = ("entry_idx", "exit_idx", "entry_price", "exit_price", "size")
        return {
            "trades": [list(row) for row in zip(*(closed[name].tolist() for name in names), strict=True)],
            "final_equity": float(outcome["equity"][-1]),
            "metrics": {name: float(value) for name, value in outcome["metrics"].items()},
        }

    return run, describe


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(
        prepare,
        {"vectorbt": vbt.__version__, "numba": numba.__version__, "numpy": np.__version__, "pandas": pd.__version__},
    )
