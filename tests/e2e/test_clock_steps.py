"""Clocks that are set, zones that change, machines that sleep: no decision is missed, none is taken twice."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from tests.e2e.test_paper_on_the_market import BTC, write_strategy
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import JsonlJournal
from vigie.app.settings import AccountSettings
from vigie.app.trading.paper import PaperRequest, run_paper
from vigie.app.trading.running import RunResult
from vigie.app.trading.ticking import Pace
from vigie.domain.events import CycleDone, Decided, FillSeen
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.domain.timeframe import Timeframe
from vigie.ports.candles import CandleRow

HOUR, MINUTE = 3_600_000, 60_000
SUMMER_TIME = 1_711_846_800_000  # 2024-03-31 01:00 UTC, when clocks in Berlin go from 2 to 3
FIRST = SUMMER_TIME - 70 * HOUR
BEGIN = SUMMER_TIME - 3 * HOUR + 20 * MINUTE
HOURS = 6


@dataclass
class Wall:
    """The clock on the wall of a machine, and the true time that it has nothing to do with.

    Attributes:
        true_ms: the venue's time.
        steps: at which true instant the wall is set to the true time and so much more, milliseconds.
        sleeps: at which true instant the machine sleeps, and for how long, milliseconds.
    """

    true_ms: int = BEGIN
    steps: list[tuple[int, int]] = field(default_factory=list)
    sleeps: list[tuple[int, int]] = field(default_factory=list)
    by_ms: int = 0

    def now_ms(self) -> int:
        return self.true_ms + self.by_ms

    def sleep(self, seconds: float) -> None:
        self.true_ms += max(1, round(seconds * 1000))
        while self.sleeps and self.true_ms >= self.sleeps[0][0]:
            self.true_ms += self.sleeps.pop(0)[1]
        while self.steps and self.true_ms >= self.steps[0][0]:
            self.by_ms = self.steps.pop(0)[1]


@dataclass
class Market:
    """One pair whose price climbs and falls with the hours, by the true time. Fulfils the port CandleSource."""

    wall: Wall
    first_ms: int = FIRST
    venue: str = "binance"
    page_limit: int = 1000

    def now_ms(self) -> int:
        return self.wall.true_ms

    def instrument(self, pair: Pair) -> Instrument:
        return Instrument(pair, Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(5))

    def page(self, pair: Pair, timeframe: Timeframe, since_ms: int) -> Sequence[CandleRow]:
        length = timeframe.milliseconds
        first = max(self.first_ms, -(-since_ms // length) * length)
        opened = range(first, self.wall.true_ms + 1, length)[: self.page_limit]
        return [(at, price(at), price(at) + 1, price(at) - 1, price(at), 10.0) for at in opened]

    def last_price(self, pair: Pair) -> float | None:
        return price(self.wall.true_ms)


def price(at: int) -> float:
    return 136.0 + (at // HOUR) % 6


def traded(home: Path, wall: Wall) -> tuple[RunResult, dict[int, int]]:
    """Hours of paper trading; and by candle how long after its close it was decided on, true milliseconds."""
    write_strategy(home)
    late: dict[int, int] = {}

    def told(_mode: str, problems: Sequence[str], account: Portfolio) -> None:
        assert not problems, problems
        if account.cycle is not None:
            at = account.cycle.candle_at
            late.setdefault(at, wall.true_ms - at - HOUR)
        if wall.true_ms >= BEGIN + HOURS * HOUR:
            os.kill(os.getpid(), signal.SIGTERM)

    settings = AccountSettings("paper", strategy="eager", pairs=(BTC,), parameters={"trail_atr": "2"})
    pace = Pace(guard=120.0, look=20.0)
    return run_paper(PaperRequest(home, settings), clock=wall, source=Market(wall), told=told, pace=pace), late


def decided(home: Path) -> list[int]:
    """Candles that were gone through, in order."""
    with JsonlJournal(home / "state/paper/journal", "paper", SystemClock()) as journal:
        events = [one.event for one in journal.read()]
    acts = [(one.pair, one.candle_at, one.action) for one in events if isinstance(one, Decided)]
    assert len(acts) == len(set(acts)), "the same act twice"
    bought = [one for one in events if isinstance(one, FillSeen)]
    assert bought, "it does trade"
    return [one.candle_at for one in events if isinstance(one, CycleDone)]


def settings_of_a_clock() -> dict[str, Wall]:
    at = BEGIN + 2 * HOUR + 10 * MINUTE
    return {
        "a steady clock": Wall(),
        "set forward": Wall(steps=[(at, HOUR)]),
        "set back": Wall(steps=[(at, -HOUR)]),
        "forward and back": Wall(steps=[(at, HOUR), (at + 95 * MINUTE, 0)]),
        "back and forward": Wall(steps=[(at, -HOUR), (at + 95 * MINUTE, 0)]),
        "set back across a close": Wall(steps=[(BEGIN + 101 * MINUTE, -2 * MINUTE)]),
        "wrong from the start": Wall(by_ms=-HOUR),
        "a week wrong": Wall(by_ms=168 * HOUR),
    }


QUICK = {"set forward", "set back"}


@pytest.mark.parametrize(
    "what", [pytest.param(one, marks=() if one in QUICK else pytest.mark.long) for one in settings_of_a_clock()]
)
def test_each_candle_is_decided_on_once_and_soon_whatever_the_clock_shows(home: Path, what: str) -> None:
    done, late = traded(home, settings_of_a_clock()[what])
    assert done.ended == "SIGTERM"
    candles = decided(home)
    assert len(candles) >= HOURS
    assert all(later - sooner == HOUR for sooner, later in pairwise(candles)), candles
    worst = max(one for at, one in late.items() if at > candles[0])
    assert worst <= 4 * MINUTE, {at: one / MINUTE for at, one in late.items()}


@pytest.mark.long
@pytest.mark.parametrize("length", [20 * MINUTE, 4 * HOUR])
def test_a_machine_that_slept_decides_on_what_has_closed_as_soon_as_it_is_awake(home: Path, length: int) -> None:
    asleep = BEGIN + 2 * HOUR + 30 * MINUTE
    _, late = traded(home, Wall(sleeps=[(asleep, length)]))
    candles = decided(home)
    assert all(later - sooner == HOUR for sooner, later in pairwise(candles)), "those of the night too"
    assert any(0 <= at + HOUR + late[at] - asleep - length <= 3 * MINUTE for at in late)


@pytest.mark.long
def test_summer_time_of_the_local_zone_changes_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert time.localtime(SUMMER_TIME // 1000 - 1).tm_hour == 1
        assert time.localtime(SUMMER_TIME // 1000).tm_hour == 3
        _, late = traded(home, Wall())
    finally:
        monkeypatch.undo()
        time.tzset()
    candles = decided(home)
    assert candles[0] < SUMMER_TIME < candles[-1]
    assert all(later - sooner == HOUR for sooner, later in pairwise(candles))
    assert max(late[at] for at in candles[1:]) <= MINUTE


@pytest.mark.long
@pytest.mark.parametrize("length", ["1m", "5m", "15m", "4h", "1d"])
def test_candles_of_any_length_are_decided_on_once_each(home: Path, length: str) -> None:
    write_strategy(home)
    wall, timeframe = Wall(), Timeframe.parse(length)
    candle = timeframe.milliseconds

    def told(_mode: str, problems: Sequence[str], account: Portfolio) -> None:
        assert not problems, problems
        if wall.true_ms >= BEGIN + 6 * candle:
            os.kill(os.getpid(), signal.SIGTERM)

    settings = AccountSettings("paper", strategy="eager", pairs=(BTC,), timeframe=timeframe)
    seconds = min(3600.0, candle / 4000)
    pace = Pace(guard=seconds, look=seconds / 4)
    market = Market(wall, BEGIN // candle * candle - 60 * candle)
    run_paper(PaperRequest(home, settings), clock=wall, source=market, told=told, pace=pace)
    candles = decided(home)
    assert len(candles) >= 6
    assert all(later - sooner == candle for sooner, later in pairwise(candles))
