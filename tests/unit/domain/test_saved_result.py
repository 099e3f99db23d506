"""What is kept of a result to be compared later."""

from __future__ import annotations

import numpy as np
import pytest

from vigie.domain.saved_result import DailyReturns, ResultKind, day_text


@pytest.mark.parametrize(("kind", "in_sample"), [(ResultKind.BACKTEST, True), (ResultKind.WALK_FORWARD, False)])
def test_only_a_backtest_may_have_been_tuned_on_the_candles_it_was_measured_on(
    kind: ResultKind, in_sample: bool
) -> None:
    assert kind.in_sample is in_sample


def test_a_number_of_days_is_a_date() -> None:
    assert [day_text(day) for day in (0, 19_783, -1)] == ["1970-01-01", "2024-03-01", "1969-12-31"]


def daily(days: list[int], returns: list[float]) -> DailyReturns:
    return DailyReturns(np.array(days, dtype=np.int64), np.array(returns))


def test_each_day_has_a_return_and_losing_all_is_one() -> None:
    assert len(daily([5, 6, 9], [0.1, 0.0, -1.0])) == 3


@pytest.mark.parametrize(
    ("days", "returns", "said"),
    [
        ([5, 6], [0.1], "2 days cannot have 1 returns"),
        ([], [], "0 days cannot have 0 returns"),
        ([5, 5], [0.1, 0.1], "the days must increase"),
        ([6, 5], [0.1, 0.1], "the days must increase"),
        ([0, 1], [0.1, float("nan")], "1970-01-02: nan is not a return"),
        ([0, 1], [float("inf"), 0.1], "1970-01-01: inf is not a return"),
        ([0], [-1.01], "1970-01-01: -1.01 is not a return"),
    ],
)
def test_what_is_no_return_of_a_day_is_refused(days: list[int], returns: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}$"):
        daily(days, returns)
