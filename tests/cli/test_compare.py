"""``vigie compare`` as it is typed, and the files that ``--save`` makes for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.saved import a_result, noise
from vigie.adapters.storage.saved_results import to_file
from vigie.domain.saved_result import ResultKind, SavedResult

RUN = ("backtest", "--strategy", "ema_cross")


@pytest.fixture
def put(tmp_path: Path) -> Any:
    def call(name: str, result: SavedResult) -> Path:
        path = tmp_path / name
        path.write_bytes(to_file(result))
        return path

    return call


# --- what it finds ---


def test_a_result_beside_itself_differs_by_exactly_nothing_and_is_told(vigie: Vigie, put: Any) -> None:
    a, b = put("a.json", a_result()), put("b.json", a_result())
    document = vigie("compare", a, b, "--json").document
    assert document["identical"] is True
    for name in ("mean_return", "annual_sharpe", "total_return", "max_drawdown"):
        drawn = document["difference"][name]
        assert (drawn["observed"], drawn["low"], drawn["high"], drawn["p_value"]) == (0.0, 0.0, 0.0, 1.0), name
    assert document["differing"] == []
    said = vigie("compare", a, b)
    assert said.code == 0
    assert "! Identical: every daily return of the common days is the same in both." in said.out
    assert "what differs" not in said.out


def test_a_planted_daily_gain_is_found(vigie: Vigie, put: Any) -> None:
    better, plain = put("a.json", a_result(returns=noise() + 0.001)), put("b.json", a_result())
    found = vigie("compare", better, plain, "--json").document["difference"]
    for name in ("mean_return", "annual_sharpe", "total_return"):
        assert found[name]["low"] > 0.0, name
        assert found[name]["p_value"] < 0.01, name
        assert found[name]["above"] == 1.0, name
    assert found["mean_return"]["observed"] == pytest.approx(0.001)
    turned = vigie("compare", plain, better, "--json").document["difference"]
    assert turned["mean_return"]["high"] < 0.0


def test_noise_beside_other_noise_is_not_told_apart(vigie: Vigie, put: Any) -> None:
    document = vigie(
        "compare", put("a.json", a_result(returns=noise(1))), put("b.json", a_result(returns=noise(5))), "--json"
    ).document
    assert document["identical"] is False
    assert document["difference"]["mean_return"]["low"] < 0.0 < document["difference"]["mean_return"]["high"]


def test_only_common_days_are_compared_and_they_are_shown(vigie: Vigie, put: Any) -> None:
    whole = noise()
    a = put("a.json", a_result(returns=whole[:300]))
    b = put("b.json", a_result(returns=whole[100:], first=100))
    document = vigie("compare", a, b, "--json").document
    common = document["common_days"]
    assert (common["first"], common["last"], common["count"]) == ("2020-04-10", "2020-10-26", 200)
    assert document["identical"] is True, "the same days by date, though not by place"
    assert [one["what"] for one in document["differing"]] == ["period"]
    out = vigie("compare", a, b).out
    assert "common days: 2020-04-10 to 2020-10-26 (200 days)" in out
    assert "200 common days: yearly numbers are extrapolated" in out


def test_the_same_seed_draws_the_same_histories_and_another_one_others(vigie: Vigie, put: Any) -> None:
    a, b = put("a.json", a_result()), put("b.json", a_result(returns=noise(5)))
    words = ("compare", a, b, "--json", "--paths", 200)
    assert vigie(*words).out == vigie(*words).out
    assert vigie(*words).document["difference"] != vigie(*words, "--seed", 8).document["difference"]
    assert vigie(*words).document["difference"]["paths"] == 200


def test_the_terminal_shows_the_numbers_of_the_document_within_eighty_columns(vigie: Vigie, put: Any) -> None:
    a = put("a.json", a_result(returns=noise() + 0.001))
    b = put("b.json", a_result(ResultKind.WALK_FORWARD, trials=1234))
    out, document = vigie("compare", a, b).out, vigie("compare", a, b, "--json").document
    assert max(map(len, out.splitlines())) <= 80
    assert "…" not in out.replace(str(a), "").replace(str(b), "")
    lines: dict[str, str] = {}
    for line in out.splitlines():
        name = line.split("  ")[0]
        lines[name] = f"{lines.get(name, '')} {line}"
    assert f"{1e4 * document['common_days']['a']['mean_return']:.2f}" in lines["mean day (bps)"]
    assert f"{document['common_days']['b']['sharpe']:.2f}" in lines["Sharpe (days)"]
    for end in ("low", "median", "high"):
        assert f"{1e4 * document['difference']['mean_return'][end]:+.2f}" in lines["mean day (bps)"]
        assert f"{document['difference']['annual_sharpe'][end]:+.2f}" in lines["Sharpe"]
    assert "1,234 trials" in out


# --- what it says aloud ---


def test_everything_that_differs_is_listed_costs_first(vigie: Vigie, put: Any) -> None:
    other = a_result(
        timeframe="4h",
        parameters={"fast": 10, "slow": 50, "short": 1.5},
        settings={"fee_fraction": 0.0007, "slippage_fraction": 0.0005, "trail_atr": 8.0},
        venues={"BTC/USDT": "kraken", "ETH/USDT": "kraken"},
        data_hashes={"BTC/USDT": "d" * 64, "ETH/USDT": "e" * 64},
        code_hash="f" * 64,
    )
    document = vigie("compare", put("a.json", a_result()), put("b.json", other), "--json").document
    found = {one["what"]: (one["first"], one["second"]) for one in document["differing"]}
    assert list(found) == [
        "timeframe", "pairs", "fee_fraction", "fast", "long", "short", "trail_atr", "venue of BTC/USDT",
        "candles of BTC/USDT", "decision code",
    ]  # fmt: skip
    assert found["fee_fraction"] == ("0.001", "0.0007")
    assert found["long"] == ("on", "-")
    assert found["pairs"] == ("BTC/USDT", "BTC/USDT ETH/USDT")
    for sentence in ("The costs differ", "The markets differ", "these are not the same data", "The code differs"):
        assert any(sentence in note for note in document["notes"]), sentence


def test_an_in_sample_result_beside_one_out_of_sample_is_told(vigie: Vigie, put: Any) -> None:
    a, b = put("a.json", a_result()), put("b.json", a_result(ResultKind.WALK_FORWARD, trials=None))
    document = vigie("compare", a, b, "--json").document
    assert (document["a"]["in_sample"], document["b"]["in_sample"]) == (True, False)
    assert any("A is in sample, B is out of sample" in note for note in document["notes"])
    assert any("Behind A stand 12 trials, behind B trials not counted" in note for note in document["notes"])


def test_a_result_that_never_moved_has_no_sharpe_ratio_and_is_told(vigie: Vigie, put: Any) -> None:
    a, b = put("a.json", a_result(returns=np.zeros(400))), put("b.json", a_result())
    document = vigie("compare", a, b, "--json").document
    assert document["common_days"]["a"]["sharpe"] is None
    assert document["common_days"]["a"]["undefined"]["sharpe"] == "returns do not vary"
    assert document["difference"]["annual_sharpe"] is None
    assert "A earned and lost nothing" in vigie("compare", a, b).out


def test_too_few_common_days_have_numbers_but_no_interval(vigie: Vigie, put: Any) -> None:
    a, b = put("a.json", a_result()), put("b.json", a_result(first=390))
    document = vigie("compare", a, b, "--json").document
    assert document["common_days"]["count"] == 10
    assert (document["difference"], document["undefined"]) == (None, {"difference": "fewer than 20 returns"})
    assert "A - B: no interval, fewer than 20 returns" in vigie("compare", a, b).out


def test_a_day_of_which_one_has_only_a_part_is_told(vigie: Vigie, put: Any) -> None:
    whole, hour = a_result(), 3_600_000
    late = put("a.json", a_result(start_at=whole.start_at + 13 * hour))
    early = put("b.json", a_result(end_at=whole.end_at - hour))
    notes = vigie("compare", late, early, "--json").document["notes"]
    assert "A has only a part of the first common day: 2020-01-01 13:00 UTC is its edge." in notes
    assert "B has only a part of the last common day: 2021-02-03 23:00 UTC is its edge." in notes


# --- what it refuses ---


def test_results_without_a_common_day_are_refused(vigie: Vigie, put: Any) -> None:
    said = vigie("compare", put("a.json", a_result()), put("b.json", a_result(first=400)))
    assert (said.code, said.out) == (65, "")
    assert "no day in common: A has 2020-01-01 to 2021-02-03 (400 days)" in said.err


def test_nan_another_schema_and_no_file_are_refused_by_name(vigie: Vigie, put: Any, tmp_path: Path) -> None:
    good = put("a.json", a_result())
    text = good.read_text(encoding="utf-8")
    nan, other = tmp_path / "nan.json", tmp_path / "other.json"
    nan.write_text(text.replace(repr(float(a_result().daily.returns[3])), "NaN"), encoding="utf-8")
    other.write_text(text.replace("vigie.result/1", "vigie.result/9"), encoding="utf-8")
    for wrong, sentence in (
        (nan, "NaN is not a number"),
        (other, "this vigie reads vigie.result/1"),
        (tmp_path / "none.json", "cannot be read: No such file"),
    ):
        for words in ((wrong, good), (good, wrong)):
            said = vigie("compare", *words)
            assert said.code == 65
            assert str(wrong) in said.err
            assert sentence in said.err


# --- the files ---


def test_a_saved_backtest_is_the_document_of_the_command_with_its_days(
    vigie: Vigie, candles: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    said = vigie(*RUN, "--data", candles, "--save", path, "--json")
    assert (said.code, said.err) == (0, f"written: {path}\n")
    saved, document = json.loads(path.read_text(encoding="utf-8")), said.document
    assert saved["schema"] == "vigie.result/1"
    assert (saved["kind"], saved["trials"]) == ("backtest", document["scope"]["trial_count"])
    for name in ("strategy", "profile", "timeframe", "parameters", "settings", "data_hashes", "code_hash", "version"):
        assert saved[name] == document["identity"][name], name
    assert (saved["metrics"], saved["undefined"]) == (document["metrics"], document["undefined"])
    assert saved["venues"] == {"BTC/USDT": "test", "ETH/USDT": "test"}
    assert list(saved["daily_returns"]) == [str(np.datetime64("2020-01-01") + day) for day in range(100)]
    growth = np.prod([1.0 + one for one in saved["daily_returns"].values()])
    assert growth - 1.0 == pytest.approx(document["metrics"]["total_return"])


def test_two_backtests_are_compared_by_their_files(vigie: Vigie, candles: Path, tmp_path: Path) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    vigie(*RUN, "--data", candles, "--save", a)
    vigie(*RUN, "--data", candles, "--param", "fast=7", "--fee-bps", 3, "--timerange", "20200110-", "--save", b)
    said = vigie("compare", a, b, "--json")
    assert (said.code, said.err) == (0, "")
    what = [one["what"] for one in said.document["differing"]]
    assert what == ["period", "fee_fraction", "fast"], "the candles that could be looked at are the same"
    assert (said.document["a"]["trials"], said.document["b"]["trials"]) == (1, 2)


@pytest.mark.long
def test_a_walk_forward_is_saved_with_its_out_of_sample_days_and_compared_with_a_backtest(
    vigie: Vigie, candles: Path, tmp_path: Path
) -> None:
    walked, plain = tmp_path / "w.json", tmp_path / "p.json"
    data = ("--strategy", "ema_cross", "--data", candles, "--pairs", "BTC/USDT")
    grid = ("--grid", "fast=5,12", "--grid", "slow=30,60", "--grid", "warm_up=50")
    said = vigie("walk-forward", *data, *grid, "--min-trades", 1, "--folds", 2, "--save", walked, "--json")
    assert said.code in (0, 3)
    assert f"written: {walked}" in said.err
    saved = json.loads(walked.read_text(encoding="utf-8"))
    assert (saved["kind"], saved["trials"]) == ("walk-forward", 4)
    assert next(iter(saved["daily_returns"])) == said.document["folds"][0]["test"][0][:10]
    growth = np.prod([1.0 + one for one in saved["daily_returns"].values()])
    assert growth * 10_000 == pytest.approx(said.document["out_of_sample"]["final_equity"])
    assert saved["metrics"]["final_equity"] == pytest.approx(said.document["out_of_sample"]["final_equity"])
    chosen = [fold["parameters"]["fast"] for fold in said.document["folds"]]
    assert str(saved["parameters"]["fast"]) in (chosen[0], " | ".join(chosen))
    vigie("backtest", *data, "--save", plain)
    document = vigie("compare", walked, plain, "--json").document
    assert document["common_days"]["count"] == len(saved["daily_returns"])
    assert any("B is in sample, A is out of sample" in note for note in document["notes"])


def test_a_walk_forward_that_chose_nothing_is_not_written_and_says_why(
    vigie: Vigie, candles: Path, tmp_path: Path
) -> None:
    path = tmp_path / "w.json"
    said = vigie(
        "walk-forward", "--strategy", "ema_cross", "--data", candles, "--pairs", "BTC/USDT", "--grid", "fast=5,12",
        "--min-trades", 10_000, "--save", path,
    )  # fmt: skip
    assert said.code == 3
    assert f"not written: {path}; nothing was chosen in any fold" in said.err
    assert not path.exists()


@pytest.mark.parametrize("command", ["backtest", "walk-forward"])
def test_a_file_that_could_not_be_written_is_told_before_anything_runs(
    vigie: Vigie, home: Path, tmp_path: Path, command: str
) -> None:
    for path, sentence in (
        (tmp_path / "a.csv", "the name must end in one of .json"),
        (tmp_path / "no" / "a.json", "there is no folder"),
    ):
        said = vigie(command, "--save", path)
        assert said.code == 78
        assert sentence in said.err
    assert not (home / "state").exists()


def test_a_result_and_the_trades_cannot_go_into_one_file(vigie: Vigie, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    said = vigie("backtest", "--save", path, "--export", path)
    assert (said.code, path.exists()) == (78, False)
    assert "two outputs cannot go into one file" in said.err
