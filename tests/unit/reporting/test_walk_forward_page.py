"""A walk-forward as a page, its tables for other programs, and how stable its choice is."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.fakes.pages import Page, data_of, seen
from tests.fakes.searches import POINT_METRICS, facts, run
from tests.unit.research.search_cases import folds, series, walked
from vigie.domain.errors import ConfigError
from vigie.domain.instants import as_text
from vigie.reporting.page.walk_forward import walk_forward_page
from vigie.reporting.page.walk_forward_charts import steps
from vigie.reporting.search_exports import equity_table, folds_table, points_table
from vigie.reporting.stability import Stability, stability
from vigie.research.gates import GateSettings
from vigie.research.overfitting import Overfitting
from vigie.research.sharpe_tests import DeflatedSharpe, SharpeEstimate
from vigie.research.space import Axis
from vigie.research.walk_forward import WalkForward


@pytest.fixture(scope="module")
def found() -> WalkForward:
    return walked([series()], folds(600, 900, 1200, 1500), gates=GateSettings())


@pytest.fixture(scope="module")
def nothing() -> WalkForward:
    return walked([series()], folds(700, 1000, 1500), gates=GateSettings(), least_trades=10_000)


@pytest.fixture(scope="module")
def page(found: WalkForward) -> str:
    return walk_forward_page(facts(), found)


def passing(found: WalkForward) -> WalkForward:
    gates = tuple(replace(one, value=1e9) for one in found.verdict.gates)
    return replace(found, verdict=replace(found.verdict, gates=gates))


def test_the_page_is_whole_and_asks_for_nothing_outside(page: str) -> None:
    assert Page(page).outside == []
    data_of(page)


def test_a_failure_is_as_loud_as_a_success(found: WalkForward, page: str) -> None:
    assert not found.passed
    failed = '<section class="verdict failed"><strong>FAILED</strong>'
    assert failed in page
    assert "No parameters given." in seen(page)
    good = walk_forward_page(facts(), passing(found), "ema_cross-1234")
    assert failed.replace("failed", "passed").replace("FAILED", "PASSED") in good
    assert "FAILED" not in seen(good)
    assert "Certificate ema_cross-1234." in seen(good)


def test_parameters_are_named_as_chosen_only_if_every_gate_is_passed(found: WalkForward, page: str) -> None:
    assert found.final is not None
    words = " ".join(f"{name}={value}" for name, value in found.final.point.items())
    assert words not in seen(page)
    assert f"Chosen by the same rule on all candles: {words}." in seen(walk_forward_page(facts(), passing(found)))


def test_every_gate_has_its_value_its_limit_and_its_verdict(found: WalkForward, page: str) -> None:
    table = next(one for one in Page(page).tables if one[0][0] == "gate")
    for row, gate in zip(table[1:], found.verdict.gates, strict=True):
        assert row[3] == ("passed" if gate.passed else "not passed")
    assert table[1][1:3] == [f"{found.verdict.gates[0].value:.2f}", "above 0.50"]


def test_a_limit_that_was_moved_is_told(found: WalkForward, page: str) -> None:
    first, *rest = found.verdict.gates
    lowered = replace(found, verdict=replace(found.verdict, gates=(replace(first, limit=-9.0), *rest)))
    text = seen(walk_forward_page(facts(), lowered))
    assert "Limits were changed: mean Sharpe of the tests above -9.00, not above 0.50." in text
    assert "Limits were changed" not in seen(page)


def test_the_table_of_folds_has_their_dates_choices_and_numbers(found: WalkForward, page: str) -> None:
    table = next(one for one in Page(page).tables if one[0][0] == "fold")
    assert table[0][3:7] == list(found.scores[0].point)
    for row, one in zip(table[1:], found.folds, strict=True):
        assert one.chosen is not None
        assert one.tested is not None
        assert one.in_sample is not None
        assert row[2].startswith(as_text(one.fold.test_start)[:10])
        assert row[3:7] == list(one.chosen.values())
        cells = dict(zip(table[0], row, strict=True))
        assert cells["Sharpe in"] == f"{one.in_sample.values['sharpe']:.2f}"
        assert cells["Sharpe out"] == f"{one.tested.measured.values['sharpe']:.2f}"
        assert cells["Trades out"] == f"{one.tested.measured.values['trades']:.0f}"


def test_the_charts_hold_the_numbers_of_the_result(found: WalkForward, page: str) -> None:
    data = data_of(page)
    assert data["equity"]["equity"][-1] == pytest.approx(found.equity[-1], rel=1e-6)
    assert data["equity"]["at"][-1] == found.closes_at[-1]
    peak = max(10_000.0, found.equity.max())
    assert min(data["equity"]["fallen"]) >= found.equity.min() / peak - 1.0 - 1e-6
    assert data["edges"] == [one.fold.test_start for one in found.folds]
    for drawn, one in zip(data["folds"], found.folds, strict=True):
        assert one.tested is not None
        assert drawn["outside"] == one.tested.measured.values["sharpe"]


def test_the_folds_in_time_lie_where_their_dates_are(found: WalkForward, page: str) -> None:
    spans = re.findall(r'<i class="(train|test)" style="left:([\d.]+)%;width:([\d.]+)%"', page)
    start, end = found.folds[0].fold.train_start, found.folds[-1].fold.test_end
    assert len(spans) == 2 * len(found.folds)
    for (kind, left, width), one in zip(spans[1::2], found.folds, strict=True):
        assert kind == "test"
        assert start + float(left) / 100.0 * (end - start) == pytest.approx(one.fold.test_start, rel=1e-4)
        assert float(width) / 100.0 * (end - start) == pytest.approx(one.fold.test_end - one.fold.test_start, rel=1e-3)


def test_skill_or_luck_has_every_number_with_its_interval_and_the_trials(found: WalkForward, page: str) -> None:
    text = seen(page)
    assert isinstance(found.sharpe, SharpeEstimate)
    assert isinstance(found.deflated_sharpe, DeflatedSharpe)
    assert isinstance(found.overfitting, Overfitting)
    yearly, error = found.sharpe.per_period * 365**0.5, found.sharpe.standard_error * 365**0.5
    assert f"95 % interval {yearly - 1.96 * error:.2f} to {yearly + 1.96 * error:.2f}" in text
    assert f"Held against {found.deflated_sharpe.expected_maximum * 365**0.5:.2f}, the best of 8 by luck." in text
    assert f"{len(found.overfitting.logits):,} splits" in text
    assert "Trials 8 8 of them in this walk-forward." in text


def test_where_nothing_was_chosen_the_page_says_so_and_shows_no_number(nothing: WalkForward) -> None:
    text = walk_forward_page(facts(least_trades=10_000), nothing)
    assert "FAILED" in seen(text)
    assert "2 of 2 folds chose nothing: no point had 10000 trades." in seen(text)
    assert "nothing was traded" in seen(text)
    assert seen(text).count("undefined") >= 3
    assert data_of(text)["equity"] == {"at": [], "equity": [], "fallen": []}


def test_names_cannot_break_out_of_the_page(found: WalkForward) -> None:
    evil = "</script><script>alert(1)</script>"
    assert evil not in walk_forward_page(facts(strategy=evil), found)


# --- stability ---


def test_stability_knows_places_changes_and_edges() -> None:
    one = Stability("fast", ("5", "10", "20"), ("5", None, "20", "10"), "10")
    assert one.places == (1, None, 3, 2)
    assert (one.different, one.at_edge) == (3, 2)
    assert Stability("fast", ("5", "10"), ("5", "10"), "5").at_edge == 0, "two values have no middle"
    assert Stability("mode", ("a", "b", "c"), ("a", "c"), "a").at_edge == 0, "names have no order"


def test_stability_of_a_result_is_what_its_folds_chose(found: WalkForward) -> None:
    for one in stability(found):
        assert one.chosen == tuple(fold.chosen and fold.chosen[one.name] for fold in found.folds)
        assert set(one.chosen) <= set(one.tried)
    assert [one.name for one in stability(found)] == list(found.scores[0].point)


def test_steps_stand_at_the_place_of_the_value_in_the_grid() -> None:
    drawn = steps(Stability("fast", ("5", "10", "20"), ("5", "20", None, "10"), "10"))
    ticks = {value: float(y) - 4 for y, value in re.findall(r'y="([\d.]+)" class="end">(\d+)<', drawn)}
    level = r'<line x1="[\d.]+" x2="[\d.]+" y1="([\d.]+)" y2="\1" class="(step|final)"/>'
    lines = [(float(y), kind) for y, kind in re.findall(level, drawn)]
    assert lines == [(ticks["5"], "step"), (ticks["20"], "step"), (ticks["10"], "step"), (ticks["10"], "final")]
    assert 'aria-label="fast by fold: 1: 5, 2: 20, 3: nothing, 4: 10, all: 10"' in drawn


# --- tables for other programs ---


def test_the_exported_equity_is_the_stitched_one_with_its_folds(found: WalkForward) -> None:
    rows = list(csv.DictReader(io.StringIO(equity_table(found, ".csv").decode())))
    assert [float(row["equity"]) for row in rows] == found.equity.tolist()
    assert [row["fold"] for row in rows[:1] + rows[-1:]] == ["1", "3"]
    peaks = np.maximum(np.maximum.accumulate(found.equity), 10_000.0)
    assert [float(row["drawdown"]) for row in rows] == pytest.approx(1.0 - found.equity / peaks)


def test_a_curve_that_begins_with_a_loss_is_below_its_capital(found: WalkForward) -> None:
    halved = replace(found, equity=found.equity * 0.5)
    (row, *_) = csv.DictReader(io.StringIO(equity_table(halved, ".csv").decode()))
    assert float(row["drawdown"]) == pytest.approx(1.0 - found.equity[0] * 0.5 / 10_000.0)
    assert data_of(walk_forward_page(facts(), halved))["equity"]["fallen"][0] == pytest.approx(-float(row["drawdown"]))


def test_the_exported_folds_have_dates_choices_and_both_sides_numbers(found: WalkForward) -> None:
    rows = json.loads(folds_table(found, ".json"))
    for row, one in zip(rows, found.folds, strict=True):
        assert one.chosen is not None
        assert one.tested is not None
        assert row["test_start_at"] == as_text(one.fold.test_start).replace(" ", "T") + ":00Z"
        assert row["fast"] == int(one.chosen["fast"])
        assert row["out_sharpe"] == one.tested.measured.values["sharpe"]
        assert row["in_sharpe"] == (one.in_sample and one.in_sample.values["sharpe"])


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_where_nothing_was_chosen_the_tables_are_there_too(nothing: WalkForward, suffix: str) -> None:
    assert equity_table(nothing, suffix)
    content = folds_table(nothing, suffix)
    if suffix == ".json":
        assert [row["fast"] for row in json.loads(content)] == [None, None]


def test_exported_points_are_typed_by_their_values() -> None:
    axes = (Axis("fast", ("5", "10")), Axis("stop_atr", ("2", "2.5")), Axis("close_at_end", ("on", "off")))
    points = run(axes, lambda one: {"sharpe": None if one["fast"] == "5" else 1.0 / 3.0})
    table = pq.read_table(io.BytesIO(points_table(points, ".parquet")))
    assert [str(table.schema.field(name).type) for name in ("fast", "stop_atr", "close_at_end", "sharpe")] == [
        "int64",
        "double",
        "string",
        "double",
    ]
    assert table["sharpe"].to_pylist() == [None] * 4 + [1.0 / 3.0] * 4
    assert table.column_names == ["fast", "stop_atr", "close_at_end", *POINT_METRICS]


def test_a_parameter_that_is_called_like_a_metric_hides_no_number() -> None:
    points = run((Axis("trades", ("5",)),), lambda _: {"trades": 40.0})
    (row,) = json.loads(points_table(points, ".json"))
    assert (row["trades"], row["metric_trades"]) == (5, 40.0)


def test_another_suffix_is_refused(found: WalkForward) -> None:
    with pytest.raises(ConfigError, match=r"'.xlsx' is not an export format"):
        folds_table(found, ".xlsx")
