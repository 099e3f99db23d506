"""Means with their bounds, against printed tables."""

from __future__ import annotations

import math
import random

import pytest

from vigie.metrics.bounds import mean_of, student_95

TABLE = {1: 6.313752, 2: 2.919986, 3: 2.353363, 4: 2.131847, 5: 2.015048, 9: 1.833113, 29: 1.699127, 99: 1.660391}
"""0.95 quantiles as textbooks print them."""


@pytest.mark.parametrize(("degrees", "printed"), TABLE.items())
def test_the_quantile_of_student_is_that_of_the_tables(degrees: int, printed: float) -> None:
    assert student_95(degrees) == pytest.approx(printed, abs=2e-3 if degrees == 3 else 1e-3 if degrees < 9 else 1e-5)


def test_the_bounds_are_as_far_from_the_mean_as_the_table_says() -> None:
    found = mean_of([1.0, 2.0, 3.0, 4.0, math.nan, 5.0])
    error = math.sqrt(2.5) / math.sqrt(5)
    assert (found.n, found.mean) == (5, 3.0)
    assert found.lower == pytest.approx(3.0 - TABLE[4] * error, abs=1e-3)
    assert found.upper == pytest.approx(3.0 + TABLE[4] * error, abs=1e-3)


def test_the_true_mean_lies_above_the_lower_bound_nineteen_times_in_twenty() -> None:
    dice = random.Random(11)
    above = sum(mean_of([dice.gauss(0.0, 1.0) for _ in range(10)]).lower < 0.0 for _ in range(4_000))
    assert 0.94 < above / 4_000 < 0.96


def test_nothing_and_one_number_have_no_bounds() -> None:
    assert math.isnan(mean_of([]).mean)
    one = mean_of([2.5, math.nan])
    assert (one.n, one.mean) == (1, 2.5)
    assert math.isnan(one.lower)
    assert math.isnan(one.upper)
