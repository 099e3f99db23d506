"""When the engine's ticks come: a decision soon after each close, a guard tick every minute in between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from vigie.domain.errors import VigieError
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.domain.timeframe import Timeframe
from vigie.engine.cycle import Tick
from vigie.ports.clock import Clock

SLICE_SECONDS = 0.5
"""Longest wait between two looks at whether somebody wants this to end."""
_EARLY_MS = 1000
"""A tick that comes so much before its time is in its turn."""
Ending: TypeAlias = Callable[[], str | None]
"""Why this is to end; None: it is not."""


class Ticking(Protocol):
    """What is ticked: `vigie.engine.cycle.Engine`."""

    @property
    def portfolio(self) -> Portfolio:
        """The account as it stands."""
        ...

    def guard_tick(self, *, counts: bool = True) -> Tick:
        """Look after what is there; ``counts``: in its turn, not a look in between."""
        ...

    def decision_tick(self) -> Tick:
        """All steps."""
        ...


class FreshFeed(Protocol):
    """Candles, and whether the last one that can be there is there."""

    def closed(self, pair: Pair, count: int) -> object:
        """As `vigie.ports.feed.CandleFeed.closed`."""
        ...

    def is_fresh(self, pair: Pair) -> bool:
        """Whether `closed` gave the candle that closed last."""
        ...

    def skew_ms(self, *, anew: bool = False) -> int:
        """The venue's time less ours, as it was told last; ``anew``: ask for it."""
        ...


class Bell(Protocol):
    """Wakes who waits for the next look."""

    def wait(self, seconds: float) -> None:
        """Come back after so many seconds, or sooner, or when somebody wants an end."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """Waits, in seconds.

    Attributes:
        guard: between two guard ticks.
        delay: from a close to the first question for its candle.
        retry: between two questions for a candle that is not there yet.
        patience: how long a candle is waited for before the others are decided without it.
        soon: to the next look while something is without a stop or of unknown fate.
        look: longest wait between two looks at whether somebody wants this to end.
    """

    guard: float = 60.0
    delay: float = 3.0
    retry: float = 2.0
    patience: float = 45.0
    soon: float = 5.0
    look: float = SLICE_SECONDS


class Ticker:
    """Ticks an engine by the clock."""

    def __init__(
        self,
        engine: Ticking,
        feed: FreshFeed,
        clock: Clock,
        pairs: Sequence[Pair],
        timeframe: Timeframe,
        *,
        pace: Pace | None = None,
        ending: Ending = lambda: None,
    ) -> None:
        """Make ready.

        Args:
            engine: started by the caller.
            feed: asked for the candle of a close before a decision.
            clock: now, and waiting.
            pairs: whose candles are waited for.
            timeframe: of the decisions.
            pace: how long the waits are.
            ending: why this is to end; None: it is not. Asked at least twice a second.
        """
        self._engine, self._feed, self._clock = engine, feed, clock
        self._pairs, self._timeframe = tuple(pairs), timeframe
        self._pace, self._ending = pace or Pace(), ending
        self._counted_at: int | None = None
        self._awaited: tuple[int, int] | None = None
        self._looked_at: int | None = None
        self._again_soon = False

    def tick(self) -> Tick:
        """A decision if a candle has closed that was not decided on, else a look after what is there."""
        self._notice_steps()
        due = self._due()
        self._again_soon = due > self._decided() and not self._candles_are_there(due)
        if due > self._decided() and not self._again_soon:
            self._counted_at = self._clock.now_ms()
            return self._engine.decision_tick()
        return self._engine.guard_tick(counts=self._in_turn())

    def _in_turn(self) -> bool:
        """Whether a guard period has gone by since the last look that counted."""
        now, period = self._clock.now_ms(), self._pace.guard * 1000 - _EARLY_MS
        in_turn = self._counted_at is None or not 0 <= now - self._counted_at < period
        self._counted_at = now if in_turn else self._counted_at
        return in_turn

    def until_safe(self, told: Callable[[Tick], None] = lambda _: None) -> str | None:
        """Tick, and go on looking until everything that is held is known to be protected, or somebody wants an end.

        Args:
            told: each tick.

        Returns:
            who wanted it; None: all is done, and all is safe.
        """
        tick = self.tick()
        told(tick)
        while self._again_soon and self._ending() is None:
            self._wait(self._pace.soon)
            tick = self.tick()
            told(tick)
        while tick.urgent and self._ending() is None:
            self._wait(self._pace.soon)
            tick = self._engine.guard_tick(counts=self._in_turn())
            told(tick)
        return self._ending() if tick.urgent or self._again_soon else None

    def run(self, told: Callable[[Tick], None] = lambda _: None, bell: Bell | None = None) -> str:
        """Tick until somebody wants an end.

        Args:
            told: each tick.
            bell: wakes for the next look; None: the clock does.

        Returns:
            who wants it.
        """
        bell = bell or PacedBell(self._clock, self._ending, self._pace.look)
        while True:
            why = self._ending()
            if why is not None:
                return why
            tick = self.tick()
            told(tick)
            rest = self._pace.soon if tick.urgent or self._again_soon else self._pace.guard
            bell.wait(min(rest, self._to_next_close()))

    def _notice_steps(self) -> None:
        """Ask for the venue's time at first, and when ours went on by what no wait explains: somebody set it."""
        now, before = self._clock.now_ms(), self._looked_at
        longest = round(1000 * (2 * self._pace.guard + self._pace.patience))
        if before is None or not 0 <= now - before <= longest:
            try:
                self._feed.skew_ms(anew=True)
            except VigieError:
                # The tick that follows asks the same venue and says what is wrong.
                return
        self._looked_at = now

    def _venue_now(self) -> int:
        """The venue's time as far as it is known: it, not ours, decides which candle is closed."""
        return self._clock.now_ms() + self._feed.skew_ms()

    def _due(self) -> int:
        """Opening instant of the last candle whose close lies the delay back, epoch milliseconds."""
        length = self._timeframe.milliseconds
        return (self._venue_now() - round(self._pace.delay * 1000)) // length * length - length

    def _decided(self) -> int:
        cycle = self._engine.portfolio.cycle
        return -1 if cycle is None else cycle.candle_at

    def _to_next_close(self) -> float:
        """Seconds until the candle after the one that is due can be asked for."""
        at = self._due() + 2 * self._timeframe.milliseconds + round(self._pace.delay * 1000)
        return (at - self._venue_now()) / 1000

    def _candles_are_there(self, due: int) -> bool:
        """Wait until every pair has the candle that closed last, or patience is over; False: nobody answers yet.

        A pair whose candle comes late would have no decision on it: the account's timeline goes on without it. While
        the venue answers nothing at all, what is held is looked after instead.
        """
        if self._awaited is None or self._awaited[0] != due:
            self._awaited = (due, self._clock.now_ms() + round(self._pace.patience * 1000))
        until = self._awaited[1]
        while True:
            there = [self._has_come(pair) for pair in self._pairs]
            # A clock that was set back must not make an hour of patience.
            patient = 0 < until - self._clock.now_ms() <= self._pace.patience * 1000
            if all(there) or not patient or self._ending() is not None:
                return True
            if all(one is None for one in there):
                return False
            self._wait(self._pace.retry)

    def _has_come(self, pair: Pair) -> bool | None:
        """Whether the last candle of a pair is there; None: it could not be asked for."""
        try:
            self._feed.closed(pair, 1)
        except VigieError:
            # The tick that follows asks again and says what is wrong.
            return None
        return self._feed.is_fresh(pair)

    def _wait(self, seconds: float) -> None:
        wait(self._clock, seconds, self._ending, self._pace.look)


@dataclass(frozen=True, slots=True)
class PacedBell:
    """Waits by a clock. Fulfils `Bell`.

    Attributes:
        clock: now, and waiting.
        ending: why this is to end; None: it is not.
        look: longest wait between two looks at it, seconds.
    """

    clock: Clock
    ending: Ending
    look: float = SLICE_SECONDS

    def wait(self, seconds: float) -> None:
        """Come back after so many seconds, or when somebody wants an end."""
        wait(self.clock, seconds, self.ending, self.look)


def wait(clock: Clock, seconds: float, ending: Ending, look: float = SLICE_SECONDS) -> None:
    """Wait, but no longer than until somebody wants an end."""
    until = clock.now_ms() + round(seconds * 1000)
    while ending() is None:
        left = (until - clock.now_ms()) / 1000
        # A clock that was set back must not make an hour of a minute.
        if not 0 < left <= seconds:
            return
        clock.sleep(min(look, left))
