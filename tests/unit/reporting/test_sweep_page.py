"""A sweep as a page."""

from __future__ import annotations

import math
from statistics import median

import pytest

from tests.fakes.pages import Page, data_of, seen
from tests.fakes.searches import AXES, facts, metrics, run
from vigie.domain.errors import ConfigError
from vigie.reporting.heat_map import heat_map, widest
from vigie.reporting.luck import expected_best_sharpe
from vigie.reporting.page.sweep import sweep_page
from vigie.research.sharpe_tests import expected_maximum_sharpe
from vigie.research.space import Axis


def numbers(point: dict[str, str]) -> dict[str, float | None]:
    """A ratio that can be told from the point; fast 10 with slow 90 hardly trades."""
    fast, slow, stop = (float(point[name]) for name in ("fast", "slow", "stop_atr"))
    few = fast == 10.0 and slow == 90.0
    return {"sharpe": fast / 10.0 - slow / 60.0 + stop / 4.0, "trades": 3.0 if few else 40.0 + stop}


POINTS = run(AXES, numbers)


@pytest.fixture(scope="module")
def page() -> str:
    return sweep_page(facts(), POINTS)


def test_the_page_is_whole_and_asks_for_nothing_outside(page: str) -> None:
    assert Page(page).outside == []
    data_of(page)


def test_a_cell_is_the_median_or_the_best_of_the_points_behind_it(page: str) -> None:
    middle, best = Page(page).tables[:2]
    here = [numbers(point)["sharpe"] or 0.0 for point, _ in POINTS if (point["fast"], point["slow"]) == ("5", "30")]
    assert middle[-1] == best[-1] == ["fast ↑ slow →", "30", "60", "90"]
    row = next(row for row in middle if row[0] == "5")
    top = next(row for row in best if row[0] == "5")
    assert row[1] == f"{median(here):.2f}"
    assert top[1] == f"{max(here):.2f}"
    assert row[1] != top[1]


def test_every_crossing_has_its_own_number() -> None:
    found = heat_map(facts(), POINTS, AXES[0], AXES[1])
    for up, row in zip(found.up.values, found.cells, strict=True):
        for across, cell in zip(found.across.values, row, strict=True):
            there = [numbers(point) for point, _ in POINTS if (point["fast"], point["slow"]) == (across, up)]
            ranked = [one["sharpe"] or 0.0 for one in there if (one["trades"] or 0.0) >= 30]
            assert (cell.tried, cell.ranked) == (2, len(ranked))
            assert cell.best == (max(ranked) if ranked else None)
            assert cell.middle == (median(ranked) if ranked else None)
    assert found.others == ("stop_atr",)


def test_a_cell_with_too_few_trades_is_hatched_and_says_how_many(page: str) -> None:
    assert page.count('<td class="few"') == 2, "once in each map"
    titles = [title for table in Page(page).titles for title in table.values() if "too few" in title]
    assert titles == ["fast=10 slow=90 stop_atr=2: 3 trades, too few to rank (2 points here)"] * 2


def test_a_cell_says_its_parameters_and_trades(page: str) -> None:
    titles = [title for table in Page(page).titles[:2] for title in table.values()]
    assert "fast=10 slow=30 stop_atr=3: Sharpe 1.25, 43 trades; 2 of 2 points here ranked, median 1.12" in titles


def test_a_crossing_that_was_not_tried_is_empty() -> None:
    drawn = [one for one in POINTS if (one[0]["fast"], one[0]["slow"]) != ("5", "60")]
    table = Page(sweep_page(facts(), drawn)).tables[0]
    assert next(row for row in table if row[0] == "5") == ["5", "0.62", "", "-0.38"]


def test_the_axes_with_most_values_are_drawn_unless_others_are_wanted() -> None:
    assert [axis.name for axis in widest(AXES)] == ["slow", "fast"]
    assert [axis.name for axis in widest(AXES, ("stop_atr", "fast"))] == ["stop_atr", "fast"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (("fsat", "slow"), "did you mean 'fast'"),
        (("fast",), "two different names"),
        (("fast", "fast"), "two different"),
    ],
)
def test_axes_that_cannot_be_drawn_are_refused(wanted: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        widest(AXES, wanted)


def test_values_stand_in_order_of_size_and_not_of_letters() -> None:
    axes = (Axis("fast", ("10", "9", "100")), Axis("on", ("on", "off")))
    found = heat_map(facts(axes), run(axes, lambda _: {}), *axes)
    assert found.across.values == ("9", "10", "100")
    assert found.up.values == ("on", "off")


def test_one_axis_is_a_line_with_every_number() -> None:
    axes = (Axis("fast", ("5", "20", "10")), Axis("slow", ("60",)))
    points = run(
        axes, lambda one: {"sharpe": float(one["fast"]) / 10.0, "trades": 2.0 if one["fast"] == "20" else 40.0}
    )
    line = data_of(sweep_page(facts(axes), points))["line"]
    assert line["name"] == "fast"
    assert line["at"] == ["5", "10", "20"]
    assert line["ranked"] == [0.5, 1.0, None]
    assert line["few"] == [None, None, 2.0]
    assert line["trades"] == [40, 40, 2]


def test_a_search_without_an_axis_is_a_sentence() -> None:
    axes = (Axis("fast", ("5",)),)
    assert "no axis has more than one value" in seen(sweep_page(facts(axes), run(axes, lambda _: {})))


def test_the_table_ranks_all_points_with_all_their_numbers(page: str) -> None:
    table = next(one for one in Page(page).tables if one[0][0] == "rank")
    ranked = sorted(
        (numbers(point)["sharpe"] or 0.0 for point, m in POINTS if (m.values["trades"] or 0) >= 30), reverse=True
    )
    column = table[0].index("Sharpe")
    assert [row[column] for row in table[1:]] == [f"{value:.2f}" for value in ranked]
    assert len(table[0]) == 1 + len(AXES) + len(POINTS[0][1].values)


def test_the_distribution_holds_every_ranked_point_and_the_ratio_of_luck(page: str) -> None:
    drawn = data_of(page)["distribution"]
    assert sum(drawn["count"]) == 10
    assert drawn["luck"] == expected_best_sharpe(POINTS, 12)


def test_luck_is_the_expected_best_of_all_trials_at_the_spread_of_the_points() -> None:
    ratios = [numbers(point)["sharpe"] or 0.0 for point, _ in POINTS]
    mean = math.fsum(ratios) / len(ratios)
    variance = math.fsum((ratio - mean) ** 2 for ratio in ratios) / (len(ratios) - 1)
    assert expected_best_sharpe(POINTS, 500) == pytest.approx(expected_maximum_sharpe(500, variance))
    assert expected_best_sharpe(POINTS[:1], 500) == "fewer than two trials"


def test_luck_stands_beside_the_best_ratio_with_the_number_of_trials(page: str) -> None:
    luck = expected_best_sharpe(POINTS, 12)
    text = seen(page)
    assert "In sample: the best of 12 trials looks good by luck alone" in text
    assert f"is expected to show a Sharpe ratio of {luck:.2f}. The highest Sharpe ratio ranked here is 1.25." in text
    assert "2 of 12 points are not ranked" in text
    assert "in sample" in text.partition("Every number on this page")[2]


def test_a_best_point_at_the_edge_of_its_grid_is_told() -> None:
    axes = (Axis("fast", ("5", "10", "20")),)
    rising = run(axes, lambda one: {"sharpe": float(one["fast"])})
    inside = run(axes, lambda one: {"sharpe": -abs(float(one["fast"]) - 10.0)})
    assert "at the edge of the grid: fast=20" in seen(sweep_page(facts(axes), rising))
    assert "at the edge" not in seen(sweep_page(facts(axes), inside))
    named = (Axis("mode", ("a", "b", "c")),)
    assert "at the edge" not in seen(sweep_page(facts(named), run(named, lambda _: {})))


def test_nothing_ranked_and_nothing_defined_still_is_a_page() -> None:
    text = sweep_page(facts(), [(point, metrics(sharpe=None, trades=0.0)) for point, _ in POINTS])
    assert "no point is ranked" in seen(text)
    assert "What luck alone would show is unknown: fewer than two trials" in seen(text)
    data_of(text)


def test_names_cannot_break_out_of_the_page() -> None:
    evil = "</script><script>alert(1)</script>"
    text = sweep_page(facts((Axis(evil, ("1", "2")),), strategy=evil), run((Axis(evil, ("1", "2")),), lambda _: {}))
    assert evil not in text


def test_synthetic_candles_are_labelled_loudly() -> None:
    assert '<span class="loud">synthetic data</span>' in sweep_page(facts(synthetic=True), POINTS)
    assert "synthetic data" not in sweep_page(facts(), POINTS)
