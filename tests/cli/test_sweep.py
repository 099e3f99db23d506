from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.command_line import Said, Vigie
from tests.fakes.markets_on_disk import write_market
from vigie.adapters.workers.local import LEAST

GRID = ("--grid", "fast=5,12", "--grid", "slow=30,60", "--grid", "warm_up=50")
SLOW_STRATEGY = '''
"""A strategy that takes its time."""

from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import Candles
from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    """One number."""

    turns: int = number(1, low=1, high=1000, help="does nothing")


def signals(candles: Candles, parameters: Parameters) -> Signals:
    """Works long, wishes nothing."""
    total = 0.0
    for _ in range(2):
        total += float(np.sort(np.sin(np.arange(40_000.0))).sum())
    rows = len(candles)
    return Signals.of(
        entry=np.zeros(rows, dtype=np.int8), exit=np.zeros(rows, dtype=np.bool_),
        stop_distance=np.ones(rows), volatility=np.ones(rows), warm_up=1,
    )
'''


@pytest.fixture
def sweep(vigie: Vigie, home: Path) -> Vigie:
    data = write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=1500)

    def call(*words: object) -> Said:
        return vigie("sweep", "--strategy", "ema_cross", "--data", data, "--min-trades", 1, *words)

    return call


def test_a_sweep_shows_the_best_points_and_says_that_they_are_in_sample(sweep: Vigie) -> None:
    said = sweep(*GRID)
    assert said.code == 0
    assert "in sample, best first" in said.out
    assert "the best of many tries looks good by luck alone" in said.err
    assert "4 trials counted so far" in said.err


def test_the_document_holds_every_ranked_point_and_the_facts_of_the_search(sweep: Vigie) -> None:
    document = sweep(*GRID, "--json").document
    assert document["schema"] == "vigie.sweep/1"
    assert (document["tried"], document["from_store"], document["trials"], document["in_sample"]) == (4, 0, 4, True)
    sharpe = [point["metrics"]["sharpe"] for point in document["points"]]
    assert len(sharpe) == 4
    assert sharpe == sorted(sharpe, reverse=True)
    assert set(document["points"][0]["parameters"]) == {"fast", "slow", "warm_up"}


def test_the_numbers_are_those_of_the_backtest_command(sweep: Vigie, vigie: Vigie, home: Path) -> None:
    best = sweep(*GRID, "--json").document["points"][0]
    params = [word for name, value in best["parameters"].items() for word in ("--param", f"{name}={value}")]
    alone = vigie("backtest", "--strategy", "ema_cross", "--data", home / "candles", *params, "--json").document
    for name in ("final_equity", "total_return", "max_drawdown", "trades"):
        assert best["metrics"][name] == alone["metrics"][name]
    # A sum over the returns, which a search adds up in another order.
    assert best["metrics"]["sharpe"] == pytest.approx(alone["metrics"]["sharpe"], rel=1e-12)
    assert alone["scope"]["trial_count"] == 4, "the point was counted by the sweep"


def test_a_second_sweep_is_answered_from_the_store_and_says_so(sweep: Vigie) -> None:
    first = sweep(*GRID, "--json").document
    said = sweep(*GRID)
    assert "4 points (4 from the store)" in said.err
    second = sweep(*GRID, "--json").document
    assert second["from_store"] == second["trials"] == 4
    assert second["points"] == first["points"]


def test_few_trades_are_told_apart_from_no_result(sweep: Vigie) -> None:
    document = sweep(*GRID, "--min-trades", 10_000, "--json").document
    assert (document["points"], document["too_few_trades"]) == ([], 4)
    assert sweep(*GRID, "--min-trades", 10_000).code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--grid", "fsat=5"), "did you mean 'fast'"),
        (("--grid", "fast=5", "--grid", "fast=7"), "'fast' is searched twice"),
        (("--objective", "sharp"), "unknown objective"),
        (("--grid", "fast=5", "--param", "fast=7"), "both searched and fixed"),
    ],
)
def test_a_wrong_word_is_a_wrong_setting_and_counts_nothing(
    sweep: Vigie, home: Path, words: tuple[str, ...], sentence: str
) -> None:
    said = sweep(*words)
    assert said.code == 78
    assert sentence in said.err
    assert not (home / "state").exists()


@pytest.mark.long
def test_an_interrupted_sweep_keeps_what_it_finished_and_exits_130(home: Path) -> None:
    data = write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=600)
    (home / "strategies").mkdir()
    (home / "strategies" / "slow.py").write_text(SLOW_STRATEGY)
    store = home / "state" / "results.db"
    words = ["sweep", "--strategy", "slow", "--data", str(data), "--grid", "turns=1:1000:1", "--json"]
    # As a shell starts it: this process may run where interrupts are ignored.
    script = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", script, *words],
        env={**os.environ, "VIGIE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        rows = 0
        while rows == 0 and running.poll() is None:
            rows = kept(store)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
        running.wait()
    assert running.returncode == 130, err
    assert out == ""
    assert "interrupted" in err
    finished = kept(store)
    assert LEAST <= finished < 1000, "whole chunks"
    ledger = (home / "state" / "trials.jsonl").read_text(encoding="utf-8")
    assert len(ledger.splitlines()) == 1, "the whole search is counted: it was begun"
    again = subprocess.run(
        [sys.executable, "-c", script, *words[:-2], f"turns=1:{finished}:1", "--json"],
        env={**os.environ, "VIGIE_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(again.stdout)["from_store"] == finished


def kept(store: Path) -> int:
    import sqlite3
    from contextlib import closing

    if not store.exists():
        return 0
    try:
        with closing(sqlite3.connect(store, timeout=5)) as connection:
            (rows,) = connection.execute("select count(*) from results").fetchone()
            return int(rows)
    except sqlite3.OperationalError:
        return 0


def test_a_sweep_says_first_what_it_ran_on(sweep: Vigie) -> None:
    title, *about = sweep(*GRID).out.splitlines()
    assert title == "ema_cross · standard · 1h · BTC/USDT"
    told = " ".join(about[:4])
    assert "(62 days)" in told
    assert "in sample · after fee 10 bps and slippage 5 bps a side" in told


def test_a_sweep_over_cells_names_them_all_and_what_is_made_up(vigie: Vigie) -> None:
    words = (
        "--strategy",
        "ema_cross",
        "--grid",
        "fast=5",
        "--timerange",
        "-20200930",
        "--each-pair",
        "--min-trades",
        1,
    )
    said = vigie("sweep", *words, "--pairs", "ALPHA/SIM,BETA/SIM")
    assert said.out.splitlines()[0] == "ema_cross · standard · 1h · ALPHA/SIM BETA/SIM"
    assert "! Synthetic data: no market ever traded these candles (ALPHA/SIM, BETA/SIM)." in said.out.replace("\n ", "")
