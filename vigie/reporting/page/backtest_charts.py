"""What the page draws: columns packed for JavaScript.

Candles go in at full resolution as 32-bit floats (about seven digits); the page adds them up to the width on screen,
so that years of hourly candles and a single day can both be read. Beyond a budget of rows they are added up here.
"""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigie.domain.candles import Candles, FloatArray, IntArray
from vigie.domain.trades import ExitReason
from vigie.metrics.drawdown import drawdowns
from vigie.research.result import BacktestResult

_MAX_ROWS = 250_000
_CURVE_BUCKETS = 1_000
_BINS = 60


def payload(result: BacktestResult) -> dict[str, Any]:
    """Everything the script of the page needs, ready for JSON."""
    total = sum(len(one.candles) for one in result.series)
    group = max(1, -(-total // _MAX_ROWS))
    return {
        "strategy": result.identity.strategy,
        "pairs": [_pair(result, index, group) for index in range(len(result.series))],
        "curves": _curves(result),
        "distribution": _distribution(result.trades.profit_fraction),
    }


def thinned(curves: tuple[FloatArray, ...], buckets: int = _CURVE_BUCKETS) -> IntArray:
    """Rows that keep the look of curves: the lowest and the highest of each bucket, the first and the last.

    Args:
        curves: each of shape (n,).
        buckets: how many parts the rows are cut into.
    """
    count = len(curves[0])
    if count <= 2 * buckets:
        return np.arange(count)
    starts = np.linspace(0, count, buckets, endpoint=False).astype(np.int64)
    edges = [*starts.tolist(), count]
    kept = {0, count - 1}
    for curve in curves:
        for first, last in pairwise(edges):
            part = curve[first:last]
            kept.update((first + int(part.argmin()), first + int(part.argmax())))
    return np.array(sorted(kept), dtype=np.int64)


def _pair(result: BacktestResult, index: int, group: int) -> dict[str, Any]:
    one = result.series[index]
    candles, stops = _grouped(one.candles, result.stops[index], group)
    opens_at = candles["opens_at"]
    step = one.candles.timeframe.milliseconds * group
    trades = result.trades[result.trades.pair == index]
    start = int(opens_at[0]) if len(opens_at) else 0
    return {
        "name": str(one.pair),
        "step": step,
        "start": start,
        "rows": _packed(((opens_at - start) // step).astype("<i4")),
        **{name: _packed(candles[name].astype("<f4")) for name in ("open", "high", "low", "close")},
        "stop": _packed(stops.astype("<f4")),
        "trades": {
            "entryAt": trades.entry_at.tolist(),
            "exitAt": trades.exit_at.tolist(),
            "entryPrice": trades.entry_price.tolist(),
            "exitPrice": trades.exit_price.tolist(),
            "profit": trades.profit.tolist(),
            "fraction": trades.profit_fraction.tolist(),
            "reason": [ExitReason(code).label.replace("_", " ") for code in trades.exit_reason],
        },
        "held": [
            {"at": held.entry_at, "price": held.entry_price}
            for held in result.open_positions
            if held.pair == str(one.pair)
        ],
    }


def _grouped(candles: Candles, stops: FloatArray, group: int) -> tuple[dict[str, Any], FloatArray]:
    """Candles added up to ``group`` times their length, aligned to the epoch, and the last stop of each."""
    step = candles.timeframe.milliseconds * group
    opens_at = candles.opens_at // step * step
    first = np.flatnonzero(np.diff(opens_at, prepend=-1)) if len(candles) else np.zeros(0, dtype=np.int64)
    if group == 1 or not len(first):
        names = ("opens_at", "open", "high", "low", "close")
        return {name: getattr(candles, name) for name in names}, stops
    last = np.append(first[1:], len(candles)) - 1
    columns = {
        "opens_at": opens_at[first],
        "open": candles.open[first],
        "high": np.maximum.reduceat(candles.high, first),
        "low": np.minimum.reduceat(candles.low, first),
        "close": candles.close[last],
    }
    return columns, stops[last]


def _curves(result: BacktestResult) -> dict[str, Any]:
    if not len(result.equity):
        return {"at": [], "equity": [], "hold": [], "fallen": [], "holdFallen": []}
    fallen = drawdowns(result.equity, result.capital)
    hold_fallen = drawdowns(result.hold, result.capital)
    rows = thinned((result.equity, fallen, result.hold, hold_fallen))
    return {
        "at": result.closes_at[rows].tolist(),
        "equity": rounded(result.equity[rows]),
        "hold": rounded(result.hold[rows]),
        "fallen": rounded(-fallen[rows]),
        "holdFallen": rounded(-hold_fallen[rows]),
    }


def _distribution(fractions: FloatArray) -> dict[str, list[float]]:
    """Number of trades by return; one edge of the bins is 0, so that no bin mixes gains and losses."""
    if not len(fractions):
        return {"left": [], "width": [], "count": []}
    reach = max(float(np.abs(fractions).max()), 1e-6)
    low, high = min(float(fractions.min()), 0.0), max(float(fractions.max()), 0.0)
    width = max((high - low) / _BINS, reach / (10 * _BINS))
    edges = np.arange(np.floor(low / width), np.ceil(high / width) + 1) * width
    counts, _ = np.histogram(fractions, edges)
    return {"left": edges[:-1].tolist(), "width": [width], "count": counts.tolist()}


def rounded(values: FloatArray) -> list[float]:
    """Seven digits: what a picture shows."""
    return [float(f"{value:.7g}") for value in values.tolist()]


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
