"""Loops over an equity curve."""

from __future__ import annotations

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.loops import loop


@loop
def deepest_and_longest(equity: FloatArray, at: IntArray, start: float, start_at: int) -> tuple[float, int]:
    """Largest fall from a peak, and longest time from a peak until the curve is back at it or ends.

    Args:
        equity: in quote, shape (n,).
        at: instants, epoch milliseconds, shape (n,).
        start: value before the first point, in quote, positive.
        start_at: its instant.

    Returns:
        depth as a fraction of the peak, and milliseconds (0 where every point is a peak).
    """
    peak, peak_at, deepest, longest = start, start_at, 0.0, 0
    # What has to be undercut to be the deepest fall: known without a quotient at every point.
    floor = peak
    under = False
    for row in range(len(equity)):
        value = equity[row]
        if value >= peak:
            if under:
                longest = max(longest, at[row] - peak_at)
            peak, peak_at, under = value, at[row], False
            floor = peak * (1.0 - deepest)
        else:
            under = True
            if value < floor:
                deepest = 1.0 - value / peak
                floor = value
    if under:
        longest = max(longest, at[len(at) - 1] - peak_at)
    return deepest, longest


@loop
def return_sums(equity: FloatArray, start: float, risk_free: float) -> tuple[float, float, float]:
    """Sums over the simple returns above the risk-free rate: of the returns, their squares, the squared losses.

    Args:
        equity: in quote, positive, shape (n,).
        start: value before the first point, in quote, positive.
        risk_free: per candle, a fraction.
    """
    total, squares, losses = 0.0, 0.0, 0.0
    before = start
    for row in range(len(equity)):
        value = equity[row]
        if value != before or risk_free != 0.0:
            excess = value / before - 1.0 - risk_free
            total += excess
            squares += excess * excess
            loss = min(excess, 0.0)
            losses += loss * loss
        before = value
    return total, squares, losses
