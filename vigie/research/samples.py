"""What every statistic here does first with the numbers it is given."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.domain.errors import DataError

# Sums that agree to the last digits leave noise, not spread.
_NOISE = 1e-12


def finite(values: FloatArray, axes: int) -> FloatArray:
    """The values as float64.

    Args:
        values: any shape of ``axes`` axes.
        axes: how many there must be.

    Raises:
        DataError: another number of axes, or a value is not a finite number; it is told by its row (and column).
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != axes:
        raise DataError(f"expected numbers along {axes} axes, not {array.ndim}")
    if not np.isfinite(array).all():
        place = tuple(int(at) for at in np.argwhere(~np.isfinite(array))[0])
        where = f"row {place[0]}" + (f", column {place[1]}" if axes == 2 else "")
        raise DataError(f"{where}: {array[place]} is not a return")
    return array


def deviations(samples: FloatArray) -> FloatArray:
    """Sample standard deviation (n - 1) of each row, exactly 0 where the row does not vary: shape (m,).

    Args:
        samples: finite, shape (m, n), n >= 2.
    """
    count = samples.shape[1]
    return spread_to_deviation(samples.sum(axis=1), np.einsum("ij,ij->i", samples, samples), count)


def spread_to_deviation(total: FloatArray, squares: FloatArray, count: int | FloatArray) -> FloatArray:
    """Sample standard deviation (n - 1) from sums and sums of squares; 0 where only rounding is left.

    Args:
        total: sums, any shape.
        squares: sums of squares, of that shape.
        count: values in each sum, at least 2; one number, or of a shape that fits.
    """
    spread = squares - total * total / count
    spread[spread <= _NOISE * squares] = 0.0
    return np.sqrt(spread / (count - 1))
