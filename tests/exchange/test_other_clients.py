"""Clients that nobody here wrote, each in an environment of its own, unmodified, with their own clocks."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.environments import python_of
from tests.fakes.exchanges import FINE, series, wave
from vigie.adapters.clock import SystemClock
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.sim_server.gauge import Limits

HERE = Path(__file__).parent / "clients"
MINUTE_MS = 60_000
ORDERS = {
    "market": "FILLED", "value": "FILLED", "limit": "NEW", "ioc": "EXPIRED", "fok": "FILLED", "maker": "NEW",
    "stop": "NEW", "stop limit": "NEW", "profit": "NEW", "profit limit": "NEW", "trailing": "NEW",
}  # fmt: skip


def walked(client: str, script: str) -> tuple[dict[str, Any], SimExchange]:
    """What the client found on an exchange that lives in the present."""
    now = SystemClock().now_ms()
    start = (now // MINUTE_MS - 120) * MINUTE_MS
    market = series(wave(400, 25_000.0, 30.0), start=start)
    exchange = SimExchange(
        [market], instruments=FINE, balances={"USDT": 100_000, "BTC": 1}, start_ms=now, pace=(SystemClock(), 1.0),
        limits=Limits(orders_ten_seconds=1000),
    )  # fmt: skip
    with exchange as ex:
        # The filter of five stops would end the walk before all its kinds were seen.
        ex.do("symbol", symbol="BTCUSDT", filters=[{"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 20}])
        words = [python_of(client), str(HERE / script), ex.url, ex.api_key, ex.api_secret]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr[-3000:] + str([one.to_json() for one in ex.journal.since()[-2:]])
    found: dict[str, Any] = json.loads(done.stdout)
    return found, exchange


def assert_common(found: dict[str, Any]) -> None:
    assert found["info"] == ["BTCUSDT", "TRADING", True]
    assert found["klines"] == [5, 12]
    assert found["account"] == [True, -1], "no real account has a number below zero"
    assert (found["time"], found["depth"], found["trades"], found["average"]) == (True, 5, 3, 5)
    assert found["orders"] == ORDERS
    assert (found["fills"], found["open"], found["get"], found["cancel"]) == (1, 7, "NEW", "CANCELED")
    assert found["replace"] == ["SUCCESS", "SUCCESS"]
    assert found["oco"] == ["OCO", "EXECUTING", 2]
    assert (found["list"], found["cancel list"]) == ("EXEC_STARTED", "ALL_DONE")
    assert found["oto"] == ["FILLED", "NEW"]
    assert found["otoco"] == ["FILLED", "NEW", "NEW"]
    assert found["my trades"][1:] == [True, False]
    assert found["all"] is True


@pytest.mark.long
def test_python_binance_walks_through() -> None:
    found, _ = walked("python-binance", "python_binance_walk.py")
    assert_common(found)
    assert (found["day"], found["fee"], found["lists"]) == (True, "0.001", 3)
    assert found["same id twice"] == [0, -2010]
    assert (found["cancel again"], found["unknown"]) == (-2011, -2013)
    assert found["errors"] == {
        "balance": -2010, "lot": -1013, "symbol": -1121, "unread": -1104, "missing": -1102, "trigger": -2010,
    }  # fmt: skip


@pytest.mark.long
def test_binance_sdk_spot_walks_through() -> None:
    found, _ = walked("binance-sdk-spot", "binance_sdk_walk.py")
    assert_common(found)
    assert (found["aggregate"], found["commission"], found["counts"], found["filters"]) == (3, "0.00100000", 2, True)
    assert found["test"] == "nothing"
    assert found["same id twice"][0] == "nothing"
    assert "Duplicate order sent." in found["same id twice"][1]
    assert (found["amend"], found["amendments"], found["cancel all"]) == ([True, "0.00800000"], 1, True)
    assert "Unknown order sent." in found["cancel again"]
    assert "Order does not exist." in found["unknown"]
    assert found["opo"] == ["FILLED", "NEW"]
    assert found["opoco"] == ["FILLED", "NEW", "NEW"]
    assert found["lists"] == 5
    assert "insufficient balance" in found["errors"]["balance"]
    assert "Invalid symbol." in found["errors"]["symbol"]
    assert "timeInForce" in found["errors"]["missing"] or "price" in found["errors"]["missing"]
    assert "trigger immediately" in found["errors"]["trigger"]
