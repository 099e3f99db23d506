"""Two engines on one account: one trades, the other is told who does; and what happens when the first is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.faults.crash.invariants import broken, folder_of, run_of
from tests.faults.crash.killing import Rig
from tests.faults.crash.processes import run_apart, started
from tests.faults.crash.wrapping import Operation, Wrapper
from vigie.domain.errors import AccountLocked, VigieError

HOUR = 3_600_000
START = 1_750_003_200_000


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig()


def tries(rig: Rig, home: Path) -> list[str]:
    """What a second engine comes to; the name of its error and what it says."""

    def attempt() -> list[str]:
        try:
            return ["done", *rig.replay(home).problems]
        except VigieError as error:
            return [type(error).__name__, str(error), str(error.exit_code)]

    return run_apart(attempt)


@pytest.mark.skipif(sys.platform != "linux", reason="forks, and asks /proc which file a descriptor is of")
def test_the_second_of_two_engines_refuses_until_the_first_is_killed_and_then_goes_on(rig: Rig, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (ready_out, ready_in), entered = os.pipe(), tmp_path / "entered"

    def before(number: int, operation: Operation) -> None:
        if str(operation) == "answer submit stop" and not entered.exists():
            entered.touch()
            os.write(ready_in, b"!")
            time.sleep(600)

    first = started(lambda: rig.run(home, Wrapper(home, before)) and None)
    try:
        assert os.read(ready_out, 1) == b"!"
        name, said, code = tries(rig, home)
        assert (name, code) == (AccountLocked.__name__, "4")
        assert str(first) in said
    finally:
        os.kill(first, signal.SIGKILL)
        os.waitpid(first, 0)
        os.close(ready_out)
        os.close(ready_in)
    assert tries(rig, home) == ["done"]
    assert broken(home, rig.terms) == []
    assert run_of(home).acts == rig.whole.acts


@pytest.mark.skipif(sys.platform != "linux", reason="forks, and asks /proc which file a descriptor is of")
@pytest.mark.parametrize("at", ["request submit entry", "answer submit entry", "request cancel stop", "fsync journal"])
def test_an_engine_whose_lock_was_removed_sends_and_writes_nothing_more_and_the_next_one_goes_on(
    rig: Rig, tmp_path: Path, at: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    done: list[str] = []

    def before(_: int, operation: Operation) -> None:
        done.append(str(operation))
        if str(operation) == at and done.count(at) == 1:
            (folder_of(home) / "lock").unlink()
            done.append("removed")

    def run() -> list[object]:
        try:
            return ["done", *rig.run(home, Wrapper(home, before))]
        except AccountLocked as error:
            return [str(error), error.exit_code, done[done.index("removed") + 1 :]]

    said, code, after = run_apart(run)
    assert "removed or replaced" in str(said)
    assert code == 4
    # What was on its way when the lock went cannot be called back; nothing follows it.
    sent = [one for one in after if one.startswith("request")]  # type: ignore[attr-defined]
    assert sent == []
    assert "write journal" not in after  # type: ignore[operator]
    assert tries(rig, home) == ["done"]
    assert broken(home, rig.terms) == []
    assert run_of(home).acts == rig.whole.acts


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    dice = np.random.default_rng(4)
    close = 100 * np.exp(np.cumsum(dice.normal(0, 0.01, 200)))
    lines = ["timestamp,open,high,low,close,volume"]
    last = 100.0
    for at, price in enumerate(close):
        high, low = max(last, price) * 1.002, min(last, price) * 0.998
        lines.append(f"{START + at * HOUR},{last:.4f},{high:.4f},{low:.4f},{price:.4f},1")
        last = price
    path = tmp_path / "BTC-USDT_1h.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_two_commands_at_once_on_one_account_end_with_one_that_trades_and_an_exit_code_of_4(
    tmp_path: Path, candles: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    words = ["paper", "--replay", "--account", "replay-two", "--data", str(candles), "--pairs", "BTC/USDT"]
    command = [sys.executable, "-c", "from cli.main import main; main()", *words, "--json", "--speed"]
    environment = {**os.environ, "VIGIE_HOME": str(home)}
    engines = [
        subprocess.Popen(
            [*command, "10000"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        deadline = time.monotonic() + 90
        while all(one.poll() is None for one in engines) and time.monotonic() < deadline:
            time.sleep(0.05)
        refused = [one for one in engines if one.poll() is not None]
        said = "".join(one.communicate()[1] for one in refused)
        assert [one.returncode for one in refused] == [4], said
        (trading,) = (one for one in engines if one not in refused)
        assert str(trading.pid) in said
        assert "Traceback" not in said
        trading.kill()
        trading.wait()
        again = subprocess.run([*command, "max"], env=environment, capture_output=True, text=True, timeout=120)
        assert again.returncode == 0, again.stderr
    finally:
        for one in engines:
            one.kill()
            one.communicate()
