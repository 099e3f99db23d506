"""Commands beside an engine that runs in another process: what is asked is obeyed, what is shown is so."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.command_line import Said

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

NAME, FROM = "replay-1", "20200201"
PATIENCE = 60.0
MAIN = "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))"
Engine = subprocess.Popen[str]


class Beside:
    """A home, and commands called in processes of their own."""

    def __init__(self, home: Path, candles: Path) -> None:
        self.home, self.candles = home, candles
        self.environment = os.environ | {"VIGIE_HOME": str(home), "COLUMNS": "100"}

    def say(self, *words: object) -> Said:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *map(str, words)],
            capture_output=True,
            text=True,
            env=self.environment,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Said(done.returncode, done.stdout, done.stderr)

    def status(self) -> Any:
        return self.say("status", "--account", NAME, "--json").document

    def lines(self, kind: str) -> list[dict[str, Any]]:
        return list(self.say("journal", "--account", NAME, "--kind", kind, "--last", 1000, "--json").document["lines"])

    def until(self, holds: Callable[[Any], object]) -> Any:
        """The status, as soon as something can be said of it."""
        end = time.monotonic() + PATIENCE
        while not holds(document := self.status()):
            assert time.monotonic() < end, document
            time.sleep(0.1)
        return document

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """An engine: a quarter of a second for an hour; gone with the block, if not before."""
        words = ["paper", "--replay", "--account", NAME, "--timerange", f"{FROM}-20200401", "--speed", "14400"]
        with subprocess.Popen(
            [sys.executable, "-c", MAIN, *words, "--data", str(self.candles), "--json", "--quiet"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
        ) as process:
            try:
                yield process
            finally:
                process.kill()
                process.communicate()


@pytest.fixture(scope="module")
def held_home(tmp_path_factory: pytest.TempPathFactory, candles: Path) -> Path:
    """An account that its engine left while it held something, four days before that was sold."""
    home = tmp_path_factory.mktemp("held")
    words = ["paper", "--replay", "--account", NAME, "--timerange", f"{FROM}-20200207", "--data", candles, "--quiet"]
    assert Beside(home, candles).say(*words).code == 0
    return home


@pytest.fixture
def beside(held_home: Path, tmp_path: Path, candles: Path) -> Beside:
    shutil.copytree(held_home / "state", tmp_path / "state")
    return Beside(tmp_path, candles)


def at_work(document: Any) -> bool:
    """Not only there, but past the candles that were gone through before."""
    return bool(document["process"]["running"] and document["last_cycle_at"] >= "2020-02-08")


@pytest.mark.long
def test_looking_pausing_closing_and_resuming_beside_a_running_engine(beside: Beside) -> None:
    with beside.engine() as engine:
        beside.until(at_work)
        seen = beside.status()
        assert (seen["healthy"], seen["mode"], seen["process"]["pid"]) == (True, "active", engine.pid)
        assert seen["process"]["heartbeat_age_seconds"] < 30
        (position,) = seen["positions"]
        assert float(position["stop"]) < float(position["last_close"])
        assert beside.say("healthcheck").code == 0
        assert beside.say("journal", "verify").code == 0

        assert "asked: its engine obeys" in beside.say("pause", "--reason", "news").out
        paused = beside.until(lambda one: one["mode"] == "reduce-only" and not one["requests"])
        assert [line["name"] for line in beside.lines("halt")] == ["pause"]
        assert paused["healthy"]

        assert "asked: its engine obeys" in beside.say("close", position["pair"], "--reason", "enough").out
        beside.until(lambda one: not one["positions"])
        assert beside.say("journal", "trades", "--json").document["trades"][-1]["reason"] == "person"

        assert beside.say("resume", "--confirm", "AAAAAA").code == 78
        assert beside.say("resume", "--confirm", paused["resume_code"]).code == 0
        beside.until(lambda one: one["mode"] == "active" and not one["halts"])
        assert [line["name"] for line in beside.lines("resume")] == ["pause"]

        second = beside.say("paper", "--replay", "--account", NAME, "--data", beside.candles)
        assert second.code == 4
        assert str(engine.pid) in second.err
        assert beside.say("journal", "rebuild").code == 4
        assert engine.poll() is None


def test_a_halt_reaches_a_running_engine_outlives_kill_9_and_sells_at_the_next_start(beside: Beside) -> None:
    with beside.engine() as engine:
        beside.until(at_work)
        engine.send_signal(signal.SIGKILL)
        engine.wait()
    dead = beside.say("status", "--account", NAME)
    assert dead.code == 3
    assert "died without a word" in dead.out
    assert "liquidate pending" in beside.say("halt", "--reason", "storm", "--liquidate").out
    halted = beside.status()
    assert (halted["mode"], len(halted["positions"]), len(halted["requests"])) == ("halted", 1, 1)
    with beside.engine():
        sold = beside.until(lambda one: one["process"]["running"] and not one["positions"] and not one["requests"])
        assert sold["mode"] == "halted"
        assert beside.lines("request")[-1]["outcome"].startswith("sold: BTC/USDT")
        (beside.home / "state" / ".halt_trading").unlink()
        beside.until(lambda one: one["last_cycle_at"] > sold["last_cycle_at"])
        assert beside.status()["mode"] == "halted", "the latch holds without the file"
    assert beside.say("journal", "verify").code == 0


def test_a_stop_ends_the_engine_and_every_start_until_vigie_start(beside: Beside) -> None:
    with beside.engine() as engine:
        beside.until(at_work)
        assert beside.say("stop", "--reason", "moving house").code == 0
        out, _ = engine.communicate(timeout=PATIENCE)
        assert json.loads(out)["account"] == NAME
    with beside.engine() as refused:
        _, err = refused.communicate(timeout=PATIENCE)
        assert refused.returncode == 78
        assert "moving house" in err
    stopped = beside.status()
    assert "moving house" in stopped["stopped"]
    assert stopped["process"]["running"] is False
    assert beside.say("start").code == 0
    with beside.engine():
        beside.until(lambda one: one["process"]["running"] and one["last_cycle_at"] > stopped["last_cycle_at"])


@pytest.mark.long
def test_following_shows_lines_as_they_come_until_ctrl_c(beside: Beside) -> None:
    with beside.engine():
        beside.until(at_work)
        words = ["journal", "--account", NAME, "--last", "1", "--kind", "cycle", "--follow", "--json"]
        with subprocess.Popen(
            [sys.executable, "-c", MAIN, *words], stdout=subprocess.PIPE, text=True, env=beside.environment
        ) as following:
            assert following.stdout is not None
            numbers = [json.loads(following.stdout.readline())["seq"] for _ in range(4)]
            following.send_signal(signal.SIGINT)
            # Read while it ends: what fills the pipe would keep it from ending.
            following.communicate(timeout=PATIENCE)
            assert following.returncode == 0
    cycles = [line["seq"] for line in beside.lines("cycle")]
    start = cycles.index(numbers[0])
    assert numbers == cycles[start : start + 4], "each once, none left out"
