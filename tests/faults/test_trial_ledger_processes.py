"""The trial ledger under several processes, and under those that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.trials import an_event, key
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.trials import JsonlTrialLedger
from vigie.domain.trial import Market

CHECKOUT = Path(__file__).resolve().parents[2]
BTC = Market("binance", "BTC/USDT", "1h")
HEAD = """
import os, signal, sys
from pathlib import Path
from tests.fakes.trials import an_event, key
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.trials import JsonlTrialLedger
ledger = JsonlTrialLedger(Path(sys.argv[1]), SystemClock())
"""
MANY = """
for number in range(int(sys.argv[3])):
    ledger.record(an_event(key(sys.argv[2], number)))
"""
DIES_IN_MID_WRITE = """
whole = os.write
def some(descriptor, content):
    whole(descriptor, bytes(content)[: int(sys.argv[2])])
    os.kill(os.getpid(), signal.SIGKILL)
os.write = some
ledger.record(an_event(key("never")))
"""
ENDLESS = """
number = 0
while True:
    ledger.record(an_event(*(key(sys.argv[2], number, point) for point in range(1000))))
    number += 1
    print(number, flush=True)
"""
posix = pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")


def child(script: str, *words: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HEAD + script, *map(str, words)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )


def test_two_processes_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "trials.jsonl"
    writers = [child(MANY, path, name, 500) for name in ("a", "b")]
    for writer in writers:
        writer.communicate()
    assert [writer.returncode for writer in writers] == [0, 0]
    # Reading checks that seq counts the lines from 1 to 1000.
    assert JsonlTrialLedger(path, SystemClock()).count("ema_cross", [BTC]) == 1000


@posix
@pytest.mark.parametrize("written", [0, 1, 150, 1_000_000])
def test_a_writer_killed_between_two_bytes_leaves_a_readable_ledger(tmp_path: Path, written: int) -> None:
    path, said = tmp_path / "trials.jsonl", list[str]()
    ledger = JsonlTrialLedger(path, SystemClock(), report=said.append)
    ledger.record(an_event(key(1)))
    killed = child(DIES_IN_MID_WRITE, path, written)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    whole = written > 1000
    assert ledger.count("ema_cross", [BTC]) == (2 if whole else 1)
    assert len(said) == (1 if written and not whole else 0)
    ledger.record(an_event(key(2)))
    assert ledger.count("ema_cross", [BTC]) == (3 if whole else 2)


@posix
def test_writers_killed_at_any_moment_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path, acknowledged = tmp_path / "trials.jsonl", 0
    ledger = JsonlTrialLedger(path, SystemClock())
    for life in range(3):
        writer = child(ENDLESS, path, life)
        assert writer.stdout is not None
        for _ in range(5 + life):
            writer.stdout.readline()
        writer.kill()
        rest, _ = writer.communicate()
        acknowledged += 5 + life + len(rest.splitlines())
        trials = ledger.count("ema_cross", [BTC])
        # The last line of each life may be on disk without its writer having said so.
        assert 1000 * acknowledged <= trials <= 1000 * (acknowledged + life + 1)
    ledger.record(an_event(key("after")))
    assert ledger.count("ema_cross", [BTC]) == trials + 1
