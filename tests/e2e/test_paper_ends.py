"""How a process ends that was to run for months: by a signal, by two, by `vigie stop`, by a defect."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.test_paper_on_the_market import BTC, write_strategy
from tests.fakes.kline_server import HOUR_MS, KlineServer
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import verify
from vigie.app.settings import AccountSettings
from vigie.app.trading.paper import PaperRequest, run_paper
from vigie.app.trading.ticking import Pace
from vigie.domain.events import RunEnded

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

VIGIE = str(Path(sys.executable).with_name("vigie"))
PATIENCE = 180.0
"""Seconds; what comes sooner costs none of them: a machine that does much else starts a process in a minute."""
Process = subprocess.Popen[str]


@pytest.fixture
def market() -> Iterator[KlineServer]:
    """A market of today, where an hour has just begun: what closed can still be acted on."""
    hour = SystemClock().now_ms() // HOUR_MS * HOUR_MS
    with KlineServer(now_ms=hour + 5_000, first_ms=hour - 700 * HOUR_MS, prices={"BTCUSDT": "120.00"}) as server:
        yield server


@pytest.fixture
def trading(home: Path, market: KlineServer) -> Iterator[Callable[[], Process]]:
    """Starts `vigie paper` in a process of its own."""
    write_strategy(home)
    started: list[Process] = []

    def start() -> Process:
        words = [VIGIE, "paper", "--strategy", "eager", "--pairs", "BTC/USDT", "--base-url", market.url]
        environment = os.environ | {"VIGIE_HOME": str(home)}
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(words, env=environment, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(holds: Callable[[], object], process: Process) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def said(home: Path, *words: str) -> int:
    return subprocess.run(
        [VIGIE, *words], env=os.environ | {"VIGIE_HOME": str(home)}, capture_output=True, check=False
    ).returncode


def last_words(home: Path) -> list[str]:
    with JsonlJournal(home / "state/paper/journal", "paper", SystemClock()) as journal:
        return [one.event.reason for one in journal.read() if isinstance(one.event, RunEnded)]


@pytest.mark.long
def test_a_stop_by_command_ends_with_0_and_every_start_with_78_until_it_is_taken_back(
    home: Path, trading: Callable[[], Process]
) -> None:
    heart = home / "state/paper/heartbeat.json"
    running = trading()
    until(heart.exists, running)
    begun = time.monotonic()
    assert said(home, "stop", "--reason", "moving house") == 0
    _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, err
    assert time.monotonic() - begun < 30.0, "it does not wait for its next tick, a minute away"
    assert (home / "state/paper/stopped").exists()
    refused = trading()
    _, err = refused.communicate(timeout=PATIENCE)
    assert refused.returncode == 78
    assert "moving house" in err
    assert said(home, "start") == 0
    again, before = trading(), heart.stat().st_mtime_ns
    until(lambda: heart.stat().st_mtime_ns > before, again)
    again.send_signal(signal.SIGTERM)
    _, err = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, err
    assert not (home / "state/paper/stopped").exists(), "a mere signal leaves no marker"
    assert ["moving house" in one for one in last_words(home)] == [True, False]
    assert last_words(home)[-1] == "SIGTERM"


@pytest.mark.long
def test_it_trades_on_when_nobody_reads_what_it_says(home: Path, market: KlineServer) -> None:
    """`vigie paper 2>&1 | head -1`: its terminal has gone, its stops have not."""
    write_strategy(home)
    reader, writer = os.pipe()
    os.close(reader)
    words = [VIGIE, "paper", "--strategy", "eager", "--pairs", "BTC/USDT", "--base-url", market.url]
    running = subprocess.Popen(words, env=os.environ | {"VIGIE_HOME": str(home)}, stdout=writer, stderr=writer)
    os.close(writer)
    try:
        heart = home / "state/paper/heartbeat.json"
        end = time.monotonic() + PATIENCE
        while not heart.exists():
            assert running.poll() is None, running.returncode
            assert time.monotonic() < end
            time.sleep(0.05)
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE) == 0
    finally:
        running.kill()
        running.wait()
    assert last_words(home) == ["SIGTERM"]


@pytest.mark.long
def test_a_start_that_waits_for_its_venue_ends_with_0(
    home: Path, market: KlineServer, trading: Callable[[], Process]
) -> None:
    market.info_failures = [503] * 10_000
    waiting = trading()
    log = home / "logs/paper/paper.log"
    until(lambda: log.exists() and "the next try comes in" in log.read_text(), waiting)
    waiting.send_signal(signal.SIGTERM)
    out, err = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 0, err
    assert "SIGTERM, while it waited for the venue" in " ".join(out.split())


@pytest.mark.long
def test_a_supervisor_hears_when_it_is_ready_that_it_lives_and_when_it_stops(
    home: Path, trading: Callable[[], Process], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(PATIENCE)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        running = trading()
        assert heard.recv(4096) == b"READY=1\nSTATUS=paper runs"
        assert heard.recv(4096).startswith(b"WATCHDOG=1\nSTATUS=active; ")
        running.send_signal(signal.SIGTERM)
        assert heard.recv(4096) == b"STOPPING=1\nSTATUS=SIGTERM"
        _, err = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0, err


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_a_second_signal_ends_at_once_what_waits_for_a_venue_that_is_silent(
    home: Path, trading: Callable[[], Process], market: KlineServer, number: signal.Signals
) -> None:
    market.stall_s = 120.0
    running = trading()
    until(lambda: market.paths, running)
    running.send_signal(number)
    time.sleep(0.3)
    assert running.poll() is None, "the first one lets it come to an end by itself"
    asked = len(market.paths)
    running.send_signal(number)
    _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130, err
    # By itself it would have asked again after ten seconds; a busy machine only makes this one later.
    assert len(market.paths) == asked, "it did not wait for what the venue does not say"
    assert "interrupted" in err
    assert "Traceback" not in err


def test_by_the_machines_clock_apscheduler_wakes_it_and_one_thread_does_all(home: Path, market: KlineServer) -> None:
    write_strategy(home)
    seen: list[tuple[float, str]] = []
    rings: set[str] = set()

    def told(*_: object) -> None:
        seen.append((time.monotonic(), threading.current_thread().name))
        rings.update(one.name for one in threading.enumerate() if one.name == "APScheduler")
        if len(seen) == 4:
            os.kill(os.getpid(), signal.SIGTERM)

    settings = AccountSettings("paper", strategy="eager", pairs=(BTC,))
    request = PaperRequest(home, settings, opens=False, base_url=market.url)
    done = run_paper(request, told=told, pace=Pace(guard=1.0, look=0.1))
    assert (done.ended, done.ticks) == ("SIGTERM", 4)
    assert {name for _, name in seen} == {threading.main_thread().name}
    assert rings == {"APScheduler"}
    waits = [later - sooner for (sooner, _), (later, _) in pairwise(seen[1:])]
    assert all(one < 5.0 for one in waits), waits
    assert sum(waits) > 1.0, "in its own time, not at once"


def test_what_nobody_thought_of_ends_the_run_and_no_thread_keeps_the_process_alive(
    home: Path, market: KlineServer
) -> None:
    write_strategy(home)
    before = threading.active_count()

    def told(*_: object) -> None:
        raise RuntimeError("unthinkable")

    settings = AccountSettings("paper", strategy="eager", pairs=(BTC,))
    with pytest.raises(RuntimeError, match="unthinkable"):
        run_paper(PaperRequest(home, settings, base_url=market.url), told=told)
    assert [one.name for one in threading.enumerate() if "APScheduler" in one.name] == []
    assert threading.active_count() <= before + 1, "that of the signals is a daemon"
    assert verify(home / "state/paper/journal", "paper").bad is None
    assert last_words(home) == [], "it did not end: it broke"
