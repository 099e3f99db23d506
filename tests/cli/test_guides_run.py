"""The guides that lead somebody through something: what they show is what happens, in their order."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.documents import CHECKOUT, LEFT_OUT, console, fences, files


def shown_and_missing(vigie: Vigie, name: str) -> dict[str, list[str]]:
    """Run what a guide's console blocks say; lines that they show and that did not come, by command."""
    missing: dict[str, list[str]] = {}
    for words, shown in console(name):
        said = vigie(*words)
        came = [" ".join(line.split()) for line in (said.out + said.err).splitlines()]
        for line in (" ".join(one.split()) for one in shown):
            start = line.removesuffix(LEFT_OUT).rstrip()
            if line not in came and not (line.endswith(LEFT_OUT) and any(one.startswith(start) for one in came)):
                missing.setdefault(" ".join(words), []).append(line)
    return missing


@pytest.mark.long
def test_the_first_strategy_goes_as_its_guide_tells(vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    assert len(console("docs/first_strategy.md")) == 7
    assert shown_and_missing(vigie, "docs/first_strategy.md") == {}


def test_a_line_that_does_not_come_is_missed(vigie: Vigie, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.cli.test_guides_run.console", lambda _: [(["trials"], ["7 trials since …", "nothing …"])]
    )
    assert shown_and_missing(vigie, "any")["trials"]


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout's code, into which the guide's examples were put where it says."""
    tree = tmp_path_factory.mktemp("extended")
    for package in ("vigie", "cli", "strategies"):
        shutil.copytree(CHECKOUT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    for path, source in files("docs/extending.md").items():
        assert not (tree / path).exists(), path
        (tree / path).write_text(source, encoding="utf-8")
    return tree


def called(tree: Path, home: Path, command: str) -> subprocess.CompletedProcess[str]:
    own = {"PYTHONPATH": str(tree), "VIGIE_HOME": str(home), "VIGIE_CACHE": str(tree / "compiled"), "COLUMNS": "80"}
    code = "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *shlex.split(command)[1:]], cwd=home, env={**os.environ, **own},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_alert_channel_and_an_exchange_are_one_file_each(extended: Path, tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text(
        fences("docs/extending.md", "toml")[0]
        + '[accounts.live-us]\nvenue = "binanceus"\npairs = ["BTC/USDT"]\ncapital = 100\n',
        encoding="utf-8",
    )
    check, test = fences("docs/extending.md", "bash")[0].splitlines()
    told = called(extended, tmp_path, check)
    assert "outbox to me@example.org" in told.stdout
    assert "the requests to binanceus are not held in any test: it takes no live orders yet" in told.stdout
    assert called(extended, tmp_path, test).returncode == 0
    (letter,) = (tmp_path / "outbox").iterdir()
    assert letter.read_text().startswith("To: me@example.org\nSubject: vigie: test mail\n")


@pytest.mark.long
def test_a_sizing_rule_a_gate_rule_and_a_profile_are_one_file_each(extended: Path, tmp_path: Path) -> None:
    commands = fences("docs/extending.md", "sh")[0].splitlines()
    said = [called(extended, tmp_path, command) for command in commands]
    assert [one.returncode for one in said] == [0] * len(commands), said[-1].stderr
    assert {word for word in ("equity_share", "positions_under_water", "careful") if word in said[0].stdout} == {
        "equity_share", "positions_under_water", "careful",
    }  # fmt: skip
    assert "under water" in said[1].stdout, "the rule refused, and was counted under its name"
