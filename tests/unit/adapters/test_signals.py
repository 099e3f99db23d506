"""A signal asks for an end, a second one makes it, and an end that hangs is made as well."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from vigie.adapters.signals import EndSignals, Interrupting, end_signals, hang_up, interrupt_main_thread

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


# --- one interrupt ----------------------------------------------------------------------------------------------------

ASKING = [signal.Signals(number) for number in (*end_signals(), *hang_up())]


@pytest.mark.parametrize("number", ASKING)
def test_every_signal_that_asks_for_an_end_interrupts_once_and_what_tidies_up_is_left_alone(
    number: signal.Signals,
) -> None:
    with Interrupting():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        for other in ASKING:
            signal.raise_signal(other)


def test_what_is_being_started_is_started_before_the_interrupt_comes() -> None:
    known = []

    def start(interrupting: Interrupting) -> None:
        with interrupting.held():
            signal.raise_signal(signal.SIGTERM)
            known.append("a process")

    with Interrupting() as interrupting, pytest.raises(KeyboardInterrupt):
        start(interrupting)
    assert known == ["a process"]


def test_a_start_without_a_signal_is_not_interrupted_and_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Interrupting() as interrupting, interrupting.held():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_outside_the_main_thread_nothing_is_heard() -> None:
    found: list[object] = []

    def elsewhere() -> None:
        with Interrupting():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]


def test_a_system_without_hang_up_has_none() -> None:
    assert hang_up({"SIGHUP": 1}) == (1,)
    assert hang_up(WINDOWS) == ()
