"""Strategies are found by file name, the packaged ones and the user's own."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import strategies
from vigie.domain.errors import ConfigError
from vigie.strategy.params import Params
from vigie.strategy.strategy import extend_search_path, load, names

GOOD = '''"""Buys never. More about it."""

from dataclasses import dataclass

import numpy as np

from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals

PRESETS = {"classic-a": {"span": 7}}


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    span: int = number(5, low=1, high=9, help="nothing")


def signals(candles, parameters):
    nothing = np.zeros(len(candles), dtype=np.bool_)
    unknown = np.full(len(candles), np.nan)
    return Signals.of(entry=nothing, exit=nothing, stop_distance=unknown, volatility=unknown, warm_up=0)
'''


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A user's folder of strategies; what a test adds to the process is taken away again."""
    known_path, known_modules = list(strategies.__path__), set(sys.modules)
    own = tmp_path / "strategies"
    own.mkdir()
    yield own
    strategies.__path__[:] = known_path
    for name in set(sys.modules) - known_modules:
        if name.startswith("strategies."):
            del sys.modules[name]
            vars(strategies).pop(name.removeprefix("strategies."), None)
    importlib.invalidate_caches()


@pytest.fixture
def write(folder: Path) -> Callable[[str, str], Path]:
    def written(name: str, text: str) -> Path:
        path = folder / f"{name}.py"
        path.write_text(text)
        extend_search_path(folder)
        importlib.invalidate_caches()
        return path

    return written


def test_the_packaged_strategies_are_there_with_what_they_say_of_themselves() -> None:
    assert {"donchian", "ema_cross", "ema_stochrsi", "rsi_reversion"} <= set(names())
    for name in names():
        found = load(name)
        assert found.name == name
        assert found.summary.endswith(".")
        assert found.parameters.specs()
        assert found.code_hash == hashlib.sha256(found.path.read_bytes()).hexdigest()


def test_a_strategy_in_the_users_folder_is_found_by_name(write: Callable[[str, str], Path]) -> None:
    path = write("my_own_one", GOOD)
    assert "my_own_one" in names()
    assert "donchian" in names()
    found = load("my_own_one")
    assert found.summary == "Buys never. More about it."
    assert found.path == path
    assert issubclass(found.parameters, Params)
    assert found.presets == {"classic-a": {"span": 7}}
    assert found.propose is None


def test_extending_twice_or_with_a_missing_folder_changes_nothing(folder: Path, tmp_path: Path) -> None:
    extend_search_path(folder)
    once = list(strategies.__path__)
    extend_search_path(folder)
    extend_search_path(tmp_path / "elsewhere" / ".." / "strategies")
    extend_search_path(tmp_path / "missing")
    assert list(strategies.__path__) == once
    assert str(folder) in once


def test_the_same_name_twice_is_refused_and_the_folder_is_not_taken(folder: Path) -> None:
    (folder / "donchian.py").write_text(GOOD)
    (folder / "ema_cross.py").write_text(GOOD)
    with pytest.raises(ConfigError) as caught:
        extend_search_path(folder)
    assert caught.value.problems == (
        f"strategy 'donchian' exists in {folder} and in the package: rename yours",
        f"strategy 'ema_cross' exists in {folder} and in the package: rename yours",
    )
    assert str(folder) not in list(strategies.__path__)


def test_a_file_that_begins_with_an_underscore_is_no_strategy(write: Callable[[str, str], Path]) -> None:
    write("_helpers", "x = 1\n")
    assert "_helpers" not in names()


def test_an_unknown_name_is_answered_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match="unknown strategy 'ema_crsos'; did you mean 'ema_cross'"):
        load("ema_crsos")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def signals(:\n", "strategy 'broken' cannot be imported: SyntaxError: invalid syntax"),
        ("import nowhere_to_be_found\n", "cannot be imported: ModuleNotFoundError: No module named 'nowhere_to_be_"),
        ("1 / 0\n", "strategy 'broken' cannot be imported: ZeroDivisionError: division by zero"),
        ("", "strategy 'broken' defines no class Parameters(Params)"),
        ("Parameters = 3\ndef signals(c, p): ...\n", "strategy 'broken' defines no class Parameters(Params)"),
        (GOOD.replace("def signals", "def sginals"), "defines no function signals(candles, parameters)"),
    ],
)
def test_a_broken_file_is_a_sentence_and_no_traceback(write: Callable[[str, str], Path], text: str, said: str) -> None:
    write("broken", text)
    with pytest.raises(ConfigError) as caught:
        load("broken")
    assert said in str(caught.value)


def test_both_missing_parts_of_a_strategy_are_told_at_once(write: Callable[[str, str], Path]) -> None:
    write("empty", '"""Nothing."""\n')
    with pytest.raises(ConfigError) as caught:
        load("empty")
    assert len(caught.value.problems) == 2


def test_a_strategy_without_a_docstring_says_so(write: Callable[[str, str], Path]) -> None:
    write("silent", GOOD.split("\n", 1)[1])
    assert load("silent").summary == "no description"
