from __future__ import annotations

import numpy as np
import pytest

from tests.unit.research.search_cases import HOUR_MS, START, at, folds
from vigie.domain.errors import ConfigError
from vigie.research.folds import boundaries_of, folds_of, rows_before


def hours(rows: int) -> np.ndarray:
    return START + HOUR_MS * np.arange(rows, dtype=np.int64)


def test_the_first_training_part_has_forty_per_cent_and_the_tests_are_equal() -> None:
    assert boundaries_of(hours(10_000), HOUR_MS, 4) == (at(4000), at(5500), at(7000), at(8500), at(10_000))


def test_the_first_training_part_has_500_candles_at_least() -> None:
    assert boundaries_of(hours(1000), HOUR_MS, 2) == (at(500), at(750), at(1000))


def test_the_last_test_ends_with_the_last_candle_even_if_the_rest_is_not_divisible() -> None:
    assert boundaries_of(hours(2003), HOUR_MS, 3)[-1] == at(2003)


def test_boundaries_count_candles_and_not_hours() -> None:
    holed = np.delete(hours(2000), np.arange(100, 300))
    assert boundaries_of(holed, HOUR_MS, 2)[0] == holed[720]


@pytest.mark.parametrize(("rows", "count"), [(899, 2), (1299, 4), (100, 1), (10_000, 0)])
def test_too_few_candles_for_the_tests_are_refused(rows: int, count: int) -> None:
    with pytest.raises(ConfigError, match=f"{rows} candles are too few for {count} folds"):
        boundaries_of(hours(rows), HOUR_MS, count)


def test_just_enough_candles_are_enough() -> None:
    assert len(boundaries_of(hours(900), HOUR_MS, 2)) == 3


def test_anchored_folds_begin_at_the_start_and_tests_follow_each_other_without_gap_or_overlap() -> None:
    made = folds(500, 700, 900, 1000)
    assert [fold.train_start for fold in made] == [START] * 3
    assert [(fold.train_end, fold.test_start, fold.test_end) for fold in made] == [
        (at(500), at(500), at(700)),
        (at(700), at(700), at(900)),
        (at(900), at(900), at(1000)),
    ]


def test_rolling_folds_train_on_equal_lengths() -> None:
    made = folds(500, 700, 900, rolling=True)
    assert [(fold.train_start, fold.train_end) for fold in made] == [(at(0), at(500)), (at(200), at(700))]


def test_purge_shortens_the_training_and_embargo_the_test() -> None:
    (fold,) = folds(500, 700, purge=10, embargo=24)
    assert (fold.train_end, fold.test_start, fold.test_end) == (at(490), at(524), at(700))


@pytest.mark.parametrize(("rolling", "purge", "embargo"), [(False, 0, 0), (True, 7, 3)])
def test_no_training_candle_is_a_candle_of_its_test(rolling: bool, purge: int, embargo: int) -> None:
    for fold in folds(300, 500, 800, rolling=rolling, purge=purge, embargo=embargo):
        assert fold.train_start < fold.train_end <= fold.test_start < fold.test_end


@pytest.mark.parametrize("rows", [(), (500,), (700, 500), (500, 500), (0, 500), (-5, 500)])
def test_boundaries_that_are_none_are_refused(rows: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="at least two increasing dates"):
        folds_of(START, [at(row) for row in rows], HOUR_MS)


@pytest.mark.parametrize(("purge", "embargo"), [(500, 0), (600, 0), (0, 200), (0, 1000)])
def test_a_fold_of_which_nothing_is_left_is_refused(purge: int, embargo: int) -> None:
    with pytest.raises(ConfigError, match="nothing is left of a fold"):
        folds(500, 700, purge=purge, embargo=embargo)


def test_a_fold_says_its_dates() -> None:
    assert str(folds(24, 48)[0]) == "train 2020-01-01 00:00 to 2020-01-02 00:00, test to 2020-01-03 00:00"


def test_a_candle_belongs_to_a_date_if_it_opens_before_it() -> None:
    assert rows_before(hours(10), [at(0), at(3), at(3) + 1, at(10), at(99)]) == [0, 3, 4, 10, 10]
