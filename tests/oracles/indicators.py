"""Indicators of the first system as plain loops over lists: one definition, one function, nothing clever.

All functions take and return lists with one value per candle. NaN means "not yet defined", unless a function says
that the original has another value there. Smoothing repeats the operations of pandas' ``ewm(adjust=False)`` one by one,
since in a stretch of constant prices the RSI is a quotient of decaying rounding errors, and StochRSI magnifies them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

NAN = math.nan


def smoothed(values: Sequence[float], alpha: float, needed: int = 1) -> list[float]:
    """Recursive average: y = (1 - alpha) y + alpha x, started at the first value that is not NaN.

    ``needed``: NaN until that many values were seen.
    """
    out: list[float] = []
    average, seen = NAN, 0
    for value in values:
        if not math.isnan(value):
            seen += 1
            if seen == 1:
                average = value
            elif average != value:
                average = ((1 - alpha) * average + alpha * value) / ((1 - alpha) + alpha)
        out.append(average if seen >= needed else NAN)
    return out


def ema(values: Sequence[float], span: int, needed: int = 1) -> list[float]:
    """EMA, alpha = 2 / (span + 1), first value = first close."""
    return smoothed(values, 1 / (1 + (span - 1) / 2), needed)


def mean(values: Sequence[float], window: int) -> list[float]:
    """Plain mean of the last ``window`` values; NaN before, and where a value of the window is NaN."""
    return [math.fsum(values[i + 1 - window : i + 1]) / window if i + 1 >= window else NAN for i in range(len(values))]


def sample_deviation(values: Sequence[float], window: int) -> list[float]:
    """Sample standard deviation (n - 1) of the last ``window`` values; NaN as in ``mean``."""
    out = []
    for i, centre in enumerate(mean(values, window)):
        if math.isnan(centre):
            out.append(NAN)
            continue
        squares = math.fsum([(value - centre) ** 2 for value in values[i + 1 - window : i + 1]])
        out.append(math.sqrt(squares / (window - 1)))
    return out


def rsi(close: Sequence[float], window: int = 14) -> list[float]:
    """Wilder's RSI; the first bar counts as gain 0, loss 0. Valid from index window - 1. No loss at all: 100."""
    gains, losses = [0.0], [0.0]
    for before, now in itertools.pairwise(close):
        gains.append(now - before if now > before else 0.0)
        losses.append(before - now if now < before else 0.0)
    out = []
    for gain, loss in zip(smoothed(gains, 1 / window, window), smoothed(losses, 1 / window, window), strict=True):
        if math.isnan(gain):
            out.append(NAN)
        else:
            out.append(100.0 if loss == 0 else 100 - 100 / (1 + gain / loss))
    return out[: len(close)]


def stoch_rsi(strength: Sequence[float], window: int = 14, *, warm_up: float = NAN, flat: float = 0.5) -> list[float]:
    """Raw StochRSI of an RSI, clipped to [0, 1].

    ``warm_up``, ``flat``: the value before the window is full, and in a window where the RSI does not move.
    NaN and 0.5 in generation C, 0 and 0 in A and B.
    """
    out = []
    for i, value in enumerate(strength):
        seen = strength[max(0, i + 1 - window) : i + 1]
        if len(seen) < window or any(math.isnan(one) for one in seen):
            out.append(warm_up)
        elif max(seen) == min(seen):
            out.append(flat)
        else:
            out.append(min(1.0, max(0.0, (value - min(seen)) / (max(seen) - min(seen)))))
    return out


def true_range(high: Sequence[float], low: Sequence[float], close: Sequence[float]) -> list[float]:
    """Largest of high - low and the two distances to the previous close; first bar high - low."""
    out = []
    for i in range(len(close)):
        reach = [high[i] - low[i]]
        if i > 0:
            reach += [abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1])]
        out.append(max(reach))
    return out


def atr(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], window: int = 14, *, warm_up: float = NAN
) -> list[float]:
    """Wilder's ATR: index window - 1 is the plain mean of the first true ranges. The original has 0 before it."""
    ranges = true_range(high, low, close)
    out = [warm_up] * len(ranges)
    for i in range(window - 1, len(ranges)):
        if i == window - 1:
            out[i] = math.fsum(ranges[:window]) / window
        else:
            out[i] = (out[i - 1] * (window - 1) + ranges[i]) / window
    return out


def _wilder_sums(moves: Sequence[float], window: int) -> list[float]:
    """First a plain sum of moves 1 ... window (there is no move at bar 0), at index window; then s - s / n + x."""
    out = [NAN] * len(moves)
    for i in range(window, len(moves)):
        out[i] = math.fsum(moves[1 : window + 1]) if i == window else out[i - 1] - out[i - 1] / window + moves[i]
    return out


def adx(
    high: Sequence[float], low: Sequence[float], close: Sequence[float], window: int = 14, *, warm_up: float = NAN
) -> list[float]:
    """Wilder's ADX, first value at index 2 window - 1 (27). The original has 0 before it."""
    size = len(close)
    ups, downs, ranges = [0.0], [0.0], [0.0]
    for i in range(1, size):
        up, down = high[i] - high[i - 1], low[i - 1] - low[i]
        ups.append(up if up > down and up > 0 else 0.0)
        downs.append(down if down > up and down > 0 else 0.0)
        ranges.append(max(high[i], close[i - 1]) - min(low[i], close[i - 1]))
    plus, minus, reach = (_wilder_sums(moves, window) for moves in (ups, downs, ranges))
    dx = [0.0] * size
    for i in range(window, size):
        rising = 100 * (plus[i] / reach[i]) if reach[i] != 0 else 0.0
        falling = 100 * (minus[i] / reach[i]) if reach[i] != 0 else 0.0
        dx[i] = 100 * abs((rising - falling) / (rising + falling)) if rising + falling != 0 else 0.0
    out = [warm_up] * size
    for i in range(2 * window - 1, size):
        first = i == 2 * window - 1
        out[i] = math.fsum(dx[window : i + 1]) / window if first else (out[i - 1] * (window - 1) + dx[i]) / window
    return out


def trix_histogram(close: Sequence[float], window: int = 7, signal: int = 15) -> list[float]:
    """Change of a triple EMA in percent, minus its plain mean over ``signal`` bars. Valid from index ``signal``."""
    triple = ema(ema(ema(close, window), window), window)
    change = [NAN] + [(now / before - 1) * 100 for before, now in itertools.pairwise(triple)]
    return [value - average for value, average in zip(change, mean(change, signal), strict=False)][: len(close)]


def hv_z_score(close: Sequence[float], window: int = 20, long: int = 50) -> list[float]:
    """Historical volatility (sample deviation of log returns x sqrt(252)) as distance from its own mean.

    Divided by its own sample deviation + 1e-6. Valid from index window + long - 1 (69).
    """
    returns = [NAN] + [math.log(now / before) for before, now in itertools.pairwise(close)]
    volatility = [value * math.sqrt(252) for value in sample_deviation(returns, window)]
    centre, spread = mean(volatility, long), sample_deviation(volatility, long)
    return [(v - m) / (s + 1e-6) for v, m, s in zip(volatility, centre, spread, strict=True)][: len(close)]


def macd_histogram(close: Sequence[float], fast: int = 12, slow: int = 26, signal: int = 9) -> list[float]:
    """EMA(fast) - EMA(slow), minus the EMA(signal) of that. Valid from index slow + signal - 2 (33)."""
    line = [a - b for a, b in zip(ema(close, fast, fast), ema(close, slow, slow), strict=True)]
    return [value - average for value, average in zip(line, ema(line, signal, signal), strict=True)]


def higher_trend(
    opens_at: Sequence[float], close: Sequence[float], fast: int = 18, slow: int = 58, hours: int = 4
) -> list[float]:
    """1.0 while the EMA(fast) of the last *completed* higher candle is above its EMA(slow), else 0.0; 0.0 at first.

    Higher candles without a single candle in them do not exist: "completed" means the last one that does.
    """
    length = hours * 3_600_000
    starts: list[int] = []
    closes: list[float] = []
    for at, price in zip(opens_at, close, strict=True):
        start = int(at) // length * length
        if starts and starts[-1] == start:
            closes[-1] = price
        else:
            starts.append(start)
            closes.append(price)
    above = [float(a > b) for a, b in zip(ema(closes, fast), ema(closes, slow), strict=True)]
    known = dict(zip(starts, [0.0, *above], strict=False))
    return [known[int(at) // length * length] for at in opens_at]


def loud_volume(volume: Sequence[float], window: int = 20) -> list[bool]:
    """Whether the volume is above the plain mean of its last ``window`` values (itself included)."""
    return [value > average for value, average in zip(volume, mean(volume, window), strict=True)]
