"""Two results laid on the days that both have, and what each earned there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.errors import DataError
from vigie.domain.saved_result import DailyReturns, day_text
from vigie.metrics import ratios
from vigie.metrics.drawdown import drawdowns
from vigie.metrics.ratios import Measured

DAYS_PER_YEAR = 365.0


@dataclass(frozen=True, slots=True, eq=False)
class CommonDays:
    """Days that two results share, in pairs.

    Attributes:
        days: days since 1970-01-01, increasing, shape (n,).
        first, second: returns of each up to the end of each day, fractions, shape (n,).
        only_first, only_second: how many days between the first and the last common one only one of the two has. What
            it earned there is part of its return of the next common day.
    """

    days: IntArray
    first: FloatArray
    second: FloatArray
    only_first: int
    only_second: int

    @property
    def per_year(self) -> float:
        """Common days in a year: 365 where none is missing."""
        return DAYS_PER_YEAR * len(self.days) / (int(self.days[-1] - self.days[0]) + 1)


@dataclass(frozen=True, slots=True)
class DayMetrics:
    """What can be told from returns of days; a reason stands where a number is undefined.

    Attributes:
        total_return: fraction of the first equity.
        mean_return: per day, fraction.
        sharpe, sortino: annual, as `vigie.metrics.ratios`, from days.
        max_drawdown: between ends of days, a fraction: never deeper than between candles.
    """

    total_return: float
    mean_return: float
    sharpe: Measured
    sortino: Measured
    max_drawdown: float


def common_days(first: DailyReturns, second: DailyReturns) -> CommonDays:
    """The days that both have.

    Raises:
        DataError: there is none.
    """
    days: IntArray = np.intersect1d(first.days, second.days, assume_unique=True)
    if not len(days):
        raise DataError(f"no day in common: A has {span(first.days)}, B has {span(second.days)}")
    one, only_first = _up_to(first, days)
    two, only_second = _up_to(second, days)
    return CommonDays(days, one, two, only_first, only_second)


def _up_to(series: DailyReturns, days: IntArray) -> tuple[FloatArray, int]:
    """Return from the end of each day to the end of the next one, of the first day alone; and how many were skipped."""
    rows = np.searchsorted(series.days, days)
    inside = series.returns[rows[0] : rows[-1] + 1]
    begins = np.append(0, rows[:-1] + 1 - rows[0])
    together: FloatArray = np.multiply.reduceat(1.0 + inside, begins) - 1.0
    alone = begins == rows - rows[0]
    # Through 1 + r and back would lose the last digits.
    together[alone] = series.returns[rows[alone]]
    return together, len(inside) - len(days)


def measure_days(returns: FloatArray, per_year: float) -> DayMetrics:
    """Numbers of a series of returns of days.

    Args:
        returns: fractions, at least -1, shape (n,), n >= 1.
        per_year: days in a year.
    """
    losses = np.minimum(returns, 0.0)
    of = ratios.moments_of_sums(len(returns), float(returns.sum()), float(returns @ returns), float(losses @ losses))
    wealth: FloatArray = np.cumprod(1.0 + returns, dtype=np.float64)
    return DayMetrics(
        total_return=float(wealth[-1]) - 1.0,
        mean_return=of.mean,
        sharpe=ratios.sharpe(of, per_year),
        sortino=_no_candle(ratios.sortino(of, per_year)),
        max_drawdown=float(drawdowns(wealth, 1.0).max()),
    )


def _no_candle(measured: Measured) -> Measured:
    return measured.replace("candle", "day") if isinstance(measured, str) else measured


def span(days: IntArray) -> str:
    """``2020-01-01 to 2020-03-31 (91 days)``."""
    return f"{day_text(int(days[0]))} to {day_text(int(days[-1]))} ({len(days):,} day{'' if len(days) == 1 else 's'})"
