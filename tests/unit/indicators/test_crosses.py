"""Where one line crosses another."""

from __future__ import annotations

import numpy as np

from vigie.indicators.crosses import crosses

NAN = float("nan")


def test_a_line_that_gets_above_another_is_a_cross_up_and_one_that_gets_below_a_cross_down() -> None:
    line = np.array([1.0, 3.0, 4.0, 1.0, 1.0])
    assert crosses(line, np.full(5, 2.0)).tolist() == [0, 1, 0, -1, 0]


def test_two_that_touch_have_not_crossed_until_they_part() -> None:
    line = np.array([1.0, 2.0, 3.0, 2.0, 3.0, 2.0, 1.0])
    assert crosses(line, np.full(7, 2.0)).tolist() == [0, 0, 1, 0, 1, 0, -1]


def test_what_is_not_known_is_neither_above_nor_below() -> None:
    line = np.array([NAN, 3.0, NAN, 1.0, NAN, NAN])
    assert crosses(line, np.full(6, 2.0)).tolist() == [0, 1, 0, -1, 0, 0]


def test_a_line_of_no_or_one_candle_crosses_nothing() -> None:
    assert crosses(np.array([]), np.array([])).tolist() == []
    assert crosses(np.array([5.0]), np.array([1.0])).tolist() == [0]
