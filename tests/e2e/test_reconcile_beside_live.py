"""``vigie reconcile`` beside a ``vigie live`` of its own process: asked by letter, answered through the journal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fakes.exchanges import BTC
from tests.fakes.live_markets import FILTERS, HOUR, NAME, LiveHouse, moved, sample
from vigie.adapters.clock import SystemClock
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.storage.account_lock import holder_of

pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="signals")]
MAIN = "import sys; from cli.main import run; sys.exit(run(sys.argv[1:]))"
PATIENCE = 120.0


def test_an_orphan_is_told_and_adopted_by_the_running_engine(tmp_path: Path) -> None:
    clock = SystemClock()
    series = [one for one in moved(sample(1.0), clock.now_ms() // HOUR * HOUR + 2 * HOUR) if one.pair == BTC]
    options = {"instruments": FILTERS, "balances": {"USDT": 20_000}, "start_ms": clock.now_ms(), "pace": (clock, 1.0)}
    with SimExchange(series, **options) as ex:  # type: ignore[arg-type]
        LiveHouse.built(tmp_path, ex, series)
        environment = os.environ | {"VIGIE_HOME": str(tmp_path), "VIGIE_LIVE_ACCOUNT": NAME}

        def say(*words: str) -> subprocess.CompletedProcess[str]:
            place = ["--account", NAME, "--base-url", ex.url]
            return subprocess.run(
                [sys.executable, "-c", MAIN, *words, *place],
                capture_output=True,
                text=True,
                env=environment,
                check=False,
            )

        live = ["live", "--account", NAME, "--base-url", ex.url, "--without-certificate", "a test", "--no-orders"]
        with subprocess.Popen(
            [sys.executable, "-c", MAIN, *live], env=environment, stderr=subprocess.DEVNULL
        ) as engine:
            try:
                folder, end = tmp_path / "state" / NAME, time.monotonic() + PATIENCE
                while not (folder / "heartbeat.json").exists() or holder_of(folder) is None:
                    assert time.monotonic() < end
                    time.sleep(0.2)
                ex.do("place", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01")
                told = say("reconcile", "--json")
                assert told.returncode == 3, told.stderr
                document = json.loads(told.stdout)
                assert document["by_engine"] is True
                assert [one["kind"] for one in document["differences"]] == ["orphan-position"]
                done = say("reconcile", "--apply", "--policy", "orphan-position=adopt", "--json")
                assert done.returncode == 0, done.stdout + done.stderr
                (stop,) = ex.exchange.shelf.open("BTCUSDT")
                assert stop.ticket.stop is not None
                assert engine.poll() is None, "it goes on"
            finally:
                engine.terminate()
        assert engine.returncode == 0
        assert say("reconcile").returncode == 0, "nobody runs: it does it itself"
