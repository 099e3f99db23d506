"""From a start to an end: calls that have no time left, starts that wait for a venue, health that dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from cli.running import show_end
from tests.fakes.accounts_on_disk import begun
from tests.fakes.clock import FakeClock
from tests.fakes.engine_ports import CollectedAlerts
from tests.unit.app.trading.test_watched import NOON, Fresh, Scripted
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.receipts import last
from vigie.app.serve.keeping import MOST_AN_HOUR, KeptChild, Rests
from vigie.app.settings import AccountSettings
from vigie.app.trading.paper import PaperRequest, run_paper
from vigie.app.trading.running import OVERDUE, Run, RunResult, run_account
from vigie.app.trading.ticking import Pace
from vigie.domain.errors import VenueUnavailable
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.engine.cycle import Tick
from vigie.ports.candles import CandleSource
from vigie.ports.clock import Clock
from vigie.reporting.account import paper_document

SETTINGS = AccountSettings("paper", pairs=(Pair("BTC", "USDT"),))


@dataclass
class Bare(Scripted):
    """An engine whose stop is never proven."""

    def guard_tick(self, *, counts: bool = True) -> Tick:
        return replace(super().guard_tick(counts=counts), urgent=True)

    def decision_tick(self) -> Tick:
        return replace(super().decision_tick(), urgent=True)


class Lines:
    last_seq = 7


@dataclass
class Account:
    """Opened. Fulfils `vigie.app.trading.running.Opened`."""

    engine: Scripted
    feed: Fresh = field(default_factory=Fresh)
    journal: Lines = field(default_factory=Lines)
    alerts: CollectedAlerts = field(default_factory=CollectedAlerts)


def ran(home: Path, account: Account, *, once: bool = False, clock: Clock | None = None) -> RunResult:
    """A run whose account has a folder."""
    (home / "state" / "paper").mkdir(parents=True)

    @contextmanager
    def opened() -> Iterator[Account]:
        yield account

    pace = Pace(guard=0.2, soon=0.05, look=0.05)
    return run_account(Run(home, SETTINGS, once=once), opened, clock=clock or SystemClock(), pace=pace)


ROOM = "[watch]\nmemory_mb = 100000\n"
"""The process that runs the tests may be a large one: nobody is to be told of that."""


# --- --once ---------------------------------------------------------------------------------------------------------


def test_a_call_that_has_no_time_left_ends_tells_people_and_says_so_in_its_receipt(tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text(f"{ROOM}once_minutes = 0.01\n")
    account = Account(Bare(FakeClock(NOON)))
    began = time.monotonic()
    done = ran(tmp_path, account, once=True)
    assert 0.5 < time.monotonic() - began < 10.0
    assert (done.overdue, done.ended) == (True, f"{OVERDUE} 0.01 minutes")
    assert account.engine.calls[-1] == done.ended, "the engine came to a proper end"
    (alert,) = account.alerts.told
    assert (alert.topic, alert.urgent, done.ended in alert.text) == ("overdue", True, True)
    assert last(tmp_path / "state/paper/receipts", 1, ("end",))[0]["reason"] == done.ended
    assert [one.name for one in threading.enumerate() if isinstance(one, threading.Timer)] == []


def test_a_call_that_had_no_time_left_shows_its_account_and_ends_with_75(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vigie.toml").write_text("[watch]\nonce_minutes = 0.01\n")
    done = ran(tmp_path, Account(Bare(FakeClock(NOON))), once=True)
    with pytest.raises(VenueUnavailable, match="the next call goes on") as told:
        show_end(done, paper_document, as_json=True)
    assert told.value.exit_code == 75
    assert json.loads(capsys.readouterr().out)["ended"] == done.ended


def test_a_call_that_is_done_in_time_knows_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text(ROOM)
    account = Account(Scripted(FakeClock(NOON)))
    done = ran(tmp_path, account, once=True)
    assert (done.overdue, done.ended, account.alerts.told) == (False, "one tick was asked for", [])
    assert [one.name for one in threading.enumerate() if isinstance(one, threading.Timer)] == []


def test_a_signal_ends_a_call_by_its_own_name(tmp_path: Path) -> None:
    class Signalled(Bare):
        def decision_tick(self) -> Tick:
            os.kill(os.getpid(), signal.SIGTERM)
            return super().decision_tick()

    done = ran(tmp_path, Account(Signalled(FakeClock(NOON))), once=True)
    assert (done.overdue, done.ended) == (False, "SIGTERM")


# --- a venue that is away -------------------------------------------------------------------------------------------


@dataclass
class Ended(FakeClock):
    """A clock whose second wait hears a signal, or finds the account stopped."""

    home: Path = Path()
    by: str = "SIGTERM"

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.waits) == 2:
            if self.by == "SIGTERM":
                os.kill(os.getpid(), signal.SIGTERM)
            else:
                folder = self.home / "state" / "paper"
                folder.mkdir(parents=True, exist_ok=True)
                (folder / "stopped").write_text('{"at": 1, "reason": "moving house"}')


@pytest.mark.parametrize("by", ["SIGTERM", "moving house"])
def test_a_start_that_waits_for_its_venue_comes_to_a_proper_end_and_shows_what_is_held(tmp_path: Path, by: str) -> None:
    begun(tmp_path)

    @contextmanager
    def away() -> Iterator[Account]:
        raise VenueUnavailable("binance: no answer")
        yield  # pragma: no cover

    clock = Ended(NOON, home=tmp_path, by=by)
    done = run_account(Run(tmp_path, SETTINGS), away, clock=clock, pace=Pace(guard=60.0, look=30.0))
    assert by in done.ended
    assert done.ended.endswith(", while it waited for the venue: binance: no answer")
    assert (done.started, done.ticks, done.problems) == (None, 0, ())
    assert list(done.portfolio.holdings) == ["BTC/USDT"], "as the files have it"


def test_a_run_whose_time_has_gone_with_its_exchange_promises_no_next_try_and_writes_down_its_end(
    tmp_path: Path,
) -> None:
    class Gone(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise VenueUnavailable("no simulated exchange answers")

    said: list[str] = []
    account = Account(Scripted(FakeClock(NOON)))
    (tmp_path / "state" / "paper").mkdir(parents=True)

    @contextmanager
    def opened() -> Iterator[Account]:
        yield account

    run = Run(tmp_path, SETTINGS, time_goes_by=lambda: False)
    with pytest.raises(VenueUnavailable, match="this ends with it"):
        run_account(run, opened, clock=Gone(NOON), pace=Pace(guard=900.0, look=900.0), report=said.append)
    assert not any("the next try" in one for one in said)
    end = account.engine.calls[-1]
    assert end.startswith("no simulated exchange answers"), "the journal knows how it ended"
    assert last(tmp_path / "state/paper/receipts", 1)[0]["reason"] == end


# --- health ---------------------------------------------------------------------------------------------------------


def test_what_dies_rests_twice_as_long_each_time_and_is_started_six_times_an_hour() -> None:
    rests, now, starts, news = Rests(), 0.0, list[float](), 0
    while now < 4 * 3600.0:
        rest, fresh = rests.after_a_death(now)
        now += rest
        starts.append(now)
        news += fresh
    assert starts[:5] == [1.0, 3.0, 7.0, 15.0, 31.0]
    for begun_at in starts:
        assert sum(begun_at <= one < begun_at + 3600.0 for one in starts) <= MOST_AN_HOUR
    assert news == 1, "told once while it goes on dying"
    assert rests.after_a_death(now + 10_000.0) == (1.0, True)


def test_a_server_that_dies_comes_again_and_who_trades_waits_for_nothing() -> None:
    children: list[subprocess.Popen[bytes]] = []
    said: list[str] = []

    def begin() -> subprocess.Popen[bytes]:
        words = [sys.executable, "-c", "import sys; sys.stdin.read()"]
        children.append(subprocess.Popen(words, stdin=subprocess.PIPE))
        return children[-1]

    kept = KeptChild(begin, said.append)
    kept.start()
    children[0].kill()
    until(lambda: len(children) == 2)
    children[1].kill()
    began = time.monotonic()
    kept.close()
    assert time.monotonic() - began < 1.0, "it rests, and its end is not waited for"
    time.sleep(0.1)
    assert len(children) == 2
    assert all(one.poll() is not None for one in children)
    assert len(said) == 1
    assert "its process ended with -9" in said[0]


def test_a_server_that_cannot_be_started_now_is_started_later() -> None:
    began: list[int] = []

    def begin() -> subprocess.Popen[bytes] | None:
        began.append(1)
        return None if len(began) == 1 else subprocess.Popen(["sleep", "60"], stdin=subprocess.PIPE)

    kept = KeptChild(begin, lambda _: None)
    kept.start()
    until(lambda: kept._child is not None)  # begun is not yet kept
    assert len(began) == 2
    child = kept._child
    assert child is not None
    child.terminate()
    kept.close()


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 60.0
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@dataclass
class Away:
    """A venue that is not there; after three tries somebody wants an end. Fulfils `CandleSource` as far as a start."""

    asked: int = 0

    def instrument(self, pair: Pair) -> Instrument:
        self.asked += 1
        if self.asked == 9:
            signal.raise_signal(signal.SIGTERM)
        raise VenueUnavailable("binance cannot be reached: the connection is refused")


def test_who_waits_for_a_venue_says_once_what_can_be_done_and_that_nothing_is_proved(tmp_path: Path) -> None:
    said: list[str] = []
    source = cast("CandleSource", Away())
    asked: list[str] = []
    done = run_paper(
        PaperRequest(tmp_path, SETTINGS), report=said.append, clock=FakeClock(), source=source, waiting=asked.append
    )
    assert asked == ["asking binance for its markets and its time"], "at once, and once"
    assert done.ended.startswith("SIGTERM, while it waited for the venue: binance cannot be reached: the connection")
    tries = [one for one in said if "the next try comes in 60 s" in one]
    assert len(tries) >= 2
    assert [one.endswith("; Ctrl-C ends it; vigie paper --replay needs no network") for one in tries] == [
        index == 0 for index in range(len(tries))
    ]
    assert len([one for one in said if "no certificate" in one]) == 1
