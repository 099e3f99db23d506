"""Resampled histories: one number per path, and the intervals over all paths."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.domain.errors import ConfigError, DataError
from vigie.research.samples import deviations, finite

_LEVELS = (0.05, 0.50, 0.95)


@dataclass(frozen=True, slots=True)
class Interval:
    """Quantiles over the resampled histories, beside what really happened.

    Attributes:
        low, median, high: the 5, 50 and 95 % quantiles.
        observed: of the history itself.
    """

    low: float
    median: float
    high: float
    observed: float


@dataclass(frozen=True, slots=True, eq=False)
class PathStatistics:
    """One number per path, each of shape (paths,).

    Attributes:
        final_wealth: as a multiple of the first capital.
        max_drawdown: a fraction.
        sharpe_per_period: mean / sample standard deviation; NaN where the returns of the path do not vary.
        mean: of the returns, per period.
    """

    final_wealth: FloatArray
    max_drawdown: FloatArray
    sharpe_per_period: FloatArray
    mean: FloatArray


def wealth_returns(returns: FloatArray) -> FloatArray:
    """The returns as float64, each of which a wealth can be multiplied by.

    Args:
        returns: simple returns, fractions, shape (n,).

    Raises:
        DataError: a return is not a finite number, or below -1.
    """
    values = finite(returns, 1)
    if (values < -1.0).any():
        row = int(np.argmax(values < -1.0))
        raise DataError(f"row {row}: a return of {values[row]:g} loses more than everything")
    return values


def check_settings(per_year: float, paths: int, ruin_drawdown: float = 1.0) -> None:
    """Refuse what cannot be drawn or annualised.

    Args:
        per_year: periods per year, above 0.
        paths: at least 1.
        ruin_drawdown: above 0 and up to 1.

    Raises:
        ConfigError: all problems at once.
    """
    problems = []
    if not 0.0 < per_year < math.inf:
        problems.append(f"periods per year must be above 0, not {per_year:g}")
    if paths < 1:
        problems.append(f"there must be at least one path, not {paths}")
    if not 0.0 < ruin_drawdown <= 1.0:
        problems.append(f"the drawdown of ruin must be above 0 and up to 1, not {ruin_drawdown:g}")
    if problems:
        raise ConfigError(problems)


def path_statistics(chunks: Iterable[FloatArray]) -> PathStatistics:
    """Final wealth, maximum drawdown, Sharpe ratio and mean return of each path.

    Args:
        chunks: simple returns, each of shape (some paths, n), n >= 2. They are overwritten.
    """
    columns = [_measure(chunk) for chunk in chunks]
    return PathStatistics(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def _measure(returns: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    deviation = deviations(returns)
    deviation[deviation == 0.0] = np.nan
    mean = returns.mean(axis=1)
    sharpe = mean / deviation
    returns += 1.0
    wealth = np.cumprod(returns, axis=1, out=returns)
    final = wealth[:, -1].copy()
    peaks = np.maximum.accumulate(wealth, axis=1)
    np.maximum(peaks, 1.0, out=peaks)
    wealth /= peaks
    return final, 1.0 - wealth.min(axis=1), sharpe, mean


def interval(drawn: FloatArray, observed: float) -> Interval:
    """The 5, 50 and 95 % quantiles (linear between neighbours).

    Args:
        drawn: one number per path, shape (paths,), at least one.
        observed: the number of the history itself.
    """
    low, median, high = np.quantile(drawn, _LEVELS).tolist()
    return Interval(low, median, high, observed)
