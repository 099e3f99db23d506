"""`ecosystem.config.js` under the real PM2: crashes, ends, markers, halts, jobs that come again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_paper_ends import last_words, market  # noqa: F401
from tests.e2e.test_paper_on_the_market import write_strategy
from tests.fakes.kline_server import KlineServer
from tests.fakes.pm2 import PATIENCE, Pm2, missing
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import verify
from vigie.domain.events import Decided, FillSeen, RunStarted

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt" or bool(missing()), reason=missing() or "signals")]

APP, JOB = "vigie-paper", "vigie-paper-once"
VIGIE = str(Path(sys.executable).with_name("vigie"))


@pytest.fixture
def pm2(home: Path, tmp_path: Path, market: KlineServer) -> Iterator[Pm2]:  # noqa: F811
    write_strategy(home)
    words = f"--strategy eager --pairs BTC/USDT --base-url {market.url}"
    daemon = Pm2(tmp_path / "pm2", home, {"VIGIE_ARGUMENTS": words})
    yield daemon
    daemon.say("kill")


def said(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [VIGIE, *words], env={**os.environ, "VIGIE_HOME": str(home)}, capture_output=True, text=True, check=False
    )


def heart(home: Path) -> int:
    """When the last tick was, nanoseconds; 0: there was none."""
    path = home / "state/paper/heartbeat.json"
    return path.stat().st_mtime_ns if path.exists() else 0


def beats(home: Path, after: int = 0) -> int:
    end = time.monotonic() + PATIENCE
    while (at := heart(home)) <= after:
        assert time.monotonic() < end
        time.sleep(0.1)
    return at


def events(home: Path, kind: type) -> list[object]:
    with JsonlJournal(home / "state/paper/journal", "paper", SystemClock()) as journal:
        return [one.event for one in journal.read() if isinstance(one.event, kind)]


def test_a_crash_is_restarted_a_halt_outlives_it_and_an_end_by_pm2_is_a_proper_end(home: Path, pm2: Pm2) -> None:
    assert said(home, "halt", "--reason", "smoke").returncode == 0
    pm2.start(APP)
    first = beats(home)
    crashed = pm2.app(APP)
    assert (crashed["status"], crashed["restarts"]) == ("online", 0)
    assert crashed["env"]["kill_timeout"] == 30000
    os.kill(crashed["pid"], signal.SIGKILL)
    again = pm2.until(APP, lambda one: one["restarts"] == 1 and one["status"] == "online")
    assert again["pid"] != crashed["pid"]
    beats(home, first)
    status = json.loads(said(home, "status", "--account", "paper", "--json").stdout)
    assert (status["mode"], status["process"]["running"]) == ("halted", True)
    assert events(home, Decided), "it wants in"
    assert events(home, FillSeen) == [], "nothing is traded"
    pm2.say("stop", APP)
    assert pm2.app(APP)["status"] == "stopped"
    assert last_words(home) == ["SIGINT"], "it came to its end within kill_timeout: who is killed has no last words"
    assert verify(home / "state/paper/journal", "paper").bad is None


def test_a_stop_by_command_is_final_until_it_is_taken_back(home: Path, pm2: Pm2) -> None:
    pm2.start(APP)
    beats(home)
    assert said(home, "stop", "--account", "paper", "--reason", "enough").returncode == 0
    stopped = pm2.until(APP, lambda one: one["status"] == "stopped" and one["code"] == 78)
    assert stopped["pid"] == 0
    # PM2 takes its end with 0 for one that it has to mend, once; the marker sends that one away.
    assert stopped["restarts"] <= 1
    time.sleep(2.0)
    assert pm2.app(APP)["status"] == "stopped"
    assert len(events(home, RunStarted)) == 1


def test_what_can_never_run_is_given_up_after_ten_times(home: Path, pm2: Pm2) -> None:
    pm2.environment = {"VIGIE_ARGUMENTS": "--nonsense"}
    pm2.start(APP)
    given_up = pm2.until(APP, lambda one: one["status"] == "errored")
    assert given_up["restarts"] == 9, "ten starts"


def test_a_job_that_runs_once_comes_again_by_its_own_time(home: Path, pm2: Pm2) -> None:
    pm2.environment = {**pm2.environment, "VIGIE_CRON": "*/20 * * * * *"}
    pm2.start(JOB)
    first = beats(home)
    pm2.until(JOB, lambda one: one["status"] == "stopped")
    beats(home, first)
    pm2.until(JOB, lambda _: last_words(home)[-2:] == ["one tick was asked for"] * 2)
    assert len(events(home, RunStarted)) >= 2
    assert len(events(home, FillSeen)) == 1, "the same candle is not decided twice"
    pm2.say("delete", JOB)
