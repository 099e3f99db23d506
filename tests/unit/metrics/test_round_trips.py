from __future__ import annotations

import numpy as np
import pytest

from tests.fakes.results import hour, of_profits, trades
from vigie.metrics.round_trips import NO_TRADES, longest_streak, round_trips, traded_value


def test_numbers_of_five_trades_are_those_of_the_arithmetic() -> None:
    found = round_trips(of_profits(30.0, 10.0, -20.0, -5.0, 15.0))
    assert found["trades"] == 5.0
    assert found["profit"] == pytest.approx(30.0)
    assert found["win_rate"] == pytest.approx(0.6)
    assert found["profit_factor"] == pytest.approx(55.0 / 25.0)
    assert found["expectancy"] == pytest.approx(6.0)
    assert found["expectancy_fraction"] == pytest.approx(0.06)
    assert found["average_win"] == pytest.approx(55.0 / 3.0)
    assert found["average_loss"] == pytest.approx(-12.5)
    assert (found["largest_win"], found["largest_loss"]) == (30.0, -20.0)
    assert (found["longest_winning_streak"], found["longest_losing_streak"]) == (2.0, 2.0)
    assert (found["fees"], found["slippage"]) == (pytest.approx(1.0), pytest.approx(0.5))


def test_a_trade_at_exactly_zero_is_neither_won_nor_lost_and_breaks_streaks() -> None:
    found = round_trips(of_profits(1.0, 1.0, 0.0, 1.0, -1.0))
    assert found["win_rate"] == pytest.approx(0.6)
    assert found["average_loss"] == pytest.approx(-1.0)
    assert found["longest_winning_streak"] == 2.0


def test_holding_times_are_means() -> None:
    found = round_trips(trades({"exit_at": hour(3), "bars_held": 2}, {"exit_at": hour(8), "bars_held": 6}))
    assert (found["average_hours_held"], found["average_bars_held"]) == (pytest.approx(4.5), pytest.approx(4.0))


def test_without_a_losing_trade_the_profit_factor_is_a_reason_and_not_a_number() -> None:
    found = round_trips(of_profits(1.0, 2.0))
    assert found["profit_factor"] == found["average_loss"] == found["largest_loss"] == "no losing trade"
    assert found["longest_losing_streak"] == 0.0


def test_without_a_winning_trade_the_profit_factor_is_zero_and_a_win_a_reason() -> None:
    found = round_trips(of_profits(-1.0))
    assert found["profit_factor"] == 0.0
    assert found["average_win"] == found["largest_win"] == "no winning trade"


def test_without_trades_counts_are_zero_and_everything_else_is_a_reason() -> None:
    found = round_trips(of_profits())
    assert set(found) == set(round_trips(of_profits(1.0, -1.0)))
    assert {name for name, value in found.items() if value == 0.0} == {
        "trades",
        "profit",
        "fees",
        "slippage",
        "longest_winning_streak",
        "longest_losing_streak",
    }
    assert {value for value in found.values() if value != 0.0} == {NO_TRADES}


@pytest.mark.parametrize(
    ("wanted", "length"),
    [("", 0), ("0", 0), ("1", 1), ("111", 3), ("110111101", 4), ("1110", 3), ("0111", 3), ("010", 1)],
)
def test_a_streak_is_the_longest_run_wherever_it_stands(wanted: str, length: int) -> None:
    assert longest_streak(np.array([letter == "1" for letter in wanted], dtype=np.bool_)) == length


def test_traded_value_counts_the_sale_at_what_the_books_say() -> None:
    # Bought 100, sold at 110, fees 0.2: profit 9.8.
    assert traded_value(trades({})) == pytest.approx(210.0)
