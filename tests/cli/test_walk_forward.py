from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.command_line import Said, Vigie
from tests.fakes.markets_on_disk import write_market
from tests.oracles.markets import HOUR_MS, START_MS
from vigie.domain.instants import as_iso

GRID = ("--grid", "fast=5,12", "--grid", "slow=30,60", "--grid", "warm_up=50")
LAX = ("mean_sharpe=-99", "win_rate=0", "trades=1", "folds=1", "out_in_ratio=-99")
ALL_PASS = tuple(word for limit in LAX for word in ("--gate", limit))


@pytest.fixture
def walk(vigie: Vigie, home: Path) -> Vigie:
    data = write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=1500)

    def call(*words: object) -> Said:
        plain = ("--strategy", "ema_cross", "--data", data, "--min-trades", 1, "--folds", 2)
        return vigie("walk-forward", *plain, *GRID, *words)

    return call


def when(row: int) -> str:
    """The instant at which a row of the market opens."""
    return as_iso(START_MS + row * HOUR_MS)


def certificates(home: Path) -> list[Path]:
    return sorted((home / "state" / "certificates").glob("*.json"))


def test_nothing_passes_exits_3_and_gives_no_parameters(walk: Vigie, home: Path) -> None:
    said = walk("--promote", "--gate", "trades=100000")
    assert said.code == 3
    assert "not every gate is passed: no parameters are given" in said.err
    assert "--param" not in said.out
    assert "not passed" in said.out
    as_json = walk("--promote", "--gate", "trades=100000", "--json")
    assert as_json.code == 3
    assert (as_json.document["parameters"], as_json.document["passed"]) == (None, False)
    assert as_json.document["certificate"] is None
    assert certificates(home) == []


def test_whoever_passes_every_gate_gets_the_parameters_and_exit_0(walk: Vigie, home: Path) -> None:
    said = walk(*ALL_PASS)
    assert said.code == 0
    assert "chosen by the same rule on all candles: --param fast=" in said.out
    assert certificates(home) == [], "not without --promote"
    document = walk(*ALL_PASS, "--json").document
    assert set(document["parameters"]) == {"fast", "slow", "warm_up"}


def test_a_promoted_walk_writes_a_certificate_that_verify_accepts(walk: Vigie, vigie: Vigie, home: Path) -> None:
    document = walk(*ALL_PASS, "--promote", "--json").document
    (file,) = certificates(home)
    assert file.stem == document["certificate"]
    verified = vigie("certificate", "verify", document["certificate"], "--data", home / "candles", "--json")
    assert verified.code == 0
    assert verified.document["valid"] is True
    shown = vigie("certificate", "show", document["certificate"], "--json").document
    assert {name: str(shown["parameters"][name]) for name in ("fast", "slow")} == {
        name: document["parameters"][name] for name in ("fast", "slow")
    }
    assert shown["trials"] == document["trials"] == 4


def test_a_changed_candle_is_told_by_verify(walk: Vigie, vigie: Vigie, home: Path) -> None:
    name = walk(*ALL_PASS, "--promote", "--json").document["certificate"]
    write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=1500, seed=4)
    said = vigie("certificate", "verify", name, "--data", home / "candles")
    assert said.code == 3
    assert "candles of BTC/USDT" in said.err


def test_the_document_has_folds_gates_honesty_and_the_number_of_trials(walk: Vigie) -> None:
    document = walk("--json").document
    assert document["schema"] == "vigie.walk_forward/1"
    assert [fold["test"] for fold in document["folds"]] == [
        [when(600), when(1050)],
        [when(1050), when(1500)],
    ]
    assert [gate["name"] for gate in document["gates"]] == [limit.partition("=")[0] for limit in LAX]
    for name in ("deflated_sharpe", "overfitting_probability"):
        assert document[name] is not None or name in document["undefined"]
    assert document["trials"] == 4


def test_boundaries_are_dates_and_a_fold_cut_off_changes_no_earlier_one(walk: Vigie) -> None:
    whole = walk("--boundaries", "20200125,20200208,20200220,20200301", "--json").document
    part = walk("--boundaries", "20200125,20200208,20200220", "--json").document
    assert [fold["test"][0][:10] for fold in whole["folds"]] == ["2020-01-25", "2020-02-08", "2020-02-20"]
    assert part["folds"] == whole["folds"][:2]


def test_dates_after_the_last_candle_are_refused(walk: Vigie) -> None:
    said = walk("--boundaries", "20200125,20300101")
    assert said.code == 78
    assert "2030-01-01 00:00 lies after the last candle" in said.err


def test_purge_embargo_and_rolling_move_the_dates(walk: Vigie) -> None:
    dates = ("--boundaries", "20200125,20200208,20200301", "--json")
    moved = walk(*dates, "--purge", 24, "--embargo", 48, "--rolling").document["folds"]
    assert [fold["train"][0][:10] for fold in moved] == ["2020-01-01", "2020-01-15"]
    assert [fold["train"][1][:10] for fold in moved] == ["2020-01-24", "2020-02-07"]
    assert [fold["test"][0][:10] for fold in moved] == ["2020-01-27", "2020-02-10"]


def test_points_that_were_swept_are_not_counted_again(walk: Vigie, vigie: Vigie, home: Path) -> None:
    vigie("sweep", "--strategy", "ema_cross", "--data", home / "candles", *GRID)
    vigie("sweep", "--strategy", "ema_cross", "--data", home / "candles", *GRID)
    assert walk("--json").document["trials"] == 4
    assert vigie("trials", "--json").document["trials"] == 4


def test_a_second_walk_forward_is_answered_from_the_store_and_says_so(walk: Vigie) -> None:
    first = walk("--json").document
    assert "4 points (4 from the store)" in walk().err
    second = walk("--json").document
    assert (first["from_store"], second["from_store"], second["points"]) == (0, 4, 4)
    changing = ("from_store",)
    assert {name: value for name, value in second.items() if name not in changing} == {
        name: value for name, value in first.items() if name not in changing
    }


def test_an_unknown_gate_is_a_wrong_setting_and_counts_nothing(walk: Vigie, home: Path) -> None:
    said = walk("--gate", "trads=3")
    assert said.code == 78
    assert "did you mean 'trades'" in said.err
    assert not (home / "state").exists()


@pytest.mark.real_candles
def test_on_real_candles_it_finishes_and_the_gates_decide_the_exit_code(vigie: Vigie, candle_folder: Path) -> None:
    """The first point of 'Done means' of the issue."""
    words = ("--data", candle_folder, "--pairs", "BTC/USDT", "--timeframe", "1h", "--strategy", "ema_stochrsi")
    said = vigie("walk-forward", *words, "--json")
    document = said.document
    assert said.code == (0 if document["passed"] else 3)
    assert document["passed"] == all(gate["passed"] for gate in document["gates"])
    assert (document["parameters"] is not None) == document["passed"]
    assert len(document["folds"]) == 4
    assert len(document["gates"]) == 5
    assert 0.0 <= document["deflated_sharpe"] <= 1.0
    assert 0.0 <= document["overfitting_probability"] <= 1.0
    assert document["trials"] > 1


def test_it_says_first_what_it_ran_on(walk: Vigie) -> None:
    title, *about = walk(*ALL_PASS).out.splitlines()
    assert title == "ema_cross · standard · 1h · BTC/USDT"
    told = " ".join(about[:4])
    assert "(62 days)" in told
    assert "out of sample in 2 tests" in told
    assert "after fee 10 bps and slippage 5 bps a side" in told
    assert "Synthetic data" not in told


def test_made_up_candles_are_refused_before_anything_is_tried_and_counted(vigie: Vigie, home: Path) -> None:
    said = vigie("walk-forward", "--strategy", "ema_cross", *GRID, "--timerange", "-20200930", "--propose")
    assert said.code == 78
    assert "are synthetic" in said.err
    assert "--practice certifies them" in said.err
    assert not (home / "state" / "trials.jsonl").exists()
