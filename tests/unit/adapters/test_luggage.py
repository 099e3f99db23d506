"""A strategy that travels is the same where it arrives, or is refused."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.command_line import home
from vigie.adapters.workers.luggage import MOST_BYTES, builds, packed, require_same, unpacked
from vigie.domain.errors import ConfigError
from vigie.strategy.strategy import extend_search_path, load

__all__ = ["home"]

EMA = (Path(__file__).resolve().parents[3] / "strategies" / "ema_cross.py").read_text(encoding="utf-8")


@pytest.fixture
def folder(home: Path) -> Path:
    made = home / "strategies"
    (made / "deeper").mkdir(parents=True)
    (made / "traveller.py").write_text(EMA)
    (made / "_helper.py").write_text("FACTOR = 2\n")
    (made / "deeper" / "more.py").write_text("MORE = 3\n")
    (made / "notes.txt").write_text("no Python")
    extend_search_path(made)
    return made


def test_a_strategy_that_comes_with_vigie_travels_without_files() -> None:
    luggage = packed(load("ema_cross"))
    assert luggage.files == {}
    assert unpacked(luggage).code_hash == load("ema_cross").code_hash


def test_a_users_strategy_travels_with_every_python_file_beside_it(folder: Path) -> None:
    luggage = packed(load("traveller"))
    assert sorted(luggage.files) == ["_helper.py", "deeper/more.py", "traveller.py"]
    assert luggage.files["_helper.py"] == b"FACTOR = 2\n"
    assert pickle.loads(pickle.dumps(luggage)) == luggage


def test_too_many_bytes_are_refused(folder: Path) -> None:
    (folder / "_large.py").write_text("#" * MOST_BYTES)
    with pytest.raises(ConfigError, match="too many to send"):
        packed(load("traveller"))


def test_another_file_under_the_same_name_is_refused() -> None:
    luggage = replace(packed(load("ema_cross")), code_hash="0" * 64)
    with pytest.raises(ConfigError, match="'ema_cross' of this worker is another one"):
        unpacked(luggage)


@pytest.mark.parametrize("name", list(builds()))
def test_whoever_would_compute_something_else_is_refused_and_told_why(name: str) -> None:
    with pytest.raises(ConfigError, match=f"box is not built like this vigie .{name} 0.0, here "):
        require_same(builds(), {**builds(), name: "0.0"}, "box")
    require_same(builds(), builds(), "box")
    other = replace(packed(load("ema_cross")), built={**builds(), name: "0.0"})
    with pytest.raises(ConfigError, match="this worker"):
        unpacked(other)
