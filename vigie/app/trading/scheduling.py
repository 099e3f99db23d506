"""What wakes an engine: APScheduler by the machine's time, or the engine's own clock.

The scheduler only rings. `vigie.app.trading.ticking.Ticker` judges at each ring what is due, and the thread that waits
for the bell does all the ticks: one writer, nothing to be remembered over a restart, and several rings are one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from vigie.adapters.clock import SystemClock
from vigie.app.trading.ticking import Bell, Ending, Pace, PacedBell
from vigie.domain.timeframe import Timeframe
from vigie.ports.clock import Clock

if TYPE_CHECKING:
    from apscheduler.triggers.base import BaseTrigger

CLOSE, GUARD, SOON = "close", "guard", "soon"
_STEP_SECONDS = 1.0
"""So much does the clock have to go astray for a step: it is drawn to the right time by less at once."""
_LATE_SECONDS = 2.0
"""So late may a ring come before it is done without."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def bell_of(clock: Clock, timeframe: Timeframe, pace: Pace, ending: Ending) -> Iterator[Bell]:
    """The scheduler where time is the machine's own; whoever brings another clock is woken by that one.

    Args:
        clock: of the engine.
        timeframe: of its decisions.
        pace: how long the waits are.
        ending: why this is to end; None: it is not.
    """
    if isinstance(clock, SystemClock):
        with ScheduledBell(clock, timeframe, pace, ending) as bell:
            yield bell
    else:
        yield PacedBell(clock, ending, pace.look)


def close_trigger(timeframe: Timeframe, delay: float) -> BaseTrigger:
    """Rings so many seconds after each close, UTC: candles are counted from the epoch, as cron would count them.

    An interval, not cron: that one says only what divides an hour or a day.
    """
    from apscheduler.triggers.interval import IntervalTrigger

    length = timedelta(milliseconds=timeframe.milliseconds)
    start = _EPOCH + timedelta(seconds=delay) % length
    return IntervalTrigger(seconds=round(length.total_seconds()), start_date=start, timezone=UTC)


class ScheduledBell:
    """Rings at each close and at each guard period, and soon if asked to. Fulfils `vigie.app.trading.ticking.Bell`.

    A clock that is set, or a machine that slept, makes it ring at once, and its times are counted anew: else a clock
    that was set back an hour would be an hour's silence. A scheduler that has died is not waited for either.
    """

    def __init__(
        self,
        clock: Clock,
        timeframe: Timeframe,
        pace: Pace,
        ending: Ending,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make ready; it rings from ``with`` on.

        Args:
            clock: the machine's.
            timeframe: whose closes are rung.
            pace: how long the waits are.
            ending: why this is to end; None: it is not.
            monotonic: seconds that nobody sets.
        """
        self._clock, self._timeframe, self._pace, self._ending = clock, timeframe, pace, ending
        self._monotonic = monotonic
        self._rung = threading.Event()
        self._scheduler: Any = None
        self._offset = self._offset_now()

    def __enter__(self) -> Self:
        from apscheduler.schedulers.background import BackgroundScheduler

        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": {"type": "threadpool", "max_workers": 1}},
            # A ring that comes late is as good as one in time: what is too old to act on is refused by the engine.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        # Two lines for each ring would drown what the engine says.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler.start()
        self._set_times()
        return self

    def __exit__(self, *_: object) -> None:
        self._scheduler.pause()
        self._scheduler.shutdown(wait=True)

    def wait(self, seconds: float) -> None:
        """Come back when it rings, or somebody wants an end.

        Args:
            seconds: when it has rung at the latest, as far as one can tell.
        """
        if seconds < self._pace.guard:
            # No guard period: something is looked after sooner, or the venue's hours are not quite ours.
            self._add(SOON, self._in(seconds))
        until = self._monotonic() + seconds + _LATE_SECONDS
        while self._ending() is None:
            if self._rung.wait(self._pace.look):
                break
            if self._stepped() or self._monotonic() >= until:
                self._set_times()
                break
        self._rung.clear()

    def _set_times(self) -> None:
        """Count all times from now on."""
        from apscheduler.triggers.interval import IntervalTrigger

        self._offset = self._offset_now()
        self._add(CLOSE, close_trigger(self._timeframe, self._pace.delay))
        self._add(GUARD, IntervalTrigger(seconds=self._pace.guard, timezone=UTC))

    def _add(self, name: str, trigger: BaseTrigger) -> None:
        self._scheduler.add_job(self._rung.set, trigger, id=name, replace_existing=True)

    def _in(self, seconds: float) -> BaseTrigger:
        from apscheduler.triggers.date import DateTrigger

        return DateTrigger(_EPOCH + timedelta(milliseconds=self._clock.now_ms(), seconds=seconds), timezone=UTC)

    def _stepped(self) -> bool:
        return abs(self._offset_now() - self._offset) >= _STEP_SECONDS

    def _offset_now(self) -> float:
        return self._clock.now_ms() / 1000 - self._monotonic()
