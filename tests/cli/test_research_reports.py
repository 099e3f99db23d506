"""Files that searches write: the same numbers as the document, refused before anything is computed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.pages import Page, data_of, seen

PLAIN = ("--strategy", "ema_cross", "--pairs", "BTC/USDT", "--min-trades", 1)
GRID = ("--grid", "fast=5,12", "--grid", "slow=30,60,90", "--grid", "stop_atr=2,3", "--grid", "warm_up=50")


def test_a_sweep_writes_its_page_and_its_table_with_the_numbers_of_the_document(
    vigie: Vigie, candles: Path, tmp_path: Path
) -> None:
    page, table = tmp_path / "s.html", tmp_path / "s.json"
    said = vigie("sweep", "--data", candles, *PLAIN, *GRID, "--report", page, "--export", table, "--json")
    assert said.code == 0
    assert f"written: {page}" in said.err
    document, rows = said.document, json.loads(table.read_text(encoding="utf-8"))
    best = document["points"][0]
    assert len(rows) == document["tried"] == 12
    assert max(row["sharpe"] for row in rows) == best["metrics"]["sharpe"]
    text = page.read_text(encoding="utf-8")
    top = next(one for one in Page(text).tables if one[0][0] == "rank")
    assert top[1][1:5] == list(best["parameters"].values())
    assert f"{best['metrics']['sharpe']:.2f}" in top[1]
    assert data_of(text)["distribution"]["luck"] == document["best_sharpe_by_luck"]
    assert f"{document['trials']} trials" in seen(text)
    assert "over stop_atr" in seen(text)


def test_the_axes_of_the_heat_map_are_chosen(vigie: Vigie, candles: Path, tmp_path: Path) -> None:
    page = tmp_path / "s.html"
    assert vigie("sweep", "--data", candles, *PLAIN, *GRID, "--report", page, "--heat", "fast, stop_atr").code == 0
    assert Page(page.read_text(encoding="utf-8")).tables[0][-1] == ["stop_atr ↑ fast →", "5", "12"]


@pytest.mark.parametrize(
    ("command", "words", "sentence"),
    [
        ("sweep", ("--heat", "fast,slow"), "say --report"),
        ("sweep", ("--report", "r.html", "--heat", "fsat,slow"), "did you mean 'fast'"),
        ("sweep", ("--report", "r.pdf"), "the name must end in one of .html"),
        ("sweep", ("--export", "nowhere/p.csv"), "there is no folder"),
        ("walk-forward", ("--report", "r.pdf"), "the name must end in one of .html"),
        ("walk-forward", ("--export", "a.csv", "--export-folds", "a.csv"), "two outputs cannot go into one file"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_counted(
    vigie: Vigie, candles: Path, home: Path, command: str, words: tuple[str, ...], sentence: str
) -> None:
    said = vigie(command, "--data", candles, *PLAIN, *GRID, *words)
    assert said.code == 78
    assert sentence in " ".join(said.err.split())
    assert not (home / "state").exists()


@pytest.fixture
def walk(vigie: Vigie, candles: Path, tmp_path: Path) -> Path:
    """A folder with everything that a walk-forward writes, ``said.json`` what it said."""
    files = ("--report", tmp_path / "w.html", "--export", tmp_path / "e.json", "--export-folds", tmp_path / "f.json")
    said = vigie("walk-forward", "--data", candles, *PLAIN, *GRID, "--folds", 2, *files, "--json")
    assert said.code == 3, "it writes what it found though a gate is not passed"
    assert said.err.count("written: ") == 3
    (tmp_path / "said.json").write_text(said.out)
    return tmp_path


def test_a_walk_forward_writes_its_page_and_its_tables_with_the_numbers_of_the_document(walk: Path) -> None:
    document, equity, folds = (json.loads((walk / f"{name}.json").read_text()) for name in ("said", "e", "f"))
    assert equity[-1]["equity"] == document["out_of_sample"]["final_equity"]
    for row, fold in zip(folds, document["folds"], strict=True):
        assert row["out_sharpe"] == fold["out_of_sample"]["sharpe"]
        assert str(row["fast"]) == fold["parameters"]["fast"]
    text = (walk / "w.html").read_text(encoding="utf-8")
    gates = next(one for one in Page(text).tables if one[0][0] == "gate")
    assert [row[3] == "passed" for row in gates[1:]] == [gate["passed"] for gate in document["gates"]]
    assert ("FAILED" if not document["passed"] else "PASSED") in seen(text)
    assert [fold["outside"] for fold in data_of(text)["folds"]] == [
        fold["out_of_sample"]["sharpe"] for fold in document["folds"]
    ]
    assert set(document["grid"]) == {"fast", "slow", "stop_atr", "warm_up"}
    assert document["grid"]["slow"] == ["30", "60", "90"]


@pytest.mark.long
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_browser_draws_every_page_without_an_error(vigie: Vigie, candles: Path, walk: Path, theme: str) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no browser")
    one_axis = ("--grid", "fast=5,12,20")
    assert vigie("sweep", "--data", candles, *PLAIN, *GRID, "--report", walk / "s.html").code == 0
    assert vigie("sweep", "--data", candles, *PLAIN, *one_axis, "--report", walk / "line.html").code == 0
    assert vigie("backtest", "--data", candles, "--report", walk / "b.html").code == 0
    drawn = {"s": ["distribution"], "line": ["line", "distribution"], "w": ["equity", "in-out"], "b": ["curves"]}
    for name, plots in drawn.items():
        words = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=8000")
        address = f"file://{walk / name}.html#{theme}"
        done = subprocess.run([browser, *words, "--dump-dom", address], capture_output=True, text=True, check=True)
        assert "Uncaught" not in done.stderr, name
        assert "CONSOLE" not in done.stderr, name
        assert f'data-theme="{theme}"' in done.stdout
        for plot in plots:
            assert re.search(rf'id="{plot}" class="plot[^>]*>.{{0,200}}plot-container', done.stdout, re.DOTALL), plot
