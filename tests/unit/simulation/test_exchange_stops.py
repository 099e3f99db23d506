"""Stops on a candle's path: named cases, each with its arithmetic.

The market is one straight line from price to price, a candle each; nothing is charged but 0.1 % of what is received.
A resting order is filled a tick (0.01) beyond its limit.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

import pytest

from tests.fakes.exchanges import MINUTE, NOON, PLAIN, opened, straight, ticket
from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.invariants import broken
from vigie.simulation.exchange.kinds import Kind, ListKind
from vigie.simulation.exchange.orders import Order, Ticket
from vigie.simulation.exchange.path import Extremes
from vigie.simulation.exchange.refusals import Refused

STOP = ticket("sell", Kind.STOP_LOSS_LIMIT, quantity=1, stop=95, price=94)
UP_FIRST = replace(PLAIN, extremes=Extremes.CLOSE_DIRECTION)


class Case(NamedTuple):
    """What is asked, what the market does, and what has to come of it."""

    order: Ticket
    prices: tuple[float, ...]
    gap: float | None = None
    """The market jumps there after its prices."""
    after: tuple[float, ...] = ()
    state: str = "NEW"
    working: bool = False
    fills: tuple[tuple[str, str], ...] = ()
    """Price and quantity."""
    spread: str = "0"


def rows(case: Case) -> list[tuple[float, ...]]:
    path = [tuple(one) for one in straight(*case.prices)]
    if case.gap is not None:
        path += [tuple(one) for one in straight(case.gap, *(case.after or (case.gap,)))]
    return path


def lived(case: Case, **deposits: object) -> tuple[Exchange, Order]:
    settings = replace(UP_FIRST, half_spread_fraction=Decimal(case.spread))
    market = rows(case)
    exchange = opened(market, settings, **(deposits or {"USDT": 10_000, "BTC": 1}))
    exchange.submit(case.order)
    exchange.advance(NOON + len(market) * MINUTE)
    assert broken(exchange) == ()
    return exchange, exchange.order("BTCUSDT", 1, None, exchange.now)


CASES = {
    "the trigger is not reached: it waits": Case(STOP, (100, 95.01)),
    "the trigger is touched: sold at the trigger": Case(
        STOP, (100, 95), state="FILLED", working=True, fills=(("95.00", "1"),)
    ),
    "fallen through: sold at the trigger, not at the low": Case(
        STOP, (100, 80), state="FILLED", working=True, fills=(("95.00", "1"),)
    ),
    "half a spread of 0.1 %: 95 x 0.999 = 94.905, down to the tick 94.90": Case(
        STOP, (100, 90), state="FILLED", working=True, fills=(("94.90", "1"),), spread="0.001"
    ),
    "half a spread of 2 %: 95 x 0.98 = 93.10 lies below the limit 94, so 94": Case(
        STOP, (100, 90), state="FILLED", working=True, fills=(("94.00", "1"),), spread="0.02"
    ),
    "a gap to 94.50, between trigger and limit: sold at the new price": Case(
        STOP, (100, 98), gap=94.5, state="FILLED", working=True, fills=(("94.50", "1"),)
    ),
    "a gap to the limit itself: sold there": Case(
        STOP, (100, 98), gap=94, state="FILLED", working=True, fills=(("94.00", "1"),)
    ),
    "a gap to 93, through the limit: it rests, working, status NEW": Case(STOP, (100, 98), gap=93, working=True),
    "after that gap the price comes back to the limit only: it still rests": Case(
        STOP, (100, 98), gap=93, after=(94,), working=True
    ),
    "after that gap the price comes a tick beyond the limit: sold at the limit": Case(
        STOP, (100, 98), gap=93, after=(94.01,), state="FILLED", working=True, fills=(("94.00", "1"),)
    ),
    "after that gap it falls on to 80 and recovers to 96: sold at the limit, late": Case(
        STOP, (100, 98), gap=93, after=(80, 96), state="FILLED", working=True, fills=(("94.00", "1"),)
    ),
    "a stop without limit, gap to 90: sold at 90, whatever it is": Case(
        ticket("sell", Kind.STOP_LOSS, quantity=1, stop=95), (100, 98), gap=90, state="FILLED", working=True,
        fills=(("90.00", "1"),),
    ),
    "a purchase stop: 105 is reached, the limit 106 allows it": Case(
        ticket("buy", Kind.STOP_LOSS_LIMIT, quantity=1, stop=105, price=106), (100, 110), state="FILLED",
        working=True, fills=(("105.00", "1"),),
    ),
    "a purchase stop, gap to 107 through its limit 106: it rests": Case(
        ticket("buy", Kind.STOP_LOSS_LIMIT, quantity=1, stop=105, price=106), (100, 104), gap=107, working=True
    ),
    "a purchase stop after that gap, 105.99: bought at its limit 106": Case(
        ticket("buy", Kind.STOP_LOSS_LIMIT, quantity=1, stop=105, price=106), (100, 104), gap=107, after=(105.99,),
        state="FILLED", working=True, fills=(("106.00", "1"),),
    ),
    "a take profit without limit: 110 is reached": Case(
        ticket("sell", Kind.TAKE_PROFIT, quantity=1, stop=110), (100, 120), state="FILLED", working=True,
        fills=(("110.00", "1"),),
    ),
    "a take profit with a limit above its trigger rests until the limit is passed": Case(
        ticket("sell", Kind.TAKE_PROFIT_LIMIT, quantity=1, stop=110, price=111), (100, 111), working=True
    ),
    "the same, a tick further": Case(
        ticket("sell", Kind.TAKE_PROFIT_LIMIT, quantity=1, stop=110, price=111), (100, 111.01), state="FILLED",
        working=True, fills=(("111.00", "1"),),
    ),
    "a take profit that buys: 90 is reached from above": Case(
        ticket("buy", Kind.TAKE_PROFIT, quantity=1, stop=90), (100, 85), state="FILLED", working=True,
        fills=(("90.00", "1"),),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_stop_fares_as_its_case_says(name: str) -> None:
    case = CASES[name]
    _, order = lived(case)
    assert order.state.value == case.state
    assert order.working == case.working
    fills = tuple((f"{one.price:.2f}", f"{one.quantity.normalize():f}") for one in order.trades)
    assert fills == case.fills


TRAILING = {
    "A: buy stop loss, follows from 44,000; low 42,000 x 1.05 = 44,100": (
        ticket("buy", Kind.STOP_LOSS_LIMIT, quantity="0.1", stop=44_000, price=45_000, trail=500),
        (40_000, 37_000, 45_000, 46_000, 42_000, 44_100), "44100.00",
    ),
    "B: sell stop loss, follows from 39,000; high 41,000 x 0.90 = 36,900, limit 38,000: it rests": (
        ticket("sell", Kind.STOP_LOSS_LIMIT, quantity="0.1", stop=39_000, price=38_000, trail=1000),
        (40_000, 41_500, 37_000, 41_000, 36_900), "rests",
    ),
    "C: buy take profit, follows from 38,000; low 37,000 x 1.085 = 40,145, limit 38,500: it rests": (
        ticket("buy", Kind.TAKE_PROFIT_LIMIT, quantity="0.1", stop=38_000, price=38_500, trail=850),
        (40_000, 42_000, 37_000, 39_000, 38_000, 40_145), "rests",
    ),
    "D: sell take profit, follows from 42,000; high 46,500 x 0.925 = 43,012.5": (
        ticket("sell", Kind.TAKE_PROFIT_LIMIT, quantity="0.1", stop=42_000, price=41_000, trail=750),
        (40_000, 41_500, 39_000, 45_000, 44_000, 46_500, 43_012.5), "43012.50",
    ),
    "E: sell stop loss without a stop price; high 45,500 x 0.93 = 42,315": (
        ticket("sell", Kind.STOP_LOSS_LIMIT, quantity="0.1", price=39_000, trail=700),
        (40_000, 42_000, 39_500, 45_500, 42_315), "42315.00",
    ),
}  # fmt: skip
"""The five scenarios of the exchange's own page on trailing stops."""


@pytest.mark.parametrize("name", TRAILING)
def test_a_trailing_stop_fares_as_in_the_exchanges_own_scenarios(name: str) -> None:
    order, prices, ends = TRAILING[name]
    almost = len(prices) - 1
    exchange = opened(straight(*prices), UP_FIRST, USDT=10_000, BTC=1)
    exchange.submit(order)
    exchange.advance(NOON + almost * MINUTE - 20_100)  # a straight candle moves in its middle third
    assert not exchange.order("BTCUSDT", 1, None, exchange.now).working, "not before the last price"
    exchange.advance(NOON + almost * MINUTE)
    after = exchange.order("BTCUSDT", 1, None, exchange.now)
    assert after.working
    if ends == "rests":
        assert after.state.value == "NEW"
    else:
        assert [f"{one.price:.2f}" for one in after.trades] == [ends]
        assert after.state.value == "FILLED"


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (ticket("sell", Kind.STOP_LOSS_LIMIT, quantity=1, stop=100, price=99), "Order would trigger immediately."),
        (ticket("sell", Kind.STOP_LOSS, quantity=1, stop=101), "Stop price would trigger immediately."),
        (ticket("buy", Kind.STOP_LOSS_LIMIT, quantity=1, stop=100, price=101), "Order would trigger immediately."),
        (ticket("sell", Kind.TAKE_PROFIT, quantity=1, stop=99), "Stop price would trigger immediately."),
        (ticket("buy", Kind.TAKE_PROFIT_LIMIT, quantity=1, stop=100, price=99), "Order would trigger immediately."),
    ],
)
def test_a_stop_on_the_wrong_side_is_refused(order: Ticket, message: str) -> None:
    exchange = opened(straight(100, 100))
    with pytest.raises(Refused) as refused:
        exchange.submit(order)
    assert (refused.value.code, refused.value.message) == (-2010, message)
    assert not list(exchange.shelf.of("BTCUSDT"))


# --- one cancels the other ------------------------------------------------------------------------------------------

ABOVE = ticket("sell", Kind.LIMIT_MAKER, "above", quantity=1, price=110)
BELOW = ticket("sell", Kind.STOP_LOSS_LIMIT, "below", quantity=1, stop=95, price=94)


def pair_on(*prices: float, above: Ticket = ABOVE, below: Ticket = BELOW) -> Exchange:
    exchange = opened(straight(*prices), UP_FIRST)
    exchange.submit_list(ListKind.OCO, (above, below), "pair")
    return exchange


def states(exchange: Exchange) -> list[str]:
    return [one.state.value for one in exchange.shelf.of("BTCUSDT")]


def test_a_pair_locks_its_coins_once() -> None:
    exchange = pair_on(100, 100)
    account = exchange.custody.accounts()["BTC"]
    assert (account.free, account.locked) == (0, 1)
    assert states(exchange) == ["NEW", "NEW"]


@pytest.mark.parametrize(
    ("prices", "ends", "price"),
    [
        ((100, 110.01), ["FILLED", "EXPIRED"], "110.00"),
        ((100, 95), ["EXPIRED", "FILLED"], "95.00"),
    ],
)
def test_the_partner_expires_in_the_same_event(prices: tuple[float, ...], ends: list[str], price: str) -> None:
    exchange = pair_on(*prices)
    exchange.advance(NOON + MINUTE)
    assert states(exchange) == ends
    orders = list(exchange.shelf.of("BTCUSDT"))
    assert orders[0].updated_at == orders[1].updated_at
    (trade,) = exchange.trades("BTCUSDT", exchange.now)
    assert f"{trade.price:.2f}" == price
    assert exchange.shelf.list(0).done
    assert broken(exchange) == ()


def test_the_partner_expires_when_the_stop_is_triggered_even_if_that_one_then_rests() -> None:
    exchange = opened([*straight(100, 98), *straight(93, 93.5)], UP_FIRST)
    exchange.submit_list(ListKind.OCO, (ABOVE, BELOW), "pair")
    exchange.advance(NOON + 2 * MINUTE)
    assert states(exchange) == ["EXPIRED", "NEW"]
    assert exchange.custody.accounts()["BTC"].locked == 1, "the stop that rests keeps the coins"
    assert not exchange.shelf.list(0).done


def test_the_partner_expires_at_the_first_part_of_a_fill() -> None:
    exchange = pair_on(100, 111)
    exchange.lane("BTCUSDT").liquidity = Decimal("0.4")
    exchange.advance(NOON + MINUTE)
    assert states(exchange) == ["PARTIALLY_FILLED", "EXPIRED"]
    assert exchange.custody.accounts()["BTC"].locked == Decimal("0.6")


def test_a_pair_with_a_trailing_stop_ends_by_it() -> None:
    # From 100 it follows to 104; 104 x 0.95 = 98.80.
    below = ticket("sell", Kind.STOP_LOSS, "below", quantity=1, trail=500)
    exchange = pair_on(100, 104, 98.8, below=below)
    exchange.advance(NOON + 2 * MINUTE)
    assert states(exchange) == ["EXPIRED", "FILLED"]
    assert [f"{one.price:.2f}" for one in exchange.trades("BTCUSDT", exchange.now)] == ["98.80"]


def test_orders_meet_a_price_in_the_order_of_the_prices_and_then_of_their_numbers() -> None:
    exchange = opened(straight(100, 90), UP_FIRST, BTC=3)
    for name, stop in (("late", 93), ("early", 95), ("early too", 95)):
        exchange.submit(ticket("sell", Kind.STOP_LOSS, name, quantity=1, stop=stop))
    exchange.advance(NOON + MINUTE)
    assert [one.order for one in exchange.trades("BTCUSDT", exchange.now)] == [2, 3, 1]
    # 100 falls to 90 in the middle third of the minute: 95 after half of it.
    assert [one.at - NOON for one in exchange.trades("BTCUSDT", exchange.now)] == [30_000, 30_000, 34_000]


def test_how_far_time_is_moved_at_once_changes_nothing() -> None:
    from tests.fakes.exchanges import wave

    ends = []
    for step in (7, 1_000, 60_000, 3_000_000):
        exchange = opened(wave(40), PLAIN, USDT=100_000, BTC=20)
        exchange.submit(ticket("sell", Kind.STOP_LOSS_LIMIT, "stop", quantity=1, stop="97.5", price="97.4"))
        exchange.submit(ticket("sell", Kind.STOP_LOSS, "trail", quantity=1, trail=200))
        exchange.submit(ticket("buy", Kind.LIMIT, "low", quantity=2, price="96.2"))
        exchange.submit(ticket("sell", Kind.LIMIT, "high", quantity=2, price="103.3"))
        if step == 7:
            step = 977
        while exchange.now < NOON + 40 * MINUTE:
            exchange.advance(min(exchange.now + step, NOON + 40 * MINUTE))
        ends.append([(one.order, one.price, one.at) for one in exchange.trades("BTCUSDT", exchange.now)])
    assert len(ends[0]) == 4
    assert ends.count(ends[0]) == len(ends)
