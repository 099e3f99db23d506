"""Where one line crosses another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vigie.domain.candles import FloatArray
from vigie.indicators import loops
from vigie.indicators.remembered import remembered


@remembered
def crosses(line: FloatArray, other: FloatArray) -> NDArray[np.int8]:
    """+1 where a line is above another and was not at the close before, -1 where it is below and was not; shape (n,).

    Else 0, and so at the first row. A line that is not known (NaN) is neither above nor below.
    """
    return loops.crossings(line, other)
