"""The stage of a fire drill: a simulated exchange, a scratch home on a real disk, and the engine that trades live."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from vigie.adapters.alerts.spoken import Spoken
from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import AccountLock
from vigie.adapters.storage.controls import FileControls
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.journal_files import verify
from vigie.adapters.storage.request_budget import BudgetInMemory
from vigie.adapters.storage.state_file import StateFile
from vigie.app.accounts import account_folder, state_folder
from vigie.app.drill.market import Arena
from vigie.app.settings import AccountSettings
from vigie.app.trading.live import PREFIX, live_plan
from vigie.app.trading.setups import plan_of, setup_of
from vigie.domain import events as e
from vigie.domain.errors import VigieError
from vigie.domain.events import Event
from vigie.domain.instrument import Instrument
from vigie.domain.order import Leg, Side
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.engine.cycle import Engine, Tick, World
from vigie.engine.setup import Setup
from vigie.engine.witness import Witness
from vigie.ports.broker import Broker
from vigie.ports.clock import Clock
from vigie.ports.feed import CandleFeed
from vigie.ports.journal import Entry, Journal
from vigie.reliability.rate_budget import RateBudget

if TYPE_CHECKING:
    from vigie.adapters.sim_server.fixture import SimExchange

VENUE = "binance"
"""The simulated exchange speaks as Binance does, whatever the account's venue is."""
NAME = "live-drill"
"""Of the account in its scratch home: whatever is drilled, it believes that it is live."""
GUARD_SECONDS = 60
TIMEOUT_S = 0.6


class DrillClock:
    """The exchange's time, and an error that a machine's own clock may have. Fulfils the Clock port."""

    def __init__(self, ex: SimExchange) -> None:
        self._ex, self.error_ms = ex, 0

    def now_ms(self) -> int:
        """The present instant, as wrong as it is made."""
        return self._ex.now_ms() + self.error_ms

    def sleep(self, seconds: float) -> None:
        """Let the exchange's time go by."""
        self._ex.clock.sleep(seconds)


class FillableDisk:
    """A journal whose disk can be full. Fulfils the Journal port."""

    def __init__(self, journal: JsonlJournal) -> None:
        self._journal, self.full = journal, False

    @property
    def last_seq(self) -> int:
        """Number of the last line."""
        return self._journal.last_seq

    def append(self, events: Sequence[Event]) -> tuple[Entry, ...]:
        """Add lines, if there is room."""
        self._look()
        return self._journal.append(events)

    def sync(self) -> None:
        """Bring them to the disk, if there is room."""
        self._look()
        self._journal.sync()

    def read(self, after_seq: int = 0) -> Iterator[Entry]:
        """Lines after a number."""
        return self._journal.read(after_seq)

    def _look(self) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")


@contextmanager
def world_at(
    home: Path, setup: Setup, url: str, keys: tuple[str, str], clock: Clock, report: Callable[[str], None]
) -> Iterator[tuple[World, FillableDisk]]:
    """Everything that an engine has, on a simulated exchange: real files, real HTTP, the account's lock."""
    from vigie.adapters.exchanges.ccxt_broker import open_live_broker
    from vigie.adapters.exchanges.ccxt_dialect import dialect
    from vigie.adapters.exchanges.secrets import Secrets
    from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
    from vigie.adapters.market_data.live_feed import LiveFeed

    folder = account_folder(home, setup.account)
    broker: Broker
    feed: CandleFeed
    with ExitStack() as stack:
        stack.enter_context(AccountLock.take(folder, clock))
        disk = FillableDisk(stack.enter_context(JsonlJournal(folder / "journal", setup.account, clock, lambda _: None)))
        store = BudgetInMemory()
        broker = open_live_broker(VENUE, Secrets(*keys), clock, store, base_url=url, timeout_s=TIMEOUT_S)
        stack.callback(broker.close)
        # Who reads candles spends from the same budget, and is banned with it.
        budget = RateBudget(VENUE, dialect(VENUE).capabilities.limits, store, clock)
        source = CcxtCandleSource(VENUE, local_time_ms=clock.now_ms, base_url=url, budget=budget)
        feed = LiveFeed(source, clock, setup.timeframe)
        journal: Journal = disk
        yield (
            World(
                broker=broker,
                feed=feed,
                clock=clock,
                journal=journal,
                store=StateFile(folder / "state.json", setup.account),
                controls=FileControls.of(state_folder(home), setup.account, clock, report),
                alerts=Spoken(report),
            ),
            disk,
        )


@dataclass(slots=True)
class Bare:
    """How long coins lay at the exchange without a stop.

    Attributes:
        since: epoch milliseconds; None: they are covered now.
        longest_ms: longest stretch while the exchange answered.
        silent_ms: longest stretch that nobody could do anything about.
    """

    since: int | None = None
    longest_ms: int = 0
    silent_ms: int = 0


class Stage:
    """One drill."""

    def __init__(
        self, settings: AccountSettings, setup: Setup, arena: Arena, ex: SimExchange, home: Path, user: Path
    ) -> None:
        self.settings, self.setup, self.arena = settings, setup, arena
        self.ex, self.home, self.user = ex, home, user
        self.clock = DrillClock(ex)
        self.bare = Bare()
        self.silent = False
        self.alerts: list[str] = []
        self.problems: list[str] = []
        self._stack = ExitStack()
        self.world: World
        self.disk: FillableDisk
        self.engine: Engine

    @property
    def for_child(self) -> dict[str, Any]:
        """What a process of its own needs to trade here, of JSON's own types."""
        return {
            "home": str(self.home),
            "user": str(self.user),
            "account": {
                "name": self.settings.name,
                "venue": self.settings.venue,
                "strategy": self.settings.strategy,
                "profile": self.settings.profile,
                "capital": self.settings.capital,
                "timeframe": str(self.settings.timeframe),
                "pairs": [str(pair) for pair in self.settings.pairs],
                "parameters": dict(self.settings.parameters),
            },
            "url": self.ex.url,
            "keys": list(self.keys),
            "ahead_ms": self.ex.now_ms() - SystemClock().now_ms(),
        }

    @property
    def keys(self) -> tuple[str, str]:
        """What the exchange's customer signs with."""
        return self.ex.api_key, self.ex.api_secret

    @property
    def folder(self) -> Path:
        """Of the account."""
        return account_folder(self.home, self.setup.account)

    def open(self) -> None:
        """Take the account and start an engine."""
        self.world, self.disk = self._stack.enter_context(
            world_at(self.home, self.setup, self.ex.url, self.keys, self.clock, self.alerts.append)
        )
        self.engine = Engine(self.setup, self.world)
        self.engine.start()

    def close(self) -> None:
        """Let the account go, without a word, as a process that dies."""
        self._stack.close()

    def reopen(self) -> e.Recovered:
        """Another process after the first has died."""
        self.close()
        self._stack = ExitStack()
        self.world, self.disk = self._stack.enter_context(
            world_at(self.home, self.setup, self.ex.url, self.keys, self.clock, self.alerts.append)
        )
        self.engine = Engine(self.setup, self.world)
        return self.engine.start()

    def decide(self) -> Tick:
        """The candle has closed."""
        return self._told(self.engine.decision_tick())

    def guard(self, minutes: int = 1) -> None:
        """Guard ticks, one a minute."""
        for _ in range(minutes):
            self.observe()
            self.ex.advance(GUARD_SECONDS)
            self.observe()
            self._told(self.engine.guard_tick())
        self.observe()

    def _told(self, tick: Tick) -> Tick:
        self.problems += tick.problems
        self.observe()
        return tick

    def guard_now(self) -> None:
        """A guard tick without waiting for it."""
        self._told(self.engine.guard_tick())

    def filters(self, pair: Pair) -> Instrument:
        """The filters of a pair as the exchange has them now."""
        kept = self.ex.exchange.lane(symbol_of(pair)).symbol.filters
        lots, prices = kept["LOT_SIZE"], kept["PRICE_FILTER"]
        worth = kept.get("NOTIONAL") or kept.get("MIN_NOTIONAL") or {"minNotional": "0"}
        numbers = (prices["tickSize"], lots["stepSize"], lots["minQty"], worth["minNotional"])
        return Instrument(pair, *(Decimal(str(one)) for one in numbers))

    @property
    def held(self) -> str:
        """The pair that is held; empty: none is."""
        return next(iter(self.engine.portfolio.holdings), "")

    @property
    def symbol(self) -> str:
        """The exchange's name of it."""
        return self.held.replace("/", "")

    # --- the exchange's side ------------------------------------------------------------------------------------

    def observe(self) -> None:
        """Look whether coins lie at the exchange without a stop."""
        now = self.ex.now_ms()
        if self.bare.since is not None:
            gone_by = now - self.bare.since
            if self.silent:
                self.bare.silent_ms = max(self.bare.silent_ms, gone_by)
            else:
                self.bare.longest_ms = max(self.bare.longest_ms, gone_by)
        if not self.uncovered():
            self.bare.since = None
        elif self.bare.since is None:
            self.bare.since = now

    def speaks_again(self) -> None:
        """The exchange answers from now on: what was bare until here could not be helped."""
        self.observe()
        self.silent = False
        if self.bare.since is not None:
            self.bare.since = self.ex.now_ms()

    def uncovered(self) -> list[str]:
        """Symbols whose coins are not all under a resting stop, as the exchange has it."""
        found = []
        for one in self.arena.series:
            filters = self.filters(one.pair)
            coins = filters.quantity_down(self.ex.exchange.custody.total(one.pair.base))
            if not filters.sendable(coins, Decimal(repr(float(one.candles.close[-1])))):
                continue
            resting = self.ex.exchange.shelf.open(symbol_of(one.pair))
            covered = sum((order.quantity - order.executed for order in resting if order.ticket.stop), Decimal(0))
            if coins > covered:
                found.append(symbol_of(one.pair))
        return found

    # --- the verdict --------------------------------------------------------------------------------------------

    def failures(self) -> list[str]:
        """What does not hold, sentences; empty: all of it does."""
        found = [*self._orders(), *self._protection(), *self._books()]
        checked = verify(self.folder / "journal", self.setup.account)
        if checked.bad is not None:
            found.append(f"the journal does not verify: {checked.bad}")
        return found

    def _orders(self) -> Iterator[str]:
        entries = [one.event for one in self.world.journal.read()]
        planned = {one.intent.client_id: one.intent for one in entries if isinstance(one, e.IntentPlanned)}
        booked = {(one.pair.replace("/", ""), one.fill.trade_id) for one in entries if isinstance(one, e.FillSeen)}
        entered: set[tuple[str, int | None]] = set()
        for one in self.arena.series:
            symbol, seen = symbol_of(one.pair), set[str]()
            for order in self.ex.exchange.shelf.of(symbol):
                own = order.ticket.client_id
                if own in seen:
                    yield f"{symbol}: order {own} was sent twice"
                seen.add(own)
                intent = planned.get(own)
                if intent is None:
                    yield f"{symbol}: the exchange has order {own}, and the journal does not know it"
                elif intent.leg is Leg.ENTRY and (symbol, intent.candle_at) in entered:
                    yield f"{symbol}: one decision was bought twice"
                elif intent.side is Side.BUY:
                    entered.add((symbol, intent.candle_at))
                lost = [one.number for one in order.trades if (symbol, str(one.number)) not in booked]
                if lost:
                    yield f"{symbol}: fills {lost} are not in the journal"

    def _protection(self) -> Iterator[str]:
        self.observe()
        if self.bare.longest_ms > GUARD_SECONDS * 1000:
            yield f"{self.bare.longest_ms / 1000:.0f} s without a stop while the exchange answered"
        for symbol in self.uncovered():
            yield f"{symbol}: coins without a stop at the end"

    def _books(self) -> Iterator[str]:
        try:
            now = self.clock.now_ms()
            heard = Witness(self.setup, self.world.broker, self.world.journal).hear(self.engine.portfolio, now)
            yield from (one.text for one in heard.differences)
            again = self.reopen()
            yield from (f"a start afterwards: {one}" for one in (() if again.clean else again.steps))
        except (VigieError, OSError) as error:
            yield f"books and exchange cannot be compared: {error}"


def symbol_of(pair: object) -> str:
    """``BTCUSDT``."""
    return str(pair).replace("/", "")


@contextmanager
def staged(
    settings: AccountSettings, setup: Setup, arena: Arena, user: Path, *, pace: tuple[Clock, float] | None = None
) -> Iterator[Stage]:
    """An exchange that has just seen the deciding candle close, and a scratch home. No engine yet."""
    from vigie.adapters.sim_server.fixture import SimExchange

    exchange = SimExchange(
        arena.series,
        instruments=arena.instruments,
        balances={setup.quote: setup.capital},
        start_ms=arena.opens_ms + 3000,
        pace=pace,
        strict=False,
    )
    with TemporaryDirectory(prefix="vigie-drill-") as scratch, exchange as ex:
        made = replace(setup, certificate=None, override="a fire drill")
        stage = Stage(settings, made, arena, ex, Path(scratch), user)
        try:
            yield stage
        finally:
            stage.close()


def drill_setup(settings: AccountSettings, home: Path) -> Setup:
    """An account as the engine takes it, live: its own strategy, numbers and pairs.

    Raises:
        ConfigError: settings that cannot be.
    """
    made = live_plan(settings, home)[0] if settings.name.startswith(PREFIX) else plan_of(settings, home)
    return replace(setup_of(settings, made, "live"), account=NAME, override="a fire drill")


def settings_from(document: Mapping[str, Any]) -> AccountSettings:
    """Settings as `Stage.for_child` told them."""
    plain = {name: document[name] for name in ("name", "venue", "strategy", "profile", "capital")}
    return AccountSettings(
        **plain,
        timeframe=Timeframe.parse(document["timeframe"]),
        pairs=tuple(Pair.parse(one) for one in document["pairs"]),
        parameters=dict(document["parameters"]),
    )
