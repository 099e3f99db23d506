"""The statistics of honesty by other routes: loops, integrals and enumerations instead of closed forms and arrays.

Written from the papers, not from the code. Slow on purpose; lists of floats in, floats out.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import combinations

Row = Sequence[float]


def normal_cdf(z: float) -> float:
    """Simpson's rule over the density from the mean, 2000 steps."""
    steps = 2000
    width = z / steps
    heights = [math.exp(-((width * at) ** 2) / 2) / math.sqrt(2 * math.pi) for at in range(steps + 1)]
    return 0.5 + width / 3 * (heights[0] + heights[-1] + 4 * sum(heights[1:-1:2]) + 2 * sum(heights[2:-1:2]))


def normal_quantile(probability: float) -> float:
    """By bisection."""
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if normal_cdf(middle) < probability else (low, middle)
    return (low + high) / 2


def sharpe(returns: Row) -> float:
    """Per period; 0 where nothing happened."""
    if all(one == 0.0 for one in returns):
        return 0.0
    mean = math.fsum(returns) / len(returns)
    return mean / math.sqrt(math.fsum((one - mean) ** 2 for one in returns) / (len(returns) - 1))


def standardised_moment(returns: Row, power: int) -> float:
    mean = math.fsum(returns) / len(returns)
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in returns) / len(returns))
    return math.fsum(((one - mean) / spread) ** power for one in returns) / len(returns)


def probabilistic_sharpe(returns: Row, benchmark: float) -> float:
    ratio = sharpe(returns)
    skewness, kurtosis = standardised_moment(returns, 3), standardised_moment(returns, 4)
    # The excess form of the same variance: 1 + SR^2 / 2 - skewness SR + (kurtosis - 3) / 4 SR^2.
    variance = (1 + ratio * ratio / 2 - skewness * ratio + (kurtosis - 3) / 4 * ratio * ratio) / (len(returns) - 1)
    return normal_cdf((ratio - benchmark) / math.sqrt(variance))


def first_count_that_convinces(ratio: float, skewness: float, kurtosis: float, benchmark: float, wanted: float) -> int:
    """The smallest number of returns whose probabilistic Sharpe ratio reaches the wanted one, by trying them all."""
    variance = 1 + ratio * ratio / 2 - skewness * ratio + (kurtosis - 3) / 4 * ratio * ratio
    needed = normal_quantile(wanted)
    count = 2
    while (ratio - benchmark) * math.sqrt((count - 1) / variance) < needed:
        count += 1
    return count


def expected_maximum(trials: int) -> float:
    """Exact mean of the largest of independent standard normals: integral of z d(Phi^N), Simpson over -8 to 8."""
    steps, low = 3200, -8.0
    width = 16.0 / steps
    total = 0.0
    for at in range(steps + 1):
        z = low + width * at
        below = 0.5 * (1.0 + math.erf(z / math.sqrt(2)))
        height = z * trials * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) * below ** (trials - 1)
        total += height * (1 if at in (0, steps) else 4 if at % 2 else 2)
    return total * width / 3


def average_correlation(columns: Sequence[Row]) -> float:
    """Pair by pair."""
    found = []
    for one, other in combinations(columns, 2):
        mean, average = math.fsum(one) / len(one), math.fsum(other) / len(other)
        together = math.fsum((a - mean) * (b - average) for a, b in zip(one, other, strict=True))
        apart = math.fsum((a - mean) ** 2 for a in one) * math.fsum((b - average) ** 2 for b in other)
        found.append(together / math.sqrt(apart))
    return math.fsum(found) / len(found)


def splits(columns: Sequence[Row], blocks: int) -> list[tuple[int, float, float, float]]:
    """Every split by joining the real rows: chosen trial, its two Sharpe ratios, its rank out of sample (1: worst)."""
    count = len(columns[0])
    longer = count % blocks
    edges = [0]
    for block in range(blocks):
        edges.append(edges[-1] + count // blocks + (1 if block < longer else 0))
    found = []
    for inside in combinations(range(blocks), blocks // 2):
        outside = [block for block in range(blocks) if block not in inside]
        trained = [sharpe(_joined(column, edges, inside)) for column in columns]
        tested = [sharpe(_joined(column, edges, outside)) for column in columns]
        # Two trials with one winning row each have the same ratio, whatever they won: rounding must not choose.
        best = next(at for at, one in enumerate(trained) if one >= max(trained) - 1e-12)
        worse = sum(1 for one in tested if one < tested[best] - 1e-12)
        equal = sum(1 for one in tested if abs(one - tested[best]) <= 1e-12)
        found.append((best, trained[best], tested[best], worse + (equal + 1) / 2))
    return found


def _joined(column: Row, edges: Sequence[int], blocks: Sequence[int]) -> list[float]:
    return [one for block in blocks for one in column[edges[block] : edges[block + 1]]]


def overfitting_probability(columns: Sequence[Row], blocks: int) -> float:
    """Share of logits that are not above zero."""
    found = splits(columns, blocks)
    size = len(columns) + 1
    return sum(1 for *_, rank in found if math.log((rank / size) / (1 - rank / size)) <= 1e-12) / len(found)


def wealth_and_drawdown(returns: Row) -> tuple[float, float]:
    wealth = peak = 1.0
    deepest = 0.0
    for one in returns:
        wealth *= 1 + one
        peak = max(peak, wealth)
        deepest = max(deepest, (peak - wealth) / peak)
    return wealth, deepest


def stationary_path(returns: Row, block_length: float, source: random.Random) -> list[float]:
    """One path of the stationary bootstrap, step by step: go on to the next row, or jump."""
    row = source.randrange(len(returns))
    path = [returns[row]]
    while len(path) < len(returns):
        row = source.randrange(len(returns)) if source.random() < 1 / block_length else (row + 1) % len(returns)
        path.append(returns[row])
    return path


def quantile(values: Row, level: float) -> float:
    ordered = sorted(values)
    place = level * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def block_length(returns: Row) -> float:
    """Politis and White (2004) with the constant of 2009, by the definitions."""
    count = len(returns)
    mean = math.fsum(returns) / count

    def covariance(lag: int) -> float:
        gap = abs(lag)
        return math.fsum((returns[at] - mean) * (returns[at + gap] - mean) for at in range(count - gap)) / count

    last = math.ceil(math.sqrt(count)) + 5
    bound = 2 * math.sqrt(math.log10(count) / count)
    start = last
    for lag in range(1, last - 5 + 2):
        if all(abs(covariance(lag + step) / covariance(0)) < bound for step in range(5)):
            start = lag
            break
    bandwidth = min(2 * start, last)

    def window(share: float) -> float:
        return 1.0 if abs(share) <= 0.5 else 2 * (1 - abs(share))

    lags = range(-bandwidth, bandwidth + 1)
    g_hat = math.fsum(window(lag / bandwidth) * abs(lag) * covariance(lag) for lag in lags)
    g_zero = math.fsum(window(lag / bandwidth) * covariance(lag) for lag in lags)
    best = (2 * g_hat**2 / (2 * g_zero**2)) ** (1 / 3) * count ** (1 / 3)
    return min(max(1.0, best), math.ceil(min(3 * math.sqrt(count), count / 3)))
