"""``vigie backtest`` as it is typed: numbers, options, files, and every way to get it wrong."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from tests.fakes.command_line import Vigie
from tests.fakes.files import lines, write_csv
from vigie.metrics.definitions import DEFINITIONS
from vigie.reporting.numbers import in_unit, money

DAY_MS = 86_400_000
TRADE_COLUMNS = [
    "pair", "side", "entry_at", "exit_at", "entry_price", "exit_price", "quantity", "fees", "slippage", "profit",
    "profit_fraction", "exit_reason", "stop_at_entry", "bars_held",
]  # fmt: skip
EVENT_COLUMNS = ["pair", "type", "at", "price", "quantity", "fee", "profit", "reason"]


@pytest.fixture
def files(home: Path, tmp_path: Path) -> Any:
    """A look at every file below the test's folder, logs aside: name and content."""

    def look() -> dict[str, bytes]:
        found = [path for path in sorted(tmp_path.rglob("*")) if path.is_file() and home / "logs" not in path.parents]
        return {str(path): path.read_bytes() for path in found}

    return look


def backtest(vigie: Vigie, candles: Path, *words: object) -> Any:
    """The JSON document of a run on the made-up candles."""
    said = vigie("backtest", "--data", candles, "--json", *words)
    assert (said.code, said.err) == (0, "")
    return said.document


def table(path: Path) -> list[dict[str, Any]]:
    """Rows of an export, numbers as numbers, instants as text."""
    if path.suffix == ".json":
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return rows
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        rows = pq.read_table(path).to_pylist()
        for row in rows:
            row.update({k: v.strftime("%Y-%m-%dT%H:%M:%SZ") for k, v in row.items() if hasattr(v, "strftime")})
        return rows
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: _cell(text) for name, text in row.items()} for row in csv.DictReader(file)]


def _cell(text: str) -> Any:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


# --- what it says ---


def test_an_empty_home_runs_on_the_sample_market_and_is_told_that_it_never_happened(vigie: Vigie, home: Path) -> None:
    first = vigie("backtest")
    assert first.code == 0
    assert "made the sample market (synthetic candles" in first.err
    assert "ALPHA/SIM BETA/SIM GAMMA/SIM" in first.out
    assert "! Synthetic data: no market ever traded these candles" in first.out
    assert len(list((home / "state" / "candles").glob("synthetic_*_1h.parquet"))) == 3
    again = vigie("backtest")
    assert (again.code, again.out, again.err) == (0, first.out, ""), "made once, the same ever after"
    document = vigie("backtest", "--json", "--pairs", "alpha/sim").document
    assert document["synthetic"] is True
    assert list(document["identity"]["data_hashes"]) == ["ALPHA/SIM"]


def test_the_terminal_and_the_document_say_the_same_numbers(
    vigie: Vigie, candles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    document = backtest(vigie, candles)
    said = vigie("backtest", "--data", candles)
    assert (said.code, said.err) == (0, "")
    shown = re.sub(r" +", " ", said.out)
    for name in ("final_equity", "total_return", "sharpe", "max_drawdown", "win_rate", "profit_factor", "fees"):
        label, unit, value = DEFINITIONS[name].label, DEFINITIONS[name].unit, document["metrics"][name]
        assert re.search(rf"{re.escape(label)} \+?{re.escape(in_unit(value, unit))}(\s|$)", shown), name
    for row in document["pairs"]:
        assert re.search(rf"{row['pair']} {row['trades']} .*{re.escape(money(row['profit'], signed=True))} ", shown)
    quiet = " ".join(shown.partition("refused by none of:")[2].partition("\n\n")[0].split())
    for rule, count in document["refusals"].items():
        name = rule.replace("_", " ")
        assert f"{name} {count:,}" in shown if count else name in quiet
    assert document["metrics"]["trades"] == sum(row["trades"] for row in document["exit_reasons"]) > 10
    assert max(map(len, said.out.splitlines())) <= 100


def test_a_number_that_does_not_exist_is_null_with_a_reason(vigie: Vigie, candles: Path) -> None:
    document = backtest(vigie, candles, "--timerange", "20200101-20200103")
    assert document["metrics"]["trades"] == 0
    assert document["metrics"]["win_rate"] is None
    assert document["undefined"]["win_rate"]
    assert any("No closed trade: fewer than 30" in note for note in document["notes"])


# --- options ---


@pytest.mark.parametrize(
    ("timerange", "start", "end"),
    [
        ("20200115-20200131", "2020-01-15T00:00:00Z", "2020-02-01T00:00:00Z"),
        ("20200301-", "2020-03-01T00:00:00Z", "2020-04-10T00:00:00Z"),
        ("-20200131", "2020-01-01T00:00:00Z", "2020-02-01T00:00:00Z"),
        ("20200115-20200115", "2020-01-15T00:00:00Z", "2020-01-16T00:00:00Z"),
        ("1579046400-1579132800000", "2020-01-15T00:00:00Z", "2020-01-16T00:00:00Z"),
    ],
)
def test_a_timerange_has_open_ends_and_includes_its_last_day(
    vigie: Vigie, candles: Path, timerange: str, start: str, end: str
) -> None:
    scope = backtest(vigie, candles, "--timerange", timerange)["scope"]
    assert (scope["start"], scope["end"]) == (start, end)


def test_capital_and_costs_reach_the_run_by_option_or_by_name(vigie: Vigie, candles: Path) -> None:
    by_option = backtest(vigie, candles, "--capital", 500, "--fee-bps", 7.5, "--slippage-bps", 1)
    settings = by_option["identity"]["settings"]
    assert (settings["capital"], settings["fee_fraction"], settings["slippage_fraction"]) == (500, 0.00075, 0.0001)
    words = [w for s in ("capital=500", "fee_fraction=0.00075", "slippage_fraction=0.0001") for w in ("--param", s)]
    assert backtest(vigie, candles, *words)["metrics"] == by_option["metrics"]
    free = backtest(vigie, candles, "--fee-bps", 0, "--slippage-bps", 0)["metrics"]
    assert (free["fees"], free["slippage"]) == (0, 0)
    assert by_option["metrics"]["fees"] > 0


def test_one_wallet_for_all_pairs_or_one_each(vigie: Vigie, candles: Path) -> None:
    shared = backtest(vigie, candles)
    assert (shared["capital"], shared["identity"]["settings"]["wallet"]) == (10_000, "shared")
    each = backtest(vigie, candles, "--wallet", "per-pair")
    assert each["capital"] == 20_000
    alone = [backtest(vigie, candles, "--pairs", pair)["metrics"]["final_equity"] for pair in ("BTC/USDT", "eth-usdt")]
    assert each["metrics"]["final_equity"] == pytest.approx(sum(alone), rel=1e-12)


def test_any_number_is_reached_by_its_name_and_recorded(vigie: Vigie, candles: Path) -> None:
    given = {
        "fast": "12", "scenario": "sma", "rsi_filter": "off", "trail_atr": "4", "partials": "on", "sizing": "baseline",
        "baseline_fraction": "0.5", "max_open_positions": "1", "drawdown_fraction": "off", "correlation_limit": "OFF",
    }  # fmt: skip
    words = [word for name, value in given.items() for word in ("--param", f"{name}={value}")]
    document = backtest(vigie, candles, *words)
    identity = document["identity"]
    assert identity["overrides"] == given
    parameters = identity["parameters"]
    assert (parameters["fast"], parameters["scenario"], parameters["rsi_filter"]) == (12, "sma", False)
    settings = identity["settings"]
    assert (settings["trail_atr"], settings["partials"], settings["sizing"]) == (4, True, "baseline")
    assert (settings["baseline_fraction"], settings["max_open_positions"]) == (0.5, 1)
    assert settings["drawdown_fraction"] == settings["correlation_limit"] == "off"
    assert not {"drawdown", "correlation"} & set(document["refusals"])
    assert document["refusals"]["max_open_positions"] > 0


@pytest.mark.parametrize("profile", ["standard", "classic-a", "classic-b", "classic-c"])
def test_every_profile_runs_and_names_itself(vigie: Vigie, candles: Path, profile: str) -> None:
    document = backtest(vigie, candles, "--profile", profile)
    assert document["identity"]["profile"] == profile
    assert document["metrics"]["trades"] > 0


@pytest.mark.parametrize("strategy", ["donchian", "ema_cross", "ema_stochrsi", "rsi_reversion"])
def test_every_strategy_runs_and_names_itself(vigie: Vigie, candles: Path, strategy: str) -> None:
    document = backtest(vigie, candles, "--strategy", strategy)
    assert document["identity"]["strategy"] == strategy
    assert document["metrics"]["trades"] > 0


def test_a_long_hole_stops_the_run_unless_it_is_allowed(vigie: Vigie, tmp_path: Path) -> None:
    rows = lines(600)
    del rows[200:440]
    path = write_csv(tmp_path / "test_BTC-USDT_1h.csv", rows)
    said = vigie("backtest", "--data", path)
    assert (said.code, said.out) == (65, "")
    assert "no candles for 10 days, from 2023-11-23 07:00 to 2023-12-03 07:00; holes longer than 7 days" in said.err
    assert vigie("backtest", "--data", path, "--max-hole-days", 10).code == 0
    assert vigie("backtest", "--data", path, "--timerange", "-20231122").code == 0, "the hole is outside the range"


# --- files ---


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet", ".CSV"])
def test_exports_hold_the_same_rows_in_every_format(vigie: Vigie, candles: Path, tmp_path: Path, suffix: str) -> None:
    words = ("--profile", "classic-c", "--param", "trend_filter=off")
    trades, events = tmp_path / f"t{suffix}", tmp_path / f"e{suffix}"
    said = vigie("backtest", "--data", candles, *words, "--export", trades, "--export-events", events)
    assert said.code == 0
    assert said.err == f"written: {trades}\nwritten: {events}\n"
    reference = tmp_path / "r.json", tmp_path / "re.json"
    vigie("backtest", "--data", candles, *words, "--export", reference[0], "--export-events", reference[1])
    for path, expected, columns in zip((trades, events), reference, (TRADE_COLUMNS, EVENT_COLUMNS), strict=True):
        written = table(path.rename(path.with_suffix(suffix.lower())))
        assert written == table(expected)
        assert list(written[0]) == columns
        assert len(written) > 20


@pytest.mark.parametrize(
    "words",
    [
        ["--profile", "standard"],
        ["--profile", "standard", "--wallet", "per-pair", "--param", "partials=on"],
        ["--profile", "classic-a"],
        ["--profile", "classic-b"],
        ["--profile", "classic-c", "--param", "trend_filter=off"],
    ],
    ids=" ".join,
)
def test_exported_profits_explain_the_wallet_to_the_cent(
    vigie: Vigie, candles: Path, tmp_path: Path, words: list[str]
) -> None:
    paths = tmp_path / "t.csv", tmp_path / "e.csv"
    document = backtest(vigie, candles, *words, "--export", paths[0], "--export-events", paths[1], "--quiet")
    trades, events = map(table, paths)
    still_open = sum(one["profit"] for one in document["open_positions"])
    earned = document["metrics"]["final_equity"] - document["capital"]
    assert math.isclose(sum(row["profit"] for row in trades) + still_open, earned, abs_tol=1e-6)
    sells = [row for row in events if row["type"] == "sell"]
    assert sorted(row["profit"] for row in sells) == sorted(row["profit"] for row in trades)
    assert all(row["profit"] is None for row in events if row["type"] == "buy")
    assert len([row for row in events if row["type"] == "buy"]) == len(trades) + len(document["open_positions"])
    for trade in trades:
        own = [e for e in events if e["pair"] == trade["pair"] and trade["entry_at"] <= e["at"] <= trade["exit_at"]]
        own = own[next(i for i, e in enumerate(own) if e["type"] == "buy" and e["price"] == trade["entry_price"]) :]
        own = own[: next(i for i, e in enumerate(own) if e["type"] == "sell") + 1]
        buy, *sales = own
        assert math.isclose(sum(e["quantity"] for e in sales), buy["quantity"], rel_tol=1e-9)
        assert math.isclose(sum(e["fee"] for e in own), trade["fees"], rel_tol=1e-9)
        received = sum(e["price"] * e["quantity"] - e["fee"] for e in sales)
        in_coin = document["identity"]["settings"]["fee_in_base"]
        spent = buy["price"] * trade["quantity"] + (buy["fee"])
        if in_coin:
            spent = buy["fee"] / document["identity"]["settings"]["fee_fraction"]
        assert math.isclose(received - spent, trade["profit"], abs_tol=1e-6)
        assert math.isclose(trade["profit"] / spent, trade["profit_fraction"], rel_tol=1e-9, abs_tol=1e-12)
        assert trade["stop_at_entry"] < trade["entry_price"]
        assert trade["side"] == "long"


def test_the_html_report_is_whole_and_says_what_was_run(vigie: Vigie, candles: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.html"
    document = backtest(vigie, candles, "--report", report, "--param", "fast=17", "--quiet")
    page = report.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert page.endswith("</html>\n")
    for content_hash in (*document["identity"]["data_hashes"].values(), document["identity"]["code_hash"]):
        assert content_hash in page
    for name, value in document["identity"]["parameters"].items():
        assert name in page, name
        assert str(value).lower() in page.lower() or f"{value:g}" in page, name
    changed, _, _ = page.partition("<td>slow</td>")
    assert "<td>fast</td><td><code>17</code></td>" in changed, "what was changed comes first"
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    json.loads(data[1], parse_constant=lambda word: pytest.fail(f"{word} in the page's JSON"))
    outside = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", outside), "nothing is fetched from elsewhere"


def test_outputs_replace_older_ones_and_leave_nothing_beside_them(vigie: Vigie, candles: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "t.csv"
    target.parent.mkdir()
    target.write_text("old")
    assert vigie("backtest", "--data", candles, "--export", target).code == 0
    assert target.read_text(encoding="utf-8").startswith("pair,side,entry_at")
    assert list(target.parent.iterdir()) == [target]


# --- wrong words ---

WRONG: list[tuple[list[str], int, list[str]]] = [
    (["--strategy", "ema_cros"], 78, ["unknown strategy 'ema_cros'; did you mean 'ema_cross'?"]),
    (["--strategy", "../evil"], 78, ["unknown strategy '../evil'; known: donchian"]),
    (["--profile", "classic_a"], 78, ["unknown profile 'classic_a'; did you mean 'classic-a'?"]),
    (["--param", "fsat=20"], 78, ["unknown parameter 'fsat'; did you mean 'fast'?"]),
    (["--param", "fast"], 78, ["'fast' is not of the form NAME=VALUE"]),
    (["--param", "fast=ten"], 78, ["fast=ten: not a whole number"]),
    (["--param", "fast=2.5"], 78, ["fast=2.5: not a whole number"]),
    (["--param", "fast=nan"], 78, ["fast=nan: not a whole number"]),
    (["--param", "fast=60"], 78, ["fast=60 must be below slow=50"]),
    (["--param", "fast=off"], 78, ["fast=off: not a whole number"]),
    (["--param", "fast=1", "--param", "fast=2"], 78, ["'fast' is given twice"]),
    (["--param", "capital=9", "--capital", "9"], 78, ["capital is given both by its option and by --param"]),
    (["--param", "partials=maybe"], 78, ["partials=maybe: say on or off"]),
    (["--param", "scenario=bsae"], 78, ["scenario=bsae: choose one of base, sma, adx, trix"]),
    (["--param", "max_open_positions=offf"], 78, ["max_open_positions=offf: not a whole number"]),
    (
        ["--profile", "standrd", "--param", "fsat=1", "--param", "slow=x", "--param", "trail_atr=-1", "--capital", "0"],
        78,
        [
            "unknown profile 'standrd'; did you mean 'standard'?",
            "unknown parameter 'fsat'; did you mean 'fast'?",
            "slow=x: not a whole number",
            "trail_atr=-1: must lie between 0.1 and 100",
            "capital=0.0: must lie between 1 and 1e+12",
        ],
    ),
    (["--pairs", "ethusdt"], 78, ["'ethusdt' is not a pair: write base and quote with a slash, for instance ETH/USDT"]),
    (["--pairs", "bitcoin"], 78, ["'bitcoin' is not a pair: write base and quote with a slash, for instance BTC/USDT"]),
    (["--pairs", ","], 78, ["no pair given"]),
    (["--pairs", "BTC/USDT,SOL/USDT,DOGE/USDT"], 78, ["no DOGE/USDT here", "no SOL/USDT here"]),
    (["--pairs", "BTC/USDC"], 78, ["no BTC/USDC here; did you mean 'BTC/USDT'?"]),
    (["--timeframe", "1H"], 78, ["'1H' is not a timeframe: write a number and m, h, d or w, perhaps 1h"]),
    (["--timeframe", "hourly"], 78, ["'hourly' is not a timeframe: write a number and m, h, d or w, for instance 1h"]),
    (["--timeframe", "4h"], 78, ["no 4h candles, only 1h; make it with: vigie data resample --timeframe 4h"]),
    (["--timeframe", "5m"], 78, ["no 5m candles, only 1h; say --timeframe 1h"]),
    (["--timerange", "2024-01-01"], 78, ["timerange '2024-01-01' is not of the form FROM-TO"]),
    (["--timerange", "20200230-"], 78, ["there is no day 20200230"]),
    (["--timerange", "20200201-20200101"], 78, ["ends before it starts"]),
    (["--timerange", "20300101-"], 65, ["BTC/USDT: no candles in 2030-01-01 00:00 to ...; there are candles from"]),
    (["--wallet", "own"], 78, ["wallet=own: choose one of shared, per-pair"]),
    (["--fee-bps", "nan"], 78, ["fee_fraction=nan: not a number"]),
    (["--max-hole-days", "nan"], 78, ["must be a number of days"]),
    (["--fee-bps", "-1"], 2, ["'--fee-bps': -1.0 is not in the range"]),
    (["--capital", "much"], 2, ["'--capital': 'much' is not a valid float"]),
    (["--stratgy", "x"], 2, ["No such option '--stratgy'."]),
    (["ETH/USDT"], 2, ["unexpected extra argument (ETH/USDT)"]),
    (["--export", "trades"], 78, ["trades: the name must end in one of .csv, .json, .parquet"]),
    (
        ["--export", "t.xls", "--export-events", "nowhere/e.csv", "--report", "r.pdf"],
        78,
        ["t.xls: the name must end in", "nowhere/e.csv: there is no folder nowhere", "r.pdf: the name must end in"],
    ),
    (["--export", "x.csv", "--export-events", "./x.csv"], 78, ["x.csv: two outputs cannot go into one file"]),
    (["--export", "folder.csv"], 78, ["folder.csv: is a folder"]),
]  # fmt: skip


@pytest.mark.parametrize(("words", "code", "sentences"), WRONG, ids=[" ".join(words) for words, _, _ in WRONG])
def test_a_wrong_word_is_answered_by_a_sentence_an_exit_code_and_nothing_else(
    vigie: Vigie,
    candles: Path,
    files: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    sentences: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    before = files()
    for as_json in ([], ["--json"]):
        said = vigie("backtest", "--data", candles, *words, *as_json)
        assert (said.code, said.out) == (code, "")
        for sentence in sentences:
            assert sentence in said.err
        assert "Traceback" not in said.err
        assert len(said.err.splitlines()) == len(sentences) + (code == 2)
        assert files() == before


def test_a_pair_that_the_store_does_not_have_is_answered_with_where_to_get_it(vigie: Vigie) -> None:
    said = vigie("backtest", "--pairs", "BTC/USDT", "--quiet")
    assert said.code == 78
    assert "no BTC/USDT here; get it with: vigie data download BTC/USDT --timeframe 1h, or name your own" in said.err
    near = vigie("backtest", "--pairs", "ALPA/SIM").err.splitlines()[-1]
    assert "did you mean 'ALPHA/SIM'?" in near
    assert "download" not in near


def test_data_that_is_not_there_or_not_candles_is_a_sentence(vigie: Vigie, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    bad = write_csv(tmp_path / "test_BTC-USDT_1h.csv", ["1700002800000,1,2,nan,1,5"])
    for path, code, sentence in (
        (tmp_path / "nothing", 78, "no such file or folder"),
        (tmp_path / "empty", 65, "no candle files here"),
        (bad, 65, "test_BTC-USDT_1h.csv: row 1 (2023-11-14 23:00): low is not a number"),
    ):
        said = vigie("backtest", "--data", path)
        assert (said.code, said.out) == (code, "")
        assert sentence in said.err


# --- disks ---


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, mounted here."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.name == "nt" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a disk of a size of its own needs the right to mount one")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_a_sentence_and_leaves_no_part_of_a_file(vigie: Vigie, candles: Path, disk: Path) -> None:
    kept = disk / "r.html"
    kept.write_text("the report of yesterday")
    said = vigie("backtest", "--data", candles, "--report", kept)
    assert (said.code, said.out) == (78, "")
    assert said.err == f"error: {kept}: cannot be written: No space left on device\n"
    assert [path.read_text() for path in disk.iterdir()] == ["the report of yesterday"]


def test_a_home_that_cannot_be_written_still_gets_its_first_look(
    disk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    monkeypatch.setenv("VIGIE_HOME", str(disk))
    assert run(["backtest"]) == 0
    assert "Synthetic data" in capsys.readouterr().out
    assert run(["backtest", "--export", str(disk / "t.csv")]) == 78
    assert f"t.csv: the folder {disk} cannot be written" in capsys.readouterr().err
