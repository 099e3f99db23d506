"""A signal asks for an end, a second one makes it, and an end that hangs is made as well."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from vigie.adapters.signals import EndSignals, end_signals, interrupt_main_thread

WINDOWS = {"SIGINT": 2, "SIGTERM": 15, "SIGBREAK": 21, "SIGABRT": 22}


def test_windows_asks_by_ctrl_break_and_other_systems_know_no_such_signal() -> None:
    assert end_signals(WINDOWS) == (2, 15, 21)
    assert end_signals({name: number for name, number in WINDOWS.items() if name != "SIGBREAK"}) == (2, 15)
    assert set(end_signals()) >= {signal.SIGINT, signal.SIGTERM}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_leaves_a_note_and_the_second_one_interrupts(number: signal.Signals) -> None:
    with EndSignals() as signals:
        assert signals.heard is None
        signal.raise_signal(number)
        assert signals.heard == number.name
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_what_was_there_before_is_back_afterwards() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with EndSignals(patience=5.0):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before
    until = time.monotonic() + 5.0
    while any(one.name == "end" for one in threading.enumerate()):
        assert time.monotonic() < until, "its thread goes with it"
        time.sleep(0.01)


def test_an_end_that_hangs_is_made_after_patience_even_in_a_read_that_waits() -> None:
    source = (
        "import os, signal\n"
        "from vigie.adapters.signals import EndSignals\n"
        "reads, _ = os.pipe()\n"
        "with EndSignals(patience=0.3):\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    try:\n"
        "        os.read(reads, 1)\n"
        "    except KeyboardInterrupt:\n"
        "        print('out')\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "out\n"


def test_a_system_without_signals_between_threads_interrupts_python_alone() -> None:
    with EndSignals() as signals:
        interrupt_main_thread({})
        assert signals.heard == "SIGINT"
        with pytest.raises(KeyboardInterrupt):
            interrupt_main_thread({})
