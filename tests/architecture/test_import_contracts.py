"""The dependency rule holds, and the linter that says so can say the opposite."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
LINTER = Path(sys.executable).with_name("lint-imports")
PACKAGES = ("vigie", "cli", "strategies")
SEEN_BY_COMMANDS = {"app", "reporting", "domain"}
SEEN_BY_STRATEGIES = {"strategy", "indicators", "domain"}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LINTER, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


def contracts() -> dict[str, dict[str, object]]:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    return {one["name"]: one for one in settings["tool"]["importlinter"]["contracts"]}


def rooms() -> set[str]:
    return {path.parent.name for path in (CHECKOUT / "vigie").glob("*/__init__.py")}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_dependency_rule_holds() -> None:
    done = lint(CHECKOUT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("vigie/domain/planted.py", "import vigie.metrics", "rooms of the core import downwards only"),
        ("vigie/metrics/planted.py", "import vigie.indicators", "rooms of the core import downwards only"),
        ("vigie/helpers/__init__.py", "", "rooms of the core import downwards only"),
        ("vigie/decision/planted.py", "import time", "pure rooms: no clock, no input or output, no randomness"),
        ("strategies/planted.py", "import requests", "pure rooms: no clock, no input or output, no randomness"),
        ("vigie/metrics/planted.py", "import pandas", "pandas and ta stay in indicators, strategy and above"),
        ("vigie/research/planted.py", "def f():\n    import numba", "numba only in research.compile"),
        ("vigie/research/planted.py", "def f():\n    import optuna", "optuna only in research.optuna_proposer"),
        ("cli/commands/planted.py", "import vigie.research", "commands see use cases, reports and domain words"),
        ("strategies/planted.py", "import vigie.decision", "strategies see strategy, indicators and domain"),
        ("vigie/app/planted.py", "import cli", "the core names neither commands nor strategies"),
        ("vigie/decision/rules/planted.py", "from . import drawdown", "rules of the gate do not know each other"),
        ("vigie/decision/profiles/planted.py", "from . import standard", "profiles do not know each other"),
        ("vigie/adapters/exchanges/venues/planted.py", "from . import binance", "venues do not know each other"),
        (
            "vigie/engine/governance/rules/planted.py",
            "from . import r03_sizing",
            "rules of governance do not know each other",
        ),
        (
            "vigie/adapters/exchanges/paper.py",
            "def f():\n    import ccxt",
            "nothing of paper trading's venue can send",
        ),
        (
            "vigie/adapters/storage/planted.py",
            "import vigie.adapters.market_data",
            "families of adapters do not know each other",
        ),
    ],
)
def test_a_planted_breach_is_caught(copy: Path, file: str, line: str, contract: str) -> None:
    (copy / file).parent.mkdir(exist_ok=True)
    (copy / file).write_text(f"{line}\n")
    done = lint(copy)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"{contract} BROKEN" in done.stdout


def test_a_strategy_that_imports_another_is_caught(copy: Path) -> None:
    (copy / "strategies" / "planted.py").touch()
    (copy / "strategies" / "planted_too.py").write_text("import strategies.planted\n")
    assert "strategies do not know each other BROKEN" in lint(copy).stdout


def test_every_contract_has_a_planted_breach() -> None:
    mark = next(one for one in test_a_planted_breach_is_caught.pytestmark if one.name == "parametrize")
    planted = {contract for _, _, contract in mark.args[1]}
    assert set(contracts()) == planted | {"strategies do not know each other"}


@pytest.mark.parametrize(
    ("contract", "seen"),
    [
        ("commands see use cases, reports and domain words", SEEN_BY_COMMANDS),
        ("strategies see strategy, indicators and domain", SEEN_BY_STRATEGIES),
    ],
)
def test_a_list_of_forbidden_rooms_leaves_no_room_out(contract: str, seen: set[str]) -> None:
    forbidden = contracts()[contract]["forbidden_modules"]
    assert isinstance(forbidden, list)
    named = {name.removeprefix("vigie.") for name in forbidden if name.startswith("vigie.")}
    assert named == rooms() - seen
