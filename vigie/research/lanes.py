"""One pair and many plans, laid out for the lean loop; and its lines of numbers as metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigie.decision.policies import Filters
from vigie.decision.profile import Plan
from vigie.domain.candles import FloatArray
from vigie.metrics import ratios
from vigie.metrics.summary import Metrics
from vigie.research.compile import compiled_lean
from vigie.research.inputs import Piece, limits_of, wallet_of
from vigie.research.kernel import lean as k
from vigie.research.kernel.records import ACCOUNT_COLUMNS

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
"""What a search measures of every point; names and definitions as everywhere."""


def lane_of(piece: Piece) -> k.Lane:
    """The candles and wishes of a pair that is alone in its wallet."""
    candles, signals = piece.traded.candles, piece.signals
    entry = signals.entry.copy()
    entry[: signals.warm_up] = 0
    lane = k.Lane(
        open=candles.open,
        high=candles.high,
        low=candles.low,
        close=candles.close,
        in_row=piece.known.candles.rows_without_hole[-len(candles) :],
        day=candles.close_day,
        entries=np.flatnonzero(entry),
        entry=entry,
        exit=signals.exit,
        stop_distance=signals.stop_distance,
        target_distance=signals.target_distance,
        volatility=signals.volatility,
    )
    return k.Lane(*(_readable(column) for column in lane))


def _readable(column: NDArray[Any]) -> Any:
    """Contiguous and read-only, always: numba would compile the loop once more for every other kind of array."""
    view = np.ascontiguousarray(column).view()
    view.flags.writeable = False
    return view


def run_lane(lane: k.Lane, plans: Sequence[Plan], warm_up: int, filters: Filters) -> FloatArray:
    """Run many plans over one lane; one line of columns L_* each, shape (plans, 11)."""
    out = np.zeros((len(plans), k.LEAN_COLUMNS))
    compiled_lean()(
        lane,
        np.array([[float(one) for one in made.settings.rules()] for made in plans]),
        np.array([[float(one) for one in made.settings.costs()] for made in plans]),
        np.array([[float(one) for one in wallet_of(made, 1)] for made in plans]),
        np.array([limits_of(made, warm_up) for made in plans]),
        filters,
        np.zeros(ACCOUNT_COLUMNS),
        out,
    )
    return out


def metrics_of(line: FloatArray, *, rows: int, capital: float, years: float, per_year: float) -> Metrics:
    """The numbers of one plan.

    Args:
        line: columns L_* of the lean loop.
        rows: candles of the run.
        capital: quote at the start.
        years: length of the run.
        per_year: candles in a year.
    """
    moments = ratios.moments_of_sums(rows, float(line[k.L_SUM]), float(line[k.L_SQUARES]), float(line[k.L_LOSSES]))
    final, deepest, trades = float(line[k.L_FINAL]), float(line[k.L_DEEPEST]), float(line[k.L_TRADES])
    yearly = ratios.cagr(final / capital, years)
    gained, lost = float(line[k.L_GAINED]), float(line[k.L_LOST])
    found: dict[str, float | str] = {
        "final_equity": final,
        "total_return": final / capital - 1.0,
        "cagr": yearly,
        "volatility": ratios.volatility(moments, per_year),
        "sharpe": ratios.sharpe(moments, per_year),
        "sortino": ratios.sortino(moments, per_year),
        "calmar": ratios.calmar(yearly, deepest),
        "max_drawdown": deepest,
        "trades": trades,
        "win_rate": float(line[k.L_WINS]) / trades if trades else "no closed trade",
        "profit_factor": gained / lost if lost > 0.0 else "no losing trade",
        "fees": float(line[k.L_FEES]),
        "exposure_fraction": float(line[k.L_HELD]) / rows,
    }
    values = {name: None if isinstance(value, str) else value for name, value in found.items()}
    return Metrics(values, {name: value for name, value in found.items() if isinstance(value, str)})
