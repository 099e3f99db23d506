"""The stationary bootstrap: blocks of random length keep what neighbouring returns know of each other.

Source: Politis and Romano, The Stationary Bootstrap, Journal of the American Statistical Association 89(428), 1994.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.errors import ConfigError
from vigie.metrics.ratios import Measured
from vigie.research.samples import deviations, finite

FEWEST_RETURNS = 20
TOO_FEW = f"fewer than {FEWEST_RETURNS} returns"

_CELLS = 1 << 18
_QUIET_LAGS = 5


def automatic_block_length(returns: FloatArray) -> Measured:
    """The mean block length that estimates the variance of the mean best, at least 1, or why there is none.

    (2 G^2 / D)^(1/3) n^(1/3), G = sum of w(k / M) |k| R(k), D = 2 g(0)^2, g(0) = sum of w(k / M) R(k), k = -M to M;
    R the autocovariance, w the flat top window (1 up to one half, then falling to 0 at 1), M twice the first lag from
    which 5 autocorrelations in a row are within 2 sqrt(log10 n / n), as in Patton's published program. At most
    min(3 sqrt(n), n / 3), rounded up; returns that do not vary need no blocks (1).
    Source: Politis and White, Automatic Block-Length Selection for the Dependent Bootstrap, Econometric Reviews 23(1),
    2004, with the D of the correction by Patton, Politis and White, Econometric Reviews 28(4), 2009.

    Args:
        returns: in order of time, shape (n,).

    Raises:
        DataError: a return is not a finite number.
    """
    values = finite(returns, 1)
    count = len(values)
    if count < FEWEST_RETURNS:
        return TOO_FEW
    if deviations(values[np.newaxis])[0] == 0.0:
        return 1.0
    covariance = _autocovariances(values - values.mean(), math.ceil(math.sqrt(count)) + _QUIET_LAGS)
    lags = np.arange(1, _bandwidth(covariance, count) + 1)
    window = np.minimum(1.0, 2.0 * (1.0 - lags / lags[-1]))
    weighted = window * covariance[lags]
    at_zero = float(covariance[0] + 2.0 * weighted.sum())
    slope = float(2.0 * (lags * weighted).sum())
    longest = math.ceil(min(3.0 * math.sqrt(count), count / 3.0))
    if at_zero == 0.0:
        return float(longest)
    best: float = (slope**2 / at_zero**2 * count) ** (1.0 / 3.0)
    return min(float(longest), max(1.0, best))


def mean_block_length(wanted: float | None, *series: FloatArray) -> float | str:
    """The block length asked for, or the longest of the automatic ones; or why there is none.

    Args:
        wanted: 1 to n; None: automatic.
        series: returns over the same days, each of shape (n,).

    Raises:
        ConfigError: the wanted length is out of range.
    """
    if len(series[0]) < FEWEST_RETURNS:
        return TOO_FEW
    if wanted is not None:
        if not 1.0 <= wanted <= len(series[0]):
            raise ConfigError(
                f"the block length must be from 1 to the {len(series[0])} returns there are, not {wanted:g}"
            )
        return wanted
    longest = 1.0
    for one in series:
        length = automatic_block_length(one)
        if isinstance(length, str):
            return length
        longest = max(longest, length)
    return longest


def _autocovariances(centred: FloatArray, last: int) -> FloatArray:
    """At lags 0 to ``last``, each divided by n."""
    count = len(centred)
    return np.array([centred[lag:] @ centred[: count - lag] for lag in range(last + 1)]) / count


def _bandwidth(covariance: FloatArray, count: int) -> int:
    """M: twice the lag from which on the autocorrelations are quiet, at most the last lag."""
    last = len(covariance) - 1
    loud = np.abs(covariance[1:]) >= 2.0 * math.sqrt(math.log10(count) / count) * covariance[0]
    quiet_runs = ~np.lib.stride_tricks.sliding_window_view(loud, _QUIET_LAGS).any(axis=1)
    first_quiet = int(quiet_runs.argmax()) + 1 if quiet_runs.any() else last
    return min(2 * first_quiet, last)


def stationary_rows(count: int, block_length: float, paths: int, rng: np.random.Generator) -> Iterator[IntArray]:
    """Rows to read, path by path, in chunks of bounded memory: each of shape (some paths, count).

    A block begins at a random row and goes on, from the last row to the first, with probability 1 - 1 / block_length at
    each step. One uniform number decides both whether a block begins and where, so that the paths do not depend on how
    they are cut into chunks.

    Args:
        count: rows of the history, and of each path, at least 1.
        block_length: mean length of a block, at least 1 (1: rows are drawn independently).
        paths: how many, at least 1.
        rng: source of randomness.

    Raises:
        ConfigError: an argument is out of range.
    """
    if count < 1 or paths < 1 or not 1.0 <= block_length < math.inf:
        raise ConfigError(
            f"need a row, a path and a block length of at least 1, not {count} rows, {paths} paths, {block_length:g}"
        )
    for size in chunk_sizes(count, paths):
        yield _draw(size, count, 1.0 / block_length, rng)


def chunk_sizes(count: int, paths: int) -> Iterator[int]:
    """Paths per chunk so that a chunk holds about a quarter of a million numbers.

    Args:
        count: numbers in a path.
        paths: in all.
    """
    size = max(1, _CELLS // count)
    for first in range(0, paths, size):
        yield min(size, paths - first)


def _draw(paths: int, count: int, chance: float, rng: np.random.Generator) -> IntArray:
    uniform = rng.random((paths, count))
    begins = uniform < chance
    # Given that it is below the chance of a beginning, its share of that chance is uniform again.
    share = uniform / chance
    begins[:, 0], share[:, 0] = True, uniform[:, 0]
    at: IntArray = np.flatnonzero(begins)
    starts = np.minimum((share.ravel()[at] * count).astype(np.int64), count - 1)
    shift = np.repeat(starts - at % count, np.diff(at, append=paths * count)).reshape(paths, count)
    shift += np.arange(count)
    shift[shift >= count] -= count
    return shift
