"""From a clean start to a proper end: what paper and live trading do alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from vigie.adapters.signals import EndSignals
from vigie.app.halting import stopped
from vigie.app.post_office import PostOffice, post_office
from vigie.app.settings import AccountSettings
from vigie.app.ticking import FreshFeed, Pace, Ticker, Ticking, wait
from vigie.domain.errors import VenueUnavailable
from vigie.domain.events import Recovered
from vigie.domain.portfolio import Portfolio
from vigie.engine.cycle import Tick
from vigie.ports.clock import Clock

Report = Callable[[str], None]
Told: TypeAlias = Callable[[str, Sequence[str], Portfolio], None]
"""Told of each tick the mode, what went wrong, and the account after it."""


class Startable(Ticking, Protocol):
    """An engine."""

    def start(self) -> Recovered:
        """Recover."""
        ...

    def stop(self, reason: str) -> None:
        """Let the account go."""
        ...


class _Journal(Protocol):
    @property
    def last_seq(self) -> int: ...


class Opened(Protocol):
    """An engine with its feed and its journal."""

    @property
    def engine(self) -> Startable:
        """Started here."""
        ...

    @property
    def feed(self) -> FreshFeed:
        """The candles that it decides on."""
        ...

    @property
    def journal(self) -> _Journal:
        """Of the account."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be run.

    Attributes:
        home: the user's folder.
        settings: of the account.
        once: one tick, and whatever it takes until all that is held is protected; for cron.
    """

    home: Path
    settings: AccountSettings
    once: bool = False


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run left.

    Attributes:
        account: its name.
        started: what the start found.
        ticks: how many there were.
        portfolio: the account at the end.
        last_seq: lines of the journal.
        problems: what went wrong in the last tick.
        ended: who wanted the end.
    """

    account: str
    started: Recovered
    ticks: int
    portfolio: Portfolio
    last_seq: int
    problems: tuple[str, ...]
    ended: str


def run_account(
    run: Run,
    opened: Callable[[], AbstractContextManager[Opened]],
    *,
    clock: Clock,
    pace: Pace | None = None,
    report: Report = lambda _: None,
    told: Told = lambda _, __, ___: None,
) -> RunResult:
    """Trade until a signal, a stop command, or, with ``once``, the end of the first tick.

    Args:
        run: what to do.
        opened: opens the account; called again after a venue did not answer at the start.
        clock: now.
        pace: how long the waits are.
        report: told what happened on the way.
        told: each tick.

    Raises:
        VenueUnavailable: the venue does not answer at the start, and there is to be one tick only.
        VigieError: whatever opening or starting raises besides.
    """
    pace = pace or Pace()
    with (
        EndSignals() as signals,
        post_office(run.home, run.settings.name, clock=clock, report=report, once=run.once) as office,
    ):

        def ending() -> str | None:
            return signals.heard or stopped(run.home, run.settings.name)

        while True:
            try:
                with opened() as found:
                    ticker = Ticker(
                        found.engine, found.feed, clock, run.settings.pairs, run.settings.timeframe,
                        pace=pace, ending=ending,
                    )  # fmt: skip
                    return _session(run, found, ticker, told, office)
            except VenueUnavailable as error:
                # Who is called once is called again; who is to run for months waits for the venue.
                if run.once:
                    raise
                report(f"{error}; the next try comes in {pace.guard:.0f} s")
                office.told_of("venue", str(error))
                wait(clock, pace.guard, ending)
                if ending() is not None:
                    raise


def _session(run: Run, found: Opened, ticker: Ticker, told: Told, office: PostOffice) -> RunResult:
    """From a clean start to a proper end."""
    started = found.engine.start()
    ticks = 0
    last: tuple[str, ...] = ()

    def each(tick: Tick) -> None:
        nonlocal ticks, last
        ticks, last = ticks + 1, tick.problems
        office.ticked(tick.problems)
        told(tick.mode.value, tick.problems, found.engine.portfolio)

    if run.once:
        ticker.until_safe(each)
        ended = "one tick was asked for"
    else:
        ended = ticker.run(each)
    found.engine.stop(ended)
    return RunResult(
        account=run.settings.name,
        started=started,
        ticks=ticks,
        portfolio=found.engine.portfolio,
        last_seq=found.journal.last_seq,
        problems=last,
        ended=ended,
    )
