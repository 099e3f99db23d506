"""Falls of the equity below its highest value so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import BoolArray, FloatArray, IntArray

_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The worst of a curve.

    Attributes:
        depth: largest fall below the highest value so far, as a fraction of that value; 1 if all was lost.
        duration_ms: longest time from a peak until the curve is back at that value, or until it ends, in milliseconds.
    """

    depth: float
    duration_ms: int


def drawdowns(equity: FloatArray, start: float) -> FloatArray:
    """Fall below the highest value so far at each point, a fraction (0: at a peak), shape (n,).

    Args:
        equity: in quote, shape (n,).
        start: value before the first point, in quote.
    """
    peaks = np.maximum(np.maximum.accumulate(equity), start)
    fallen: FloatArray = 1.0 - equity / peaks
    return fallen


def worst(equity: FloatArray, at: IntArray, start: float, start_at: int) -> Drawdown:
    """Deepest and longest drawdown of a curve; they need not be the same one.

    A running maximum over all points is the slowest pass of all metrics. Blocks that stay below the peak they start
    with need their minimum only; just the blocks that reach a peak (and the rest behind the last whole block) are
    gone through point by point.

    Args:
        equity: in quote, not negative, shape (n,), n >= 1.
        at: instants of the values, epoch milliseconds, shape (n,).
        start: value before the first point, in quote, positive.
        start_at: its instant, epoch milliseconds.
    """
    whole = len(equity) // _BLOCK
    blocks, rest = equity[: whole * _BLOCK].reshape(whole, _BLOCK), equity[whole * _BLOCK :]
    before = np.empty(whole + 1)
    before[0] = start
    before[1:] = np.maximum.reduce(blocks, axis=1)
    lowest = np.minimum.reduce(blocks, axis=1)
    highest = before[1:].copy()
    np.maximum.accumulate(before, out=before)
    chosen = np.append(np.flatnonzero(highest >= before[:-1]), whole)

    inside = np.empty((len(chosen), _BLOCK))
    inside[:-1] = blocks[chosen[:-1]]
    inside[-1, : len(rest)], inside[-1, len(rest) :] = rest, equity[-1]
    peaks = np.maximum.accumulate(inside, axis=1)
    np.maximum(peaks, before[chosen, None], out=peaks)

    duration = _longest(_rows(chosen, inside == peaks, len(equity)), at, start_at)
    lowest /= before[:-1]
    inside /= peaks
    return Drawdown(1.0 - min(float(inside.min()), float(lowest.min(initial=1.0))), duration)


def _rows(chosen: IntArray, at_peak: BoolArray, count: int) -> IntArray:
    """Rows of the curve that are at a peak, out of the blocks looked into; padding is left out."""
    found = np.flatnonzero(at_peak)
    rows: IntArray = found + ((chosen - np.arange(len(chosen))) * _BLOCK)[found // _BLOCK]
    return rows[: int(rows.searchsorted(count))]


def _longest(peak_rows: IntArray, at: IntArray, start_at: int) -> int:
    """From a peak to the next one, if anything lies between them; from the last peak to the end."""
    if not len(peak_rows):
        return int(at[-1]) - start_at
    apart = np.flatnonzero(peak_rows[1:] - peak_rows[:-1] > 1)
    recovered = at[peak_rows[apart + 1]] - at[peak_rows[apart]]
    at_first = int(at[peak_rows[0]]) - start_at if peak_rows[0] > 0 else 0
    return max(at_first, int(recovered.max(initial=0)), int(at[-1] - at[peak_rows[-1]]))
