"""Is one of two results really better? The difference, resampled day by day in pairs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.errors import DataError
from vigie.research.resampled import Interval, check_settings, interval, path_statistics, wealth_returns
from vigie.research.stationary_bootstrap import mean_block_length, stationary_rows

_NOISE = 1e-12


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second.

    Attributes:
        interval: 5, 50 and 95 % quantiles, and the observed difference.
        p_value: two-sided: twice the smaller share of resampled differences on one side of zero, at most 1. A
            difference of 0 counts for both sides; the history itself counts as one path, so that it is never 0.
        share_above: share of the resampled differences above zero, 0 to 1; one of 0 counts half.
    """

    interval: Interval
    p_value: float
    share_above: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two series of returns over the same days, first minus second.

    Attributes:
        mean_return: difference of the mean returns per day, fractions.
        annual_sharpe: difference of the annualised Sharpe ratios, or why there is none.
        total_return: difference of the returns over the whole time, fractions of the first capital.
        max_drawdown: difference of the maximum drawdowns, fractions; above 0: the first one fell deeper.
        paths: resampled histories.
        paths_without_sharpe: histories in which one of the two does not vary; left out of the Sharpe ratio.
        count: days in each.
        block_length: mean length of a block, in days.
    """

    mean_return: Difference
    annual_sharpe: Difference | str
    total_return: Difference
    max_drawdown: Difference
    paths: int
    paths_without_sharpe: int
    count: int
    block_length: float


def compare_returns(
    first: FloatArray,
    second: FloatArray,
    *,
    periods_per_year: float,
    seed: int,
    paths: int = 10_000,
    block_length: float | None = None,
) -> Comparison | str:
    """Paired stationary bootstrap of the difference of two series, or why it cannot be done.

    Both series read the same rows in each path, so that what the days had in common stays in common. The p-value
    inverts the percentile interval (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13; counting
    the history itself, Davison and Hinkley, Bootstrap Methods and their Application, 1997, section 4.2). For the
    maximum drawdown, whose resampled values do not gather around the observed one, it says how often the order of the
    two changes, not more. The block length is the longer of the two automatic ones unless given.

    Args:
        first: simple returns per day in order of time, fractions of the equity, at least -1, shape (n,).
        second: of the same days, shape (n,).
        periods_per_year: 365 for days of a market that never closes; for the annual Sharpe ratios.
        seed: the same seed gives the same numbers.
        paths: histories to draw.
        block_length: mean length of a block, 1 to n; None: automatic.

    Raises:
        DataError: the series differ in length, or a return is not a finite number or below -1.
        ConfigError: another argument is out of range.
    """
    one, two = wealth_returns(first), wealth_returns(second)
    check_settings(periods_per_year, paths)
    if len(one) != len(two):
        raise DataError(f"{len(one)} returns cannot be paired with {len(two)}")
    length = mean_block_length(block_length, one, two)
    if isinstance(length, str):
        return length
    real = _gaps(one, two, [np.arange(len(one))[np.newaxis]])
    drawn = _gaps(one, two, stationary_rows(len(one), length, paths, np.random.default_rng(seed)))
    defined = ~np.isnan(drawn[0])
    scale = math.sqrt(periods_per_year)
    varies = defined.any() and not np.isnan(real[0][0])
    return Comparison(
        mean_return=_difference(drawn[3], real[3]),
        annual_sharpe=_difference(drawn[0][defined] * scale, real[0] * scale) if varies else "returns do not vary",
        total_return=_difference(drawn[1], real[1]),
        max_drawdown=_difference(drawn[2], real[2]),
        paths=paths,
        paths_without_sharpe=int(np.count_nonzero(~defined)),
        count=len(one),
        block_length=length,
    )


def _gaps(
    one: FloatArray, two: FloatArray, chunks: Iterable[IntArray]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Per path, first minus second: Sharpe ratio, total return, maximum drawdown, mean; each of shape (paths,)."""
    pairs = [(path_statistics([one[rows]]), path_statistics([two[rows]])) for rows in chunks]
    return (
        np.concatenate([a.sharpe_per_period - b.sharpe_per_period for a, b in pairs]),
        np.concatenate([a.final_wealth - b.final_wealth for a, b in pairs]),
        np.concatenate([a.max_drawdown - b.max_drawdown for a, b in pairs]),
        np.concatenate([a.mean - b.mean for a, b in pairs]),
    )


def _difference(drawn: FloatArray, observed: FloatArray) -> Difference:
    below = int(np.count_nonzero(drawn <= _NOISE))
    above = int(np.count_nonzero(drawn >= -_NOISE))
    return Difference(
        interval=interval(drawn, float(observed[0])),
        p_value=min(1.0, 2.0 * (1 + min(below, above)) / (1 + len(drawn))),
        # What is in both counts is zero: half of it on each side.
        share_above=(above + len(drawn) - below) / (2 * len(drawn)),
    )
