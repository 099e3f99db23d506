"""Falls of the equity below its highest value so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import FloatArray, IntArray
from vigie.metrics.loops import deepest_and_longest


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

    Args:
        equity: in quote, not negative, shape (n,), n >= 1.
        at: instants of the values, epoch milliseconds, shape (n,).
        start: value before the first point, in quote, positive.
        start_at: its instant, epoch milliseconds.
    """
    depth, duration_ms = deepest_and_longest(equity, at, start, start_at)
    return Drawdown(float(depth), int(duration_ms))
