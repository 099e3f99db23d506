"""A difference between two lists of trades is found and named."""

from __future__ import annotations

import pytest

from benchmarks.agreement import disagreements

JUDGE = [(10, 20, 100.0, 110.0, 1.0), (30, 40, 50.0, 40.0, 2.0)]


def test_equal_trades_and_prices_within_a_millionth_agree() -> None:
    assert disagreements(JUDGE, JUDGE) == []
    assert disagreements(JUDGE, [(10, 20, 100.00005, 110.0, 7.0), JUDGE[1]]) == []


@pytest.mark.parametrize(
    ("trades", "sentence"),
    [
        ([JUDGE[0], (30, 41, 50.0, 40.0)], "trade entered at row 30: exit row 41 instead of 40"),
        ([JUDGE[0], (30, 40, 50.001, 40.0)], "trade entered at row 30: entry price 50.001 instead of 50"),
        ([JUDGE[0], (30, 40, 50.0, float("nan"))], "trade entered at row 30: exit price nan instead of 40"),
        ([JUDGE[0]], "no trade entered at row 30"),
        ([*JUDGE, (50, 60, 1.0, 1.0)], "a trade nobody else has entered at row 50"),
        ([*JUDGE, JUDGE[1]], "3 trades instead of 2"),
    ],
)
def test_a_difference_is_named(trades: list[tuple[float, ...]], sentence: str) -> None:
    assert sentence in disagreements(JUDGE, trades)
