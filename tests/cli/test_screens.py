"""What commands write on a terminal of 80 columns, on one without colours, and into a pipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.fakes.terminals import pseudo_terminal

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
COMMANDS = """
--help | data --help | paper --help | walk-forward --help | init | strategy list | strategy show ema_stochrsi
strategy shwo
data list | certificate list | trials | status | healthcheck | journal --last 10 | journal trades | journal verify
journal explain BTC/USDT 2020-01-25T13:00 | journal tax --year 2020 | journal rebuild --dry-run | govern list
govern check | govern audit | alert list | alert spool | capital --account replay-1 | reconcile --account replay-1
config check | config show | config show --account live-none | doctor --account replay-1 | watchdog --once
backup create | deploy cron | logs --lines 3 | status --account nobody | data check --data nowhere
pause --account replay-1 --reason news | halt | status | stop --account replay-1 | start --account replay-1
"""
WIDER = ("deploy", "logs", "journal tax")
"""Texts for other programs, and a table of numbers that a spreadsheet wants: their lines are not broken."""
ALL_IN_ONE = """
import sys
from cli.main import run
for line in sys.stdin.read().split("|"):
    print(f"<<<{line.strip()}>>>", flush=True)
    import shlex
    run(shlex.split(line))
    sys.stdout.flush()
"""


def lines() -> str:
    return "|".join(one.strip() for one in COMMANDS.replace("\n", "|").split("|") if one.strip())


def environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS")}
    return plain | {"VIGIE_HOME": str(home), "COLUMNS": "80", "TERM": "xterm-256color"} | dict(more)


def on_a_terminal(home: Path, **more: str) -> dict[str, list[str]]:
    """What each command writes, stdout and stderr together, on a pseudo-terminal."""
    with (
        pseudo_terminal() as (terminal, read),
        subprocess.Popen(
            [sys.executable, "-c", ALL_IN_ONE],
            stdin=subprocess.PIPE,
            stdout=terminal,
            stderr=terminal,
            env=environment(home, more),
        ) as process,
    ):
        assert process.stdin is not None
        process.stdin.write(lines().encode())
        process.stdin.close()
        return by_command(read())


def in_a_pipe(home: Path, **more: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", ALL_IN_ONE],
        input=lines().encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(home, more),
        check=True,
    )
    return by_command(done.stdout.decode())


def by_command(text: str) -> dict[str, list[str]]:
    pieces = re.split(r"^<<<(.*)>>>\n", text, flags=re.MULTILINE)[1:]
    return {f"{at // 2} {pieces[at]}": pieces[at + 1].splitlines() for at in range(0, len(pieces), 2)}


@pytest.fixture
def house(tmp_path: Path, replayed: Path) -> Path:
    shutil.copytree(replayed, tmp_path / "house")
    settings = '[accounts.replay-1]\npairs = ["BTC/USDT", "ETH/USDT"]\n'
    (tmp_path / "house" / "vigie.toml").write_text(settings, encoding="utf-8")
    return tmp_path / "house"


def control_characters(line: str) -> set[str]:
    return {letter for letter in line if not letter.isprintable()}


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminal")
def test_on_eighty_columns_no_line_is_wider_and_nothing_but_colour_is_sent(house: Path) -> None:
    shown = on_a_terminal(house)
    assert len(shown) == len(lines().split("|"))
    coloured, wide = 0, list[tuple[str, str]]()
    for command, said in shown.items():
        assert said, command
        for line in said:
            plain = COLOURS.sub("", line)
            coloured += plain != line
            assert control_characters(plain) == set(), (command, line)
            if cell_len(plain) > 80 and not command.partition(" ")[2].startswith(WIDER) and not unbreakable(plain):
                wide.append((command, plain))
    assert wide == []
    assert coloured > 5, "somebody sees the colours"


def unbreakable(line: str) -> bool:
    """A sentence on stderr, which is left to the terminal to wrap, or a word that is too long: a path, a hash."""
    beside = ("error: ", "next: ", "to lift ", "written: ", "made ", "no certificate yet: ")
    return line.startswith(beside) or max(map(len, line.split())) > 50


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminal")
@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "TERM=dumb"])
def test_without_colours_there_is_text_and_nothing_else(house: Path, more: dict[str, str]) -> None:
    for command, said in on_a_terminal(house, **more).items():
        assert [line for line in said if control_characters(line)] == [], command


def test_in_a_pipe_there_is_text_and_nothing_else(house: Path) -> None:
    shown = in_a_pipe(house)
    assert len(shown) == len(lines().split("|"))
    for command, said in shown.items():
        assert said, command
        assert [line for line in said if control_characters(line)] == [], command
