"""The guide to searching: its commands run, its words are those of the code."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.files import write_csv
from tests.fakes.markets_on_disk import rows_of, write_market
from tests.oracles import markets
from vigie.research.optuna_proposer import MOST_STUDIED
from vigie.research.proposers import BATCH, Search

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "sweep.md").read_text(encoding="utf-8")
COMMANDS = [line for fence in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in fence.strip().splitlines()]


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home as the current folder, with candles of two pairs and two lengths."""
    monkeypatch.chdir(home)
    write_market(home / "candles" / "binance_BTC-USDT_1h.csv", rows=1500)
    write_market(home / "candles" / "binance_ETH-USDT_1h.csv", rows=1500, seed=4)
    rows = [row.split(",") for row in rows_of(markets.MAKERS["trending"](1500, 5))]
    slow = [[str(markets.START_MS + 4 * markets.HOUR_MS * at), *row[1:]] for at, row in enumerate(rows)]
    write_csv(home / "candles" / "binance_BTC-USDT_4h.csv", [",".join(row) for row in slow])
    return home


def test_every_command_of_the_guide_runs(vigie: Vigie, folder: Path) -> None:
    assert len(COMMANDS) == 5
    for command in COMMANDS:
        program, *words = shlex.split(command)
        assert program == "vigie"
        said = vigie(*words)
        assert said.code == 0, said.err
        assert " points (" in said.err


def test_every_option_of_the_guide_exists(vigie: Vigie) -> None:
    shown = vigie("sweep", "--help").out
    for option in set(re.findall(r"--[a-z][\w-]*", GUIDE)):
        assert option in shown, option


def test_words_and_numbers_of_the_guide_are_those_of_the_code() -> None:
    assert re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE) == [str(one) for one in Search]
    assert f"in batches of {BATCH} by" in GUIDE
    assert f"{MOST_STUDIED:,} points are the most" in GUIDE


def test_the_guide_is_a_page() -> None:
    assert len(GUIDE.splitlines()) <= 80
