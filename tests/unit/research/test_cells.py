"""The same points in several cells: ranked over all, summed up by cell, and held against their worst weather."""

from __future__ import annotations

import pytest

from vigie.metrics.summary import Metrics
from vigie.research.cells import Cell, Tried, by_cell, differing, median_worth, ranked, robust

BTC, ETH = (Cell("1h", "standard", pair) for pair in ("BTC/USDT", "ETH/USDT"))
DEAR = Cell("1h", "standard", "BTC/USDT", "dear")
SLOW = Cell("4h", "standard", "BTC/USDT")


def tried(cell: Cell, fast: int, worth: float | None) -> Tried:
    return Tried(cell, {"fast": str(fast)}, Metrics({}, {}), worth)


def test_cells_differ_where_they_differ() -> None:
    assert differing([BTC]) == ()
    assert differing([BTC, ETH]) == ("pairs",)
    assert differing([BTC, DEAR, SLOW]) == ("timeframe", "scenario")


def test_points_are_ranked_over_all_cells_and_those_worth_nothing_are_left_out() -> None:
    lines = [tried(BTC, 5, 1.0), tried(BTC, 7, None), tried(ETH, 5, 2.0), tried(ETH, 7, 1.0), tried(SLOW, 5, -1.0)]
    assert ranked(lines) == [lines[2], lines[0], lines[3], lines[4]]


def test_each_cell_has_a_line_with_its_best_point_and_the_middle_of_those_that_are_ranked() -> None:
    lines = [tried(BTC, 5, 1.0), tried(ETH, 5, None), tried(BTC, 7, 4.0), tried(BTC, 9, 2.0), tried(BTC, 11, None)]
    btc, eth = by_cell(lines)
    assert (btc.cell, btc.tried, btc.ranked, btc.best, btc.median, btc.point) == (BTC, 4, 3, 4.0, 2.0, {"fast": "7"})
    assert (eth.cell, eth.tried, eth.ranked, eth.best, eth.median, eth.point) == (ETH, 1, 0, None, None, None)


def test_a_point_that_shines_in_one_cell_is_worth_what_it_is_in_the_middle_of_them() -> None:
    shining = [tried(BTC, 5, 9.0), tried(ETH, 5, -1.0), tried(DEAR, 5, 0.1)]
    steady = [tried(BTC, 7, 1.0), tried(ETH, 7, 0.5), tried(DEAR, 7, 0.9)]
    first, second = robust([*shining, *steady])
    assert (first.point, first.median, first.worst, first.worst_cell) == ({"fast": "7"}, 0.9, 0.5, ETH)
    assert (second.point, second.median, second.worst, second.worst_cell) == ({"fast": "5"}, 0.1, -1.0, ETH)


def test_timeframes_and_profiles_are_choices_and_not_weathers() -> None:
    found = robust([tried(BTC, 5, 1.0), tried(SLOW, 5, 3.0)])
    assert [(one.timeframe, one.cells, one.median) for one in found] == [("4h", 1, 3.0), ("1h", 1, 1.0)]


def test_worth_nothing_somewhere_is_the_worst_and_in_the_middle_is_nothing() -> None:
    (found,) = robust([tried(BTC, 5, 3.0), tried(ETH, 5, None), tried(DEAR, 5, 1.0)])
    assert (found.median, found.worst, found.worst_cell) == (1.0, None, ETH)
    assert robust([tried(BTC, 5, 3.0), tried(ETH, 5, None)]) == []


@pytest.mark.parametrize(
    ("worths", "middle"),
    [
        ((1.0,), 1.0),
        ((1.0, 2.0), 1.5),
        ((-1.0, 0.0, 5.0), 0.0),
        ((None, 1.0, 2.0), 1.0),
        ((None, 2.0), None),
        ((None,), None),
    ],
)
def test_the_middle_counts_nothing_as_worse_than_any_number(
    worths: tuple[float | None, ...], middle: float | None
) -> None:
    assert median_worth(worths) == middle
