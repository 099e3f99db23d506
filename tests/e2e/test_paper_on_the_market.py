"""`vigie paper` on a market that goes by: the real ccxt over HTTP, real files, real signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.command_line import Vigie
from tests.fakes.kline_server import HOUR_MS, KlineServer
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import verify
from vigie.app.settings import AccountSettings
from vigie.app.trading.paper import PaperRequest, run_paper
from vigie.app.trading.running import RunResult
from vigie.app.trading.ticking import Pace
from vigie.domain.errors import ConfigError, VenueUnavailable
from vigie.domain.events import Decided, FillSeen
from vigie.domain.pair import Pair
from vigie.ports.journal import Entry

FIRST = 1_704_067_200_000  # 2024-01-01
NOW = FIRST + 60 * HOUR_MS + 5_000
BTC = Pair("BTC", "USDT")

EAGER = '''"""Eager: wants in at every close, with a stop 3 below, and out of a candle that closes at 140 or more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import Candles
from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals


@dataclass(frozen=True, slots=True)
class Parameters(Params):
    """One number."""

    below: float = number(3.0, low=0.1, high=50.0, help="distance of the stop, quote")


def signals(candles: Candles, parameters: Parameters) -> Signals:
    """One wish per closed candle."""
    one = np.ones(len(candles))
    return Signals.of(
        entry=one > 0, exit=candles.close >= 140.0, stop_distance=parameters.below * one, volatility=one, warm_up=2
    )
'''

SLOW = Pace(guard=1200.0)
"""ccxt keeps to the venue's rate limit in real time: few ticks an hour make a short test."""


@dataclass
class TiedClock(FakeClock):
    """Moves the venue's time with its own."""

    venue: KlineServer | None = None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.venue is not None:
            self.venue.now_ms = self.at_ms
            self.venue.prices["BTCUSDT"] = f"{self.venue.close_of(self.at_ms // HOUR_MS * HOUR_MS):.2f}"


@pytest.fixture
def venue() -> Iterator[KlineServer]:
    with KlineServer(now_ms=NOW, first_ms=FIRST, prices={"BTCUSDT": "120.00"}) as server:
        yield server


def write_strategy(folder: Path) -> None:
    (folder / "strategies").mkdir(exist_ok=True)
    (folder / "strategies" / "eager.py").write_text(EAGER)


def request(folder: Path, venue: KlineServer, **words: object) -> PaperRequest:
    settings = AccountSettings("paper", strategy="eager", pairs=(BTC,), parameters={"trail_atr": "2"})
    return PaperRequest(folder, settings, base_url=venue.url, **words)  # type: ignore[arg-type]


def traded(folder: Path, venue: KlineServer, hours: float, **words: object) -> RunResult:
    """Hours of paper trading, ended by `vigie stop`'s marker."""
    write_strategy(folder)
    clock = TiedClock(venue.now_ms, venue=venue)
    until = clock.at_ms + round(hours * HOUR_MS)

    def told(*_: object) -> None:
        if clock.at_ms >= until:
            os.kill(os.getpid(), signal.SIGTERM)

    return run_paper(request(folder, venue, **words), clock=clock, told=told, pace=SLOW)


def lines(folder: Path) -> list[Entry]:
    with JsonlJournal(folder / "state/paper/journal", "paper", SystemClock()) as journal:
        return list(journal.read())


def test_hours_go_by_with_entries_stops_and_exits_and_the_chain_holds(home: Path, venue: KlineServer) -> None:
    done = traded(home, venue, 12)
    assert done.ended == "SIGTERM"
    assert done.problems == ()
    written = lines(home)
    fills = [one.event for one in written if isinstance(one.event, FillSeen)]
    assert len(fills) >= 3
    decided = [one.event.candle_at for one in written if isinstance(one.event, Decided) and one.event.action != "enter"]
    hours = sorted(set(decided))
    assert hours == list(range(hours[0], hours[-1] + 1, HOUR_MS)), "no candle is left out"
    assert len(hours) >= 12
    assert verify(home / "state/paper/journal", "paper").bad is None
    for one in done.portfolio.holdings.values():
        assert one.stop_id is not None


@pytest.mark.long
def test_a_stop_is_met_within_a_minute_and_not_at_the_end_of_its_hour(home: Path, venue: KlineServer) -> None:
    # Closes climb by one an hour and fall from 149 to 100 once in fifty: the fall lies in the first minute of its hour.
    fall = next(
        at for at in range(venue.now_ms // HOUR_MS * HOUR_MS, NOW + 60 * HOUR_MS, HOUR_MS) if venue.close_of(at) == 100
    )
    done = traded(home, venue, (fall - NOW) / HOUR_MS + 1.0)
    sales = [one.event.fill for one in lines(home) if isinstance(one.event, FillSeen)]
    assert any(fall <= fill.filled_at <= fall + 60_000 for fill in sales), [one.filled_at - fall for one in sales]
    assert done.problems == ()


def test_data_collection_decides_and_opens_nothing(home: Path, venue: KlineServer) -> None:
    done = traded(home, venue, 3, opens=False)
    written = lines(home)
    assert not [one for one in written if isinstance(one.event, FillSeen)]
    refused = [one.event for one in written if isinstance(one.event, Decided) and one.event.action == "refuse"]
    assert refused
    assert all("mode reduce-only" in one.reason for one in refused)
    assert not done.portfolio.holdings


def test_one_tick_then_the_end_and_the_next_call_goes_on(home: Path, venue: KlineServer) -> None:
    write_strategy(home)
    clock = TiedClock(venue.now_ms, venue=venue)
    first = run_paper(request(home, venue, once=True), clock=clock)
    assert (first.ticks, first.ended) == (1, "one tick was asked for")
    assert list(first.portfolio.holdings) == ["BTC/USDT"]
    again = run_paper(request(home, venue, once=True), clock=clock)
    assert repr(again.portfolio.holdings) == repr(first.portfolio.holdings), "the same candle is not decided twice"
    assert len([one for one in lines(home) if isinstance(one.event, FillSeen)]) == 1


def test_a_venue_that_is_away_ends_one_call_and_is_waited_for_by_who_runs_for_months(
    home: Path,
    venue: KlineServer,
) -> None:
    write_strategy(home)
    clock = TiedClock(venue.now_ms, venue=venue)
    venue.info_failures = [503] * 20
    with pytest.raises(VenueUnavailable):
        run_paper(request(home, venue, once=True), clock=clock)
    venue.info_failures = [503] * 20
    said: list[str] = []
    done = run_paper(
        request(home, venue), clock=clock, report=said.append, told=lambda *_: os.kill(os.getpid(), signal.SIGTERM)
    )
    assert done.ticks == 1
    assert any("the next try comes in 60 s" in one for one in said)


def test_a_pair_that_is_still_held_cannot_be_left_out(home: Path, venue: KlineServer) -> None:
    write_strategy(home)
    clock = TiedClock(venue.now_ms, venue=venue)
    run_paper(request(home, venue, once=True), clock=clock)
    settings = AccountSettings("paper", strategy="eager", pairs=(Pair("ETH", "USDT"),))
    with pytest.raises(ConfigError, match="BTC/USDT is still held"):
        run_paper(PaperRequest(home, settings, once=True, base_url=venue.url), clock=clock)


def test_what_the_command_line_does_not_say_comes_from_the_home(vigie: Vigie, home: Path, venue: KlineServer) -> None:
    write_strategy(home)
    (home / "vigie.toml").write_text(
        '[accounts.paper]\nstrategy = "eager"\npairs = ["BTC/USDT"]\ncapital = 500\n'
        "[accounts.paper.parameters]\nbelow = 4\n"
    )
    venue.now_ms = SystemClock().now_ms()
    venue.first_ms = venue.now_ms // HOUR_MS * HOUR_MS - 700 * HOUR_MS
    said = vigie("paper", "--once", "--json", "--base-url", venue.url)
    assert said.code == 0, said.err
    assert said.document["portfolio"]["capital"] == "500.0"
    for words in (["--speed", "3"], ["--data", "x"], ["--timerange", "20240101-"]):
        said = vigie("paper", *words)
        assert said.code == 78
        assert f"{words[0]} is for recorded candles: add --replay" in said.err
    said = vigie("paper", "--replay", "--once", "--no-orders")
    assert said.code == 78
    assert "--once is for the market" in said.err
    said = vigie("paper", "--account", "live-1")
    assert said.code == 78
    assert "paper account" in said.err


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM])
def test_a_process_that_is_asked_to_end_ends_well_and_its_account_can_be_read_meanwhile(
    home: Path,
    venue: KlineServer,
    number: signal.Signals,
) -> None:
    write_strategy(home)
    venue.now_ms = SystemClock().now_ms()
    venue.first_ms = venue.now_ms // HOUR_MS * HOUR_MS - 700 * HOUR_MS
    words = [str(Path(sys.executable).with_name("vigie"))]
    told = {**os.environ, "VIGIE_HOME": str(home)}
    run = ["paper", "--strategy", "eager", "--pairs", "BTC/USDT", "--base-url", venue.url]
    with subprocess.Popen(
        [*words, *run], env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        heart = home / "state/paper/heartbeat.json"
        until = time.monotonic() + 60
        while not heart.exists() and time.monotonic() < until and process.poll() is None:
            time.sleep(0.05)
        status = subprocess.run([*words, "status", "--json"], env=told, capture_output=True, text=True, check=False)
        second = subprocess.run([*words, *run, "--once"], env=told, capture_output=True, text=True, check=False)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert number.name in out
    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["account"] == "paper"
    assert second.returncode == 4, second.stderr
    assert verify(home / "state/paper/journal", "paper").bad is None
