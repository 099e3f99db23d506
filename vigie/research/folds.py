"""Cutting time into training and test parts, by dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from vigie.domain.candles import IntArray
from vigie.domain.errors import ConfigError
from vigie.domain.instants import as_text

LEAST_TRAINING = 500
FIRST_TRAINING_FRACTION = 0.4
LEAST_TEST = 200


@dataclass(frozen=True, slots=True)
class Fold:
    """One training part and the test part after it; epoch milliseconds, starts included, ends excluded."""

    train_start: int
    train_end: int
    test_start: int
    test_end: int

    def __str__(self) -> str:
        return f"train {as_text(self.train_start)} to {as_text(self.train_end)}, test to {as_text(self.test_end)}"


def boundaries_of(opens_at: IntArray, candle_ms: int, count: int) -> tuple[int, ...]:
    """Dates between the parts: the end of the first training part, the ends of the tests.

    The first training part has 40 % of the candles, 500 at least; the rest is cut into equal tests.

    Args:
        opens_at: opening instants of all candles, epoch milliseconds, shape (n,).
        candle_ms: length of a candle.
        count: number of folds.

    Returns:
        ``count + 1`` instants.

    Raises:
        ConfigError: fewer than 200 candles would be left for each test.
    """
    rows = len(opens_at)
    first = max(int(rows * FIRST_TRAINING_FRACTION), LEAST_TRAINING)
    each = (rows - first) // count if count > 0 else 0
    if each < LEAST_TEST:
        raise ConfigError(
            f"{rows} candles are too few for {count} folds: the first training part needs {first}, "
            f"each test {LEAST_TEST}"
        )
    starts = [first + each * index for index in range(count)]
    return (*(int(opens_at[row]) for row in starts), int(opens_at[-1]) + candle_ms)


def folds_of(
    start: int,
    boundaries: Sequence[int],
    candle_ms: int,
    *,
    rolling: bool = False,
    purge: int = 0,
    embargo: int = 0,
) -> tuple[Fold, ...]:
    """Folds between given dates.

    Args:
        start: first instant of the candles.
        boundaries: end of the first training part, then the end of each test; increasing.
        candle_ms: length of a candle.
        rolling: True: every training part is as long as the first; False (anchored): all begin at ``start``.
        purge: candles left out at the end of each training part.
        embargo: candles left out at the start of each test.

    Raises:
        ConfigError: fewer than two dates, dates out of order, or a part without candles.
    """
    if len(boundaries) < 2 or list(boundaries) != sorted(set(boundaries)) or boundaries[0] <= start:
        raise ConfigError("boundaries must be at least two increasing dates after the first candle")
    length = boundaries[0] - start
    folds = tuple(
        Fold(
            train_start=begin - length if rolling else start,
            train_end=begin - purge * candle_ms,
            test_start=begin + embargo * candle_ms,
            test_end=end,
        )
        for begin, end in pairwise(boundaries)
    )
    for fold in folds:
        if fold.train_end <= fold.train_start or fold.test_end <= fold.test_start:
            raise ConfigError(f"nothing is left of a fold after purge and embargo: {fold}")
    return folds


def rows_before(opens_at: IntArray, instants: Sequence[int]) -> list[int]:
    """How many candles open before each instant."""
    return [int(row) for row in np.searchsorted(opens_at, np.asarray(instants, dtype=np.int64))]
