"""Without a network: nothing is lost, nothing ends that should go on, and `vigie status` says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.test_eyes import until
from tests.e2e.test_paper_ends import PATIENCE, last_words
from tests.e2e.test_paper_on_the_market import write_strategy
from tests.fakes.command_line import Vigie
from tests.fakes.eyes import watched
from tests.fakes.kline_server import HOUR_MS, KlineServer
from tests.fakes.mail_servers import PASSWORD, free_port, mail_server, mail_table
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal_files import verify
from vigie.adapters.storage.receipts import last
from vigie.app.alerts.post_office import letters_waiting
from vigie.app.status.document import status

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="signals")]

VIGIE = str(Path(sys.executable).with_name("vigie"))
ALONE = ("unshare", "--net")


def no_namespaces() -> str:
    """Why no process can be had here that has no network; empty: one can."""
    try:
        done = subprocess.run([*ALONE, "true"], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""


def letters(home: Path) -> list[str]:
    return [one.subject for waiting in letters_waiting(home, "paper").values() for one in waiting]


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Where nobody takes mail yet."""
    monkeypatch.setenv("VIGIE_MAIL_PASSWORD", PASSWORD)
    return free_port()


@pytest.mark.skipif(bool(no_namespaces()), reason=no_namespaces())
def test_a_start_on_a_machine_without_a_network_waits_says_so_and_loses_no_mail(
    vigie: Vigie, home: Path, tmp_path: Path, port: int
) -> None:
    with mail_server(tmp_path, port=port) as server:
        (home / "vigie.toml").write_text(mail_table(server.port, server.ca_file))
    environment = os.environ | {"VIGIE_HOME": str(home)}
    running = subprocess.Popen(
        [*ALONE, VIGIE, "paper"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        log = home / "logs/paper/paper.log"
        until(lambda: log.exists() and "the next try comes in 60 s" in log.read_text())
        document = status(home, "paper")
        assert [
            one for one in document["problems"] if "the last start found no venue: binance cannot be reached" in one
        ]
        until(lambda: any(one["waiting"] and one["problem"] for one in status(home, "paper")["alerts"]))
        assert "no venue" in vigie("status", "--account", "paper").out
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0, err
    finally:
        running.kill()
        running.communicate()
    assert "SIGTERM, while it waited for the venue" in last(home / "state/paper/receipts", 1, ("end",))[0]["reason"]
    waiting = letters(home)
    assert any("the exchange does not answer" in one for one in waiting), waiting
    with mail_server(tmp_path, port=port) as server:
        (home / "vigie.toml").write_text(mail_table(server.port, server.ca_file))
        assert vigie("alert", "spool", "--send", "--account", "paper").code == 0
        assert server.inbox.subjects == waiting
    assert letters(home) == []


def test_an_engine_whose_network_goes_looks_on_says_so_and_is_well_when_it_is_back(
    vigie: Vigie, home: Path, tmp_path: Path, port: int
) -> None:
    write_strategy(home)
    hour = SystemClock().now_ms() // HOUR_MS * HOUR_MS
    venue = KlineServer(
        now_ms=hour + 5_000, first_ms=hour - 700 * HOUR_MS, prices={"BTCUSDT": "120.00"}, port=free_port()
    )
    with mail_server(tmp_path, port=port) as server:
        table = mail_table(server.port, server.ca_file)
    with ExitStack() as line:
        line.enter_context(venue)
        with watched(home, venue.url, more=table) as engine:
            engine.until(lambda code, seen: code == 200 and seen["journal_positions"] == 1)
            line.close()
            until(lambda: says(home, f"nobody is reached at port {venue.port}"))
            document = status(home, "paper")
            assert document["process"]["running"]
            assert [one["pair"] for one in document["positions"]] == ["BTC/USDT"]
            heart = home / "state/paper/heartbeat.json"
            beat = heart.stat().st_mtime_ns
            until(lambda: heart.stat().st_mtime_ns > beat)
            until(lambda: any("no network" in one for one in letters(home)))
            with venue:
                until(lambda: status(home, "paper")["healthy"])
                engine.process.send_signal(signal.SIGTERM)
                engine.process.wait(PATIENCE)
        assert engine.process.returncode == 0
    assert last_words(home) == ["SIGTERM"]
    assert verify(home / "state/paper/journal", "paper").bad is None
    waiting = letters(home)
    with mail_server(tmp_path, port=port) as server:
        (home / "vigie.toml").write_text(mail_table(server.port, server.ca_file))
        assert vigie("alert", "spool", "--send", "--account", "paper").code == 0
        assert server.inbox.subjects == waiting
    assert letters(home) == []


def says(home: Path, words: str) -> bool:
    return any(words in one for one in status(home, "paper")["problems"])
