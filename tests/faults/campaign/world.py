"""An account that believes it is live, its exchange, and what both leave behind when the process dies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.fakes.engine_ports import CollectedAlerts
from tests.fakes.hooked_wire import broker_over_http, candles_over_http
from tests.fakes.in_process import DeskCandles, DeskLine, broker_on
from tests.faults.campaign.market import BEFORE, FILTERS, HOUR, restless, start_of, week_of
from tests.faults.campaign.seams import Fate, WatchedJournal, WatchedStore
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.market_data.live_feed import LiveFeed
from vigie.adapters.sim_server.calls import Call
from vigie.adapters.sim_server.faults import plan_of
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.storage.controls import FileControls
from vigie.adapters.storage.request_budget import BudgetInMemory
from vigie.adapters.storage.state_file import StateFile
from vigie.app.trading.ticking import Ticker
from vigie.decision.profile import Plan, plan
from vigie.domain.candles import Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.domain.timeframe import Timeframe
from vigie.engine import cycle
from vigie.engine.setup import Setup
from vigie.ports.broker import Broker

ACCOUNT = "live-campaign"
CAPITAL = Decimal(10_000)
RULES = {
    "capital": str(CAPITAL),
    "sizing": "baseline",
    "max_position_fraction": "0.45",
    "partials": "on",
    "partial_1_gain": "0.008",
    "partial_2_gain": "0.016",
    "breakeven_fraction": "0.006",
    "activation_atr": "2",
    "trail_atr": "2",
    "gap_policy": "chase",
    "stop_limit_fraction": "0.004",
    "cooldown_bars": "off",
    "correlation_limit": "off",
    "candles_in_row": "off",
    "daily_loss_fraction": "0.05",
    "drawdown_fraction": "0.5",
}
WRITES = ("POST", "DELETE")

Spoiled = Callable[[Broker], Broker]
"""Puts something wrong around the broker."""


@dataclass(frozen=True)
class Scene:
    """What an account is put into.

    Attributes:
        series, filters: of the pairs that trade.
        plan: what is decided with.
        began: first instant, epoch milliseconds.
        deposits: what is there at the beginning.
    """

    series: Sequence[Series]
    filters: Mapping[Pair, Instrument]
    plan: Plan
    began: int
    deposits: Mapping[str, Decimal]


def drawn(seed: int) -> Scene:
    """A week of a seed."""
    made = plan(restless(), "standard", RULES)
    began = start_of(seed) + BEFORE * HOUR + 1000
    return Scene(week_of(seed), FILTERS, made, began, {"USDT": CAPITAL, "ETH": Decimal(1)})


class Closed(BaseException):
    """An exchange that is let go: whether every rule has acted is not asked."""


class Campaigner:
    """One account on one exchange.

    Attributes:
        ex, line: the exchange and the way to it.
        unplugged: the machine has no network.
        looks_on, heard: called with each order or cancel before the exchange has it, and with each call it answered.
        passes: called with "request" or "answer" and each call.
        fate: of the process.
        state: folder in which all files lie.
        engine, ticker, journal, store, controls, alerts: of the process that lives now.
    """

    def __init__(
        self, home: Path, scene: Scene, spoiled: Spoiled = lambda broker: broker, *, over_http: bool = False
    ) -> None:
        self.state, self._spoiled, self._over_http = home / "state", spoiled, over_http
        self.began = scene.began
        self.ex = SimExchange(
            scene.series, instruments=scene.filters, balances=scene.deposits, start_ms=self.began
        )  # fmt: skip
        self.fate = Fate()
        self.alerts = CollectedAlerts()
        self.setup = Setup(
            ACCOUNT, "live", scene.plan, tuple(sorted(scene.filters)), Timeframe.parse("1h"),
            Decimal(repr(float(scene.plan.settings.capital))), version="1", code_hash="code",
            config_hash="config", certificate="a test's", gives_up_after=900.0,
        )  # fmt: skip
        self.unplugged = False
        self.budget = BudgetInMemory()
        self.looks_on: Callable[[Call], None] = lambda _: None
        self.heard: Callable[[Call], None] = lambda _: None
        self.passes: Callable[[str, Call], None] = lambda _, __: None
        if over_http:
            self.ex.__enter__()
        self.engine = self.fresh()

    def close(self) -> None:
        """Let go of files and sockets."""
        self.journal.close()
        self._hang_up()
        if self._over_http:
            self.ex.__exit__(Closed, None, None)

    def _hang_up(self) -> None:
        self.broker.close()
        if isinstance(self.candles, CcxtCandleSource):
            self.candles._api.session.close()

    def fresh(self) -> cycle.Engine:
        """A process: whatever lives in memory is new."""
        if hasattr(self, "broker"):
            self._hang_up()
        line = self.line = DeskLine(self.ex, patience_s=5.0)
        line.before, line.after, line.unplugged = self._leaves, self._answered, self.unplugged
        folder, clock = self.state / ACCOUNT, self.ex.clock
        self.journal = WatchedJournal(folder / "journal", ACCOUNT, clock, self.fate)
        self.store = WatchedStore(StateFile(folder / "state.json", ACCOUNT), self.fate)
        self.controls = FileControls.of(self.state, ACCOUNT, clock)
        self.broker = broker_over_http(line, self.budget) if self._over_http else broker_on(line, store=self.budget)
        self.candles = candles_over_http(line) if self._over_http else DeskCandles(line)
        feed = LiveFeed(self.candles, clock, self.setup.timeframe)
        world = cycle.World(
            self._spoiled(self.broker), feed, clock, self.journal, self.store, self.controls, self.alerts
        )
        self.engine = cycle.Engine(self.setup, world)
        self.ticker = Ticker(self.engine, feed, clock, self.setup.pairs, self.setup.timeframe)
        return self.engine

    def bury(self, *, power: bool) -> None:
        """What is left of a process that died: its files, as they were, or as a power cut leaves them."""
        self.fate.left = 0
        if power:
            self.journal.cut_power()
        self.journal.close()

    # --- hooks --------------------------------------------------------------------------------------------------

    def _leaves(self, call: Call) -> None:
        self.fate.at("request")
        self.passes("request", call)
        if call.method in WRITES:
            self.looks_on(call)
            self.fate.at("order")

    def _answered(self, call: Call) -> None:
        self.heard(call)
        self.passes("answer", call)
        self.fate.at("answer")
        if call.method in WRITES:
            self.fate.at("ordered")

    @property
    def account(self) -> Portfolio:
        """As the process that lives has it; before its start: nothing."""
        return self.engine.portfolio if hasattr(self.engine, "_books") else Portfolio()

    def plug(self, *, out: bool) -> None:
        """Pull the plug of the network, or put it back."""
        self.unplugged = self.line.unplugged = out

    # --- the exchange's strings ---------------------------------------------------------------------------------

    def rules(self, *tables: dict[str, object]) -> None:
        """More rules in force; instants in them are epoch milliseconds from now on."""
        plan_now = self.ex.desk.plan
        plan_now.rules += plan_of(tables, self.ex.exchange.started).rules

    def seconds(self, at_ms: int) -> float:
        """An instant as rules have it."""
        return (at_ms - self.ex.exchange.started) / 1000

    def next_event(self, until: int) -> int:
        """The end of the first minute in which something may happen to an order; ``until``: in none."""
        soonest = until
        for lane in self.ex.exchange.lanes.values():
            orders = self.ex.exchange.shelf.open(lane.name)
            if not orders:
                continue
            stops = [float(one.ticket.stop) for one in orders if not one.working and one.ticket.stop is not None]
            rests = [float(one.ticket.price) for one in orders if one.working and one.ticket.price is not None]
            first, last = lane.tape.row(self.ex.now_ms()), lane.tape.row(until)
            row = lane.tape.first_beyond(first, last, max(stops, default=None), min(rests, default=None))
            if row < last:
                soonest = min(soonest, lane.tape.closes(row))
        return soonest

    def symbol(self, pair: Pair) -> str:
        """As the exchange names it."""
        return f"{pair.base}{pair.quote}"
