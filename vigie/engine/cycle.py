"""The cycle: one order of steps for every mode.

Guard tick: 1-4, 8, 9. Decision tick: all.

1 requests, controls · 2 settle unknown orders · 3 reconcile · 4 prove protection, act on halts
5 candles · 6 manage positions: exits, partials, stop moves · 7 entries through the gate, where nothing is bare
8 prove protection again · 9 snapshot, heartbeat

Guards may block entries only; whatever goes wrong in one step, 2-4, 8 and 9 are still done.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from vigie.domain import events as e
from vigie.domain.errors import (
    AccountLocked,
    ConfigError,
    InvariantBroken,
    RefusalCode,
    VenueRefused,
    VenueUnavailable,
    VigieError,
)
from vigie.domain.order import Leg, OrderReport
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.domain.trading_mode import TradingMode
from vigie.engine.books import Books
from vigie.engine.comparison import Comparison
from vigie.engine.coverage import Coverage
from vigie.engine.decisions import CloseDesk
from vigie.engine.desk import Desk
from vigie.engine.entries import EntryDesk
from vigie.engine.gauges import Gauges
from vigie.engine.governance.evidence import CRASH_WINDOW_MS, Phase, Standing
from vigie.engine.governance.governor import Governor
from vigie.engine.leaving import Leaver
from vigie.engine.limits import Limits, equity_of
from vigie.engine.plans import Plans
from vigie.engine.protection import Guardian
from vigie.engine.recovery import Restored, restore
from vigie.engine.repair import Rooms
from vigie.engine.requests import Clerk
from vigie.engine.setup import Setup
from vigie.engine.views import Looker, View, rows_after
from vigie.ports.alerts import Alerts
from vigie.ports.broker import Broker
from vigie.ports.clock import Clock
from vigie.ports.controls import Controls
from vigie.ports.feed import CandleFeed
from vigie.ports.journal import Journal
from vigie.ports.state_store import StateStore

FAILED_WRITES = 3
"""State files that could not be written in a row: then trading halts."""
LONG_WAIT_S = 60.0
"""A venue that wants to be left alone for so long has banned us: somebody is told."""


@dataclass(frozen=True, slots=True)
class World:
    """The ports of a mode.

    Attributes:
        broker, feed, clock, journal, store, controls, alerts: one object each.
    """

    broker: Broker
    feed: CandleFeed
    clock: Clock
    journal: Journal
    store: StateStore
    controls: Controls
    alerts: Alerts


@dataclass(frozen=True, slots=True)
class Tick:
    """What a tick came to.

    Attributes:
        problems: what went wrong, sentences; empty: nothing.
        mode: in force at its end.
        urgent: something is without a stop, or of unknown fate: another look is worth more than a minute's rest.
    """

    problems: tuple[str, ...]
    mode: TradingMode
    urgent: bool = False


class Engine:
    """One account, one writer. The caller holds the account's lock."""

    def __init__(self, setup: Setup, world: World, governor: Governor | None = None) -> None:
        self._setup, self._world = setup, world
        self._governor = governor or Governor()
        self._governed = TradingMode.ACTIVE
        self._bare: set[str] = set()
        self._unpriced = 0
        self._sent_away = False
        self._problems: list[str] = []
        self._failed_writes = 0
        self._resting: tuple[OrderReport, ...] | None = None
        self._counts = True
        self._misconfigured: set[str] = set()
        self._gauges = Gauges()
        self._spent_ms: dict[str, int] = {}

    @property
    def portfolio(self) -> Portfolio:
        """The account as it stands."""
        return self._books.portfolio

    # --- starting and stopping -------------------------------------------------------------------------------------

    def start(self) -> e.Recovered:
        """Start-up is crash recovery: restore, settle, reconcile, prove protection. Only then is there trading.

        Returns:
            what was found; not clean: entries stay blocked until it is settled, or a person has looked at it.

        Raises:
            ConfigError: a pair that is held is not among those of the account.
            InvariantBroken: journal and state cannot be brought together: nothing may trade.
            VenueUnavailable: the venue does not answer.
        """
        world = self._world
        restored = restore(world.journal, world.store)
        self._require_pairs(restored.portfolio)
        self._books = Books(world.journal, world.clock, restored.portfolio)
        self._build()
        if not restored.portfolio.quote:
            self._begin_account()
        crashes, upgraded = self._crashes(), self._upgraded()
        self._books.write(self._setup.started())
        if self._setup.override:
            words = f"{self._setup.account} runs without a certificate: {self._setup.override}"
            self._books.write(
                e.OverrideUsed("certificate", self._setup.override), e.AlertRaised("override", words, urgent=True)
            )
        try:
            found = self._recovered(restored, upgraded)
        except VenueUnavailable:
            # No crash, however often it is tried: a venue that is away for an hour must not halt the account.
            bare = tuple(pair for pair, held in self.portfolio.holdings.items() if held.stop_id is None)
            self._books.write(e.RunEnded("the venue did not answer at the start", bare))
            self._books.sync()
            raise
        self._books.write(found)
        self._books.sync()
        self._govern(Phase.BOOT, crashes)
        self._save()
        return found

    def _recovered(self, restored: Restored, upgraded: list[str]) -> e.Recovered:
        self._clerk.switches()
        self._clerk.restore()
        self._desk.settle()
        self._entries.finish()
        self._reconcile()
        self._problems = []
        self._protect()
        protected = [pair for pair in self.portfolio.holdings if self._guardian.protected(pair)]
        steps = [*restored.steps, *upgraded, *(f"{pair}: protected" for pair in protected), *self._problems]
        steps += [f"unknown order {one.intent.client_id}" for one in self.portfolio.unsettled()]
        differences = self._comparison.differences
        clean = not (self.portfolio.unsettled() or differences or restored.damaged or self._problems)
        return e.Recovered((*steps, *differences), clean)

    def stop(self, reason: str) -> None:
        """Let the account go; its stops stay at the venue."""
        unprotected = tuple(pair for pair in self.portfolio.holdings if not self._guardian.protected(pair))
        self._books.write(e.RunEnded(reason, unprotected))
        self._books.sync()
        self._save()

    def _build(self) -> None:
        setup, world, books = self._setup, self._world, self._books
        self._plans = Plans(setup, books)
        self._desk = Desk(setup, books, world.broker, world.controls, world.clock, world.feed)
        self._guardian = Guardian(self._plans, books, self._desk, world.broker, world.feed)
        self._coverage = Coverage(books, world.clock)
        self._limits = Limits(setup, books, self._desk, world.controls, world.clock)
        self._clerk = Clerk(
            Rooms(
                setup, books, self._desk, self._guardian, self._limits,
                world.broker, world.feed, world.clock, world.journal, world.controls,
            )
        )  # fmt: skip
        self._comparison = Comparison(
            setup, books, self._desk, self._guardian, self._limits, world.broker, self._gauges
        )
        self._closes = CloseDesk(setup, self._plans, books, self._desk, self._guardian, world.broker)
        self._entries = EntryDesk(
            setup, books, self._desk, self._guardian, world.broker, world.feed, world.clock, self._governor
        )
        self._leaver = Leaver(setup, self._plans, books, self._desk, self._guardian, world.feed, world.clock)
        self._looker = Looker(setup, self._plans, world.feed, world.clock)

    def _require_pairs(self, account: Portfolio) -> None:
        named = {str(pair) for pair in self._setup.pairs}
        held = sorted(set(account.holdings) - named)
        if held:
            words = ", ".join(held)
            raise ConfigError(f"{words} is still held by account {self._setup.account}: name it among the pairs")

    def _begin_account(self) -> None:
        bases = {pair.base for pair in self._setup.pairs}
        there = {
            asset: one.total for asset, one in self._world.broker.balances().items() if asset in bases and one.total > 0
        }
        self._books.write(e.BaselineTaken(self._setup.capital, self._setup.quote, there))

    def _upgraded(self) -> list[str]:
        """What is said when another vigie wrote the journal so far; before anything is traded."""
        last = self.portfolio.runs.get(self.portfolio.run)
        if last is None or last.version == self._setup.version:
            return []
        return [f"the last run was of vigie {last.version}, this is {self._setup.version}"]

    # --- ticks -----------------------------------------------------------------------------------------------------

    def guard_tick(self, *, counts: bool = True) -> Tick:
        """Look after what is there; decide nothing new.

        Args:
            counts: False: a look out of turn. What has to be seen by two ticks in a row, a guard period apart, does not
                become true by looking twice in a few seconds.
        """
        # Out of turn nothing has had its guard period yet.
        self._counts, began = counts, self._world.clock.now_ms() if counts else 0
        self._guard()
        self._step("exits", lambda: self._leave(began))
        self._step("limits", self._read)
        return self._finish("guard")

    def decision_tick(self) -> Tick:
        """A candle has closed: all steps."""
        self._counts = True
        self._guard()
        views: dict[str, View] = {}
        self._step("candles", lambda: views.update(self._look()))
        if views:
            self._step("positions", lambda: self._manage(views))
        self._step("open", self._world.feed.to_open)
        self._step("exits", self._leave)
        self._step("entries", lambda: self._enter(views))
        return self._finish("decision")

    def _guard(self) -> None:
        self._problems = []
        self._resting, self._guardian.heard = None, False
        self._desk.held_back = self._governed if self._setup.opens else TradingMode.REDUCE_ONLY
        self._comparison.missed += self._counts
        self._step("controls", self._controls)
        self._step("orders", self._settle)
        self._step("reconcile", self._reconcile)
        self._step("halts", self._sell_all)
        self._step("protection", self._protect)

    def _finish(self, kind: str) -> Tick:
        self._step("halts", self._sell_all)
        self._step("protection", self._protect)
        self._step("coverage", self._coverage.look)
        self._step("drift", self._limits.watch_drift)
        self._step("rules", lambda: self._govern(Phase.CYCLE))
        self._step("snapshot", lambda: self._snapshot(kind))
        self._sent_away = self._sent_away and bool(self._problems)
        return Tick(tuple(self._problems), self._desk.mode, self._urgent())

    def _urgent(self) -> bool:
        return bool(self.portfolio.unsettled() or self._unprotected())

    def _unprotected(self) -> set[str]:
        """Pairs that are held without a stop, and whose orders are all of known fate."""
        unsettled = {one.intent.pair for one in self.portfolio.unsettled()}
        held = [pair for pair in self.portfolio.holdings if pair not in unsettled]
        bare: set[str] = set()
        for pair in held:
            self._step(pair, lambda pair=pair: None if self._guardian.protected(pair) else bare.add(pair))  # type: ignore[misc]
        return bare

    def _step(self, name: str, work: Callable[[], None]) -> None:
        """Do one step; what goes wrong is written down and never hides the next step."""
        try:
            work()
        except AccountLocked:
            # Another process may be trading: there is no next step.
            raise
        except InvariantBroken as error:
            self._gauges.failed(name, error)
            self._problems.append(f"{name}: {error}")
            self._desk.hold_back(TradingMode.HALTED)
            self._latch("invariant", str(error))
        except ConfigError as error:
            self._gauges.failed(name, error)
            self._problems.append(f"{name}: {error}")
            self._call_for_a_person(str(error))
        except VigieError as error:
            self._gauges.failed(name, error)
            self._problems.append(f"{name}: {error}")
            if isinstance(error, VenueRefused) and error.code is RefusalCode.NOT_PERMITTED:
                self._call_for_a_person(str(error))
            if isinstance(error, VenueUnavailable) and (error.retry_after or 0.0) >= LONG_WAIT_S:
                self._tell_of_a_ban(str(error))
        except OSError as error:
            self._gauges.failed(name, error)
            self._problems.append(f"{name}: the disk: {error.strerror or error}")
            self._desk.hold_back(TradingMode.HALTED)

    def _call_for_a_person(self, why: str) -> None:
        """A wrong key does not mend itself, and ends no process either: stops need looking after."""
        if why not in self._misconfigured:
            self._misconfigured.add(why)
            self._step("alerts", lambda: self._books.write(e.AlertRaised("config", why, urgent=True)))

    def _tell_of_a_ban(self, why: str) -> None:
        """A venue that sends us away for long: told once, until a tick has gone by without it."""
        if not self._sent_away:
            self._step("alerts", lambda: self._books.write(e.AlertRaised("sent-away", why, urgent=True)))
        self._sent_away = True

    def _latch(self, name: str, reason: str) -> None:
        """Halt; should the disk refuse even that, this tick's own trouble still holds everything back."""
        try:
            self._limits.latch(name, TradingMode.HALTED, reason)
        except OSError as error:
            self._problems.append(f"the disk: {error.strerror or error}")

    # --- steps -----------------------------------------------------------------------------------------------------

    def _controls(self) -> None:
        self._limits.expire()
        self._clerk.switches()
        self._clerk.letters()

    def _settle(self) -> None:
        if self.portfolio.open_orders():
            # Asked once in a tick: what rests as we know it needs no question of its own.
            self._resting = self._world.broker.open_orders()
            self._desk.settle(self._resting)
            self._guardian.heard = True
        self._entries.finish()

    def _reconcile(self) -> None:
        self._comparison.look(self._resting, counts=self._counts)

    def _protect(self) -> None:
        """Each pair on its own: a trouble with one must not leave the next unprotected."""
        # By name, as a backtest goes through a candle: a streak of losses hangs on which trade is closed first.
        for pair in sorted(self.portfolio.holdings):
            self._step(pair, lambda pair=pair: self._guardian.tend(pair))  # type: ignore[misc]

    def _read(self) -> None:
        feed = self._world.feed
        # Counted before it is known whether anybody answers.
        self._unpriced += self._counts
        prices = {pair: feed.price(Pair.parse(pair)) for pair in self.portfolio.holdings}
        if None not in prices.values():
            self._unpriced = 0
        known = {pair: math.nan if price is None else price for pair, price in prices.items()}
        self._gauges.priced(equity_of(self.portfolio, known), self._world.clock.now_ms())
        self._limits.read(known)

    def _govern(self, phase: Phase, crashes: int = 0) -> None:
        """Ask the rules. A breach halts until a person comes; a lesser one holds entries back as long as it lasts."""
        breaches = self._governor.breaches(phase, self._standing(phase, crashes))
        self._governed = TradingMode.REDUCE_ONLY if breaches else TradingMode.ACTIVE
        self._problems += [f"R{one.number}: {one.text}" for one in breaches]
        for one in breaches:
            if one.latches:
                self._latch(f"R{one.number.split('.')[0]}", f"{one.number}: {one.text}")

    def _standing(self, phase: Phase, crashes: int) -> Standing:
        bare = self._unprotected()
        # While the venue answers nothing at all nobody can do anything about it, and nobody can enter either.
        still_bare = tuple(sorted(bare & self._bare)) if self._counts and self._guardian.heard else ()
        self._bare = bare if self._counts else self._bare
        controls, boot = self._world.controls, phase is Phase.BOOT
        return Standing(
            account=self.portfolio,
            setup=self._setup,
            mode=self._desk.mode,
            now_ms=self._world.clock.now_ms(),
            journal_seq=self._world.journal.last_seq,
            kept=controls.latches() if boot else {},
            switch=controls.kill_switch() if boot else None,
            differences=self._comparison.confirmed,
            unprotected=still_bare,
            prices_unknown=self._unpriced,
            uncompared=self._comparison.missed,
            crashes=crashes,
        )

    def _crashes(self) -> int:
        now = self._world.clock.now_ms()
        return sum(now - one <= CRASH_WINDOW_MS for one in self._books.portfolio.starts)

    def _sell_all(self) -> None:
        """What a limit demands is done tick after tick until nothing is left."""
        demanding = [name for name, latch in self.portfolio.latches.items() if latch.sells]
        for pair in list(self.portfolio.holdings) if demanding else ():
            if any(one.intent.leg is not Leg.STOP for one in self.portfolio.open_orders(pair)):
                # A sale of unknown fate may hold the coins: it is settled first.
                continue
            self._step(pair, lambda pair=pair: self._liquidate(pair, demanding))  # type: ignore[misc]

    def _liquidate(self, pair: str, demanding: list[str]) -> None:
        if self._world.feed.price(Pair.parse(pair)) is not None:
            self._guardian.sell(pair, Leg.LIQUIDATION, candle_at=None, reason=", ".join(demanding))

    def _look(self) -> dict[str, View]:
        views: dict[str, View] = {}
        for pair in self._setup.pairs:
            self._step(str(pair), lambda pair=pair: self._look_at(pair, views))  # type: ignore[misc]
        return views

    def _look_at(self, pair: Pair, views: dict[str, View]) -> None:
        view = self._looker.look(pair)
        self._spent_ms[str(pair)] = self._looker.spent_ms
        if view is not None:
            views[str(pair)] = view

    def _manage(self, views: dict[str, View]) -> None:
        for pair in list(self.portfolio.holdings):
            self._step(pair, lambda pair=pair: self._closes.sell_parts(pair))  # type: ignore[misc]
        last = self.portfolio.cycle
        rows = rows_after(views, None if last is None else last.candle_at)
        for candle_at in rows:
            newest = candle_at == rows[-1] and self._fresh(candle_at)
            for pair in sorted(views):
                self._step(pair, lambda pair=pair: self._decide(views[pair], candle_at, newest=newest))  # type: ignore[misc]  # noqa: B023
            self._limits.mark(candle_at, {pair: one.close_before(candle_at) for pair, one in views.items()})

    def _decide(self, view: View, candle_at: int, *, newest: bool) -> None:
        seq = self.portfolio.seq
        try:
            self._closes.decide(view, candle_at, newest=newest)
        finally:
            # What was decided stands in the journal, whatever came of it.
            if self.portfolio.seq != seq:
                self._gauges.decided(self._spent_ms.get(str(view.pair), 0))

    def _enter(self, views: dict[str, View]) -> None:
        """Nothing more is bought while something that is held has no stop."""
        if self._unprotected():
            self._protect()
            if self._unprotected():
                self._desk.hold_back(TradingMode.REDUCE_ONLY)
        self._entries.enter(views)

    def _fresh(self, candle_at: int) -> bool:
        """Whether a candle is the last that can have closed by now."""
        length = self._setup.timeframe.milliseconds
        return self._world.clock.now_ms() - (candle_at + length) < length

    def _leave(self, between: int | None = None) -> None:
        """At the next price: what was decided to be sold, and stops that were jumped over; as `Leaver.leave`."""
        for pair in sorted(self.portfolio.holdings):
            self._step(pair, lambda pair=pair: self._leaver.leave(pair, between))  # type: ignore[misc]

    def _snapshot(self, kind: str) -> None:
        self._books.sync()
        self._tell()
        self._save()
        cycle = self.portfolio.cycle
        self._world.controls.beat(
            {
                "tick": kind,
                "seq": self.portfolio.seq,
                "candle_at": None if cycle is None else cycle.candle_at,
                "mode": self._desk.mode.value,
                "problems": list(self._problems),
                **self._gauges.facts(self._world.clock.now_ms()),
            }
        )

    def _tell(self) -> None:
        for alert in self._books.untold():
            self._world.alerts.tell(alert)

    def _save(self) -> None:
        try:
            self._world.store.save(self.portfolio)
            self._failed_writes = 0
        except OSError as error:
            self._failed_writes += 1
            self._problems.append(f"snapshot: {error.strerror or error}")
            if self._failed_writes >= FAILED_WRITES:
                self._latch("storage", f"the state cannot be written: {error}")
