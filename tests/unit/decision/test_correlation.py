"""Pearson's correlation, and that unknown is not uncorrelated (lesson 63)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vigie.decision.correlation import LEAST_RETURNS, correlation, highest_correlation

NAN = math.nan


def returns(seed: int, rows: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, rows)


def test_it_is_pearsons_correlation() -> None:
    one, other = returns(1), 0.4 * returns(1) + returns(2)
    assert correlation(one, other) == pytest.approx(np.corrcoef(one, other)[0, 1], rel=1e-12)


def test_only_rows_that_both_have_count() -> None:
    one, other = returns(1), returns(2)
    one[::7] = NAN
    other[3::11] = NAN
    both = np.isfinite(one) & np.isfinite(other)
    assert correlation(one, other) == pytest.approx(np.corrcoef(one[both], other[both])[0, 1], rel=1e-12)


def test_too_few_common_rows_are_unknown_and_one_more_is_known() -> None:
    one, other = returns(1, LEAST_RETURNS), returns(2, LEAST_RETURNS)
    assert not math.isnan(correlation(one, other))
    other[4] = NAN
    assert math.isnan(correlation(one, other))


@pytest.mark.parametrize("still", [0.0, 0.25])
def test_a_pair_that_does_not_move_is_unknown_and_not_uncorrelated__lesson_63(still: float) -> None:
    flat = np.full(100, still)
    assert math.isnan(correlation(returns(1, 100), flat))
    assert math.isnan(correlation(flat, returns(1, 100)))


@pytest.mark.parametrize("seed", range(30))
def test_perfect_correlation_is_one_and_never_more(seed: int) -> None:
    one = returns(seed)
    assert 1.0 - 1e-12 < correlation(one, 3.0 * one) <= 1.0
    assert -1.0 <= correlation(one, -0.1 * one) < -1.0 + 1e-12


TABLE = np.array([returns(1), -returns(1) + 0.1 * returns(2), returns(3), np.full(200, NAN)])


def highest(held: list[float], row: int = 199, window: int = 168) -> float:
    return highest_correlation(TABLE, 0, np.array(held), row, window)


def test_the_highest_is_taken_over_the_pairs_held_by_size_and_not_by_sign() -> None:
    assert highest([0, 0, 0, 0]) == 0.0
    near, far = abs(correlation(TABLE[0, 32:], TABLE[1, 32:])), abs(correlation(TABLE[0, 32:], TABLE[2, 32:]))
    assert near > 0.9 > 0.3 > far
    assert highest([0, 0, 1, 0]) == far
    assert highest([0, 2, 1, 0]) == near


def test_the_pair_itself_does_not_count() -> None:
    assert highest([5, 0, 0, 0]) == 0.0


def test_one_unknown_correlation_makes_the_highest_unknown() -> None:
    assert math.isnan(highest([0, 1, 0, 1]))


def test_only_the_window_up_to_the_row_is_looked_at() -> None:
    assert highest([0, 0, 1, 0], row=99, window=50) == abs(correlation(TABLE[0, 50:100], TABLE[2, 50:100]))
    # Forty rows exist before row 40, although the window asks for more.
    assert highest([0, 0, 1, 0], row=39, window=168) == abs(correlation(TABLE[0, :40], TABLE[2, :40]))
    assert math.isnan(highest([0, 0, 1, 0], row=20, window=168))
