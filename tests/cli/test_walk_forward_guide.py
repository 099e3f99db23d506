"""The guide's commands do what the guide says."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from cli.main import run
from tests.fakes.markets_on_disk import write_market
from vigie.adapters.workers.local import LEAST, PACE_MS
from vigie.research.folds import FIRST_TRAINING_FRACTION, LEAST_TRAINING
from vigie.research.gates import GateSettings

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "walk_forward.md").read_text(encoding="utf-8")
COMMANDS = [line for fence in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in fence.strip().splitlines()]


def test_every_command_of_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_market(tmp_path / "candles" / "binance_BTC-USDT_1h.csv", rows=2400)
    monkeypatch.setenv("VIGIE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 7
    codes, told = {}, {}
    for command in COMMANDS:
        program, *words = shlex.split(command)
        assert program == "vigie"
        codes[command] = run(words)
        said = capsys.readouterr()
        told[command] = said.out
        assert codes[command] in ((0, 3) if words[0] == "walk-forward" else (0,)), said.err
        assert ("every gate is passed: no parameters" in said.err) == (codes[command] == 3)
    assert told["vigie trials"].startswith("12 trials"), "the same points by three commands"


@pytest.mark.parametrize("words", re.findall(r"`vigie ([\w -]+)`", GUIDE))
def test_every_command_that_the_guide_mentions_exists(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words.replace(" --help", "").split(), "--help"]) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("option", sorted({word for line in re.findall(r"`([^`\n]*)`", GUIDE)
                                           for word in re.findall(r"--[\w-]+", line)} - {"--help"}))  # fmt: skip
def test_every_option_that_the_guide_mentions_exists(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("walk-forward", "sweep"):
        run([command, "--help"])
    assert option in capsys.readouterr().out


def test_the_limits_in_the_guide_are_those_of_the_code() -> None:
    rows = [line.split("|") for line in GUIDE.splitlines() if line.startswith("| ") and "---" not in line]
    needed = [cells[3].strip() for cells in rows[1:6]]
    gates = GateSettings()
    assert needed == [
        f"above {gates.mean_sharpe:g}",
        f"above {gates.win_rate:.0%}".replace("%", " %"),
        f"at least {gates.trades}",
        f"at least {gates.folds}",
        f"at least {gates.out_in_ratio:g}",
    ]
    assert len(fields(gates)) == len(needed)
    assert f"the first {FIRST_TRAINING_FRACTION:.0%}".replace("%", " %") in GUIDE
    assert f"in chunks of {PACE_MS / 1000:g} seconds and {LEAST} points at least" in GUIDE
    assert f"({LEAST_TRAINING} at least)" in GUIDE


def test_the_guide_is_a_page() -> None:
    assert len(GUIDE.splitlines()) <= 100
