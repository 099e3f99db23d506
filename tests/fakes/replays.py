"""An engine on made-up candles, everything in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from tests.fakes.engine_ports import CollectedAlerts, DyingJournal, MemoryControls, MemoryStore
from tests.fakes.moody_broker import MoodyBroker
from tests.fakes.scripted import strategy_of
from vigie.adapters.exchanges.paper import PaperBroker
from vigie.adapters.exchanges.paper_ledger import PaperLedger
from vigie.adapters.market_data.replay import ReplayMarket
from vigie.app.trading.setups import terms_of
from vigie.decision.profile import Plan, plan
from vigie.domain.candles import Candles, Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.engine.cycle import Engine, World
from vigie.engine.setup import Setup
from vigie.strategy.params import Params
from vigie.strategy.signals import COLUMNS, Signals
from vigie.strategy.strategy import Strategy


def windowed(pieces: Sequence[tuple[Candles, Signals]]) -> Strategy:
    """A strategy that answers any stretch of known candles with the wishes written for it."""

    def signals(candles: Candles, _: Params) -> Signals:
        for known, wishes in pieces:
            first = int(np.searchsorted(known.opens_at, candles.opens_at[0]))
            part = known[first : first + len(candles)]
            if all(
                np.array_equal(getattr(part, name), getattr(candles, name)) for name in ("opens_at", "close", "volume")
            ):
                rows = slice(first, first + len(candles))
                return Signals(
                    **{name: getattr(wishes, name)[rows] for name in COLUMNS},
                    warm_up=max(0, wishes.warm_up - first),
                    reasons=wishes.reasons,
                )
        raise AssertionError("candles that nobody wrote wishes for")

    return strategy_of(signals)


@dataclass
class LivePrices:
    """The market's candles, with prices of one's own between them. Fulfils `vigie.ports.feed.CandleFeed`.

    Attributes:
        market: that it stands before.
        live: by pair, what its price is now; None: it does not trade. Pairs that are missing have the market's.
    """

    market: ReplayMarket
    live: dict[str, float | None] = field(default_factory=dict)

    def closed(self, pair: Pair, count: int) -> Candles:
        return self.market.closed(pair, count)

    def to_open(self) -> None:
        self.market.to_open()

    def price(self, pair: Pair) -> float | None:
        return self.live[str(pair)] if str(pair) in self.live else self.market.price(pair)


@dataclass
class BetweenCandles:
    """The market's time and some seconds more: what goes by while no candle closes. Fulfils `vigie.ports.clock.Clock`.

    Attributes:
        market: whose time it is.
        more_ms: milliseconds more.
    """

    market: ReplayMarket
    more_ms: int = 0

    def now_ms(self) -> int:
        return self.market.now_ms() + self.more_ms

    def sleep(self, seconds: float) -> None:
        self.more_ms += round(seconds * 1000)


@dataclass
class Rehearsal:
    """An engine and its whole world."""

    engine: Engine
    market: ReplayMarket
    broker: MoodyBroker
    journal: DyingJournal
    store: MemoryStore
    controls: MemoryControls
    alerts: CollectedAlerts
    setup: Setup
    feed: LivePrices

    def run(self) -> list[str]:
        """Every candle; what went wrong on the way."""
        problems = []
        self.engine.start()
        while self.market.close_row():
            problems += self.engine.decision_tick().problems
        return problems

    def with_seconds(self) -> BetweenCandles:
        """A clock that can be moved between two candles; a fresh engine goes by it."""
        clock = BetweenCandles(self.market)
        self.journal.clock = clock
        world = World(self.broker, self.feed, clock, self.journal, self.store, self.controls, self.alerts)
        self.engine = Engine(self.setup, world)
        self.engine.start()
        return clock

    def again(self) -> Engine:
        """What a start after a crash has: journal, snapshot, latches, venue and market, and a fresh engine."""
        world = World(self.broker, self.feed, self.market, self.journal, self.store, self.controls, self.alerts)
        self.engine = Engine(self.setup, world)
        return self.engine


def rehearsal(
    pieces: Sequence[tuple[Series, Signals]],
    overrides: Mapping[str, str],
    instruments: Mapping[Pair, Instrument] | None = None,
) -> Rehearsal:
    """An engine that trades written wishes on made-up candles."""
    made = plan(windowed([(one.candles, wishes) for one, wishes in pieces]), "standard", overrides)
    return on(made, [one for one, _ in pieces], instruments or {})


def on(made: Plan, series: Sequence[Series], instruments: Mapping[Pair, Instrument]) -> Rehearsal:
    """An engine for a plan."""
    pairs = tuple(sorted(one.pair for one in series))
    timeframe = series[0].candles.timeframe
    capital = Decimal(repr(float(made.settings.capital)))
    setup = Setup("replay-test", "replay", made, pairs, timeframe, capital)
    listed = [instruments.get(pair, Instrument(pair)) for pair in pairs]
    ledger = PaperLedger(None, listed, terms_of(made.settings), {setup.quote: capital})
    market = ReplayMarket(series, ledger.venue)
    broker = MoodyBroker(PaperBroker(ledger, market, market, timeframe))
    journal, store = DyingJournal(market), MemoryStore()
    controls, alerts = MemoryControls(), CollectedAlerts()
    feed = LivePrices(market)
    engine = Engine(setup, World(broker, feed, market, journal, store, controls, alerts))
    return Rehearsal(engine, market, broker, journal, store, controls, alerts, setup, feed)
