"""What else could have happened: intervals for final wealth, drawdown and Sharpe ratio from resampled histories."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.research.resampled import (
    Interval,
    PathStatistics,
    check_settings,
    interval,
    path_statistics,
    wealth_returns,
)
from vigie.research.stationary_bootstrap import chunk_sizes, mean_block_length, stationary_rows

_FEWEST_TRADES = 2


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """Intervals from resampled histories.

    Attributes:
        method: how the histories were made.
        paths: how many.
        count: returns (or trades) in each.
        block_length: mean length of a block; None where trades were drawn.
        final_wealth: as a multiple of the first capital.
        max_drawdown: deepest fall below the highest value so far, a fraction.
        annual_sharpe: annualised, or why there is none.
        paths_without_sharpe: histories whose returns do not vary; they are left out of its interval.
        ruin_drawdown: the drawdown that counts as ruin, a fraction.
        probability_of_ruin: share of the histories that fell at least so deep.
    """

    method: str
    paths: int
    count: int
    block_length: float | None
    final_wealth: Interval
    max_drawdown: Interval
    annual_sharpe: Interval | str
    paths_without_sharpe: int
    ruin_drawdown: float
    probability_of_ruin: float


def bootstrap_returns(
    returns: FloatArray,
    *,
    periods_per_year: float,
    seed: int,
    paths: int = 10_000,
    block_length: float | None = None,
    ruin_drawdown: float = 0.5,
) -> MonteCarlo | str:
    """Resample daily returns by the stationary bootstrap, or say why it cannot be done.

    Source: Politis and Romano, 1994 (see `stationary_rows`); block length by `automatic_block_length` unless given.
    It answers what the same days in another order and another mixture would have done; days worse than any in the
    history never appear.

    Args:
        returns: simple returns per day in order of time, fractions of the equity, at least -1, shape (n,).
        periods_per_year: 365 for days of a market that never closes; for the annual Sharpe ratio.
        seed: the same seed gives the same numbers.
        paths: histories to draw.
        block_length: mean length of a block, in returns, 1 to n; None: automatic.
        ruin_drawdown: the drawdown that counts as ruin, above 0 and up to 1.

    Raises:
        DataError: a return is not a finite number, or below -1.
        ConfigError: another argument is out of range.
    """
    values = wealth_returns(returns)
    check_settings(periods_per_year, paths, ruin_drawdown)
    length = mean_block_length(block_length, values)
    if isinstance(length, str):
        return length
    rows = stationary_rows(len(values), length, paths, np.random.default_rng(seed))
    statistics = path_statistics(values[some] for some in rows)
    return _intervals("stationary bootstrap", values, statistics, periods_per_year, ruin_drawdown, length)


def resample_trades(
    returns: FloatArray,
    *,
    trades_per_year: float,
    seed: int,
    paths: int = 10_000,
    replace: bool = False,
    ruin_drawdown: float = 0.5,
) -> MonteCarlo | str:
    """Put the trades in another order, or draw them with replacement; or say why it cannot be done.

    Without replacement only the drawdown varies: final wealth and Sharpe ratio are the same in every order. With
    replacement all three vary (an independent bootstrap; Efron, Annals of Statistics 7(1), 1979). Either way trades are
    taken one after the other: what they lost while open, and trades open at the same time, are not seen, so that a
    drawdown of the equity is at least as deep.

    Args:
        returns: profit of each trade / equity before it, fractions, at least -1, shape (n,).
        trades_per_year: for the annual Sharpe ratio.
        seed: the same seed gives the same numbers.
        paths: histories to draw.
        replace: draw with replacement.
        ruin_drawdown: the drawdown that counts as ruin, above 0 and up to 1.

    Raises:
        DataError: a return is not a finite number, or below -1.
        ConfigError: another argument is out of range.
    """
    values = wealth_returns(returns)
    check_settings(trades_per_year, paths, ruin_drawdown)
    if len(values) < _FEWEST_TRADES:
        return f"fewer than {_FEWEST_TRADES} trades"
    statistics = path_statistics(_trade_paths(values, paths, replace, np.random.default_rng(seed)))
    method = "trades drawn with replacement" if replace else "trades in random order"
    return _intervals(method, values, statistics, trades_per_year, ruin_drawdown, None)


def _trade_paths(values: FloatArray, paths: int, replace: bool, rng: np.random.Generator) -> Iterator[FloatArray]:
    for size in chunk_sizes(len(values), paths):
        if replace:
            yield values[rng.integers(len(values), size=(size, len(values)))]
        else:
            yield rng.permuted(np.tile(values, (size, 1)), axis=1)


def _intervals(
    method: str,
    values: FloatArray,
    drawn: PathStatistics,
    per_year: float,
    ruin_drawdown: float,
    block_length: float | None,
) -> MonteCarlo:
    real = path_statistics([values[np.newaxis].copy()])
    scale = math.sqrt(per_year)
    defined = ~np.isnan(drawn.sharpe_per_period)
    observed_sharpe = float(real.sharpe_per_period[0]) * scale
    annual = drawn.sharpe_per_period[defined] * scale
    varies = defined.any() and math.isfinite(observed_sharpe)
    return MonteCarlo(
        method=method,
        paths=len(defined),
        count=len(values),
        block_length=block_length,
        final_wealth=interval(drawn.final_wealth, float(real.final_wealth[0])),
        max_drawdown=interval(drawn.max_drawdown, float(real.max_drawdown[0])),
        annual_sharpe=interval(annual, observed_sharpe) if varies else "returns do not vary",
        paths_without_sharpe=int(np.count_nonzero(~defined)),
        ruin_drawdown=ruin_drawdown,
        probability_of_ruin=float(np.mean(drawn.max_drawdown >= ruin_drawdown)),
    )
