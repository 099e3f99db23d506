"""Rule W1 in backtesting.py: indicators and crosses as arrays, one look at the market per bar.

What it cannot say, and how it is made up for: no slippage on exits (it is charged with the exit commission and put into
the exit price afterwards); the fill is not known when the stop is given (the next open is looked up in the array, since
the rule hangs the stop on the fill); whole units (wallet and units are a million times larger).
"""

from __future__ import annotations

import warnings
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy
from serve import Columns, Prepared, serve

UNITS_PER_COIN = 1_000_000


def wilder(values: np.ndarray, window: int) -> np.ndarray:
    """A plain mean of the first ``window`` values, then alpha 1 / window."""
    seeded = np.concatenate(([values[:window].mean()], values[window:]))
    smooth = pd.Series(seeded).ewm(alpha=1 / window, adjust=False).mean().to_numpy()
    return np.concatenate((np.full(window - 1, np.nan), smooth))


def ema(values: np.ndarray, span: int) -> np.ndarray:
    return pd.Series(values).ewm(span=span, adjust=False).mean().to_numpy()


def indicators(columns: Columns, rule: dict[str, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether the averages crossed up, crossed down, and the ATR, at each close."""
    high, low, close = columns["high"], columns["low"], columns["close"]
    before = np.concatenate(([np.nan], close[:-1]))
    reach = np.fmax(high - low, np.fmax(np.abs(high - before), np.abs(low - before)))
    fast, slow = ema(close, int(rule["fast"])), ema(close, int(rule["slow"]))
    up, down = np.zeros(len(close), dtype=bool), np.zeros(len(close), dtype=bool)
    up[1:] = (fast[1:] > slow[1:]) & (fast[:-1] <= slow[:-1])
    down[1:] = (fast[1:] < slow[1:]) & (fast[:-1] >= slow[:-1])
    up[: int(rule["blocked"])] = False
    return up, down, wilder(reach, int(rule["atr_window"]))


class W1(Strategy):
    """One position; the array index of the bar is the number of bars seen so far."""

    columns: ClassVar[Columns] = {}  # parameters: run() fills them in
    rule: ClassVar[dict[str, float]] = {}
    broker_seen: ClassVar[list[Any]] = []

    def init(self) -> None:
        self.broker_seen.append(self._broker)
        self.up, self.down, self.ranges = indicators(self.columns, self.rule)
        self.at_entry = 0.0
        self.highest = 0.0
        self.active = False

    def next(self) -> None:
        row = len(self.data) - 1
        if self._broker.trades:
            self.manage(row)
        elif self.up[row] and row + 1 < len(self.up):
            self.enter(row)

    def enter(self, row: int) -> None:
        rule, equity = self.rule, self.equity
        self.at_entry, self.highest, self.active = self.ranges[row], 0.0, False
        fill = self.columns["open"][row + 1] * (1 + rule["slippage"])
        distance = rule["stop_atr"] * self.at_entry
        units = min(rule["risk"] * equity / distance, equity / (fill * (1 + rule["fee"])))
        # It insists on a stop below the last close; a fill gapped far above it is corrected one bar later.
        ceiling = self.columns["close"][row] * (1 + rule["slippage"] / 2)
        self.buy(size=int(units), sl=min(fill - distance, ceiling))

    def manage(self, row: int) -> None:
        rule, trade, high = self.rule, self._broker.trades[0], self.columns["high"][row]
        self.highest = max(self.highest, high)
        stop = max(trade.sl, trade.entry_price - rule["stop_atr"] * self.at_entry)
        if high >= trade.entry_price + rule["activation_atr"] * self.at_entry:
            self.active = True
        if self.active:
            stop = max(stop, self.highest - rule["trail_atr"] * self.at_entry)
        if stop > trade.sl:
            trade.sl = stop
        if self.down[row]:
            trade.close()


def prepare(columns: Columns, rule: dict[str, float]) -> Prepared:
    index = pd.to_datetime(columns["opens_at"], unit="ms")
    names = {"Open": "open", "High": "high", "Low": "low", "Close": "close", "Volume": "volume"}
    frame = pd.DataFrame({new: columns[old] for new, old in names.items()}, index=index)
    out_rate = rule["slippage"] + rule["fee"] * (1 - rule["slippage"])

    def run() -> Any:
        seen: list[Any] = []

        def commission(units: float, price: float) -> float:
            # While it opens a position that position is already listed; while it closes one it no longer is.
            opening = bool(seen and seen[0].trades)
            return abs(units) * price * (rule["fee"] if opening else out_rate)

        backtest = Backtest(
            frame,
            W1,
            cash=rule["capital"] * UNITS_PER_COIN,
            commission=commission,
            spread=rule["slippage"],
            margin=0.5,  # its check of what can be paid adds the commission of an exit: units are bounded by the rule
            finalize_trades=False,
        )
        return backtest.run(columns=columns, rule=rule, broker_seen=seen)

    def describe(stats: Any) -> dict[str, Any]:
        trades = stats["_trades"]
        exits = trades["ExitPrice"] * (1 - rule["slippage"])
        lists = trades["EntryBar"], trades["ExitBar"], trades["EntryPrice"], exits, trades["Size"] / UNITS_PER_COIN
        return {
            "trades": [list(row) for row in zip(*(column.tolist() for column in lists), strict=True)],
            "final_equity": float(stats["_equity_curve"]["Equity"].iloc[-1]) / UNITS_PER_COIN,
            "metrics": {
                "sharpe": float(stats["Sharpe Ratio"]),
                "sortino": float(stats["Sortino Ratio"]),
                "max_drawdown": float(stats["Max. Drawdown [%]"]) / 100,
                "profit_factor": float(stats["Profit Factor"]),
            },
        }

    return run, describe


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(
        prepare,
        {"backtesting": version("backtesting"), "numpy": np.__version__, "pandas": pd.__version__},
    )
