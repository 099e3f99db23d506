"""Many runs measured at once, from sums: what a search keeps of each point.

The same names and definitions as in `summary` and `ratios`, on columns instead of single numbers; a property test
holds them to each other.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

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


def measure_sums(sums: Sums, *, rows: int, years: float, per_year: float) -> Measures:
    """The numbers named in `NAMES`, one record per run.

    Args:
        sums: of the runs.
        rows: candles of each run.
        years: its length, of 365.25 days.
        per_year: candles in a year.
    """
    return Measures(sums, rows, years, per_year)


def _nothing() -> Metrics:
    """What is known of a run without candles."""
    zero = ("trades", "fees")
    trading = ("win_rate", "profit_factor")
    return Metrics(
        {name: 0.0 if name in zero else None for name in NAMES},
        {name: NO_TRADES if name in trading else ratios.NO_CANDLES for name in NAMES if name not in zero},
    )


class Measures(Sequence[Metrics]):
    """Many runs measured: a column of each number, counted when somebody asks for it, and a record of each run.

    A search that chooses by one number out of thirteen, fold by fold, need not count the others.

    Args:
        sums, rows, years, per_year: as in `measure_sums`.
    """

    def __init__(self, sums: Sums, rows: int, years: float, per_year: float) -> None:
        self._sums, self._rows, self._years, self._root = sums, rows, years, math.sqrt(per_year)
        self._columns: dict[str, list[float | None]] = {}
        self._reasons: dict[int, dict[str, str]] = defaultdict(dict)
        self._lines: list[tuple[float | None, ...]] = []

    def __len__(self) -> int:
        return len(self._sums.final)

    @overload
    def __getitem__(self, run: int) -> Metrics: ...
    @overload
    def __getitem__(self, run: slice) -> list[Metrics]: ...
    def __getitem__(self, run: int | slice) -> Metrics | list[Metrics]:
        """The record of a run."""
        if isinstance(run, slice):
            return [self[one] for one in range(*run.indices(len(self)))]
        place = range(len(self))[run]
        if self._rows == 0:
            return _nothing()
        if not self._lines:
            self._lines = list(zip(*(self.column(name) for name in NAMES), strict=True))
        return Metrics(dict(zip(NAMES, self._lines[place], strict=True)), self._reasons.get(place, _NO_REASON))

    def column(self, name: str) -> Sequence[float | None]:
        """One number of all runs; None where it is not defined."""
        if self._rows == 0:
            return [_nothing().values[name]] * len(self)
        if name not in self._columns:
            self._count(name)
        return self._columns[name]

    def _count(self, name: str) -> None:
        """A number, with those that are counted together with it."""
        if name in ("final_equity", "total_return"):
            self._growth()
        elif name in ("cagr", "calmar"):
            self._yearly()
        elif name in ("volatility", "sharpe", "sortino"):
            self._ratios()
        else:
            self._trading()

    def _growth(self) -> None:
        self._put("final_equity", self._sums.final)
        self._put("total_return", self._sums.final / self._sums.capital - 1.0)

    def _yearly(self) -> None:
        growth = (self._sums.final / self._sums.capital).tolist()
        yearly = [ratios.cagr(one, self._years) for one in growth]
        deepest = self._sums.deepest.tolist()
        self._mixed("cagr", yearly)
        self._mixed("calmar", [ratios.calmar(one, depth) for one, depth in zip(yearly, deepest, strict=True)])

    def _ratios(self) -> None:
        """Volatility, Sharpe and Sortino ratios: `ratios.moments_of_sums` and its like on columns."""
        sums, rows = self._sums, self._rows
        mean = sums.total / rows
        spread = sums.squares - sums.total * mean
        varied = (spread > ratios.NOISE * sums.squares) & (rows > 1)
        deviation = np.sqrt(np.where(varied, spread, 0.0) / max(rows - 1, 1))
        downside = np.sqrt(sums.losses / rows)
        self._put("volatility", deviation * self._root)
        self._quotient("sharpe", mean, deviation, ratios.NO_VARIATION, self._root)
        self._quotient("sortino", mean, downside, ratios.NO_LOSS, self._root)
        for name in ("volatility", "sharpe", "sortino"):
            if rows < 2:
                self._void(name, np.ones(len(mean), dtype=np.bool_), ratios.TOO_FEW)
            self._void(name, sums.deepest >= 1.0, RUIN)

    def _trading(self) -> None:
        sums = self._sums
        self._put("max_drawdown", sums.deepest)
        self._put("trades", sums.trades)
        self._quotient("win_rate", sums.wins, sums.trades, NO_TRADES)
        self._quotient("profit_factor", sums.gained, sums.lost, NO_LOSING_TRADE)
        self._void("profit_factor", sums.trades == 0.0, NO_TRADES)
        self._put("fees", sums.fees)
        self._put("exposure_fraction", sums.held / self._rows)

    def _put(self, name: str, column: FloatArray) -> None:
        self._columns[name] = column.tolist()

    def _mixed(self, name: str, column: list[Measured]) -> None:
        """Numbers, or the reason why there is none."""
        self._columns[name] = [None if isinstance(one, str) else one for one in column]
        for run, one in enumerate(column):
            if isinstance(one, str):
                self._reasons[run][name] = one

    def _quotient(self, name: str, above: FloatArray, below: FloatArray, why: str, factor: float = 1.0) -> None:
        """``above / below * factor``; nothing where ``below`` is 0."""
        none = below == 0.0
        self._put(name, above / np.where(none, 1.0, below) * factor)
        self._void(name, none, why)

    def _void(self, name: str, where: BoolArray, why: str) -> None:
        for run in np.flatnonzero(where).tolist():
            self._columns[name][run] = None
            self._reasons[run][name] = why


_NO_REASON: dict[str, str] = {}
