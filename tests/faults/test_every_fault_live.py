"""F1 to F24 end to end: the engine, real ccxt over HTTP and a simulated exchange; each does what it has to.

What each fault looks like from the wire is in tests/exchange/test_faults.py; here it is what the product makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.exchange.test_engine_on_the_wire import FILTERS, LIST, POST, Live, live, money_agrees
from tests.fakes.engine_ports import DyingJournal, Killed
from tests.fakes.scripted import strategy_of
from tests.fakes.small_markets import BTC, HOUR, QUIET, Row
from vigie.domain import events as e
from vigie.domain.candles import Candles
from vigie.domain.errors import VigieError
from vigie.domain.trading_mode import TradingMode
from vigie.engine.cycle import Engine
from vigie.simulation.exchange.orders import Order
from vigie.strategy.params import Params
from vigie.strategy.signals import Signals

SYMBOL = "BTCUSDT"
CALM = (*LIST, *(QUIET,) * 12)
STOP_POST = {**POST, "where": {"type": "STOP_LOSS*"}}
NUMBERS = range(1, 25)


@contextmanager
def entering(rows: tuple[Row, ...] = CALM, *, exits: tuple[int, ...] = (), **rules: str) -> Iterator[Live]:
    """An engine that is about to buy at the next decision but one."""
    with live(rows, entries=[5], exits=exits, rules=rules) as run:
        run.engine.start()
        assert run.hours(1) == []
        yield run


@contextmanager
def holding(rows: tuple[Row, ...] = CALM, *, exits: tuple[int, ...] = (), **rules: str) -> Iterator[Live]:
    """An engine that holds BTC, its stop at the exchange."""
    with entering(rows, exits=exits, **rules) as run:
        assert run.hours(1) == []
        assert protected(run)
        yield run


def guards(run: Live, count: int, seconds: float = 60.0) -> list[str]:
    """Guard ticks, so many seconds apart; what went wrong on the way."""
    problems: list[str] = []
    for _ in range(count):
        run.ex.advance(seconds)
        problems += run.engine.guard_tick().problems
    return problems


def orders(run: Live, side: str = "") -> list[Order]:
    return [one for one in run.ex.exchange.shelf.of(SYMBOL) if side in ("", one.ticket.side.value)]


def resting(run: Live) -> list[Order]:
    return list(run.ex.exchange.shelf.open(SYMBOL))


def protected(run: Live) -> bool:
    """One stop rests, for exactly what is held."""
    held = run.engine.portfolio.holdings.get(BTC)
    stops = [one for one in resting(run) if one.ticket.kind.contingent]
    return held is not None and [one.remaining for one in stops] == [FILTERS.quantity_down(held.quantity)]


def topics(run: Live) -> set[str]:
    """Of alerts that somebody was told."""
    return {one.topic for one in run.world.alerts.told}  # type: ignore[attr-defined]


def sent_ids(run: Live) -> list[str]:
    return [str(one.parameters["newClientOrderId"]) for one in run.ex.journal.calls("POST", "/api/v3/order")]


def all_is_well(run: Live) -> None:
    """Nothing is open-ended, nothing was sent twice, and the books agree."""
    assert not run.engine.portfolio.unsettled()
    assert len(set(sent_ids(run))) == len(sent_ids(run))
    money_agrees(run)


# --- answers that are lost ------------------------------------------------------------------------------------------


def lost_entry(rule: dict[str, Any], *, exists: bool) -> None:
    with entering() as run:
        run.ex.faults({"name": "lost", **POST, **rule})
        run.hours(1)
        guards(run, 2)
        assert bool(run.engine.portfolio.holdings) is exists
        assert len(orders(run, "buy")) == exists
        assert not exists or protected(run)
        assert len(sent_ids(run)) == 1 + exists, "the entry, and its stop if there is anything to protect"
        all_is_well(run)


def lost_stop(rule: dict[str, Any], *, exists: bool) -> None:
    with entering() as run:
        run.ex.faults({"name": "lost", **STOP_POST, **rule})
        run.hours(1)
        guards(run, 1)
        assert protected(run), "one guard tick later"
        assert len(orders(run, "sell")) == 1
        assert len(sent_ids(run)) == (2 if exists else 3)
        all_is_well(run)


def lost_cancel(rule: dict[str, Any]) -> None:
    """The cancel before an exit gets no answer: what is held is sold once, or still protected."""
    with holding(exits=(7,)) as run:
        run.ex.faults({"name": "lost", "method": "DELETE", "path": "/api/v3/order", **rule})
        run.hours(2)
        guards(run, 2)
        assert run.engine.portfolio.holdings == {} or protected(run)
        run.hours(1)
        sold = [one for one in orders(run, "sell") if one.executed]
        assert run.engine.portfolio.holdings == {}
        assert len(sold) == 1
        assert resting(run) == []
        all_is_well(run)


HANG = {"action": "hang", "seconds": 5}


def test_f1_nothing_was_accepted_and_nobody_answers_it_is_declared_absent_and_only_what_protects_is_sent_anew() -> None:
    lost_entry({**HANG, "when": "before"}, exists=False)
    lost_stop({**HANG, "when": "before"}, exists=False)
    lost_cancel({**HANG, "when": "before"})


def test_f2_what_was_accepted_before_the_line_hung_is_adopted() -> None:
    lost_entry({**HANG, "when": "after"}, exists=True)
    lost_stop({**HANG, "when": "after"}, exists=True)
    lost_cancel({**HANG, "when": "after"})


@pytest.mark.parametrize(("when", "exists"), [("before", False), ("after", True), ("half", True)])
def test_f3_a_connection_that_breaks_is_asked_about(when: str, exists: bool) -> None:
    rule = {"action": "reset", "when": when}
    lost_entry(rule, exists=exists)
    lost_stop(rule, exists=exists)
    lost_cancel(rule)


@pytest.mark.parametrize(
    "says",
    [
        {"status": 502},
        {"status": 503, "code": -1000, "message": "An unknown error occurred"},
        {"status": 504, "code": -1007, "message": "Timeout waiting for response"},
    ],
    ids=["502", "503", "504"],
)
def test_f4_what_was_accepted_and_answered_with_a_server_error_is_adopted(says: dict[str, Any]) -> None:
    rule = {"action": "answer", "when": "after", **says}
    lost_entry(rule, exists=True)
    lost_stop(rule, exists=True)
    lost_cancel(rule)


@pytest.mark.parametrize("says", [{"body": "<html>hello</html>"}, {"cut": 40}], ids=["page", "cut"])
def test_f5_what_was_accepted_and_answered_with_nothing_readable_is_adopted(says: dict[str, Any]) -> None:
    rule = {"action": "answer", "when": "after", **says}
    lost_entry(rule, exists=True)
    lost_stop(rule, exists=True)
    lost_cancel(rule)


@pytest.mark.parametrize("lag", [3, 30])
@pytest.mark.parametrize("kind", [POST, STOP_POST], ids=["entry", "stop"])
def test_f6_an_order_that_is_not_shown_yet_is_asked_about_and_never_doubled(kind: dict[str, Any], lag: int) -> None:
    with entering() as run:
        run.ex.faults(
            {"name": "F2", **kind, **HANG, "when": "after"},
            {"name": "F6", "method": "GET", "path": "*/order", "action": "lag", "seconds": lag},
        )
        run.hours(1)
        guards(run, 3, 20)
        assert protected(run)
        assert len(orders(run, "buy")) == 1
        assert len(orders(run, "sell")) == 1
        all_is_well(run)


# --- limits and clocks ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "wait"), [(429, 7), (418, 120)])
def test_f7_nothing_is_asked_before_the_ban_is_over_and_somebody_is_told(status: int, wait: int) -> None:
    with holding() as run:
        run.ex.faults({"name": "F7", "path": "*/openOrders", "action": "answer", "status": status, "code": -1003,
                       "retry_after": wait})  # fmt: skip
        guards(run, 1)
        banned_at, before = run.ex.now_ms(), len(run.ex.journal.since())
        private = "/api/v3/order", "/api/v3/openOrders", "/api/v3/account", "/api/v3/myTrades"
        problems = guards(run, 3, (wait - 2) / 3)
        asked = [one for one in run.ex.journal.since()[before:] if one.path in private]
        assert asked == [], f"{(run.ex.now_ms() - banned_at) / 1000} of {wait} s are over"
        assert any("wants no request" in one for one in problems)
        assert [one.topic for one in run.world.alerts.told] == ["sent-away"] * (status == 418), "told once"  # type: ignore[attr-defined]
        assert guards(run, 2) == []
        assert protected(run)
        assert run.engine._desk.mode is TradingMode.ACTIVE
        all_is_well(run)


def test_f8_too_many_orders_the_stop_waits_as_told_and_is_the_first_to_be_sent() -> None:
    with entering() as run:
        run.ex.faults({"name": "F8", **STOP_POST, "action": "answer", "status": 429, "code": -1015, "retry_after": 4})
        run.hours(1)
        assert guards(run, 1) == []
        assert protected(run)
        assert [one.executed > 0 for one in orders(run, "sell")] == [False], "it was not sold for that"
        all_is_well(run)


@pytest.mark.parametrize("seconds", [-1.5, -8.0, 12.0])
def test_f9_clocks_that_differ_are_compared_once_and_the_same_order_is_sent_again(seconds: float) -> None:
    with entering() as run:
        run.ex.faults({"name": "F9", "action": "skew", "seconds": seconds})
        assert run.hours(1) == []
        if seconds < -2:
            # By the venue's time the candle was not over yet.
            run.ex.advance(-seconds)
            assert run.engine.decision_tick().problems == ()
        assert protected(run)
        calls = run.ex.journal.calls("POST", "/api/v3/order")
        assert len(orders(run, "buy")) == 1
        assert sum(one.code == 0 for one in calls) == 2
        assert all(one.code in (0, -1021) for one in calls)
        money_agrees(run)


# --- fills and stops ------------------------------------------------------------------------------------------------


def test_f10_a_part_of_the_entry_is_protected_for_what_it_is_and_a_part_of_the_stop_for_what_is_left() -> None:
    with entering() as run:
        run.ex.faults({"name": "F10", **POST, "action": "do",
                       "acts": [{"do": "liquidity", "symbol": SYMBOL, "quantity": "1.5"}]})  # fmt: skip
        run.hours(1)
        assert orders(run, "buy")[0].executed == Decimal("1.5")
        assert protected(run)
        assert resting(run)[0].remaining == Decimal("1.498"), "net of the fee, on the step"
        run.ex.do("liquidity", symbol=SYMBOL, quantity="all")
        guards(run, 2)
        all_is_well(run)


def test_f10_the_rest_of_a_stop_that_was_filled_in_part_still_rests_for_what_is_left() -> None:
    rows = (*CALM[:7], (100.0, 100.5, 99.5, 100.0), (90.0, 90.5, 89.5, 90.0), QUIET, QUIET)
    with holding(rows, gap_policy="rest") as run:
        run.hours(2)
        (stop,) = resting(run)
        run.ex.do("fill", symbol=SYMBOL, order_id=stop.number, quantity="1")
        guards(run, 1)
        assert protected(run)
        all_is_well(run)


def refused(code: int, message: str, count: int = 3) -> dict[str, Any]:
    return {"name": "refused", **STOP_POST, "action": "answer", "status": 400, "code": code, "message": message,
            "count": count}  # fmt: skip


def sold_instead(code: int, message: str) -> None:
    with entering() as run:
        run.ex.faults(refused(code, message))
        run.hours(1)
        assert run.engine.portfolio.holdings == {}
        assert orders(run, "sell")[-1].executed > 0
        assert "unprotected" in topics(run)
        assert run.engine._desk.mode is TradingMode.ACTIVE, "sold, told, and on it goes"
        all_is_well(run)


def test_f11_a_stop_that_would_trigger_at_once_is_a_sale_at_the_market_and_an_alert() -> None:
    sold_instead(-2010, "Order would trigger immediately.")


@pytest.mark.parametrize("filter_name", ["MAX_NUM_ALGO_ORDERS", "PERCENT_PRICE_BY_SIDE", "NOTIONAL"])
def test_f12_a_stop_that_a_filter_refuses_is_tried_again_then_sold_and_somebody_is_told(filter_name: str) -> None:
    sold_instead(-1013, f"Filter failure: {filter_name}")
    with entering() as run:
        run.ex.faults(refused(-1013, f"Filter failure: {filter_name}", count=1))
        run.hours(1)
        assert protected(run), "refused once, taken the second time"
        all_is_well(run)


@pytest.mark.parametrize("act", ["cancel", "expire_all"])
def test_f13_a_stop_that_is_gone_is_put_back_by_the_next_guard_tick(act: str) -> None:
    with holding() as run:
        run.ex.do(act, symbol=SYMBOL)
        assert resting(run) == []
        guards(run, 1)
        assert protected(run)
        all_is_well(run)


def test_f13_a_stop_that_is_gone_with_its_symbol_halted_alarms_and_is_put_back_when_it_trades_again() -> None:
    with holding() as run:
        run.ex.do("symbol", symbol=SYMBOL, status="HALT")
        run.ex.do("expire_all", symbol=SYMBOL)
        problems = guards(run, 2)
        assert problems
        assert topics(run)
        run.ex.do("symbol", symbol=SYMBOL, status="TRADING")
        guards(run, 1)
        assert protected(run)
        all_is_well(run)


def test_f14_a_stop_that_was_jumped_over_is_chased() -> None:
    rows = (*CALM[:7], (100.0, 100.5, 99.5, 100.0), (90.0, 90.5, 89.5, 90.0), (90.0, 90.5, 89.5, 90.0), QUIET)
    with holding(rows) as run:
        run.hours(2)
        guards(run, 2)
        assert run.engine.portfolio.holdings == {}
        (sale,) = [one for one in orders(run, "sell") if one.executed]
        assert sale.executed_value / sale.executed < 91
        assert resting(run) == []
        all_is_well(run)


# --- what others do to the account ----------------------------------------------------------------------------------


def taken(run: Live, *acts: dict[str, Any]) -> None:
    """Coins of ours go, or are locked: it is flagged, nothing is sold that is not there, nothing is invented."""
    before = [one.number for one in orders(run)]
    run.ex.do("cancel", symbol=SYMBOL)
    for one in acts:
        run.ex.do(one["do"], **{name: value for name, value in one.items() if name != "do"})
    quantity = run.engine.portfolio.holdings[BTC].quantity
    guards(run, 3)
    told = [one for one in run.world.journal.read() if isinstance(one.event, e.Reconciled) and one.event.differences]
    assert told or topics(run), "it is flagged"
    assert run.engine._desk.mode is not TradingMode.ACTIVE, "and nothing is opened"
    assert run.ex.exchange.custody.total("BTC") >= 0
    ours = [
        one for one in orders(run) if one.number not in before and one.ticket.client_id in run.engine.portfolio.orders
    ]
    assert sum((one.executed for one in ours), Decimal(0)) <= quantity
    fills = [one for one in run.world.journal.read() if isinstance(one.event, e.FillSeen)]
    assert len(fills) == len([one for one in orders(run) if one.ticket.client_id in run.engine.portfolio.orders
                              for _ in one.trades])  # fmt: skip


@pytest.mark.parametrize(
    "act",
    [
        {"do": "place", "symbol": SYMBOL, "side": "SELL", "type": "MARKET", "quantity": "1"},
        {"do": "withdraw", "asset": "BTC", "amount": "1"},
        {"do": "place", "symbol": SYMBOL, "side": "SELL", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1",
         "price": "300.00"},
    ],
    ids=["sold by hand", "withdrawn", "locked by a foreign order"],
)  # fmt: skip
def test_f15_coins_that_others_took_are_flagged_and_never_sold_a_second_time(act: dict[str, Any]) -> None:
    with holding() as run:
        taken(run, act)


def test_f15_coins_that_come_back_are_protected_again() -> None:
    with holding() as run:
        taken(run, {"do": "withdraw", "asset": "BTC", "amount": "1"})
        run.ex.do("deposit", asset="BTC", amount="1")
        guards(run, 1)
        assert protected(run)
        all_is_well(run)


def test_f16_a_trade_that_is_taken_back_stops_everything_and_is_never_repaired_in_silence() -> None:
    with holding() as run:
        cash = run.engine.portfolio.cash
        run.ex.do("cancel", symbol=SYMBOL)
        run.ex.do("bust", symbol=SYMBOL)
        guards(run, 3)
        assert run.engine._desk.mode is TradingMode.HALTED
        assert topics(run)
        assert run.engine.portfolio.cash == cash, "no fill was invented and none forgotten"
        assert run.engine.portfolio.holdings


def test_f17_a_stop_that_was_cancelled_for_a_new_one_that_is_refused_is_replaced_in_the_same_tick() -> None:
    rise = (100.0, 104.0, 99.8, 103.5)
    rows = (*CALM[:7], rise, (103.5, 104.0, 103.0, 103.5), (103.5, 104.0, 103.0, 103.5))
    with holding(rows, partials="off", breakeven_fraction="0.015") as run:
        first = resting(run)[0]
        run.ex.faults(refused(-2010, "Account has insufficient balance for requested action.", count=1))
        run.hours(2)
        assert protected(run)
        assert (resting(run)[0].ticket.stop or 0) > (first.ticket.stop or 0), "the new one, higher"
        all_is_well(run)


def test_f18_a_cancel_that_comes_after_the_fill_finds_it_and_books_it() -> None:
    rows = (*CALM[:7], QUIET, (90.0, 90.5, 89.5, 90.0), (90.0, 90.5, 89.5, 90.0), (90.0, 90.5, 89.5, 90.0))
    with holding(rows) as run:
        # The stop was jumped over and rests; the chase's cancel comes a moment after somebody took it.
        run.ex.faults({"name": "F18", "method": "DELETE", "path": "/api/v3/order", "action": "do",
                       "acts": [{"do": "fill", "symbol": SYMBOL}]})  # fmt: skip
        run.hours(2)
        assert run.engine.portfolio.holdings == {}
        (sale,) = [one for one in orders(run, "sell") if one.executed]
        assert sale.ticket.kind.contingent, "the stop sold it, and nothing else did"
        all_is_well(run)


def test_f19_fees_in_a_third_coin_that_runs_out_leave_the_stop_at_what_is_really_held() -> None:
    with entering() as run:
        run.ex.do("fees", pays_in_bnb=True)
        run.ex.do("deposit", asset="BNB", amount="0.0001")
        run.hours(1)
        assert protected(run)
        guards(run, 1)
        all_is_well(run)


# --- the exchange itself --------------------------------------------------------------------------------------------


def test_f20_forty_minutes_of_maintenance_are_waited_out_and_what_expired_in_them_is_put_back() -> None:
    with holding() as run:
        start = (run.ex.now_ms() - run.ex.exchange.started) / 1000
        run.ex.faults(
            {"name": "down", "path": "/api/*", "from": start, "to": start + 2400, "action": "answer", "status": 503,
             "count": 0},
            {"name": "expired", "action": "do", "at": start + 2399, "acts": [{"do": "expire_all", "symbol": SYMBOL}]},
        )  # fmt: skip
        before = len(run.ex.journal.since())
        problems = guards(run, 39)
        assert len(problems) >= 39, "each tick says so"
        assert len(run.ex.journal.since()) - before < 39 * 8, "and asks little"
        assert run.engine.portfolio.holdings
        guards(run, 3)
        assert protected(run)
        assert guards(run, 1) == []
        all_is_well(run)


def test_f21_filters_that_change_are_read_anew_and_the_stop_is_sent_on_them() -> None:
    with holding() as run:
        run.ex.do("symbol", symbol=SYMBOL, filters=[
            {"filterType": "LOT_SIZE", "stepSize": "0.1", "minQty": "0.1"},
            {"filterType": "PRICE_FILTER", "tickSize": "1.00"}])  # fmt: skip
        run.ex.do("cancel", symbol=SYMBOL)
        guards(run, 2)
        (stop,) = resting(run)
        assert stop.ticket.stop is not None
        assert stop.ticket.stop % 1 == 0
        assert stop.remaining % Decimal("0.1") == 0
        all_is_well(run)


@pytest.mark.parametrize("act", ["BREAK", "delist"])
def test_f21_a_symbol_that_trades_no_more_is_not_bought(act: str) -> None:
    with entering() as run:
        if act == "delist":
            run.ex.do("delist", symbol=SYMBOL)
        else:
            run.ex.do("symbol", symbol=SYMBOL, status=act)
        run.hours(1)
        assert run.engine.portfolio.holdings == {}
        assert orders(run, "buy") == []
        assert not run.engine.portfolio.unsettled()


def always(candles: Candles, _: Params) -> Signals:
    """Wants in at the candle that opened at the sixth hour, and nothing else."""
    hour = (candles.opens_at - WANTED) == 0
    return Signals.of(entry=hour.astype("int8"), exit=hour & False, stop_distance=candles.close * 0.03,
                      volatility=candles.close * 0.01, warm_up=1)  # fmt: skip


WANTED = 1_750_003_200_000 + 5 * HOUR


@pytest.mark.parametrize(
    ("how", "buys"), [("late", False), ("forming", False), ("gap", True), ("duplicate", False), ("revise", True)]
)
def test_f22_no_decision_is_ever_taken_on_a_wrong_candle(how: str, buys: bool) -> None:
    with live(CALM, entries=[5]) as run:
        run.setup = replace(run.setup, plan=replace(run.setup.plan, strategy=strategy_of(always)))
        run.engine = Engine(run.setup, run.world)
        run.engine.start()
        run.hours(1)
        bend = {"factor": 1.002, "row": -3} if how == "revise" else {"row": -4} if how in ("gap", "duplicate") else {}
        run.ex.faults({"name": "F22", "path": "*/klines", "action": "klines", "how": how, "count": 0, **bend})
        run.hours(1)
        decided = [one.event for one in run.world.journal.read() if isinstance(one.event, e.Decided)]
        closed = [one.candle_at + HOUR <= run.ex.now_ms() for one in decided]
        assert all(closed), "only on candles that are over"
        assert bool(run.engine.portfolio.holdings) is buys
        if not buys:
            run.ex.faults()
            run.hours(1)
            assert orders(run, "buy") == [], "the price that it was meant for has gone by"
        all_is_well(run)


@pytest.mark.parametrize("good_before", [True, False], ids=["after a good call", "from the start"])
def test_f23_a_key_that_is_revoked_is_fatal_whatever_class_the_error_has(good_before: bool) -> None:
    with live(CALM, entries=[5]) as run:
        if not good_before:
            run.ex.do("key", revoked=True)
            with pytest.raises(VigieError, match="-2015"):
                run.engine.start()
            assert run.ex.journal.calls("POST", "/api/v3/order") == []
            return
        run.engine.start()
        run.hours(1)
        run.ex.do("key", revoked=True)
        problems = run.hours(1)
        assert any("-2015" in one for one in problems)
        assert orders(run) == [], "nothing is bought blind"
        guards(run, 2)
        assert topics(run), "somebody is called"


@pytest.mark.parametrize("kind", ["intent", "order", "fill", "position", "stop"])
@pytest.mark.parametrize("times", [1, 2])
def test_f24_a_process_killed_at_each_step_comes_back_reconciles_and_protects(kind: str, times: int) -> None:
    with entering() as run:
        dying = DyingJournal(run.ex.clock, lines=list(run.world.journal.read()))
        run.world = replace(run.world, journal=dying)
        run.again().start()
        left = [times]

        def last(event: e.Event) -> bool:
            left[0] -= kind == event.KIND
            return left[0] <= 0

        dying.last = last
        try:
            run.hours(1)
        except Killed:
            dying.last = None
            run.again().start()
        run.ex.advance(61)
        run.engine.guard_tick()
        assert len(orders(run, "buy")) <= 1
        assert bool(orders(run, "buy")) is bool(run.engine.portfolio.holdings)
        assert not run.engine.portfolio.holdings or protected(run)
        all_is_well(run)


def test_every_fault_of_the_table_has_a_test_here() -> None:
    named = {name.split("_")[1] for name in globals() if name.startswith("test_f")}
    assert named == {f"f{number}" for number in NUMBERS}
