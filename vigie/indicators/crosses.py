"""Where one line crosses another."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import BoolArray, FloatArray
from vigie.indicators.remembered import remembered


@remembered
def crosses_above(line: FloatArray, other: FloatArray) -> BoolArray:
    """True where a line is above another and was not at the close before; never at the first row; shape (n,)."""
    above = line > other
    crosses: BoolArray = np.zeros(len(above), dtype=np.bool_)
    np.greater(above[1:], above[:-1], out=crosses[1:])
    return crosses
