"""What a mean surely is: its one-sided confidence bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

_Z = 1.6448536269514722
"""0.95 quantile of the normal distribution."""


class Mean(NamedTuple):
    """A mean and how sure it is.

    Attributes:
        n: numbers that it is of.
        mean: NaN without any.
        lower, upper: 95 % one-sided bounds of it by Student's t: the true mean lies above the one, and below the
            other, nineteen times in twenty; NaN below two numbers.
    """

    n: int
    mean: float
    lower: float
    upper: float


def mean_of(numbers: Sequence[float]) -> Mean:
    """The mean of some numbers with its bounds.

    Args:
        numbers: independent observations; NaN is unknown and left out.
    """
    known = [one for one in numbers if not math.isnan(one)]
    n = len(known)
    if n < 2:
        return Mean(n, known[0] if known else math.nan, math.nan, math.nan)
    mean = math.fsum(known) / n
    deviation = math.sqrt(math.fsum((one - mean) ** 2 for one in known) / (n - 1))
    reach = student_95(n - 1) * deviation / math.sqrt(n)
    return Mean(n, mean, mean - reach, mean + reach)


def student_95(degrees: int) -> float:
    """The 0.95 quantile of Student's t, to a thousandth from 3 degrees of freedom on; exact for one and two.

    Abramowitz and Stegun, 26.7.5: an expansion around the normal quantile.

    Args:
        degrees: of freedom, at least 1.
    """
    if degrees == 1:
        return math.tan(math.pi * 0.45)
    if degrees == 2:  # noqa: PLR2004, RUF100 - degrees
        return 0.9 * math.sqrt(2.0 / (1.0 - 0.9**2))
    z, v = _Z, float(degrees)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / v + second / v**2 + third / v**3 + fourth / v**4
