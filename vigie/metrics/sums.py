"""Many runs measured at once, from sums: what a search keeps of each point.

The same names and definitions as in `summary` and `ratios`, on columns instead of single numbers; a property test
holds them to each other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import BoolArray, FloatArray
from vigie.metrics import ratios
from vigie.metrics.ratios import Measured
from vigie.metrics.round_trips import NO_LOSING_TRADE, NO_TRADES
from vigie.metrics.summary import RUIN, Metrics

NAMES = (
    "final_equity",
    "total_return",
    "cagr",
    "volatility",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown",
    "trades",
    "win_rate",
    "profit_factor",
    "fees",
    "exposure_fraction",
)
"""What is measured here, in this order."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """What runs over the same candles added up; one value per run, shape (runs,).

    Attributes:
        capital: equity before the first candle, quote, positive.
        final: equity at the last close, quote.
        total, squares, losses: sums over the returns per candle: of them, of their squares, of the squares of those
            below zero.
        deepest: maximum drawdown, a fraction.
        trades, wins: closed ones.
        gained, lost: sums of the profits and of the losses of closed trades, both positive, quote.
        fees: of closed trades, quote.
        held: closes with coins.
    """

    capital: FloatArray
    final: FloatArray
    total: FloatArray
    squares: FloatArray
    losses: FloatArray
    deepest: FloatArray
    trades: FloatArray
    wins: FloatArray
    gained: FloatArray
    lost: FloatArray
    fees: FloatArray
    held: FloatArray


def kept(metrics: Metrics) -> Metrics:
    """The same numbers of a run that was measured whole."""
    return Metrics(
        {name: metrics.values[name] for name in NAMES},
        {name: why for name, why in metrics.undefined.items() if name in NAMES},
    )


def measure_sums(sums: Sums, *, rows: int, years: float, per_year: float) -> list[Metrics]:
    """The numbers named in `NAMES`, one record per run.

    Args:
        sums: of the runs.
        rows: candles of each run.
        years: its length, of 365.25 days.
        per_year: candles in a year.
    """
    runs = len(sums.final)
    if rows == 0:
        return [_nothing() for _ in range(runs)]
    table = _Table(runs)
    growth = sums.final / sums.capital
    yearly = [ratios.cagr(one, years) for one in growth.tolist()]
    calmars = [ratios.calmar(one, depth) for one, depth in zip(yearly, sums.deepest.tolist(), strict=True)]
    table.put("final_equity", sums.final)
    table.put("total_return", growth - 1.0)
    table.mixed("cagr", yearly)
    _put_ratios(table, sums, rows, math.sqrt(per_year))
    table.mixed("calmar", calmars)
    table.put("max_drawdown", sums.deepest)
    table.put("trades", sums.trades)
    table.quotient("win_rate", sums.wins, sums.trades, NO_TRADES)
    table.quotient("profit_factor", sums.gained, sums.lost, NO_LOSING_TRADE)
    table.void("profit_factor", sums.trades == 0.0, NO_TRADES)
    table.put("fees", sums.fees)
    table.put("exposure_fraction", sums.held / rows)
    return table.records()


def _nothing() -> Metrics:
    """What is known of a run without candles."""
    zero = ("trades", "fees")
    trading = ("win_rate", "profit_factor")
    return Metrics(
        {name: 0.0 if name in zero else None for name in NAMES},
        {name: NO_TRADES if name in trading else ratios.NO_CANDLES for name in NAMES if name not in zero},
    )


def _put_ratios(table: _Table, sums: Sums, rows: int, root: float) -> None:
    """Volatility, Sharpe and Sortino ratios: `ratios.moments_of_sums` and its like on columns."""
    mean = sums.total / rows
    spread = sums.squares - sums.total * mean
    varied = (spread > ratios.NOISE * sums.squares) & (rows > 1)
    deviation = np.sqrt(np.where(varied, spread, 0.0) / max(rows - 1, 1))
    downside = np.sqrt(sums.losses / rows)
    table.put("volatility", deviation * root)
    table.quotient("sharpe", mean, deviation, ratios.NO_VARIATION, root)
    table.quotient("sortino", mean, downside, ratios.NO_LOSS, root)
    for name in ("volatility", "sharpe", "sortino"):
        if rows < 2:
            table.void(name, np.ones(len(mean), dtype=np.bool_), ratios.TOO_FEW)
        table.void(name, sums.deepest >= 1.0, RUIN)


class _Table:
    """Columns of numbers, and why some of them are missing."""

    def __init__(self, runs: int) -> None:
        self._columns: dict[str, list[float | None]] = {}
        self._reasons: dict[int, dict[str, str]] = defaultdict(dict)
        self._runs = runs

    def put(self, name: str, column: FloatArray) -> None:
        self._columns[name] = column.tolist()

    def mixed(self, name: str, column: list[Measured]) -> None:
        """Numbers, or the reason why there is none."""
        self._columns[name] = [None if isinstance(one, str) else one for one in column]
        for run, one in enumerate(column):
            if isinstance(one, str):
                self._reasons[run][name] = one

    def quotient(self, name: str, above: FloatArray, below: FloatArray, why: str, factor: float = 1.0) -> None:
        """``above / below * factor``; nothing where ``below`` is 0."""
        none = below == 0.0
        self.put(name, above / np.where(none, 1.0, below) * factor)
        self.void(name, none, why)

    def void(self, name: str, where: BoolArray, why: str) -> None:
        for run in np.flatnonzero(where).tolist():
            self._columns[name][run] = None
            self._reasons[run][name] = why

    def records(self) -> list[Metrics]:
        lines = zip(*(self._columns[name] for name in NAMES), strict=True)
        nothing: dict[str, str] = {}
        return [
            Metrics(dict(zip(NAMES, line, strict=True)), self._reasons.get(run, nothing))
            for run, line in enumerate(lines)
        ]
