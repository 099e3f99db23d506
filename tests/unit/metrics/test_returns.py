from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from vigie.metrics.returns import MonthReturn, last_of_each_day, monthly_returns, simple_returns

DAY = 86_400_000
HOUR = 3_600_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_the_first_return_is_that_from_the_capital() -> None:
    assert simple_returns(np.array([110.0, 99.0]), 100.0) == pytest.approx([0.1, -0.1])


def test_midnight_belongs_to_the_day_it_ends() -> None:
    closes = np.array([DAY - HOUR, DAY, DAY + HOUR, 2 * DAY, 2 * DAY + HOUR])
    assert last_of_each_day(closes, HOUR).tolist() == [1, 3, 4]


def test_hours_without_a_hole_give_each_midnight_and_the_last_hour() -> None:
    closes = HOUR * np.arange(1, 51)
    assert last_of_each_day(closes, HOUR).tolist() == [23, 47, 49]


def test_a_day_without_candles_is_no_day() -> None:
    closes = np.array([HOUR, 2 * HOUR, 3 * DAY + HOUR, 3 * DAY + 4 * HOUR])
    assert last_of_each_day(closes, HOUR).tolist() == [1, 3]


def test_daily_candles_are_days_themselves() -> None:
    assert last_of_each_day(DAY * np.arange(1, 5), DAY).tolist() == [0, 1, 2, 3]


def test_a_hole_at_the_start_is_no_timeframe() -> None:
    # Three hours lie between the first two closes, and 51 = 3 x 17 between the first and the last of 18: a step taken
    # from the first two fits the whole, and gave rows 7, 15, 17.
    hours = [3, 6, 11, 12, 17, 18, 19, 22, 23, 26, 29, 35, 38, 43, 45, 50, 52, 54]
    assert last_of_each_day(HOUR * np.array(hours), HOUR).tolist() == [8, 14, 17]


def test_a_single_candle_is_one_day() -> None:
    assert last_of_each_day(np.array([5 * HOUR]), HOUR).tolist() == [0]


def test_months_compound_from_the_capital_and_end_at_midnight() -> None:
    closes = np.array([at("2024-01-31T12:00"), at("2024-02-01T00:00"), at("2024-02-01T01:00"), at("2024-03-05T00:00")])
    found = monthly_returns(np.array([105.0, 110.0, 120.0, 99.0]), closes, 100.0)
    assert found == (
        MonthReturn(2024, 1, pytest.approx(0.1)),
        MonthReturn(2024, 2, pytest.approx(120.0 / 110.0 - 1.0)),
        MonthReturn(2024, 3, pytest.approx(99.0 / 120.0 - 1.0)),
    )


def test_no_candles_have_no_months() -> None:
    assert monthly_returns(np.array([]), np.array([], dtype=np.int64), 100.0) == ()
