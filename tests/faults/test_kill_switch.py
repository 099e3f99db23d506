"""The kill switch between the decision and the send, and after the process was killed over it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.small_markets import BTC, QUIET, on_one_pair, ticked
from tests.faults.crash.invariants import broken, entries_of, folder_of, run_of, unprotected, venue_of
from tests.faults.crash.killing import Rig
from tests.faults.crash.processes import forked, run_apart
from tests.faults.crash.wrapping import Operation, Wrapper
from vigie.adapters.storage.kill_switch import path_of
from vigie.domain import events as e
from vigie.domain.order_status import OrderStatus
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.trading_mode import TradingMode

forks = pytest.mark.skipif(sys.platform != "linux", reason="forks, and asks /proc which file a descriptor is of")


@pytest.fixture(scope="module")
def rig() -> Rig:
    return Rig()


def a_file(path: Path) -> None:
    path.write_text("enough", encoding="utf-8")


def an_empty_file(path: Path) -> None:
    path.touch()


def a_dangling_link(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def account_of(home: Path) -> Portfolio:
    return folded((one.seq, one.at, one.event) for one in entries_of(home))


def killed_with_the_switch(rig: Rig, home: Path, leg: str, make: Callable[[Path], None], later: int) -> None:
    """The switch is made while the intent of the first order of a leg is brought to the disk; then the process dies."""
    send = next(at for at, one in enumerate(rig.operations) if str(one) == f"request submit {leg}")
    thrown = max(at for at, one in enumerate(rig.operations[:send]) if str(one) == "fsync journal")

    def before(number: int, _: Operation) -> None:
        if number == thrown:
            wrapper.paused = True
            make(path_of(home / "state"))
            wrapper.paused = False
        if number == thrown + later:
            os.kill(os.getpid(), signal.SIGKILL)

    wrapper = Wrapper(home, before)
    status = forked(lambda: rig.run(home, wrapper) and None)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


@forks
@pytest.mark.parametrize("make", [a_file, an_empty_file, Path.mkdir, a_dangling_link])
@pytest.mark.parametrize("later", [1, 4, 60])
def test_a_switch_thrown_between_decision_and_send_stops_the_entry_and_holds_after_kill_9(
    rig: Rig, tmp_path: Path, make: Callable[[Path], None], later: int
) -> None:
    killed_with_the_switch(rig, tmp_path, "entry", make, later)
    run_apart(lambda: list(rig.replay(tmp_path).problems))
    assert run_of(tmp_path).acts == ()
    venue = venue_of(tmp_path, rig.terms)
    assert (venue.open_orders, venue.ended_orders) == ((), ())
    account = account_of(tmp_path)
    (entry,) = account.orders.values()
    assert entry.status is OrderStatus.ABANDONED
    assert account.latches["kill-switch"].mode == TradingMode.HALTED
    assert broken(tmp_path, rig.terms) == []


@forks
def test_the_latch_of_the_switch_holds_when_the_file_is_taken_away_over_a_restart(rig: Rig, tmp_path: Path) -> None:
    killed_with_the_switch(rig, tmp_path, "entry", a_file, 60)
    path_of(tmp_path / "state").unlink()
    assert "kill-switch" in account_of(tmp_path).latches
    # The letter that says resume lies in the box later: until then nothing is bought.
    run_apart(lambda: list(rig.replay(tmp_path, until=13).problems))
    assert run_of(tmp_path).acts == ()
    assert (folder_of(tmp_path) / "halts.json").exists()


@forks
def test_a_switch_never_stops_a_stop(rig: Rig, tmp_path: Path) -> None:
    killed_with_the_switch(rig, tmp_path, "stop", a_file, 60)
    run_apart(lambda: list(rig.replay(tmp_path, until=3).problems))
    venue = venue_of(tmp_path, rig.terms)
    assert unprotected(venue) == []
    assert [one.pair for one in venue.open_orders] == [BTC]


def test_the_switch_is_looked_at_when_the_intent_is_on_the_disk() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[1])
    ticked(rehearsed, 1)
    whole = rehearsed.journal.sync

    def sync() -> None:
        whole()
        if isinstance(rehearsed.journal.lines[-2].event, e.IntentPlanned):
            rehearsed.controls.switch = "thrown while the line was written"

    rehearsed.journal.sync = sync  # type: ignore[method-assign]
    assert ticked(rehearsed, 1) == []
    assert rehearsed.broker.sent == []
    assert [one.status for one in rehearsed.engine.portfolio.orders.values()] == [OrderStatus.ABANDONED]
    rehearsed.again().start()
    assert rehearsed.engine.guard_tick().mode is TradingMode.HALTED
