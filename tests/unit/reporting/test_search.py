"""Searches for people and for machines."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType

from cli.output import plain
from tests.unit.research.search_cases import at, folds, points, series, walked
from vigie.domain.pair import Pair
from vigie.reporting.search import honesty, sweep_document, sweep_table, walk_forward_document, walk_forward_view
from vigie.reporting.stability import stability
from vigie.research.gates import GateSettings
from vigie.research.space import plans
from vigie.research.sweep import sweep
from vigie.research.walk_forward import WalkForward
from vigie.strategy.strategy import load

FACTS = {"strategy": "ema_cross", "trials": 8}


def shown(what: RenderableType, width: int = 100) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(what)
    return out.getvalue()


@pytest.fixture(scope="module")
def found() -> WalkForward:
    return walked([series()], folds(700, 1000, 1500), gates=GateSettings())


@pytest.fixture(scope="module")
def nothing() -> WalkForward:
    return walked([series()], folds(700, 1000, 1500), gates=GateSettings(), least_trades=10_000)


@pytest.fixture(scope="module")
def ranked() -> list[tuple[object, object]]:
    made, _ = plans(load("ema_cross"), "standard", {}, points())
    scores = sweep(made, [series()], instruments={}, start_ms=None, ends_ms=[at(1500)])
    return [(score.point, score.measured[0]) for score in scores]


def test_the_table_of_a_sweep_shows_so_many_points_and_says_that_they_are_in_sample(ranked: list) -> None:
    text = shown(sweep_table(ranked, 3), 140)
    assert "in sample" in text
    assert len([line for line in text.splitlines() if line.strip()]) == 3 + 3
    for point, _ in ranked[:3]:
        assert point["slow"] in text


def test_the_document_of_a_sweep_has_every_number_of_every_point(ranked: list) -> None:
    document = json.loads(json.dumps(plain(sweep_document(ranked, FACTS))))
    assert document["schema"] == "vigie.sweep/1"
    assert document["in_sample"] is True
    assert [one["parameters"] for one in document["points"]] == [dict(point) for point, _ in ranked]
    assert document["points"][0]["metrics"].keys() == ranked[0][1].values.keys()


def test_nothing_to_rank_is_an_empty_list_and_an_empty_table() -> None:
    assert sweep_document([], FACTS)["points"] == []
    assert "in sample" in shown(sweep_table([], 5))


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_chosen_value_is_cut_in_the_terminal(found: WalkForward, width: int) -> None:
    text = shown(walk_forward_view(found), width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text


def test_the_view_has_folds_gates_and_every_sentence_of_honesty(found: WalkForward) -> None:
    text = shown(walk_forward_view(found), 200)
    for fold in found.folds:
        assert fold.chosen is not None
        assert " ".join(fold.chosen) in text, "the names stand in the heading, the values in the row"
        assert " ".join(fold.chosen.values()) in text
    assert text.count("passed") == 1 + len(found.verdict.gates)
    for line in honesty(found):
        assert line in text
    assert "trials behind this choice: 8" in text


def test_the_view_shows_each_searched_name_over_the_folds_with_its_place_in_the_grid(found: WalkForward) -> None:
    lines = shown(walk_forward_view(found), 100).splitlines()
    for one in stability(found):
        if len(one.tried) > 1:
            row = next(line for line in lines if line.startswith(f"{one.name} "))
            assert " ".join(value or "-" for value in one.chosen) in row
            assert f"{' '.join(map(str, one.places))} of {len(one.tried)}" in row


def test_nothing_that_was_undefined_is_shown_as_a_number(nothing: WalkForward) -> None:
    text = " ".join(honesty(nothing))
    assert text.count("undefined") >= 3
    assert "nothing: too few trades" in shown(walk_forward_view(nothing))
    document = walk_forward_document(nothing, FACTS)
    assert document["out_of_sample"] == {"sharpe": None, "probabilistic_sharpe": None, "final_equity": None}
    assert set(document["undefined"]) >= {"sharpe", "probabilistic_sharpe", "deflated_sharpe"}
    assert document["stability"] == {}


def test_no_parameters_are_given_unless_every_gate_is_passed(found: WalkForward) -> None:
    assert found.final is not None
    judged = replace(found.verdict, gates=tuple(replace(one, value=1e9) for one in found.verdict.gates))
    passing = replace(found, verdict=judged)
    one_failed = replace(judged, gates=(replace(judged.gates[0], value=None), *judged.gates[1:]))
    assert walk_forward_document(passing, FACTS)["parameters"] == dict(found.final.point)
    assert walk_forward_document(replace(found, verdict=one_failed), FACTS)["parameters"] is None


def test_the_document_is_json_with_the_same_numbers_as_the_folds(found: WalkForward) -> None:
    document = json.loads(json.dumps(plain(walk_forward_document(found, FACTS))))
    for told, one in zip(document["folds"], found.folds, strict=True):
        assert told["parameters"] == one.chosen
        assert one.tested is not None
        assert told["out_of_sample"]["sharpe"] == one.tested.measured.values["sharpe"]
    assert document["stability"]["fast"] == [one.chosen["fast"] for one in found.folds if one.chosen]
    assert document["out_of_sample"]["final_equity"] == found.equity[-1]
    assert document["trials"] == found.trials == 8


def test_a_pair_that_a_part_of_a_fold_had_no_candles_of_is_told(found: WalkForward) -> None:
    first, second = found.folds
    eth = Pair("ETH", "USDT")
    late = replace(found, folds=(replace(first, untrained=(eth,), untested=(eth,)), replace(second, untrained=(eth,))))
    told = [line for line in honesty(late) if "ETH/USDT" in line]
    assert [line.partition(";")[0] for line in told] == [
        "fold 1: no candles of ETH/USDT in its training",
        "fold 1: no candles of ETH/USDT in its test",
        "fold 2: no candles of ETH/USDT in its training",
    ]
    document = walk_forward_document(late, FACTS)
    assert [one["without"]["test"] for one in document["folds"]] == [["ETH/USDT"], []]
    assert not [line for line in honesty(found) if "no candles" in line]
