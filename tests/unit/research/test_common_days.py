"""Two results laid on the days that both have."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.oracles import statistics_of_honesty as oracle
from vigie.domain.errors import DataError
from vigie.domain.saved_result import DailyReturns
from vigie.research.common_days import common_days, measure_days


def daily(days: list[int], returns: list[float]) -> DailyReturns:
    return DailyReturns(np.array(days), np.array(returns))


def test_days_are_paired_by_their_date_and_not_by_their_place() -> None:
    found = common_days(daily([3, 4, 5, 6], [0.3, 0.4, 0.5, 0.6]), daily([5, 6, 7], [0.05, 0.06, 0.07]))
    assert found.days.tolist() == [5, 6]
    assert (found.first.tolist(), found.second.tolist()) == ([0.5, 0.6], [0.05, 0.06])
    assert (found.only_first, found.only_second) == (0, 0), "what lies outside the common period is not a hole"
    assert found.per_year == 365.0


def test_what_one_earned_on_a_day_that_the_other_lacks_is_not_lost() -> None:
    found = common_days(daily([1, 2, 3, 4, 5], [0.1, 0.2, -0.5, 0.0, 0.3]), daily([1, 2, 5], [0.01, 0.02, 0.05]))
    assert found.days.tolist() == [1, 2, 5]
    assert found.first.tolist() == [0.1, 0.2, pytest.approx(0.5 * 1.0 * 1.3 - 1.0)]
    assert found.second.tolist() == [0.01, 0.02, 0.05]
    assert (found.only_first, found.only_second) == (2, 0)
    assert found.per_year == pytest.approx(365 * 3 / 5)


def test_returns_of_common_days_are_the_saved_ones_to_the_last_bit() -> None:
    returns = np.random.default_rng(1).normal(0.0, 0.02, 300)
    one = DailyReturns(np.arange(300), returns)
    assert np.array_equal(common_days(one, one).first, returns)


def test_two_results_without_a_common_day_are_refused_with_their_days() -> None:
    with pytest.raises(DataError) as refused:
        common_days(daily([0, 1], [0.0, 0.0]), daily([2], [0.0]))
    assert str(refused.value) == (
        "no day in common: A has 1970-01-01 to 1970-01-02 (2 days), B has 1970-01-03 to 1970-01-03 (1 day)"
    )


def test_days_are_measured_as_an_independent_reading_of_the_definitions_has_it() -> None:
    returns = np.random.default_rng(2).normal(0.001, 0.02, 200)
    found = measure_days(returns, 365.0)
    wealth, depth = oracle.wealth_and_drawdown(returns.tolist())
    downside = math.sqrt(sum(min(one, 0.0) ** 2 for one in returns) / 200)
    assert found.total_return == pytest.approx(wealth - 1.0)
    assert found.max_drawdown == pytest.approx(depth)
    assert found.mean_return == pytest.approx(sum(returns) / 200)
    assert found.sharpe == pytest.approx(oracle.sharpe(returns.tolist()) * math.sqrt(365))
    assert found.sortino == pytest.approx(sum(returns) / 200 / downside * math.sqrt(365))


def test_days_that_say_nothing_have_a_reason_and_no_ratio() -> None:
    still = measure_days(np.zeros(30), 365.0)
    assert (still.total_return, still.max_drawdown) == (0.0, 0.0)
    assert (still.sharpe, still.sortino) == ("returns do not vary", "no day lost anything")
    assert measure_days(np.array([0.1]), 365.0).sharpe == "fewer than two returns"


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.01])
def test_a_number_that_is_no_return_is_refused_with_its_day(value: float) -> None:
    with pytest.raises(ValueError, match=r"1970-01-02: .* is not a return"):
        daily([0, 1], [0.0, value])


def test_days_must_increase_and_each_must_have_its_return() -> None:
    for days, returns in (([1, 1], [0.0, 0.0]), ([2, 1], [0.0, 0.0]), ([1], [0.0, 0.0]), ([], [])):
        with pytest.raises(ValueError, match="days"):
            daily(days, returns)
