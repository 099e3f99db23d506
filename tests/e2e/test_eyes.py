"""Health and metrics beside an engine: whatever becomes of one, the other goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.test_paper_ends import market  # noqa: F401
from tests.e2e.test_paper_on_the_market import write_strategy
from tests.fakes.command_line import Vigie
from tests.fakes.eyes import PATIENCE, free_ports, get, watched
from tests.fakes.kline_server import KlineServer
from tests.fakes.serving import served

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


def ended(port: int) -> bool:
    """Whether nobody listens any more."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.long
def test_health_answers_while_the_engine_is_stopped_turns_503_comes_back_and_ends_with_it(
    home: Path,
    market: KlineServer,  # noqa: F811
) -> None:
    write_strategy(home)
    with watched(home, market.url, {"silence_seconds": 3.0}) as engine:
        alive = engine.until(lambda code, seen: code == 200 and seen["journal_positions"] == 1)
        assert (alive["status"], alive["reason"], alive["active_positions"]) == ("ok", None, 1)
        fresh = engine.until(lambda _, seen: seen["equity"] is not None)
        assert fresh["equity_as_of"] is not None
        assert fresh["last_decision"]["pair"] == "BTC/USDT"

        os.kill(engine.process.pid, signal.SIGSTOP)
        began = time.monotonic()
        engine.health()
        assert time.monotonic() - began < 2.0, "it answers at once, whatever it says"
        dead = engine.until(lambda code, _: code == 503)
        assert dead["status"] == "critical_error"
        assert "stale loop" in dead["reason"]
        assert "vigie_healthy 0.0" in engine.metrics()

        os.kill(engine.process.pid, signal.SIGCONT)
        engine.until(lambda code, _: code == 200)
        page = engine.metrics()
        assert "\nmorningstar_predictions_count 1.0\n" in page or "\nmorningstar_predictions_count 1\n" in page
        assert "morningstar_prediction_latency_milliseconds_count 1.0" in page
        assert "vigie_predictions_untimed 0.0" in page

        engine.process.kill()
        until(lambda: ended(engine.health_port))


@pytest.mark.long
def test_a_port_that_is_taken_and_a_server_that_dies_are_told_and_trading_goes_on(
    home: Path,
    market: KlineServer,  # noqa: F811
) -> None:
    write_strategy(home)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with watched(home, market.url, {"health_port": port}) as engine:
            heart, said = home / "state/paper/heartbeat.json", home / "said"
            until(lambda: "trading goes on" in said.read_text() and heart.exists())
            text = said.read_text()
            assert f"health: 127.0.0.1:{port} cannot be listened on" in text
            assert "health is not served any more" in text
            before = heart.stat().st_mtime_ns
            until(lambda: heart.stat().st_mtime_ns > before)
            assert engine.process.poll() is None
    assert "health is not served any more" in (home / "logs/paper/paper.log").read_text()


@pytest.mark.long
def test_an_open_address_needs_the_token_and_shows_it_nowhere(
    vigie: Vigie, replayed_account: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("serve", "--account", "replay-1", "--bind", "0.0.0.0", "--health-port", "0", "--metrics-port", "0")
    refused = vigie(*words)
    assert (refused.code, "set VIGIE_HEALTH_TOKEN" in refused.err) == (78, True)
    token = "canary-token-0123456789"
    monkeypatch.setenv("VIGIE_HEALTH_TOKEN", token)
    with served(*words, "--json", home=home) as (document, code):
        for name, path in (("health", "/health"), ("health", "/"), ("metrics", "/metrics")):
            url = f"http://127.0.0.1:{document['ports'][name]}{path}"
            assert [get(url, one)[0] for one in (None, "wrong", token)] == [401, 401, 200]
            assert token.encode() not in get(url, token)[1]
        assert get(f"http://127.0.0.1:{document['ports']['health']}/metrics", token)[0] == 404
    assert code() == 0
    assert all(token not in one.read_text() for one in (home / "logs").rglob("*.log"))


def test_a_port_that_is_taken_is_one_sentence(vigie: Vigie, replayed_account: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = vigie("serve", "--account", "replay-1", "--health-port", port, "--metrics-port", free_ports(1)[0])
    assert said.code == 1
    assert f"127.0.0.1:{port} cannot be listened on" in said.err
    assert "Traceback" not in said.err


def test_logs_are_followed_as_they_come(home: Path) -> None:
    path = home / "logs/paper/paper.log"
    path.parent.mkdir(parents=True)
    path.write_text("2026-01-01 00:00:00.000 INFO     before\n")
    program = str(Path(sys.executable).with_name("vigie"))
    with subprocess.Popen(
        [program, "logs", "-f", "--account", "paper", "--level", "warning"], env=os.environ | {"VIGIE_HOME": str(home)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            time.sleep(1.5)
            with path.open("a") as file:
                file.write("2026-01-01 00:00:01.000 INFO     quiet\n2026-01-01 00:00:02.000 ERROR    loud\n    more\n")
            assert process.stdout.readline() == "2026-01-01 00:00:02.000 ERROR    loud\n"
            assert process.stdout.readline() == "    more\n"
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()
