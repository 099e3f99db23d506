"""The main job, as a person does it: whole processes, real candles, files that another program reads."""

from __future__ import annotations

import csv
import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args

import pytest

from tests.fakes.command_line import Said, Vigie
from tests.oracles import classic
from tests.oracles.classic import ClassicSettings, Event
from tests.oracles.classic_filters import Columns
from tests.oracles.classic_settings import Scenario

HOUR_MS = 3_600_000
LAST_MODULES = "import sys; from cli.main import run; code = run(sys.argv[1:]); "


def process(home: Path, *words: object, script: str = LAST_MODULES + "sys.exit(code)") -> Said:
    """``vigie WORDS`` in a process of its own, with its own home."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        capture_output=True,
        text=True,
        env=os.environ | {"VIGIE_HOME": str(home), "COLUMNS": "100"},
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("report", [False, True])
def test_a_backtest_never_imports_ccxt_and_the_chart_library_at_most_for_a_report(tmp_path: Path, report: bool) -> None:
    words = ["backtest", "--quiet", "--json", *(["--report", str(tmp_path / "r.html")] if report else [])]
    listing = LAST_MODULES + "sys.stderr.write(' '.join({n.partition('.')[0] for n in sys.modules})); sys.exit(code)"
    said = process(tmp_path, *words, script=listing)
    assert said.code == 0
    assert said.document["metrics"]["trades"] > 30
    loaded = set(said.err.split())
    assert "numba" in loaded, "the list is that of the whole run"
    assert not loaded & {"ccxt", "aiohttp", "requests"}
    if not report:
        assert "plotly" not in loaded


def test_an_interrupted_run_ends_with_a_word_and_130(tmp_path: Path) -> None:
    # As a shell starts it: this process may run where interrupts are ignored. The clock starts behind the import.
    child = (
        "import cli.main, os, signal, threading; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start(); "
    )
    # Two hundred thousand cuts: far longer than the half second.
    said = process(
        tmp_path, "strategy", "check", "donchian", "--cuts", 100_000, script=child + LAST_MODULES + "sys.exit(code)"
    )
    assert (said.code, said.out) == (130, "")
    assert said.err.endswith("interrupted\n")
    assert "Traceback" not in said.err


# --- real candles ---


@pytest.mark.long
@pytest.mark.real_candles
def test_five_years_of_three_coins_in_one_go(candle_folder: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.html"
    said = process(
        tmp_path, "backtest", "--data", candle_folder, "--pairs", "BTC/USDT,ETH/USDT,SOL/USDT", "--timeframe", "1h",
        "--timerange", "20200101-20250630", "--report", report, "--json",
    )  # fmt: skip
    assert (said.code, said.err) == (0, f"written: {report}\n")
    document = said.document
    assert (document["synthetic"], [row["pair"] for row in document["pairs"]]) == (
        False, ["BTC/USDT", "ETH/USDT", "SOL/USDT"],
    )  # fmt: skip
    assert (document["scope"]["start"], document["scope"]["end"]) == ("2020-01-01T00:00:00Z", "2025-07-01T00:00:00Z")
    assert document["metrics"]["trades"] == sum(row["trades"] for row in document["pairs"]) > 100
    assert 0 < document["metrics"]["max_drawdown"] < 0.5
    # BTC, ETH (2020-01-01 open to 2025-06-30 close) and SOL (from its first candle), a third each, from the files.
    held = sum(last / first for first, last in (_held(candle_folder, coin) for coin in ("BTC", "ETH", "SOL"))) / 3
    assert document["metrics"]["hold_final_equity"] == pytest.approx(10_000 * held, rel=1e-9)
    page = report.read_text(encoding="utf-8")
    assert page.endswith("</html>\n")
    for content_hash in document["identity"]["data_hashes"].values():
        assert content_hash in page
    again = process(
        tmp_path, "backtest", "--data", candle_folder, "--pairs", "SOL/USDT,ETH/USDT,BTC/USDT", "--timeframe", "1h",
        "--timerange", "20200101-20250630", "--json",
    )  # fmt: skip
    assert again.document == document, "the same candles and words, the same numbers"


def _held(folder: Path, coin: str) -> tuple[float, float]:
    with gzip.open(folder / f"binance_{coin}-USDT_1h.csv.gz", "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if int(row["timestamp"]) >= 1_577_836_800_000]
    return float(rows[0]["open"]), float(rows[-1]["close"])


def market(path: Path) -> Columns:
    """A candle file as the oracle reads it, with the csv module only."""
    text = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).decode()
    rows = list(csv.DictReader(text.splitlines()))
    names = {"opens_at": "timestamp"} | {name: name for name in ("open", "high", "low", "close", "volume")}
    return {ours: [float(row[theirs]) for row in rows] for ours, theirs in names.items()}


def assert_follows(exported: Path, candles: Columns, expected: list[Event], candle_ms: int, capital: float) -> None:
    """Type, order, time, price and reason of each event; profit to 1e-9 of the wallet."""
    with exported.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["type"] for row in rows] == [event.kind for event in expected]
    wallet = capital
    for row, event in zip(rows, expected, strict=True):
        closes_at = datetime.fromtimestamp((candles["opens_at"][event.row] + candle_ms) / 1000, UTC)
        assert row["at"] == closes_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        assert float(row["price"]) == event.price, "to the last digit"
        assert float(row["quantity"]) == pytest.approx(event.quantity, rel=1e-9)
        if event.profit is None:
            assert row["profit"] == ""
        else:
            assert abs(float(row["profit"]) - event.profit) <= 1e-9 * wallet
            assert row["reason"] == event.reason
            wallet += event.profit


@pytest.mark.real_candles
@pytest.mark.parametrize("scenario", get_args(Scenario))
@pytest.mark.parametrize("timeframe", ["1h", "4h", "1d"])
def test_classic_a_follows_the_original_on_real_candles(
    vigie: Vigie, candle_folder: Path, tmp_path: Path, timeframe: str, scenario: str
) -> None:
    file = candle_folder / "binance_SOL-USDT_1h.csv.gz"
    if timeframe != "1h":
        made = tmp_path / f"binance_SOL-USDT_{timeframe}.csv"
        assert vigie("data", "resample", "--data", file, "--timeframe", timeframe, "--output", made).code == 0
        file = made
    events = tmp_path / "e.csv"
    said = vigie(
        "backtest", "--profile", "classic-a", "--strategy", "ema_stochrsi", "--param", "fast=26", "--param", "slow=50",
        "--param", f"scenario={scenario}", "--data", file, "--export-events", events,
        "--timeframe", timeframe, "--json",
    )  # fmt: skip
    assert said.code == 0
    candles = market(file)
    expected = classic.run("a", candles, ClassicSettings(fast=26, slow=50, scenario=cast(Scenario, scenario)))
    candle_ms = {"1h": 1, "4h": 4, "1d": 24}[timeframe] * HOUR_MS
    assert len(expected.events) > {"1h": 400, "4h": 80, "1d": 10}[timeframe]
    assert_follows(events, candles, expected.events, candle_ms, 10_000.0)
    assert said.document["metrics"]["final_equity"] == pytest.approx(expected.final_wallet, rel=1e-9)


@pytest.mark.real_candles
def test_the_constants_of_classic_a_are_parameters(vigie: Vigie, candle_folder: Path, tmp_path: Path) -> None:
    file, events = candle_folder / "binance_SOL-USDT_1h.csv.gz", tmp_path / "e.csv"
    given = ("fast=26", "slow=50", "scenario=adx", "trail_atr=5.0", "stop_atr=2", "fee_fraction=0.001")
    words = [word for one in given for word in ("--param", one)]
    said = vigie("backtest", "--profile", "classic-a", "--data", file, "--export-events", events, "--json", *words)
    assert said.code == 0
    candles = market(file)
    settings = ClassicSettings(scenario="adx", trailing_atr=5.0, stop_atr=2.0, fee=0.001)
    assert_follows(events, candles, classic.run("a", candles, settings).events, HOUR_MS, 10_000.0)


@pytest.mark.real_candles
def test_a_resampled_timeframe_goes_through_the_store_as_the_sentence_says(
    vigie: Vigie, candle_folder: Path, tmp_path: Path
) -> None:
    file = candle_folder / "binance_SOL-USDT_1h.csv.gz"
    refused = vigie("backtest", "--data", file, "--timeframe", "4h")
    assert refused.code == 78
    advice = f"vigie data resample --timeframe 4h --pairs SOL/USDT --data {file}"
    assert f"make it with: {advice} (it goes into the store: then run without --data)" in refused.err
    assert vigie(*advice.split()[1:]).code == 0
    run = vigie("backtest", "--pairs", "SOL/USDT", "--timeframe", "4h", "--json")
    assert run.code == 0
    four = tmp_path / "four.csv"
    vigie("data", "resample", "--data", file, "--timeframe", "4h", "--output", four)
    assert run.document["metrics"] == vigie(
        "backtest", "--data", four, "--pairs", "SOL/USDT", "--timeframe", "4h", "--json"
    ).document["metrics"]  # fmt: skip


def test_the_document_on_stdout_is_one_line_of_work_for_another_program(tmp_path: Path) -> None:
    piped = process(tmp_path, "backtest", "--json", "--quiet")
    assert json.loads(piped.out)["schema"] == "vigie.backtest/1"
