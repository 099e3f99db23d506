"""The engine as it is, on the broker for real venues: real ccxt, real HTTP, a simulated exchange."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.brokers import sim_broker
from tests.fakes.engine_ports import CollectedAlerts, MemoryControls, MemoryJournal, MemoryStore
from tests.fakes.replays import windowed
from tests.fakes.scripted import series_of, wishes
from tests.fakes.small_markets import BTC, HOUR, QUIET, SETTINGS, START, Row, candles_of
from vigie.adapters.exchanges.ccxt_broker import CcxtBroker
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.market_data.live_feed import LiveFeed
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.decision.profile import plan
from vigie.domain.candles import Series
from vigie.domain.events import Reconciled, TradeClosed
from vigie.domain.instrument import Instrument
from vigie.domain.order import Leg
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.domain.trades import ExitReason
from vigie.domain.trading_mode import TradingMode
from vigie.engine.cycle import Engine, World
from vigie.engine.setup import Setup

PAIR = Pair.parse(BTC)
FILTERS = Instrument(PAIR, Decimal("0.01"), Decimal("0.001"), Decimal("0.001"), Decimal(5))
RULES = {**SETTINGS, "capital": "1000", "partials": "off"}
POST = {"method": "POST", "path": "/api/v3/order"}
LIST = (QUIET,) * 4
"""Hours that are over when the exchange opens."""


@dataclass
class Live:
    """An engine that believes it is live."""

    ex: SimExchange
    broker: CcxtBroker
    engine: Engine
    world: World
    setup: Setup

    def again(self) -> Engine:
        """What a start after a crash has."""
        self.engine = Engine(self.setup, self.world)
        return self.engine

    def hours(self, count: int) -> list[str]:
        """Let hours go by with a decision after each close and a guard tick every ten minutes."""
        problems: list[str] = []
        for _ in range(count):
            next_close = (self.ex.now_ms() // HOUR + 1) * HOUR
            while self.ex.now_ms() + 600_000 < next_close:
                self.ex.advance(minutes=10)
                problems += self.engine.guard_tick().problems
            self.ex.advance_to(next_close + 2000)
            problems += self.engine.decision_tick().problems
        return problems


@contextmanager
def live(
    rows: Sequence[Row],
    *,
    entries: Sequence[int],
    exits: Sequence[int] = (),
    rules: Mapping[str, str] | None = None,
    beside: Sequence[Series] = (),
) -> Iterator[Live]:
    candles = candles_of(rows)
    market = series_of(candles, BTC)
    marks = wishes(len(candles), entries=entries, exits=exits, distance=3.0, volatility=1.0)
    made = plan(windowed([(candles, marks)]), "standard", {**RULES, **(rules or {})})
    exchange = SimExchange(
        [market, *beside],
        instruments={PAIR: FILTERS},
        balances={"USDT": 1000},
        start_ms=START + len(LIST) * HOUR + 1000,
    )
    with exchange as ex, sim_broker(ex) as broker:
        feed = LiveFeed(
            CcxtCandleSource("binance", local_time_ms=ex.now_ms, base_url=ex.url), ex.clock, Timeframe.parse("1h")
        )
        setup = Setup("live-test", "live", made, (PAIR,), Timeframe.parse("1h"), Decimal(1000),
                      version="1", code_hash="code", config_hash="config", certificate="a test's")  # fmt: skip
        world = World(
            broker, feed, ex.clock, MemoryJournal(ex.clock), MemoryStore(), MemoryControls(), CollectedAlerts()
        )
        yield Live(ex, broker, Engine(setup, world), world, setup)


def money_agrees(run: Live) -> None:
    """The books and the exchange, to the last digit."""
    held = run.broker.balances()
    account = run.engine.portfolio
    assert held["USDT"].total == account.cash
    coins = held["BTC"].total if "BTC" in held else Decimal(0)
    ours = sum((one.quantity for one in account.holdings.values()), Decimal(0))
    assert coins == ours + account.dust.get(BTC, Decimal(0))


FALL = (*LIST, QUIET, QUIET, (100.0, 101.0, 99.0, 100.5), (100.5, 100.6, 95.0, 95.5), (95.5, 96.0, 95.0, 95.5), QUIET)
"""Bought at the open of the third hour from the end but three; the stop is hit in the next."""


def test_an_entry_its_stop_and_its_end() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        assert run.hours(2) == []
        (held,) = run.engine.portfolio.holdings.values()
        (stop,) = run.broker.open_orders()
        assert stop.client_id == held.stop_id
        assert stop.quantity == FILTERS.quantity_down(held.quantity)
        money_agrees(run)
        assert run.hours(3) == []
        assert run.engine.portfolio.holdings == {}
        (trade,) = run.engine.portfolio.trades if hasattr(run.engine.portfolio, "trades") else (None,)
        assert run.broker.open_orders() == ()
        money_agrees(run)
        assert trade is None or trade.pair == BTC


LOST: list[dict[str, Any]] = [
    {"action": "hang", "when": "before", "seconds": 5},
    {"action": "hang", "when": "after", "seconds": 5},
    {"action": "reset", "when": "before"},
    {"action": "reset", "when": "after"},
    {"action": "reset", "when": "half"},
    {"action": "answer", "when": "after", "status": 502},
    {"action": "answer", "when": "after", "status": 504, "code": -1007, "message": "Timeout"},
    {"action": "answer", "when": "after", "body": "<html>hello</html>"},
    {"action": "answer", "when": "after", "cut": 40},
]


@pytest.mark.parametrize("leg", [Leg.ENTRY, Leg.STOP])
@pytest.mark.parametrize("rule", LOST, ids=lambda one: "-".join(map(str, one.values())))
def test_f1_to_f5_a_lost_answer_costs_neither_a_fill_nor_a_second_order(rule: dict[str, Any], leg: Leg) -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.ex.faults({"name": "lost", **POST, "nth": 1 if leg is Leg.ENTRY else 2, **rule})
        run.hours(2)
        orders = list(run.ex.exchange.shelf.of("BTCUSDT"))
        bought = [one for one in orders if one.ticket.side.value == "buy"]
        assert len(bought) <= 1
        run.hours(1) if run.engine.portfolio.unsettled() else None
        assert not run.engine.portfolio.unsettled()
        assert bool(bought) is bool(run.engine.portfolio.holdings)
        for pair in run.engine.portfolio.holdings:
            assert run.engine._guardian.protected(pair)
            assert len(run.broker.open_orders()) == 1
        money_agrees(run)


def test_f6_an_order_that_is_not_shown_for_thirty_seconds_is_waited_for() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.ex.faults(
            {"name": "F2", **POST, "action": "hang", "when": "after", "seconds": 5},
            {"name": "F6", "method": "GET", "path": "*/order", "action": "lag", "seconds": 30},
        )
        run.hours(2)
        for _ in range(5):
            run.ex.advance(30)
            run.engine.guard_tick()
        assert not run.engine.portfolio.unsettled()
        assert len(run.engine.portfolio.holdings) == 1
        assert len(run.broker.open_orders()) == 1
        money_agrees(run)
        assert len([one for one in run.ex.exchange.shelf.of("BTCUSDT") if one.ticket.side.value == "buy"]) == 1


def test_f6_a_stop_that_is_not_shown_right_after_it_was_taken_is_not_placed_twice() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.hours(1)
        late = {"method": "GET", "action": "lag", "seconds": 30, "count": 0}
        run.ex.faults({"name": "list", "path": "*/openOrders", **late}, {"name": "F6", "path": "*/order", **late})
        run.hours(1)
        for _ in range(6):
            run.ex.advance(10)
            assert run.engine.guard_tick().problems == ()
        assert run.engine._desk.mode is TradingMode.ACTIVE
        assert len(run.ex.exchange.shelf.open("BTCUSDT")) == 1
        assert len(run.ex.journal.calls("POST", "/api/v3/order")) == 2, "an entry and a stop"


def test_f7_a_ban_holds_every_request_back_and_trading_goes_on_after_it() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.ex.faults({"name": "418", "method": "GET", "path": "*/account", "action": "answer", "status": 418,
                       "code": -1003, "retry_after": 1200})  # fmt: skip
        problems = run.hours(1)
        assert any("wants no request" in one for one in problems)
        assert run.hours(1) == []
        assert run.engine._desk.mode is TradingMode.ACTIVE
        assert len(run.engine.portfolio.holdings) == 1


def test_f18_a_stop_that_is_filled_while_it_is_being_moved_is_booked() -> None:
    with live(FALL, entries=[5], exits=[6]) as run:
        run.engine.start()
        run.hours(2)
        (held,) = run.engine.portfolio.holdings.values()
        run.ex.faults({"name": "F18", "method": "DELETE", "action": "do",
                       "acts": [{"do": "cancel", "symbol": "BTCUSDT", "client_id": held.stop_id},
                                {"do": "place", "symbol": "BTCUSDT", "side": "SELL", "type": "MARKET",
                                 "quantity": str(FILTERS.quantity_down(held.quantity))}]})  # fmt: skip
        run.hours(1)
        assert run.broker.open_orders() == ()
        assert run.engine._desk.mode is not None


def test_a_start_after_a_crash_finds_the_stop_and_protects_nothing_twice() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.hours(2)
        found = run.again().start()
        assert found.clean, found.steps
        assert len(run.broker.open_orders()) == 1
        assert run.hours(3) == []
        assert run.engine.portfolio.holdings == {}
        money_agrees(run)


def asked(run: Live) -> list[str]:
    """What a tick asks of the venue, a minute after the one before it."""
    run.ex.advance(60)
    seq = run.ex.journal.since()[-1].seq
    tick = run.engine.guard_tick()
    assert tick.problems == ()
    return [one.path.rpartition("/")[2] for one in run.ex.journal.since(seq) if one.method != "DO"]


def test_a_guard_tick_asks_for_each_thing_once() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        assert asked(run) == ["openOrders", "account"]
        run.hours(2)
        assert len(run.engine.portfolio.holdings) == 1
        assert asked(run) == ["openOrders", "account", "24hr"], "of what is held, the price as well"


def test_a_decision_tick_asks_for_the_time_and_the_candles_beside() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.hours(1)
        run.ex.advance_to((run.ex.now_ms() // HOUR + 1) * HOUR - 60_000)
        run.engine.guard_tick()
        run.ex.advance(62)
        seq = run.ex.journal.since()[-1].seq
        run.engine.decision_tick()
        told = [one.path.rpartition("/")[2] for one in run.ex.journal.since(seq) if one.method == "GET"]
        assert told[:4] == ["openOrders", "account", "time", "klines"]
        assert {name: told.count(name) for name in ("openOrders", "account", "time", "klines")} == {
            "openOrders": 1, "account": 1, "time": 1, "klines": 1,
        }  # fmt: skip


def test_a_stop_that_the_price_has_passed_is_carried_out_as_a_stop() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.ex.faults({"name": "passed", **POST, "nth": 2, "action": "answer", "when": "before", "status": 400,
                       "code": -2010, "message": "Order would trigger immediately."})  # fmt: skip
        assert run.hours(2) == []
        assert run.engine.portfolio.holdings == {}
        assert [one.intent.leg for one in run.engine.portfolio.orders.values()] == [Leg.ENTRY, Leg.STOP, Leg.CHASE]
        (trade,) = [one.event for one in run.world.journal.read() if isinstance(one.event, TradeClosed)]
        assert trade.code == ExitReason.STOP
        assert trade.stopped_at is not None, "the cooldown after a stop begins"
        assert run.engine._desk.mode is TradingMode.ACTIVE
        money_agrees(run)


def test_coins_that_somebody_sent_cost_no_further_question_at_each_tick() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.hours(2)
        run.ex.do("deposit", asset="BTC", amount="0.5")
        assert "order" in asked(run), "it might have been a fill"
        assert asked(run) == ["openOrders", "account", "24hr"]


JUMP = (*LIST, QUIET, QUIET, (100.0, 101.0, 99.0, 100.5), (94.0, 95.0, 93.5, 94.0), (94.0, 95.0, 93.5, 94.0))
"""The same, but the price jumps over the stop and its limit: it rests there."""


def test_a_fill_between_two_answers_is_no_difference() -> None:
    with live(JUMP, entries=[5]) as run:
        run.engine.start()
        run.hours(2)
        run.ex.advance(minutes=62)
        run.engine.guard_tick()
        (held,) = run.engine.portfolio.holdings.values()
        assert run.engine._guardian.was_jumped_over(held)
        run.ex.faults({"name": "between", "method": "GET", "path": "*/account", "action": "do",
                       "acts": [{"do": "fill", "symbol": "BTCUSDT", "client_id": held.stop_id}]})  # fmt: skip
        run.ex.advance(10)
        assert run.engine.guard_tick().problems == ()
        assert run.engine.portfolio.holdings == {}
        compared = [one.event for one in run.world.journal.read() if isinstance(one.event, Reconciled)]
        assert [one for one in compared if one.differences] == []
        money_agrees(run)


def test_a_dead_line_costs_few_time_outs_so_that_the_next_look_comes_in_its_time() -> None:
    with live(FALL, entries=[5]) as run:
        run.engine.start()
        run.hours(2)
        run.ex.faults({"name": "dead", "method": "GET", "path": "*", "action": "reset", "when": "before", "count": 0})
        tried = []
        for _ in range(3):
            run.ex.advance(60)
            seq = run.ex.journal.since()[-1].seq
            tick = run.engine.guard_tick()
            assert tick.problems
            tried.append(len([one for one in run.ex.journal.since(seq) if one.method != "DO"]))
        # At ten seconds each: less than a guard period, and what is learnt once is not asked again.
        assert tried == [4, 3, 3]
        run.ex.faults()
        for _ in range(2):
            run.ex.advance(60)
            tick = run.engine.guard_tick()
        assert (tick.problems, tick.mode, dict(run.engine.portfolio.latches)) == ((), TradingMode.ACTIVE, {})
