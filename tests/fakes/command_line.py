"""Commands called as the shell calls them, in a home of the test's own."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import strategies
from cli.main import run
from tests.fakes.files import write_csv
from tests.fakes.json_documents import differences
from tests.oracles import markets
from vigie.adapters.storage.locks import locked


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What was printed with ``--json``; it is as docs/json.md says."""
        found = json.loads(self.out, parse_constant=_no_constant)
        wrong = differences(found)
        assert not wrong, wrong
        return found


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")


Vigie = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home, which VIGIE_HOME names; strategies found there are forgotten afterwards."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("VIGIE_HOME", str(folder))
    known_path, known_modules = list(strategies.__path__), set(sys.modules)
    yield folder
    strategies.__path__[:] = known_path
    for name in set(sys.modules) - known_modules:
        if name.startswith("strategies."):
            del sys.modules[name]
            vars(strategies).pop(name.removeprefix("strategies."), None)
    importlib.invalidate_caches()


@pytest.fixture
def vigie(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Vigie:
    """Call ``vigie WORDS``, 80 columns wide."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words: object) -> Said:
        code = run([*map(str, words)])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with made-up hourly candles of BTC/USDT and ETH/USDT, 2020-01-01 to 2020-04-09; they trade often."""
    folder = tmp_path_factory.mktemp("candles")
    for seed, coin in enumerate(("BTC", "ETH"), start=3):
        market = markets.trending(2400, seed, volatility=0.012)
        rows = [",".join(map(repr, (int(at), *rest))) for at, *rest in zip(*market.values(), strict=True)]
        write_csv(folder / f"test_{coin}-USDT_1h.csv", rows)
    return folder


@pytest.fixture(scope="session")
def replayed(tmp_path_factory: pytest.TempPathFactory, candles: Path) -> Path:
    """A home with a finished replay of two weeks; `replayed_account` copies it. One for all processes of a test run."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, done = shared / "replayed", shared / "replayed.done"
    with locked(shared / "replayed.lock"):
        if not done.exists():
            _replay(folder, candles)
            done.touch()
    return folder


def _replay(folder: Path, candles: Path) -> None:
    folder.mkdir()
    words = "paper --replay --account replay-1 --timerange 20200120-20200203 --quiet --json --param cooldown_bars=30"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VIGIE_HOME", str(folder))
        assert run([*words.split(), "--data", str(candles)]) == 0


@pytest.fixture
def replayed_account(home: Path, replayed: Path) -> Path:
    """The folder of account ``replay-1`` in this test's home, to be changed as it likes."""
    shutil.copytree(replayed / "state", home / "state")
    return home / "state" / "replay-1"
