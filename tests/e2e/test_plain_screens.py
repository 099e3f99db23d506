"""Screens that do without rich, on a terminal: nothing is wider than it, and colours mean something."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.accounts import AT, BTC
from tests.fakes.accounts_on_disk import PROTECTED, begun, marked
from tests.fakes.clock import FakeClock
from tests.fakes.terminals import pseudo_terminal
from vigie.adapters.storage.halts import Halts
from vigie.domain import events as e
from vigie.domain.holdings import Latch

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminal")

CODES = re.compile(r"\x1b\[[0-9;]*m")
RED = "\x1b[31m"
LONG = "the exchange answers nonsense since the morning, nobody there picks up the telephone, and it is a Sunday"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    told = e.AlertRaised("exchange", LONG)
    folder = begun(tmp_path, events=(*PROTECTED, told, marked()))
    Halts(folder, FakeClock(AT)).latch("person", Latch("halted", LONG, AT))
    return tmp_path


def screen(home: Path, *words: str, columns: int, **environment: str) -> list[str]:
    """What a command writes on a terminal of so many columns."""
    known = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with (
        pseudo_terminal() as (terminal, read),
        subprocess.Popen(
            [sys.executable, "-c", "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))", *words],
            stdout=terminal,
            stderr=subprocess.PIPE,
            env=known | {"VIGIE_HOME": str(home), "COLUMNS": str(columns), "TERM": "xterm"} | environment,
        ) as process,
    ):
        shown = read()
        _, err = process.communicate()
    assert process.returncode in (0, 3), err
    return shown.splitlines()


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("words", ["status", "journal", "journal trades", "journal rebuild --dry-run"])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_lost(home: Path, words: str, columns: int) -> None:
    shown = [CODES.sub("", line) for line in screen(home, *words.split(), columns=columns)]
    assert [line for line in shown if len(line) > columns] == []
    if words in ("status", "journal"):
        assert LONG in " ".join(" ".join(shown).split())


def test_what_is_wrong_is_red_and_no_color_is_honoured(home: Path) -> None:
    shown = screen(home, "status", columns=80)
    assert any(RED in line and "HALTED" in line for line in shown)
    assert not any(RED in line for line in shown if BTC in line), "a position with its stop is no trouble"
    plain = screen(home, "status", columns=80, NO_COLOR="1")
    assert not any("\x1b" in line for line in plain)
