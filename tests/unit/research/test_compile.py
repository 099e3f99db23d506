"""Compiled code is made of the very functions that live calls, and can never be stale."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vigie
from tests.unit.decision.cases import facts
from vigie.decision import weighing
from vigie.decision.facts import Facts
from vigie.decision.gate import refusals, rule_names
from vigie.decision.registry import sizing_rules
from vigie.decision.sizing.wanted import Wanted
from vigie.domain.errors import ConfigError
from vigie.research import compile as research_compile
from vigie.research.compile import ROOMS, assemble, cache_folder, hash_of_sources, source_hash
from vigie.research.kernel import entries
from vigie.research.kernel.walk import walk

PACKAGE = Path(str(vigie.__file__)).parent


# --- one code object --------------------------------------------------------------------------------------------------


def taken_apart() -> dict[str, FunctionType]:
    """Every function below the loop, by its name, as a compiler is handed it."""
    seen: dict[str, FunctionType] = {}

    def remember(function: FunctionType) -> FunctionType:
        seen[f"{function.__module__}.{function.__qualname__}"] = function
        return function

    assert assemble(remember).__code__ is walk.__code__
    return seen


def original(name: str) -> Any:
    module, _, function = name.rpartition(".")
    return getattr(sys.modules[module], function)


def test_the_loop_is_made_of_the_very_code_that_live_calls() -> None:
    seen = taken_apart()
    assert {
        "vigie.decision.position_rules.advance",
        "vigie.decision.position_rules.effective_stop",
        "vigie.decision.correlation.correlation",
        "vigie.decision.rules.daily_loss.refuses",
        "vigie.decision.sizing.risk.units",
        "vigie.simulation.fills.stop_limit_fill",
    } <= set(seen)
    for name, function in seen.items():
        assert function.__code__ is original(name).__code__, name


def test_every_function_that_takes_part_stands_in_a_room_that_is_hashed() -> None:
    assert {name.split(".")[1] for name in taken_apart()} <= set(ROOMS)


def test_the_plain_functions_are_left_as_they_were() -> None:
    size, gate = weighing.size, weighing.gate
    assemble()
    assert (weighing.size, weighing.gate, entries.weigh) == (size, gate, weighing.weigh)


def test_the_chains_say_what_the_plain_functions_say_in_whose_place_they_are_linked() -> None:
    wanted = Wanted(10_000.0, 5_000.0, 100.0, 3.0, 2.0)
    for index in range(len(sizing_rules())):
        assert SIZE(index, wanted, 0.02) == weighing.size(index, wanted, 0.02)
    limits = np.array([math.nan if one % 2 else 0.02 for one in range(len(rule_names()))])
    assert GATE(facts(), limits) == weighing.gate(facts(), limits) != 0


def test_what_is_no_plain_function_cannot_take_part() -> None:
    with pytest.raises(TypeError, match="not a plain function: it cannot take part in compiled code"):
        research_compile._rebuilt(len, {}, lambda function: function)


# --- the chains of rules ----------------------------------------------------------------------------------------------

SIZE = research_compile._link_sizing(lambda function: function)
GATE = research_compile._link_gate(lambda function: function)


def test_the_chain_of_sizing_rules_answers_for_each_rule_and_not_for_others() -> None:
    wanted = Wanted(10_000.0, 5_000.0, 100.0, 3.0, 2.0)
    for index, rule in enumerate(sizing_rules()):
        assert SIZE(index, wanted, 0.02) == rule.units(wanted, 0.02)
    assert math.isnan(SIZE(len(sizing_rules()), wanted, 0.02))
    assert math.isnan(SIZE(-1, wanted, 0.02))


MAYBE = st.one_of(st.just(math.nan), st.floats(0.0, 2.0))


@given(
    st.builds(
        Facts,
        direction=st.integers(-1, 1),
        price=MAYBE,
        stop_distance=MAYBE,
        target_distance=MAYBE,
        quantity=MAYBE,
        notional=MAYBE,
        min_quantity=MAYBE,
        min_notional=MAYBE,
        open_positions=st.integers(0, 3),
        correlation=MAYBE,
        equity=MAYBE,
        day_first_equity=MAYBE,
        day_lowest_equity=MAYBE,
        worst_drawdown=MAYBE,
        start_equity=MAYBE,
        lowest_equity=MAYBE,
        heat=MAYBE,
        trades_today=st.integers(0, 3),
        losing_streak=st.integers(0, 3),
        candles_in_row=st.integers(0, 3),
        bars_since_stop=MAYBE,
    ),
    st.lists(MAYBE, min_size=len(rule_names()), max_size=len(rule_names())),
)
def test_the_bits_of_the_chain_are_the_names_that_the_gate_gives(given_facts: Facts, limits: list[float]) -> None:
    mask = GATE(given_facts, np.array(limits))
    named = tuple(name for bit, name in enumerate(rule_names()) if mask >> bit & 1)
    assert named == refusals(given_facts, dict(zip(rule_names(), limits, strict=True)))


# --- never stale ------------------------------------------------------------------------------------------------------


@pytest.fixture
def copied_tree(tmp_path: Path) -> Path:
    for room in ROOMS:
        shutil.copytree(PACKAGE / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_copy_of_the_sources_has_the_same_hash(copied_tree: Path) -> None:
    assert hash_of_sources(copied_tree) == hash_of_sources(PACKAGE) == source_hash()


def test_a_change_of_any_single_source_changes_the_hash(copied_tree: Path) -> None:
    before = hash_of_sources(copied_tree)
    sources = sorted(copied_tree.rglob("*.py"))
    assert len(sources) > 30
    for path in sources:
        text = path.read_bytes()
        path.write_bytes(text + b"#")
        assert hash_of_sources(copied_tree) != before, path
        path.write_bytes(text)
    assert hash_of_sources(copied_tree) == before


def test_a_new_a_renamed_and_a_missing_source_change_the_hash(copied_tree: Path) -> None:
    before = hash_of_sources(copied_tree)
    rule = copied_tree / "decision" / "rules" / "new_rule.py"
    rule.write_text("x = 1\n")
    added = hash_of_sources(copied_tree)
    rule.rename(rule.with_name("other_rule.py"))
    renamed = hash_of_sources(copied_tree)
    rule.with_name("other_rule.py").unlink()
    assert len({before, added, renamed}) == 3
    assert hash_of_sources(copied_tree) == before
    (copied_tree / "decision" / "sizing" / "risk.py").unlink()
    assert hash_of_sources(copied_tree) != before


def test_what_is_no_source_does_not_change_the_hash(copied_tree: Path) -> None:
    before = hash_of_sources(copied_tree)
    (copied_tree / "domain" / "notes.txt").write_text("x")
    assert hash_of_sources(copied_tree) == before


def test_the_cache_can_be_moved_and_its_folder_is_named_by_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_CACHE", str(tmp_path / "there"))
    folder = cache_folder()
    assert folder == tmp_path / "there" / research_compile._build_hash()
    assert folder.is_dir()


def test_without_a_wish_the_cache_is_in_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIGIE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "vigie" / "compiled" / research_compile._build_hash()


def test_a_cache_folder_asked_for_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("VIGIE_CACHE", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match=r"VIGIE_CACHE=.* is not a folder that can be written"):
        cache_folder()


COMPILE_A_LOOP = """
import numpy as np
from vigie.indicators import loops
from vigie.research.compile import use_compiled_loops
use_compiled_loops()
assert loops.exponential(np.ones(3), 0.5).tolist() == [1.0, 1.0, 1.0]
"""


def run_elsewhere(**environment: str) -> None:
    kept = {name: value for name, value in os.environ.items() if name not in {"VIGIE_CACHE", "XDG_CACHE_HOME"}}
    subprocess.run([sys.executable, "-c", COMPILE_A_LOOP], check=True, env=kept | environment, timeout=120)


def kept_beside_the_sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.nb[ic]"))


def test_compiled_code_is_kept_where_it_was_asked_for_and_not_beside_the_sources(tmp_path: Path) -> None:
    before = kept_beside_the_sources()
    run_elsewhere(VIGIE_CACHE=str(tmp_path))
    kept = list(tmp_path.rglob("*.nbc"))
    assert kept
    assert {path.relative_to(tmp_path).parts[0] for path in kept} == {research_compile._build_hash()}
    assert kept_beside_the_sources() == before


def test_where_nothing_can_be_kept_nothing_is_kept_beside_the_sources_either(tmp_path: Path) -> None:
    # Beside its source numba would know only that one file: a changed rule would go unnoticed.
    (tmp_path / "file").write_text("in the way")
    before = kept_beside_the_sources()
    run_elsewhere(XDG_CACHE_HOME=str(tmp_path / "file"), LOCALAPPDATA=str(tmp_path / "file"))
    assert kept_beside_the_sources() == before


FULL_DISK = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
{COMPILE_A_LOOP}
"""
"""Files of more than 4 KiB cannot be written: the disk is full in the middle of keeping compiled code."""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
@pytest.mark.parametrize("name", [pytest.param("XDG_CACHE_HOME", marks=pytest.mark.long), "VIGIE_CACHE"])
def test_a_disk_that_is_full_costs_only_time_unless_the_folder_was_asked_for(tmp_path: Path, name: str) -> None:
    kept = {one: value for one, value in os.environ.items() if one not in {"VIGIE_CACHE", "XDG_CACHE_HOME"}}
    words = {"check": False, "capture_output": True, "text": True, "env": kept | {name: str(tmp_path)}, "timeout": 120}
    done = subprocess.run([sys.executable, "-c", FULL_DISK], **words)
    if name == "XDG_CACHE_HOME":
        assert done.returncode == 0, done.stderr
    else:
        assert f"ConfigError: VIGIE_CACHE={tmp_path}: compiled code cannot be kept there (" in done.stderr
    assert not list(tmp_path.rglob("*.nbc"))
    again = subprocess.run([sys.executable, "-c", COMPILE_A_LOOP], **words)
    assert again.returncode == 0, "what was left half-written does no harm"
    assert list(tmp_path.rglob("*.nbc"))
