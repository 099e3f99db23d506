"""One pair and many plans, laid out for the lean loop; and its lines of numbers as metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigie.decision.policies import Filters
from vigie.decision.profile import Plan
from vigie.domain.candles import FloatArray, IntArray
from vigie.metrics.sums import NAMES, Sums
from vigie.research.compile import compiled_lean
from vigie.research.inputs import Piece, limits_of, wallet_of
from vigie.research.kernel import lean as k

__all__ = ["NAMES", "lane_of", "run_lane", "sums_of"]


def lane_of(piece: Piece) -> k.Lane:
    """The candles and wishes of a pair that is alone in its wallet."""
    candles, signals = piece.traded.candles, piece.signals
    entry = signals.entry
    lane = k.Lane(
        open=candles.open,
        high=candles.high,
        low=candles.low,
        close=candles.close,
        in_row=piece.known.candles.rows_without_hole[-len(candles) :],
        day=candles.close_day,
        entries=np.flatnonzero(entry[signals.warm_up :]) + signals.warm_up,
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


def run_lane(
    lane: k.Lane,
    plans: Sequence[Plan],
    warm_up: int,
    filters: Filters,
    ends: IntArray,
    days: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Run many plans over one lane.

    Args:
        lane: candles and wishes.
        plans: who share them.
        warm_up: candles the strategy asks for.
        filters: of the venue.
        ends: how many candles each answer is about, not decreasing; the last one: all.
        days: last row of each day whose equity is wanted.

    Returns:
        columns L_*, shape (plans, ends, 11), and equity, quote, shape (plans, days).
    """
    out = np.zeros((len(plans), len(ends), k.LEAN_COLUMNS))
    daily = np.empty((len(plans), len(days)))
    compiled_lean()(
        lane,
        np.array([[float(one) for one in made.settings.rules()] for made in plans]),
        np.array([[float(one) for one in made.settings.costs()] for made in plans]),
        np.array([[float(one) for one in wallet_of(made, 1)] for made in plans]),
        np.array([limits_of(made, warm_up) for made in plans]),
        filters,
        ends,
        days,
        out,
        daily,
    )
    return out, daily


def sums_of(lines: FloatArray, capital: FloatArray) -> Sums:
    """The answers of the lean loop about one date, shape (plans, 11), by name."""
    return Sums(
        capital=capital,
        final=lines[:, k.L_FINAL],
        total=lines[:, k.L_SUM],
        squares=lines[:, k.L_SQUARES],
        losses=lines[:, k.L_LOSSES],
        deepest=lines[:, k.L_DEEPEST],
        trades=lines[:, k.L_TRADES],
        wins=lines[:, k.L_WINS],
        gained=lines[:, k.L_GAINED],
        lost=lines[:, k.L_LOST],
        fees=lines[:, k.L_FEES],
        held=lines[:, k.L_HELD],
    )
