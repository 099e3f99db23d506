"""What wakes an engine: at each close, at each guard period, soon when asked; and whatever happens to the clock."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.clock import SystemClock
from vigie.app.trading.scheduling import ScheduledBell, bell_of, close_trigger
from vigie.app.trading.ticking import Pace, PacedBell
from vigie.domain.timeframe import Timeframe

SECOND = Timeframe(1000)
HOUR = Timeframe.parse("1h")
SLOW = Pace(guard=60.0, look=0.02)


def fires(timeframe: str, delay: float, now: datetime, count: int) -> list[datetime]:
    trigger, found, before = close_trigger(Timeframe.parse(timeframe), delay), [], None
    for _ in range(count):
        at = trigger.get_next_fire_time(before, now)
        found.append(at)
        before, now = at, at + timedelta(microseconds=1)
    return found


@pytest.mark.parametrize("timeframe", ["1m", "3m", "5m", "7m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"])
def test_each_close_of_any_timeframe_is_rung_once_the_delay_after_it(timeframe: str) -> None:
    now = datetime(2024, 2, 29, 12, 0, 1, tzinfo=UTC)
    length = Timeframe.parse(timeframe).milliseconds
    rung = fires(timeframe, 3.0, now, 4)
    assert rung[0] >= now
    since = [round(one.timestamp() * 1000) - 3000 for one in rung]
    assert [at % length for at in since] == [0] * 4
    assert [later - sooner for sooner, later in itertools.pairwise(since)] == [length] * 3
    assert since[0] - round(now.timestamp() * 1000) < length


def test_summer_time_of_the_local_zone_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        for before in (datetime(2024, 3, 30, 22, tzinfo=UTC), datetime(2024, 10, 26, 22, tzinfo=UTC)):
            rung = fires("4h", 5.0, before.astimezone(berlin), 4)
            assert [one.astimezone(UTC).hour for one in rung] == [0, 4, 8, 12]
    finally:
        monkeypatch.undo()
        time.tzset()


def rings(pace: Pace, timeframe: Timeframe, seconds: float, *, soon: float | None = None) -> list[float]:
    """Instants at which it rang within some seconds, from the start."""
    begun = time.monotonic()
    found: list[float] = []

    def ending() -> str | None:
        return "enough" if time.monotonic() - begun >= seconds else None

    with ScheduledBell(SystemClock(), timeframe, pace, ending) as bell:
        while ending() is None:
            bell.wait(60.0 if soon is None else soon)
            if ending() is None:
                found.append(time.monotonic() - begun)
    return found


def test_it_rings_after_each_close_by_the_machines_time() -> None:
    clock = SystemClock()
    at: list[int] = []
    with ScheduledBell(clock, SECOND, Pace(guard=60.0, delay=0.2, look=0.5), lambda: None) as bell:
        for _ in range(2):
            bell.wait(60.0)
            at.append(clock.now_ms())
    assert all(200 <= one % 1000 < 700 for one in at), at
    assert at[1] // 1000 == at[0] // 1000 + 1


def test_it_rings_at_each_guard_period_and_soon_when_asked() -> None:
    assert len(rings(Pace(guard=0.3, look=0.05), HOUR, 1.1)) == 3
    assert len(rings(SLOW, HOUR, 0.9, soon=0.2)) >= 3


def test_rings_that_come_while_nobody_waits_are_one() -> None:
    with ScheduledBell(SystemClock(), HOUR, Pace(guard=0.1, look=0.05), lambda: None) as bell:
        time.sleep(0.55)
        begun = time.monotonic()
        bell.wait(60.0)
        assert time.monotonic() - begun < 0.05
        bell.wait(60.0)
        assert time.monotonic() - begun > 0.03


def test_an_end_is_heard_within_a_look_and_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    begun = time.monotonic()
    assert rings(SLOW, HOUR, 0.2) == []
    assert time.monotonic() - begun < 1.0
    assert threading.active_count() == before


@dataclass
class Slipping:
    """The machine's clock, and what somebody has set it by."""

    by_ms: int = 0

    def now_ms(self) -> int:
        return SystemClock().now_ms() + self.by_ms

    def sleep(self, seconds: float) -> None:
        raise AssertionError("it waits for the bell")


@pytest.mark.parametrize("step", [-3_600_000, 3_600_000, 1_500])
def test_a_clock_that_is_set_rings_at_once_and_what_comes_is_counted_anew(step: int) -> None:
    clock = Slipping()
    with ScheduledBell(clock, HOUR, SLOW, lambda: None) as bell:
        threading.Timer(0.1, lambda: setattr(clock, "by_ms", step)).start()
        begun = time.monotonic()
        bell.wait(60.0)
        assert 0.05 < time.monotonic() - begun < 0.5
        assert not bell._stepped(), "known from now on"


def test_a_machine_that_slept_is_woken_to_a_ring() -> None:
    # While it sleeps only the wall clock goes on.
    held = [0.0]
    with ScheduledBell(SystemClock(), HOUR, SLOW, lambda: None, lambda: time.monotonic() - held[0]) as bell:
        threading.Timer(0.1, lambda: held.__setitem__(0, 28_800.0)).start()
        begun = time.monotonic()
        bell.wait(60.0)
        assert time.monotonic() - begun < 0.5


def test_a_scheduler_that_has_died_is_not_waited_for() -> None:
    with ScheduledBell(SystemClock(), HOUR, SLOW, lambda: None) as bell:
        bell._scheduler.pause()
        begun = time.monotonic()
        bell.wait(-1.8)
        assert time.monotonic() - begun < 1.0


def test_another_clock_than_the_machines_is_paced_by_itself() -> None:
    with bell_of(FakeClock(), HOUR, Pace(), lambda: None) as bell:
        assert isinstance(bell, PacedBell)
    with bell_of(SystemClock(), HOUR, Pace(), lambda: None) as bell:
        assert isinstance(bell, ScheduledBell)
