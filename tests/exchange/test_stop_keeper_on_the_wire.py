"""How stops are kept and fees are counted, over HTTP, against what the exchange does behind our back."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from tests.exchange.test_engine_on_the_wire import FALL, FILTERS, LIST, Live, live, money_agrees
from tests.fakes.scripted import series_of
from tests.fakes.small_markets import BTC, QUIET, candles_of
from vigie.domain import events as e
from vigie.domain.order import Leg, OrderType
from vigie.domain.order_status import OrderStatus
from vigie.domain.trades import ExitReason

CALM = (*LIST, *[QUIET] * 8)
JUMP = (*LIST, QUIET, QUIET, QUIET, (90.0, 90.5, 89.0, 90.0), (89.0, 89.5, 88.0, 89.0), (89.0, 89.5, 88.0, 89.0))
"""Two hours after the entry the pair opens far below the limit of its stop, and stays there."""


def lines(run: Live, kind: type) -> list:  # type: ignore[type-arg]
    return [one.event for one in run.world.journal.read() if isinstance(one.event, kind)]


def legs(run: Live) -> list[Leg]:
    return [one.intent.leg for one in lines(run, e.IntentPlanned)]


def alerts(run: Live) -> list[str]:
    return [one.topic for one in run.world.alerts.told]  # type: ignore[attr-defined]


# --- entries ------------------------------------------------------------------------------------------------------


def test_an_entry_with_a_cap_is_sent_as_a_limit_that_gives_up_what_it_cannot_have() -> None:
    with live(CALM, entries=[5], rules={"entry_order": "limit_ioc", "entry_cap_fraction": "0.01"}) as run:
        run.engine.start()
        assert run.hours(2) == []
        (sent, *_) = run.ex.journal.calls("POST", "/api/v3/order")
        wanted = {"type": "LIMIT", "timeInForce": "IOC", "price": "101.00", "side": "BUY"}
        assert {name: sent.parameters[name] for name in wanted} == wanted
        assert "quoteOrderQty" not in sent.parameters
        assert run.engine._guardian.protected(BTC)
        money_agrees(run)


def test_what_was_not_to_be_had_below_the_cap_is_not_bought_and_found_again_as_what_it_was() -> None:
    with live(CALM, entries=[5], rules={"entry_order": "limit_ioc", "entry_cap_fraction": "0"}) as run:
        run.engine.start()
        run.hours(2)
        # The best offer is half a spread above the last price.
        (record,) = run.engine.portfolio.orders.values()
        assert (record.status, record.executed) == (OrderStatus.EXPIRED, 0)
        found = run.broker.find(FILTERS.pair, record.intent.client_id)
        assert found is not None
        assert (found.type, found.status, found.limit) == (OrderType.LIMIT_IOC, OrderStatus.EXPIRED, Decimal(100))
        assert run.engine.portfolio.holdings == {}
        money_agrees(run)


# --- stops --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["cancel", "expire_all"])
def test_f13_a_stop_that_vanished_is_put_back_within_one_guard_tick_and_the_time_is_counted(how: str) -> None:
    with live(CALM, entries=[5]) as run:
        run.engine.start()
        run.hours(2)
        before = run.engine.portfolio.holdings[BTC].gaps
        (stop,) = run.broker.open_orders()
        run.ex.do(how, symbol="BTCUSDT", **({"client_id": stop.client_id} if how == "cancel" else {}))
        run.ex.advance(30)
        run.engine.guard_tick()
        (again,) = run.broker.open_orders()
        assert (again.trigger, again.limit, again.quantity) == (stop.trigger, stop.limit, stop.quantity)
        gaps = run.engine.portfolio.holdings[BTC].gaps
        assert (gaps.count, gaps.too_long) == (before.count + 1, 0)
        assert 30_000 <= gaps.longest_ms < 40_000
        assert "uncovered" not in alerts(run)
        assert run.engine.portfolio.latches == {}


def test_f14_a_stop_that_was_jumped_over_is_cancelled_and_sold_at_the_market_one_guard_tick_later() -> None:
    with live(JUMP, entries=[4], rules={"candles_in_row": "off"}) as run:
        run.engine.start()
        assert run.hours(2) == []
        (stop,) = run.broker.open_orders()
        # To the first seconds of the hour that opens below the limit.
        while not run.engine._guardian.was_jumped_over(run.engine.portfolio.holdings[BTC]):
            run.ex.advance(60)
            run.engine.guard_tick()
        assert Leg.CHASE not in legs(run)
        jumped_at = run.ex.now_ms()
        run.ex.advance(60)
        assert run.engine.guard_tick().problems == ()
        assert legs(run)[-1] is Leg.CHASE
        (trade,) = lines(run, e.TradeClosed)
        assert trade.code == ExitReason.GAP
        assert trade.exit_price < (stop.limit or 0)
        assert trade.exit_at - jumped_at <= 61_000
        assert run.engine.portfolio.holdings == {}
        money_agrees(run)


def test_f14_under_the_policy_rest_it_waits_for_its_price() -> None:
    with live(JUMP, entries=[4], rules={"candles_in_row": "off", "gap_policy": "rest"}) as run:
        run.engine.start()
        run.hours(5)
        assert Leg.CHASE not in legs(run)
        assert run.engine._guardian.was_jumped_over(run.engine.portfolio.holdings[BTC])


def test_f15_coins_that_somebody_took_do_not_cost_the_rest_its_stop_and_nothing_is_sold_that_is_not_there() -> None:
    with live(CALM, entries=[5]) as run:
        run.engine.start()
        run.hours(2)
        (stop,) = run.broker.open_orders()
        run.ex.do("cancel", symbol="BTCUSDT", client_id=stop.client_id)
        run.ex.do("withdraw", asset="BTC", amount="1")
        run.ex.advance(60)
        run.engine.guard_tick()
        (smaller,) = run.broker.open_orders()
        assert smaller.quantity == FILTERS.quantity_down(run.broker.balances()["BTC"].total) < stop.quantity
        assert {"unprotected"} <= set(alerts(run))
        assert Leg.EMERGENCY not in legs(run)
        run.ex.advance(60)
        run.engine.guard_tick()
        assert [one.client_id for one in run.broker.open_orders()] == [smaller.client_id]
        assert set(run.engine.portfolio.latches) == {"reconcile"}


# --- fees ---------------------------------------------------------------------------------------------------------


def test_f19_fees_in_bnb_are_valued_and_when_it_runs_out_in_the_coin_itself_the_stop_fits() -> None:
    bnb = series_of(candles_of([(600.0, 600.0, 600.0, 600.0)] * len(CALM)), "BNB/USDT")
    with live(CALM, entries=[5, 8], exits=[7], beside=[bnb]) as run:
        run.ex.do("fees", pays_in_bnb=True)
        # Enough for the first trade, not for the second.
        run.ex.do("deposit", asset="BNB", amount="0.0008")
        run.engine.start()
        assert run.hours(8) == []
        fills = lines(run, e.FillSeen)
        assets = [one.fill.fee_asset for one in fills]
        assert assets[:2] == ["BNB", "BNB"]
        assert "BTC" in assets[2:]
        for one in fills:
            worth = one.fill.fee * {"BNB": Decimal(600), "BTC": one.fill.price, "USDT": Decimal(1)}[one.fill.fee_asset]
            assert one.fee_value == worth
        (trade,) = lines(run, e.TradeClosed)
        assert trade.fees == trade.fees_elsewhere == fills[0].fee_value + fills[1].fee_value
        account = run.engine.portfolio
        paid = sum(one.fill.fee for one in fills if one.fill.fee_asset == "BNB")
        assert account.fees_elsewhere == {"BNB": paid}
        left = run.broker.balances()["BNB"].total if "BNB" in run.broker.balances() else Decimal(0)
        assert Decimal("0.0008") - paid == left
        held = account.holdings[BTC]
        (stop,) = run.broker.open_orders()
        assert stop.quantity == FILTERS.quantity_down(held.quantity) < FILTERS.quantity_down(held.gross)
        money_agrees(run)


def test_slippage_and_fees_of_real_answers_are_held_against_the_plan() -> None:
    with live(FALL, entries=[5], exits=[6], rules={"fee_fraction": "0.001"}) as run:
        run.engine.start()
        run.hours(4)
        entry, exit_ = run.engine.portfolio.samples
        assert (entry.leg, exit_.leg) == (Leg.ENTRY, Leg.EXIT)
        for one in (entry, exit_):
            # Half a spread, and the rest of a tick.
            assert 0.00005 <= one.slippage <= 0.00011
            assert math.isclose(one.fee, 0.001, rel_tol=1e-4)
            assert 1.0 <= one.delay < 30.0
        (trade,) = lines(run, e.TradeClosed)
        assert trade.longest_bare_ms < 60_000
        assert trade.slippage > 0
