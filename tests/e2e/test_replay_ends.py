"""How a replay begins and ends: what it says before, and a signal on the way."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.test_paper_ends import PATIENCE, until
from tests.fakes.command_line import Vigie
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.app.settings import AccountSettings
from vigie.app.status.document import status
from vigie.app.trading.replay import ReplayRequest, run_replay, understood
from vigie.domain.events import RunEnded
from vigie.domain.timeframe import Timeframe

VIGIE = str(Path(sys.executable).with_name("vigie"))
NAME = "replay-1"


def words(candles: Path, *more: str) -> list[str]:
    return ["paper", "--replay", "--account", NAME, "--data", str(candles), "--param", "cooldown_bars=30", *more]


def last_words(home: Path) -> list[str]:
    with JsonlJournal(home / "state" / NAME / "journal", NAME, SystemClock()) as journal:
        return [one.event.reason for one in journal.read() if isinstance(one.event, RunEnded)]


def test_it_says_first_what_is_about_to_go_by_and_draws_no_bar_in_a_pipe(vigie: Vigie, candles: Path) -> None:
    said = vigie(*words(candles, "--timerange", "20200201-20200201"))
    assert said.code == 0
    lines = said.err.splitlines()
    assert f"account {NAME}: ema_stochrsi · standard · 1h · BTC/USDT ETH/USDT" in lines
    assert "24 candles, 2020-02-01 00:00 to 2020-02-01 23:00 UTC; Ctrl-C ends it well" in lines
    assert "replaying" not in said.err


def test_a_document_is_not_announced(vigie: Vigie, candles: Path) -> None:
    said = vigie(*words(candles, "--timerange", "20200201-20200201", "--json"))
    assert said.document["rows"] == 24
    assert "24 candles" not in said.err


def test_a_pace_is_told_with_the_hours_that_it_takes(vigie: Vigie, candles: Path) -> None:
    said = vigie(*words(candles, "--timerange", "20200201-20200201", "--speed", "1000000"))
    assert "1e+06 times as fast as time: 0.0 hours in all" in said.err


def test_candles_that_are_not_there_leave_no_account_behind(vigie: Vigie, home: Path, candles: Path) -> None:
    said = vigie(*words(candles, "--timerange", "20250101-20250201"))
    assert (said.code, said.out) == (65, "")
    assert "no candles in the range of the replay; there are some from 2020-01-01 00:00 to 2020-04-0" in said.err
    assert not (home / "state").exists()


def test_a_signal_between_two_candles_ends_it_with_a_line_in_the_journal(home: Path, candles: Path) -> None:
    settings = AccountSettings(NAME, timeframe=Timeframe.parse("1h"))
    feb_1, feb_2 = 1_580_515_200_000, 1_580_601_600_000
    task = understood(ReplayRequest(home, settings, data=candles, start_ms=feb_1, end_ms=feb_2))
    done = run_replay(task, watch=lambda _: signal.raise_signal(signal.SIGTERM))
    assert (done.interrupted, done.ended, done.rows, done.rows_left) == (True, "SIGTERM", 1, 23)
    assert last_words(home) == ["SIGTERM"]
    rest = run_replay(task)
    assert (rest.interrupted, rest.ended, rest.rows, rest.rows_left) == (False, "the candles ended", 23, 0)


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_well_and_the_same_words_go_on(home: Path, candles: Path, number: signal.Signals) -> None:
    # A quarter of an hour of waiting for each candle: the signal comes while it waits.
    command = [VIGIE, *words(candles, "--timerange", "20200201-20200202", "--speed")]
    environment = os.environ | {"VIGIE_HOME": str(home)}
    pipe = subprocess.PIPE
    running = subprocess.Popen([*command, "4"], env=environment, stdout=pipe, stderr=pipe, text=True)
    try:
        until((home / "state" / NAME / "journal").exists, running)
        until(lambda: (home / "state" / NAME / "state.json").exists() or any_line(home), running)
        begun = time.monotonic()
        running.send_signal(number)
        _, err = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 130, err
    assert time.monotonic() - begun < 30.0, "it does not wait for its next candle"
    found = re.search(rf"{number.name}, (47|48) candles before the end: the account is whole", err)
    assert found, err
    (printed,) = [line.strip() for line in err.splitlines() if line.strip().startswith("vigie paper")]
    assert sorted(shlex.split(printed)[1:]) == sorted([*command[1:], "4"])
    assert last_words(home) == [number.name]
    assert "died" not in json.dumps(status(home, NAME))
    again = subprocess.run([*command, "max", "--json"], env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["rows"] == int(found.group(1))
    assert last_words(home) == [number.name, "the candles ended"]


def any_line(home: Path) -> bool:
    return any(one.stat().st_size for one in (home / "state" / NAME / "journal").glob("*.jsonl"))
