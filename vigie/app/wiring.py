"""The objects of a mode: feed, broker, clock, journal and what goes with them. The only place that knows modes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from vigie.adapters.alerts.spoken import Spoken
from vigie.adapters.clock import SystemClock
from vigie.adapters.exchanges.paper import PaperBroker
from vigie.adapters.exchanges.paper_ledger import FILE_NAME, PaperLedger
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.market_data.live_feed import LiveFeed
from vigie.adapters.market_data.replay import ReplayMarket
from vigie.adapters.market_data.silent import SilentFeed
from vigie.adapters.market_data.venue_clock import VenueClock
from vigie.adapters.sim_server.server import at_loopback
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.controls import FileControls
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import walk
from vigie.adapters.storage.projected import ProjectedJournal, ProjectedStore
from vigie.adapters.storage.read_model import READ_MODEL, ReadModel
from vigie.adapters.storage.reserve import Reserve, ReservedJournal
from vigie.adapters.storage.state_file import StateFile
from vigie.app.accounts import account_folder, state_folder
from vigie.app.control.halting import require_started
from vigie.app.research.certificates import Cover, cover_of
from vigie.app.settings import AccountSettings
from vigie.app.trading.admission import admit, require_entries
from vigie.app.trading.setups import setup_of, terms_of
from vigie.app.trading.venues import broker_of, budget_of
from vigie.app.trading.watched import reserve_of
from vigie.app.watch.settings import watch_settings
from vigie.decision.profile import Plan
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError, InvariantBroken
from vigie.domain.events import BaselineTaken
from vigie.domain.instrument import Instrument
from vigie.domain.timeframe import Timeframe
from vigie.engine.cycle import Engine, World
from vigie.engine.setup import Setup
from vigie.ports.alerts import Alerts
from vigie.ports.broker import Broker
from vigie.ports.candles import CandleSource
from vigie.ports.clock import Clock
from vigie.ports.feed import CandleFeed
from vigie.reliability.rate_budget import RateBudget
from vigie.reliability.retry import retry_read

Report = Callable[[str], None]

MOST_CRASHES = 3
"""Starts without an end within ten minutes: one more, and something kills it again and again."""


@dataclass(frozen=True, slots=True)
class Replay:
    """An engine on recorded candles.

    Attributes:
        engine: started by the caller.
        market: goes by when the caller says so.
        ledger: of the simulated venue.
        resumed: the account had begun before.
        journal: of the account.
    """

    engine: Engine
    market: ReplayMarket
    ledger: PaperLedger
    resumed: bool
    journal: JsonlJournal


@contextmanager
def replaying(
    settings: AccountSettings,
    made: Plan,
    series: Sequence[Series],
    instruments: Sequence[Instrument],
    *,
    home: Path,
    start_ms: int | None,
    end_ms: int | None,
    pace: tuple[Clock, float] | None = None,
    report: Report = lambda _: None,
) -> Iterator[Replay]:
    """An account on recorded candles: its own lock, journal, state and venue below the home.

    Args:
        settings: of the account.
        made: its plan.
        series: candles, those before the range included.
        instruments: filters of the pairs that are known.
        home: where ``state/`` lies.
        start_ms: start of the range, epoch milliseconds; None: from the first candle.
        end_ms: its end, excluded; None: to the last candle.
        pace: who waits, and how many times faster than time it goes; None: as fast as it can.
        report: told what happened on the way.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: the plan asks for what no market can do, or the account was stopped on purpose.
        InvariantBroken: the account's files do not add up.
    """
    folder, clock = account_folder(home, settings.name), SystemClock()
    require_started(home, settings.name)
    setup = _covered(setup_of(settings, made, "replay"), home, report)
    with AccountLock.take(folder, clock) as lock:
        ledger = _ledger(folder, setup, instruments)
        market = ReplayMarket(
            series,
            ledger.venue,
            start_ms=start_ms,
            end_ms=end_ms,
            save=ledger.save,
            pace=pace,
        )
        broker = PaperBroker(ledger, market, market, settings.timeframe)
        with _world(settings.name, home, lock, broker, market, market, report) as (world, journal):
            resumed = journal.last_seq > 0
            yield Replay(Engine(setup, world), market, ledger, resumed, journal)


@dataclass(frozen=True, slots=True)
class Present:
    """An engine on the market as it goes by, on paper or at a venue.

    Attributes:
        engine: started by the caller.
        feed: the candles that it decides on.
        journal: of the account.
        alerts: tell people.
    """

    engine: Engine
    feed: LiveFeed
    journal: JsonlJournal
    alerts: Alerts


STOPS_SEEN_ON = Timeframe.parse("1m")
"""Candles that a paper account's stops are held against: a minute is as near as public candles come."""


@contextmanager
def papering(
    settings: AccountSettings,
    made: Plan,
    source: CandleSource,
    *,
    home: Path,
    clock: Clock,
    opens: bool = True,
    report: Report = lambda _: None,
    unproved: Report | None = None,
    asking: Callable[[], None] = lambda: None,
) -> Iterator[Present]:
    """An account on a venue's public candles and prices. Nothing here can send an order to it.

    Args:
        settings: of the account.
        made: its plan.
        source: asked for candles, prices and filters; reads only.
        home: where ``state/`` lies.
        clock: now.
        opens: False: it decides and writes down, and opens no position.
        report: told what happened on the way.
        unproved: told that no certificate covers it; None: the same.
        asking: called before the venue is asked for the first time.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: the plan asks for what no market can do, the venue does not trade a pair, or the account was
            stopped on purpose.
        InvariantBroken: the account's files do not add up.
        VenueUnavailable: no usable answer.
    """
    folder = account_folder(home, settings.name)
    require_started(home, settings.name)
    setup = replace(
        _covered(setup_of(settings, made, "paper"), home, unproved or report),
        opens=opens,
        gives_up_after=_patience(settings.timeframe),
        most_crashes=MOST_CRASHES,
    )
    with AccountLock.take(folder, clock) as lock:
        asking()
        filters = [retry_read(partial(source.instrument, pair), clock) for pair in setup.pairs]
        ledger = _ledger(folder, setup, filters)
        feed = LiveFeed(source, clock, settings.timeframe)
        time = _venue_time(clock, feed)
        broker = PaperBroker(ledger, LiveFeed(source, clock, STOPS_SEEN_ON), time, STOPS_SEEN_ON)
        with _world(settings.name, home, lock, broker, feed, clock, report, time) as (world, journal):
            yield Present(Engine(setup, world), feed, journal, world.alerts)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a live account's requests go.

    Attributes:
        base_url: instead of the venue's own address; None: that one.
        sandbox: the venue's own place to practise.
        timeout_s: real seconds without a word, after which nothing more is expected.
    """

    base_url: str | None = None
    sandbox: bool = False
    timeout_s: float = 10.0


@contextmanager
def living(  # noqa: PLR0913, RUF100
    settings: AccountSettings,
    made: Plan,
    cover: Cover,
    *,
    home: Path,
    clock: Clock,
    place: Place,
    override: str = "",
    opens: bool = True,
    environment: Mapping[str, str] | None = None,
    report: Report = lambda _: None,
    asking: Callable[[], None] = lambda: None,
) -> Iterator[Present]:
    """An account at a real venue. Whoever calls has made sure that a person wants it.

    Args:
        settings: of the account.
        made: its plan.
        cover: the certificate that the plan is proved by.
        home: where ``state/`` and ``.env`` lie.
        clock: now.
        place: where requests go.
        override: why a person lets it run without a certificate.
        opens: False: it decides and writes down, and opens no position.
        environment: of the process, where keys may be; None: its own.
        report: told what happened on the way.
        asking: called before the venue is asked for the first time.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: keys that are missing, wrong or may do too much; no certificate; a pair that is not traded; too
            little money; an account that was stopped on purpose.
        InvariantBroken: the account's files do not add up.
        VenueUnavailable: no usable answer.
    """
    if cover.name is None and not override:
        raise ConfigError(f"{cover.missing}; a person can let it run all the same: --without-certificate REASON")
    if cover.name is not None and cover.synthetic and not at_loopback(place.base_url):
        raise ConfigError(
            f"certificate {cover.name} stands on candles that never happened: it holds at a simulated exchange on this "
            "machine alone (--base-url http://127.0.0.1:PORT)"
        )
    require_started(home, settings.name)
    require_entries(settings.venue, made)
    setup = replace(
        setup_of(settings, made, "live"),
        certificate=cover.name,
        override="" if cover.name else override,
        opens=opens,
        gives_up_after=_patience(settings.timeframe),
        most_crashes=MOST_CRASHES,
    )
    with (
        AccountLock.take(account_folder(home, settings.name), clock) as lock,
        broker_of(
            settings,
            home,
            clock,
            base_url=place.base_url,
            sandbox=place.sandbox,
            timeout_s=place.timeout_s,
            environment=environment,
        ) as broker,
    ):
        begun = _begun(account_folder(home, settings.name), settings.name)
        asking()
        admit(broker, setup, clock, begun=begun)
        feed = LiveFeed(public_candles(settings.venue, home, clock, place), clock, settings.timeframe)
        time = _venue_time(clock, feed)
        with _world(settings.name, home, lock, broker, feed, clock, report, time) as (world, journal):
            yield Present(Engine(setup, world), feed, journal, world.alerts)


def public_candles(venue: str, home: Path, clock: Clock, place: Place) -> CandleSource:
    """Candles and prices of a venue, asked for within the budget that orders are sent in."""
    from vigie.adapters.exchanges.ccxt_dialect import dialect

    budget = RateBudget(venue, dialect(venue).capabilities.limits, budget_of(home, venue), clock)
    return CcxtCandleSource(
        venue, local_time_ms=clock.now_ms, base_url=place.base_url, sandbox=place.sandbox, budget=budget
    )


def _covered(setup: Setup, home: Path, report: Report) -> Setup:
    """The same with its certificate, which the journal names at each start; a warning where there is none."""
    cover = cover_of(home, setup.plan, setup.pairs, setup.timeframe)
    if cover.name is None:
        report(f"warning: {cover.missing}; on paper that costs nothing, and live will not open a position")
    return replace(setup, certificate=cover.name)


def _patience(timeframe: Timeframe) -> float:
    """Seconds after its candle's close for which an entry is worth sending: later the price has gone by."""
    return min(900.0, timeframe.milliseconds / 4000)


def _venue_time(clock: Clock, feed: LiveFeed) -> VenueClock:
    """What the engine goes by.

    Raises:
        VenueUnavailable: the venue does not tell its time.
    """
    feed.skew_ms(anew=True)
    return VenueClock(clock, feed)


@contextmanager
def _world(
    account: str,
    home: Path,
    lock: AccountLock,
    broker: Broker,
    feed: CandleFeed,
    clock: Clock,
    report: Report,
    time: Clock | None = None,
) -> Iterator[tuple[World, JsonlJournal]]:
    """The files of an account around its venue and its candles.

    Args:
        account: its name.
        home: where ``state/`` lies.
        lock: of the account: without it no line is written, and so nothing sent.
        broker: of the mode.
        feed: of the mode.
        clock: what other processes of this machine go by: heartbeat, requests.
        report: told what happened on the way.
        time: what the engine goes by, and its journal; None: the same.
    """
    folder, time = account_folder(home, account), time or clock
    with (
        JsonlJournal(folder / "journal", account, time, report, require=lock.require) as journal,
        closing(ReadModel(folder / READ_MODEL, journal, report)) as model,
    ):
        reserve = reserve_of(folder, watch_settings(home))
        _keep_room(reserve, report)
        written = ProjectedJournal(ReservedJournal(journal, reserve), model)
        yield (
            World(
                broker=broker,
                feed=feed,
                clock=time,
                journal=written,
                store=ProjectedStore(StateFile(folder / "state.json", account), written.project),
                controls=FileControls.of(state_folder(home), account, clock, report, machine=SystemClock()),
                alerts=Spoken(report),
            ),
            journal,
        )


def _keep_room(reserve: Reserve, report: Report) -> None:
    """Take the room for orders that protect; where there is none, nothing new is bought, and that is all."""
    try:
        if not reserve.make():
            report(f"{reserve.folder}: the disk is nearly full: nothing new is bought until there is room")
    except OSError as error:
        report(f"{reserve.path}: {error.strerror or error}: nothing new is bought until it can be written")


def _ledger(folder: Path, setup: Setup, instruments: Sequence[Instrument]) -> PaperLedger:
    """The venue's books, as old as the journal.

    Raises:
        InvariantBroken: they are damaged; or one of the two is gone, and the other would take it for a new account.
    """
    known = {one.pair: one for one in instruments}
    listed = [known.get(pair, Instrument(pair)) for pair in setup.pairs]
    path = folder / FILE_NAME
    begun = _begun(folder, setup.account)
    if begun and not path.exists():
        raise InvariantBroken(f"{path} is gone, and the journal knows what was traded there: put it back")
    ledger = PaperLedger(path, listed, terms_of(setup.plan.settings), {setup.quote: setup.capital})
    if not begun and ledger.lived:
        raise InvariantBroken(f"{path} knows what was traded, and the journal beside it does not: put the journal back")
    return ledger


def _begun(folder: Path, account: str) -> bool:
    """Whether the journal says how the account began."""
    return any(line.kind == BaselineTaken.KIND for line in walk(folder / "journal", 0, account))


@contextmanager
def attending(
    settings: AccountSettings,
    made: Plan,
    mode: str,
    *,
    home: Path,
    clock: Clock,
    place: Place,
    report: Report = lambda _: None,
) -> Iterator[tuple[Setup, World]]:
    """An account without its engine, to be looked after: its lock, its files, its venue. Nothing is decided.

    A simulated venue is taken as its file has it: no candle goes by, and nothing can be bought or sold there.

    Args:
        settings: of the account.
        made: its plan.
        mode: ``paper``, ``live`` or ``replay``.
        home: where ``state/`` lies.
        clock: now.
        place: where requests to a live venue go.
        report: told what happened on the way.

    Raises:
        AccountLocked: another process holds the account.
        ConfigError: a setting that cannot be, or keys are missing.
        InvariantBroken: the account's files do not add up.
    """
    setup, folder = setup_of(settings, made, mode), account_folder(home, settings.name)
    with AccountLock.take(folder, clock) as lock, ExitStack() as stack:
        if mode == "live":
            feed: CandleFeed = LiveFeed(public_candles(settings.venue, home, clock, place), clock, settings.timeframe)
            broker: Broker = stack.enter_context(
                broker_of(
                    settings, home, clock, base_url=place.base_url, sandbox=place.sandbox, timeout_s=place.timeout_s
                )
            )
        else:
            feed = SilentFeed(settings.timeframe)
            broker = PaperBroker(_ledger(folder, setup, ()), feed, clock, settings.timeframe)
        world, _ = stack.enter_context(_world(settings.name, home, lock, broker, feed, clock, report))
        yield setup, world
