from __future__ import annotations

import numpy as np
import pytest

from vigie.metrics.drawdown import Drawdown, drawdowns, worst


def measured(*values: float, start: float = 100.0) -> Drawdown:
    return worst(np.array(values), 10 * np.arange(1, len(values) + 1), start, 0)


def test_the_deepest_fall_is_counted_from_the_highest_value_before_it() -> None:
    assert measured(120.0, 90.0, 130.0, 117.0).depth == pytest.approx(0.25, abs=1e-15)


def test_a_fall_from_the_first_candle_on_is_counted_from_the_capital() -> None:
    assert measured(80.0, 90.0) == Drawdown(pytest.approx(0.2), 20)


def test_the_length_runs_from_the_peak_until_the_value_is_back() -> None:
    assert measured(120.0, 90.0, 110.0, 120.0, 119.0).duration_ms == 30


def test_an_unrecovered_fall_lasts_until_the_end() -> None:
    assert measured(120.0, 121.0, 110.0, 111.0, 112.0).duration_ms == 30


def test_a_recovery_of_the_capital_ends_a_fall_that_began_at_the_start() -> None:
    assert measured(90.0, 95.0, 100.0, 130.0).duration_ms == 30


def test_a_curve_that_never_falls_has_no_drawdown() -> None:
    assert measured(100.0, 100.0, 101.0, 101.0) == Drawdown(0.0, 0)


def test_losing_everything_is_a_drawdown_of_one() -> None:
    assert measured(50.0, 0.0).depth == 1.0


def test_the_series_of_drawdowns_is_zero_at_each_peak() -> None:
    assert drawdowns(np.array([90.0, 110.0, 99.0]), 100.0) == pytest.approx([0.1, 0.0, 0.1])


def test_the_first_recovery_may_come_at_the_second_candle() -> None:
    assert measured(90.0, 100.0, 101.0).duration_ms == 20


def test_touching_the_old_peak_deep_inside_a_long_curve_is_a_recovery() -> None:
    curve = [150.0] * 3000
    curve[10] = curve[1200] = 200.0
    assert measured(*curve).duration_ms == 10 * (2999 - 1200)
