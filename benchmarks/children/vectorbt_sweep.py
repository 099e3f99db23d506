"""Its share of the combinations in vectorbt: one of two processes, columns in chunks of the size it is quickest with.

Each average and the range are computed once; what is asked of a chunk is the least that ranks it: final equity and
Sharpe ratio. The rest is said in ``vectorbt_w1.py``.
"""

from __future__ import annotations

import gc
import warnings
from typing import Any

import numba
import numpy as np
import pandas as pd
import vectorbt as vbt
from numba import njit
from serve import Columns, Prepared, serve
from vectorbt.portfolio.enums import SizeType, StopEntryPrice, StopExitPrice
from vectorbt_w1 import atr, ema


@njit
def move_stop(c, ranges, high, exits, stop_atr, activation_atr, trail_atr, memory):
    """As in ``vectorbt_w1.py``, a column each; memory: entry bar, stop, highest, active of each column."""
    if c.position_now <= 0:
        return c.curr_stop, c.curr_trail
    entry_range = ranges[c.init_i - 1]
    mine = memory[c.col]
    if mine[0] != c.init_i:
        mine[0] = c.init_i
        mine[1] = c.init_price - stop_atr[c.col] * entry_range
        mine[2] = -np.inf
        mine[3] = 0.0
    before = high[c.i - 1]
    mine[2] = max(mine[2], before)
    if before >= c.init_price + activation_atr * entry_range:
        mine[3] = 1.0
    if mine[3] == 1.0:
        mine[1] = max(mine[1], mine[2] - trail_atr[c.col] * entry_range)
    if exits[c.i, c.col]:
        return np.nan, False
    return max(0.0, 1 - mine[1] / c.curr_price), True


def prepare(columns: Columns, rule: dict[str, Any]) -> Prepared:
    index = pd.to_datetime(columns["opens_at"], unit="ms")
    opens, high, low, close = (columns[name] for name in ("open", "high", "low", "close"))
    frames = {name: pd.Series(columns[name], index=index) for name in ("open", "high", "low", "close")}
    tried, width = rule["tried"], int(rule["columns"])
    fills = opens * (1 + rule["slippage"])

    def chunk(part: list[list[float]], averages: dict[int, np.ndarray], ranges: np.ndarray) -> tuple[Any, Any]:
        shape = len(close), len(part)
        entries, exits = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
        for column, (fast, slow, _, _) in enumerate(part):
            one, other = averages[int(fast)], averages[int(slow)]
            above, below = one > other, one < other
            entries[2:, column] = above[1:-1] & (one[:-2] <= other[:-2])
            exits[2:, column] = below[1:-1] & (one[:-2] >= other[:-2])
        entries[: int(rule["blocked"]) + 1] = False
        stops, trails = np.array([one[2] for one in part]), np.array([one[3] for one in part])
        distance = np.full(shape, np.nan)
        distance[1:] = stops * ranges[:-1, np.newaxis]
        portfolio = vbt.Portfolio.from_signals(
            frames["close"],
            entries,
            exits,
            open=frames["open"],
            high=frames["high"],
            low=frames["low"],
            price=opens[:, np.newaxis],
            size=np.minimum(1.0, rule["risk"] * (fills * (1 + rule["fee"]))[:, np.newaxis] / distance),
            size_type=SizeType.Percent,
            direction="longonly",
            accumulate=False,
            fees=rule["fee"],
            slippage=rule["slippage"],
            init_cash=rule["capital"],
            sl_stop=np.nan_to_num(distance / fills[:, np.newaxis]),
            sl_trail=True,
            stop_entry_price=StopEntryPrice.FillPrice,
            stop_exit_price=StopExitPrice.StopMarket,
            adjust_sl_func_nb=move_stop,
            adjust_sl_args=(
                ranges,
                high,
                exits,
                stops,
                rule["activation_atr"],
                trails,
                np.full((len(part), 4), -1.0),
            ),
            freq="1h",
        )
        found = portfolio.final_value().to_numpy(), portfolio.sharpe_ratio().to_numpy()
        del portfolio
        gc.collect()  # a portfolio holds on to itself: without this all chunks pile up in memory
        return found

    def run() -> Any:
        averages = {int(span): ema(close, int(span)) for one in tried for span in one[:2]}
        ranges = atr(high, low, close, int(rule["atr_window"]))
        parts = [tried[first : first + width] for first in range(0, len(tried), width)]
        found = [chunk(part, averages, ranges) for part in parts]
        final = np.concatenate([one for one, _ in found])
        np.argsort(-np.concatenate([one for _, one in found]))
        return final

    return run, lambda final: {"final_equity": final.tolist()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(
        prepare,
        {"vectorbt": vbt.__version__, "numba": numba.__version__, "numpy": np.__version__, "pandas": pd.__version__},
    )
