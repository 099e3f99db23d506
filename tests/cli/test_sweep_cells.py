"""Searches over timeframes, profiles, pairs and scenarios, and by studies, as somebody types them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.command_line import Said, Vigie
from tests.fakes.files import write_csv
from tests.fakes.markets_on_disk import rows_of, write_market
from tests.oracles import markets

GRID = ("--grid", "fast=5,12", "--grid", "slow=30,60", "--grid", "warm_up=50")
WIDE = ("--grid", "fast=5:14:1", "--grid", "slow=20:60:4", "--grid", "warm_up=50")
WEATHERS = ("--each-pair", "--scenario", "plain:", "--scenario", "dear:fee_bps=50,slippage_bps=20")

Command = Callable[..., Said]


@pytest.fixture
def folder(home: Path) -> Path:
    """Two pairs of an hour, and one of them of four hours too."""
    write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=1500)
    write_market(home / "candles" / "binance_ETH-USDT_1h.csv", rows=1500, seed=4)
    market = markets.MAKERS["trending"](1500, 5)
    slow = [row.split(",") for row in rows_of(market)]
    for number, row in enumerate(slow):
        row[0] = str(markets.START_MS + 4 * markets.HOUR_MS * number)
    write_csv(home / "candles" / "binance_BTC-USDT_4h.csv", [",".join(row) for row in slow])
    return home / "candles"


@pytest.fixture
def sweep(vigie: Vigie, folder: Path) -> Command:
    def call(*words: object) -> Said:
        return vigie("sweep", "--strategy", "ema_cross", "--data", folder, "--min-trades", 1, *words)

    return call


@pytest.fixture
def walk(vigie: Vigie, folder: Path) -> Command:
    def call(*words: object) -> Said:
        base = ("--strategy", "ema_cross", "--data", folder, "--pairs", "BTC/USDT", "--min-trades", 1, "--folds", 2)
        return vigie("walk-forward", *base, *words)

    return call


def test_one_cell_is_shown_as_ever(sweep: Command) -> None:
    document = sweep(*GRID, "--pairs", "BTC/USDT", "--json").document
    assert (document["timeframe"], document["profile"], document["pairs"]) == ("1h", "standard", ["BTC/USDT"])
    assert document.keys().isdisjoint({"cells", "robust", "scenario"})
    assert "cell" not in document["points"][0]


def test_every_point_is_tried_and_counted_in_every_cell(sweep: Command) -> None:
    document = sweep(*GRID, *WEATHERS, "--json").document
    assert (document["tried"], document["trials"]) == (16, 16)
    assert [(one["pairs"], one["scenario"], one["tried"]) for one in document["cells"]] == [
        ("BTC/USDT", "plain", 4),
        ("BTC/USDT", "dear", 4),
        ("ETH/USDT", "plain", 4),
        ("ETH/USDT", "dear", 4),
    ]
    assert document["scenario"] == ["plain", "dear"]
    sharpe = [one["metrics"]["sharpe"] for one in document["points"]]
    assert sharpe == sorted(sharpe, reverse=True)
    assert {tuple(one["cell"]) for one in document["points"]} == {("pairs", "scenario")}


def test_the_numbers_of_a_cell_are_those_of_a_sweep_that_knows_no_other(sweep: Command) -> None:
    document = sweep(*GRID, *WEATHERS, "--json").document
    costs = ("--fee-bps", 50, "--slippage-bps", 20)
    alone = sweep(*GRID, "--pairs", "ETH/USDT", *costs, "--json").document
    dear = [one for one in document["points"] if one["cell"] == {"pairs": "ETH/USDT", "scenario": "dear"}]
    assert [one["metrics"] for one in dear] == [one["metrics"] for one in alone["points"]]
    assert alone["from_store"] == 4, "it is the same trial, and it was computed before"
    plain = [one for one in document["points"] if one["cell"] == {"pairs": "ETH/USDT", "scenario": "plain"}]
    assert [one["metrics"] for one in plain] != [one["metrics"] for one in dear]


def test_cells_and_points_are_summed_up_by_the_numbers_of_the_ranking(sweep: Command) -> None:
    document = sweep(*GRID, *WEATHERS, "--json").document
    for cell in document["cells"]:
        named = {"pairs": cell["pairs"], "scenario": cell["scenario"]}
        mine = [one["metrics"]["sharpe"] for one in document["points"] if one["cell"] == named]
        assert (cell["ranked"], cell["best"]) == (len(mine), max(mine))
        assert cell["median"] == pytest.approx((sorted(mine)[1] + sorted(mine)[2]) / 2)
    assert len(document["robust"]) == 4
    for one in document["robust"]:
        same = [line for line in document["points"] if line["parameters"] == one["parameters"]]
        assert one["cells"] == len(same) == 4
        worst = min(same, key=lambda line: line["metrics"]["sharpe"])
        assert (one["worst"], one["worst_cell"]) == (worst["metrics"]["sharpe"], worst["cell"])
        assert one["worst"] <= one["median"]


def test_the_tables_say_the_cell_and_the_worst_of_them(sweep: Command) -> None:
    said = sweep(*GRID, *WEATHERS)
    assert said.code == 0
    for words in ("best first over all cells", "by cell: sharpe of its points", "over pairs and scenarios", "worst in"):
        assert words in said.out
    assert "ETH/USDT dear" in said.out
    assert "16 points" in said.err


def test_several_timeframes_and_profiles_are_cells_of_their_own(sweep: Command) -> None:
    words = ("--pairs", "BTC/USDT", "--timeframe", "1h,4h", "--profile", "standard,classic-a")
    document = sweep(*GRID, *words, "--json").document
    assert document["timeframe"] == ["1h", "4h"]
    assert [(one["profile"], one["timeframe"]) for one in document["cells"]] == [
        ("standard", "1h"),
        ("classic-a", "1h"),
        ("standard", "4h"),
        ("classic-a", "4h"),
    ]
    assert document["trials"] == 16
    assert all(one["cells"] == 1 for one in document["robust"])
    said = sweep(*GRID, *words)
    assert "timeframe" in said.out
    assert "worst in" not in said.out, "timeframes are choices, no weathers"


def test_all_cells_are_counted_before_the_first_is_run(sweep: Command, home: Path) -> None:
    sweep(*GRID, *WEATHERS, "--json")
    lines = (home / "state" / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4, "one line for each cell"


def test_a_second_search_over_cells_is_answered_from_the_store(sweep: Command) -> None:
    first = sweep(*GRID, *WEATHERS, "--json").document
    second = sweep(*GRID, *WEATHERS, "--json").document
    assert (second["from_store"], second["trials"]) == (16, first["trials"])
    assert second["points"] == first["points"]


def test_a_study_goes_over_pairs_and_scenarios_together(sweep: Command) -> None:
    document = sweep(*WIDE, *WEATHERS, "--search", "optuna", "--samples", 20, "--json").document
    assert (document["search"], document["tried"], document["trials"]) == ("optuna", 80, 80)
    assert [one["tried"] for one in document["cells"]] == [20] * 4
    assert all(one["cells"] == 4 for one in document["robust"])


def test_a_walk_forward_by_a_study_says_its_trials_and_its_search(walk: Command) -> None:
    said = walk(*WIDE, "--search", "optuna", "--samples", 20, "--scenario", "dear:fee_bps=30", "--json")
    assert said.code in (0, 3)
    document = said.document
    assert (document["search"], document["scenario"]) == ("optuna", "dear")
    assert 20 <= document["trials"] <= 60
    assert len(document["folds"]) == 2
    again = walk(*WIDE, "--search", "optuna", "--samples", 20, "--scenario", "dear:fee_bps=30", "--json").document
    assert (again["from_store"], again["trials"]) == (again["points"], document["trials"])
    assert again["folds"] == document["folds"]


def test_a_scenario_of_a_walk_forward_is_in_force(walk: Command) -> None:
    def returns(*words: object) -> list[float]:
        return [one["out_of_sample"]["total_return"] for one in walk(*GRID, *words, "--json").document["folds"]]

    assert returns("--scenario", "dear:fee_bps=50") == returns("--fee-bps", 50)
    assert returns("--scenario", "plain:") == returns()
    assert returns("--scenario", "plain:") != returns("--fee-bps", 50)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--timeframe", "1h,1h"), "1h is named twice"),
        (("--timeframe", "1h,"), "nothing between two commas"),
        (("--timeframe", "1h,1x"), "'1x' is not a timeframe"),
        (("--profile", "standard,clasic-a"), "unknown profile 'clasic-a'; did you mean 'classic-a'"),
        (("--scenario", "dear"), "not of the form NAME:KEY=VALUE"),
        (("--scenario", "dear:fast=5"), "scenario 'dear' sets 'fast', which is searched"),
        (("--scenario", "dear:fee_fractoin=1"), "unknown parameter 'fee_fractoin'"),
        (("--timeframe", "1h,4h", "--pairs", "ETH/USDT"), "ETH/USDT is there as 1h only"),
        (("--search", "optun"), "did you mean 'optuna'"),
        (("--search", "optuna"), "needs a number of points: --samples 200"),
        (("--search", "grid", "--samples", "3"), "tries every point"),
    ],
)
def test_a_wrong_word_is_a_wrong_setting_and_counts_nothing(
    sweep: Command, home: Path, words: tuple[str, ...], sentence: str
) -> None:
    said = sweep(*GRID, *words)
    assert said.code == 78
    assert sentence in said.err
    assert not (home / "state").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--timeframe", "1h,4h"), "judges one timeframe; run it once for each"),
        (("--profile", "standard,classic-a"), "judges one profile; run it once for each"),
        (("--scenario", "a:", "--scenario", "b:"), "judges under one scenario; run it once for each"),
    ],
)
def test_a_walk_forward_judges_one_choice(walk: Command, home: Path, words: tuple[str, ...], sentence: str) -> None:
    said = walk(*GRID, *words)
    assert said.code == 78
    assert sentence in said.err
    assert not (home / "state").exists()


@pytest.mark.real_candles
def test_real_candles_hold_a_point_against_pairs_and_costs(vigie: Vigie, candle_folder: Path) -> None:
    words = ("--pairs", "BTC/USDT,ETH/USDT", "--profile", "classic-a", "--timerange", "20220101-20231231", *WEATHERS)
    said = vigie("sweep", "--strategy", "ema_cross", "--data", candle_folder, *words, "--grid", "fast=10,20", "--json")
    document = said.document
    assert document["tried"] == 8
    cheap = {one["pairs"]: one["best"] for one in document["cells"] if one["scenario"] == "plain"}
    dear = {one["pairs"]: one["best"] for one in document["cells"] if one["scenario"] == "dear"}
    assert all(dear[pair] < cheap[pair] for pair in cheap)
    assert all(one["worst_cell"]["scenario"] == "dear" for one in document["robust"])
