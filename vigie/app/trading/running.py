"""From a clean start to a proper end: what paper and live trading do alike."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from vigie.adapters.clock import SystemClock
from vigie.adapters.signals import EndSignals
from vigie.adapters.storage.receipts import AWAY, FOLDER, Receipts
from vigie.adapters.systemd import Supervisor
from vigie.app.accounts import account_folder
from vigie.app.alerts.post_office import PostOffice, post_office
from vigie.app.backup.daily import Daily
from vigie.app.backup.settings import backup_settings
from vigie.app.control.halting import stopped
from vigie.app.settings import AccountSettings
from vigie.app.status.health import unprotected
from vigie.app.status.standing import books
from vigie.app.trading.reoptimise import Reoptimiser
from vigie.app.trading.scheduling import bell_of
from vigie.app.trading.ticking import Bell, FreshFeed, Pace, Ticker, wait
from vigie.app.trading.watched import Startable, WatchedEngine, beside
from vigie.app.watch.settings import watch_settings
from vigie.domain.errors import VenueUnavailable
from vigie.domain.events import AlertRaised, Recovered
from vigie.domain.portfolio import Portfolio
from vigie.engine.cycle import Tick
from vigie.ports.alerts import Alerts
from vigie.ports.clock import Clock

RENEWED = "another certificate is in force"
"""How a session ends that is followed by another one."""
OVERDUE = "a call with --once may last"
"""How the end of one begins that had no time left."""
_STANDS_STILL = ": time, which it moves, stands still, and this ends with it"
END_WITHIN = 25.0
"""Seconds from the first signal to the end, whatever hangs: supervisors kill after 30."""

Report = Callable[[str], None]
Told: TypeAlias = Callable[[str, Sequence[str], Portfolio], None]
"""Told of each tick the mode, what went wrong, and the account after it."""


def said_once(report: Report) -> Report:
    """Reports no sentence twice: an account is opened anew each minute while its venue is away."""
    said = set[str]()

    def say(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            report(sentence)

    return say


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

    @property
    def alerts(self) -> Alerts:
        """Tells people."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be run.

    Attributes:
        home: the user's folder.
        settings: of the account.
        once: one tick, and whatever it takes until all that is held is protected; for cron.
        base_url: of the venue; None: its own.
        meanwhile: told once if it has to wait for its venue: what a person can do.
        time_goes_by: whether waiting ends at all; a simulated exchange takes its time along when it goes.
    """

    home: Path
    settings: AccountSettings
    once: bool = False
    base_url: str | None = None
    meanwhile: str = "Ctrl-C ends it"
    time_goes_by: Callable[[], bool] = lambda: True


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run left.

    Attributes:
        account: its name.
        started: what the start found; None: it waited for the venue to the end.
        ticks: how many there were.
        portfolio: the account at the end.
        last_seq: number of the last line of the journal.
        problems: what went wrong in the last tick.
        ended: who wanted the end.
        overdue: it was one of many short runs and had no time left, with something still to do.
    """

    account: str
    started: Recovered | None
    ticks: int
    portfolio: Portfolio
    last_seq: int
    problems: tuple[str, ...]
    ended: str
    overdue: bool = False


def run_account(
    run: Run,
    opened: Callable[[], AbstractContextManager[Opened]],
    *,
    clock: Clock,
    pace: Pace | None = None,
    report: Report = lambda _: None,
    told: Told = lambda _, __, ___: None,
    renewed: Callable[[], bool] = lambda: False,
) -> RunResult:
    """Trade until a signal, a stop command, or, with ``once``, the end of the first tick.

    Args:
        run: what to do.
        opened: opens the account; called again after a venue did not answer at the start.
        clock: now.
        pace: how long the waits are.
        report: told what happened on the way.
        told: each tick.
        renewed: whether what was opened last would be opened otherwise now: then it is.

    Raises:
        VenueUnavailable: the venue does not answer at the start, and there is to be one tick only. Who is to run for
            months waits for it, and its end is a proper one. Or its time has ended with a simulated exchange.
        VigieError: whatever opening or starting raises besides.
    """
    pace = pace or Pace()
    with EndSignals(patience=END_WITHIN) as signals, ExitStack() as stack:
        if run.once:
            stack.enter_context(_deadline(watch_settings(run.home).once_minutes, signals))
        office = stack.enter_context(
            post_office(run.home, run.settings.name, clock=clock, report=report, once=run.once)
        )

        def ending() -> str | None:
            return signals.heard or stopped(run.home, run.settings.name)

        def ending_here() -> str | None:
            return ending() or (RENEWED if renewed() and not run.once else None)

        supervisor = Supervisor.of(os.environ)

        def both(mode: str, problems: Sequence[str], account: Portfolio) -> None:
            office.ticked(problems)
            told(mode, problems, account)

        hint = f"; {run.meanwhile}" if run.meanwhile else ""
        bell = stack.enter_context(bell_of(clock, run.settings.timeframe, pace, ending_here))
        while True:
            try:
                with opened() as found:
                    engine = _watched(run, found, clock, report, office)
                    ticker = Ticker(
                        engine, found.feed, clock, run.settings.pairs, run.settings.timeframe,
                        pace=pace, ending=ending_here,
                    )  # fmt: skip
                    done = _session(
                        run, found, engine, ticker, bell, both, supervisor, _anew(run, found, clock, report, office)
                    )
                    _tell_of_no_time(done, office.beside(found.alerts))
                if done.ended != RENEWED:
                    return done
                report(f"{RENEWED}: what is opened from now on goes by it")
            except VenueUnavailable as error:
                _require_time(run, error)
                # Who is called once is called again; who is to run for months waits for the venue.
                _receipt(run, clock, AWAY, problems=[str(error)])
                if run.once:
                    raise
                report(f"{error}; the next try comes in {pace.guard:.0f} s{hint}")
                hint = ""
                office.told_of("venue", str(error))
                # It is up and looks after itself: to be started anew would not help.
                supervisor.ready(f"waits for the venue: {error}")
                supervisor.alive(f"waits for the venue: {error}")
                wait(clock, pace.guard, ending)
                why = ending()
                if why is not None:
                    return _never_began(run, clock, f"{why}, while it waited for the venue: {error}")


def _require_time(run: Run, error: VenueUnavailable) -> None:
    """No next try is promised where nothing can be waited for.

    Raises:
        VenueUnavailable: time has ended with the simulated exchange that moves it.
    """
    if not run.time_goes_by():
        raise VenueUnavailable(f"{error}{_STANDS_STILL}") from None


@contextmanager
def _deadline(minutes: float, signals: EndSignals) -> Iterator[None]:
    """Ask for an end when a call has lasted so long: the next one comes, and whoever calls would kill this one."""
    timer = threading.Timer(60.0 * minutes, signals.ask, (f"{OVERDUE} {minutes:g} minutes",))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _receipt(run: Run, clock: Clock, kind: str, **facts: object) -> None:
    """Of a start that did not come to an engine."""
    folder, now = account_folder(run.home, run.settings.name), clock.now_ms()
    Receipts(folder / FOLDER).write(now, {"kind": kind, "began": now, **facts})


def _never_began(run: Run, clock: Clock, ended: str) -> RunResult:
    """A run that waited for the venue until somebody wanted its end; the account as its files have it."""
    _receipt(run, clock, "end", reason=ended)
    account = books(run.home, run.settings.name) or Portfolio()
    return RunResult(run.settings.name, None, 0, account, account.seq, (), ended)


def _watched(run: Run, found: Opened, clock: Clock, report: Report, office: PostOffice) -> WatchedEngine:
    """The engine with receipts, circuit breaker and guards beside it."""
    watch = watch_settings(run.home)
    stands = beside(
        run.home, run.settings, watch, clock, office.beside(found.alerts), base_url=run.base_url, report=report,
        daily=_daily(run, clock),
    )  # fmt: skip
    return WatchedEngine(found.engine, found.feed, run.settings.pairs, clock, stands)


def _daily(run: Run, clock: Clock) -> Daily | None:
    """What is done once a day; nothing beside a single tick, and nothing in a time that is not the machine's."""
    if run.once or not isinstance(clock, SystemClock):
        return None
    return Daily(run.home, run.settings.name, backup_settings(run.home), clock)


def _anew(run: Run, found: Opened, clock: Clock, report: Report, office: PostOffice) -> Reoptimiser:
    """Searches for parameters; none beside a single tick."""
    settings = None if run.once else run.settings.reoptimise

    def tell(kind: str, text: str) -> None:
        found.alerts.tell(AlertRaised(kind, text))
        office.told_of(kind, text)

    return Reoptimiser(run.home, run.settings.name, settings, clock, tell, report)


def _session(
    run: Run,
    found: Opened,
    engine: WatchedEngine,
    ticker: Ticker,
    bell: Bell,
    told: Told,
    supervisor: Supervisor,
    anew: Reoptimiser,
) -> RunResult:
    """From a clean start to a proper end."""
    started = engine.start()
    supervisor.ready(f"{run.settings.name} runs")
    ticks = 0
    last: tuple[str, ...] = ()

    def each(tick: Tick) -> None:
        nonlocal ticks, last
        ticks, last = ticks + 1, tick.problems
        supervisor.alive(f"{tick.mode.value}; {'; '.join(tick.problems) or 'in order'}")
        told(tick.mode.value, tick.problems, found.engine.portfolio)
        anew.look()

    try:
        ended = (ticker.until_safe(each) or "one tick was asked for") if run.once else ticker.run(each, bell)
        if ended != RENEWED:
            supervisor.stopping(ended)
        overdue = ended.startswith(OVERDUE)
        engine.stop(ended)
    except VenueUnavailable as error:
        if not run.time_goes_by():
            engine.stop(f"{error}{_STANDS_STILL}")
        raise
    finally:
        anew.close()
        engine.close()
    return RunResult(
        account=run.settings.name,
        started=started,
        ticks=ticks,
        portfolio=found.engine.portfolio,
        last_seq=found.journal.last_seq,
        problems=last,
        ended=ended,
        overdue=overdue,
    )


def _tell_of_no_time(done: RunResult, alerts: Alerts) -> None:
    if done.overdue:
        text = f"{done.ended}: {_undone(done.portfolio)}; it has ended, and the next call goes on"
        alerts.tell(AlertRaised("overdue", text, urgent=True))


def _undone(account: Portfolio) -> str:
    """What a run that has no time left leaves to the next one."""
    bare = unprotected(account)
    if bare:
        return f"{', '.join(bare)} without a stop at the venue that is known of"
    return "what was sent is not settled, or a candle has not come; stops rest at the venue"
