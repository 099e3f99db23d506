"""Orders of every kind, lists, fees, filters and interventions, on the matching core alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.exchanges import BNB, BTC, FINE, MINUTE, NOON, PLAIN, candles, opened, straight, ticket
from vigie.domain.order import Side
from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.fees import Fees
from vigie.simulation.exchange.invariants import broken
from vigie.simulation.exchange.kinds import Force, Kind, ListKind, State
from vigie.simulation.exchange.orders import Ticket
from vigie.simulation.exchange.path import Extremes, Tape
from vigie.simulation.exchange.refusals import Refused
from vigie.simulation.exchange.symbols import changed, listed

FLAT = straight(100, 100, 100, 100)
D = Decimal


def refused(do: Callable[[], object]) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        do()
    return caught.value.code, caught.value.message


def states(exchange: Exchange) -> list[str]:
    return [one.state.value for one in exchange.shelf.of("BTCUSDT")]


def free(exchange: Exchange, asset: str) -> Decimal:
    return exchange.custody.free(asset)


# --- executions ---------------------------------------------------------------------------------------------------


def test_a_market_order_pays_its_fee_from_what_it_receives() -> None:
    exchange = opened(FLAT)
    bought = exchange.submit(ticket("buy", Kind.MARKET, quantity="0.5"))
    assert (bought.state, bought.executed_value) == (State.FILLED, 50)
    assert free(exchange, "BTC") == D("1.4995")
    sold = exchange.submit(ticket("sell", Kind.MARKET, quantity="0.5"))
    assert [(one.fee, one.fee_asset) for one in sold.trades] == [(D("0.05"), "USDT")]
    assert free(exchange, "USDT") == D("9999.95")


def test_a_market_order_by_value_buys_whole_steps() -> None:
    # 50.00073 / 100 = 0.5000073, down to the step of 0.00001: 0.5.
    order = opened(FLAT).submit(ticket("buy", Kind.MARKET, value="50.00073"))
    assert (order.quantity, order.state) == (D("0.5"), State.FILLED)


@pytest.mark.parametrize(
    ("force", "liquidity", "ends", "executed"),
    [
        (Force.GTC, "0.3", "PARTIALLY_FILLED", "0.3"),
        (Force.IOC, "0.3", "EXPIRED", "0.3"),
        (Force.FOK, "0.3", "EXPIRED", "0"),
        (Force.FOK, None, "FILLED", "1"),
        (Force.IOC, "0", "EXPIRED", "0"),
    ],
)
def test_how_long_an_order_stays(force: Force, liquidity: str | None, ends: str, executed: str) -> None:
    exchange = opened(FLAT)
    exchange.lane("BTCUSDT").liquidity = None if liquidity is None else D(liquidity)
    order = exchange.submit(ticket("buy", Kind.LIMIT, quantity=1, price=101, force=force))
    assert (order.state.value, order.executed) == (ends, D(executed))
    assert broken(exchange) == ()


@pytest.mark.parametrize("force", [Force.IOC, Force.FOK])
def test_an_order_that_cannot_wait_expires_where_its_limit_is_not_met(force: Force) -> None:
    order = opened(FLAT).submit(ticket("buy", Kind.LIMIT, quantity=1, price=99, force=force))
    assert order.state is State.EXPIRED


def test_a_market_order_that_runs_out_of_liquidity_expires_with_what_it_got() -> None:
    exchange = opened(FLAT)
    exchange.lane("BTCUSDT").liquidity = D("0.4")
    order = exchange.submit(ticket("sell", Kind.MARKET, quantity=1))
    assert (order.state, order.executed) == (State.EXPIRED, D("0.4"))


def test_a_share_of_each_candles_volume_is_all_that_can_be_had() -> None:
    # 10 % of 10 is 1 in each candle.
    settings = replace(PLAIN, participation_fraction=D("0.1"))
    exchange = opened(straight(100, 100, 98, 98, 98), settings)
    exchange.submit(ticket("buy", Kind.LIMIT, quantity="2.5", price=99))
    done = []
    for minute in (1, 2, 3, 4):
        exchange.advance(NOON + minute * MINUTE)
        done.append(exchange.order("BTCUSDT", 1, None, exchange.now).executed)
    assert done == [0, 2, D("2.5"), D("2.5")], "the second candle's share, and at its end the third one's"


def test_before_the_first_candle_there_is_no_price_and_no_order() -> None:
    settings = replace(PLAIN, participation_fraction=D("0.1"))
    symbol = listed(FINE[BTC])
    exchange = Exchange([symbol], {"BTCUSDT": Tape("BTCUSDT", candles(FLAT))}, settings, NOON - 1)
    exchange.deposit("USDT", D(1000))
    lane = exchange.lane("BTCUSDT")
    assert (lane.last, lane.book(), lane.capacity(), lane.average(5)) == (None, None, None, 0)
    assert refused(lambda: exchange.submit(ticket("buy", Kind.MARKET, quantity=1)))[0] == -1112
    assert refused(lambda: exchange.submit(ticket("buy", Kind.LIMIT, quantity=1, price=99)))[1] == "Market is closed."
    exchange.advance(NOON)
    assert lane.last == 100


def test_a_resting_order_is_filled_when_the_price_touches_it_where_that_is_set() -> None:
    for touch, ends in ((False, "NEW"), (True, "FILLED")):
        exchange = opened(straight(100, 99), replace(PLAIN, touch=touch))
        exchange.submit(ticket("buy", Kind.LIMIT, quantity=1, price=99))
        exchange.advance(NOON + MINUTE)
        assert states(exchange) == [ends]


def test_a_purchase_stop_that_can_no_longer_be_paid_expires() -> None:
    exchange = opened([*straight(100, 104), *straight(120, 120)], USDT=110, BTC=1)
    order = exchange.submit(ticket("buy", Kind.STOP_LOSS, quantity=1, stop=105))
    assert exchange.custody.accounts()["USDT"].locked == 105, "it locks what it costs at its trigger"
    exchange.advance(NOON + 2 * MINUTE)
    assert exchange.order("BTCUSDT", order.number, None, exchange.now).state is State.EXPIRED
    assert free(exchange, "USDT") == 110


def test_an_execution_outside_the_price_range_rule_expires_and_says_why() -> None:
    exchange = opened(FLAT, changes={"priceRange": "0.05"})
    exchange.references["BTCUSDT"] = D(80)
    order = exchange.submit(ticket("sell", Kind.MARKET, quantity=1))
    assert (order.state, order.expiry) == (State.EXPIRED, "EXECUTION_RULE_PRICE_RANGE_EXCEEDED")


def test_the_order_of_the_extremes_decides_which_order_is_met_first() -> None:
    first = {}
    for extremes in Extremes:
        exchange = opened([(100, 110, 90, 105)], replace(PLAIN, extremes=extremes, seed=4), BTC=2)
        exchange.submit(ticket("sell", Kind.LIMIT, "high", quantity=1, price=109))
        exchange.submit(ticket("sell", Kind.STOP_LOSS, "low", quantity=1, stop=91))
        exchange.advance(NOON + MINUTE)
        first[extremes] = exchange.trades("BTCUSDT", exchange.now)[0].order
    assert (first[Extremes.ADVERSE], first[Extremes.CLOSE_DIRECTION]) == (2, 2)
    falling = opened([(105, 110, 90, 100)], replace(PLAIN, extremes=Extremes.CLOSE_DIRECTION), BTC=2)
    falling.submit(ticket("sell", Kind.LIMIT, "high", quantity=1, price=109))
    falling.submit(ticket("sell", Kind.STOP_LOSS, "low", quantity=1, stop=91))
    falling.advance(NOON + MINUTE)
    assert falling.trades("BTCUSDT", falling.now)[0].order == 1
    orders = {Tape("BTCUSDT", candles(FLAT * 9), Extremes.SEEDED, 7).low_first(row) for row in range(20)}
    assert orders == {True, False}


# --- fees ---------------------------------------------------------------------------------------------------------


def with_bnb(amount: str) -> Exchange:
    symbols = [listed(FINE[pair]) for pair in (BTC, BNB)]
    tapes = {"BTCUSDT": Tape("BTCUSDT", candles(FLAT)), "BNBUSDT": Tape("BNBUSDT", candles(straight(10, 10)))}
    exchange = Exchange(symbols, tapes, PLAIN, NOON)
    for asset, have in (("USDT", "1000"), ("BNB", amount), ("BTC", "5")):
        exchange.deposit(asset, D(have))
    exchange.fees[""] = Fees(pays_in_bnb=True)
    return exchange


def test_fees_in_bnb_are_cheaper_as_long_as_there_is_some() -> None:
    exchange = with_bnb("0.01")
    # 100 x 0.001 x 0.75 / 10 = 0.0075 BNB.
    first = exchange.submit(ticket("buy", Kind.MARKET, "1", quantity=1))
    assert [(one.fee, one.fee_asset) for one in first.trades] == [(D("0.0075"), "BNB")]
    second = exchange.submit(ticket("sell", Kind.MARKET, "2", quantity=1))
    assert [(one.fee, one.fee_asset) for one in second.trades] == [(D("0.1"), "USDT")]
    assert broken(exchange) == ()


def test_what_is_sold_in_the_same_trade_does_not_pay_its_fee() -> None:
    exchange = with_bnb("2")
    sold = exchange.submit(ticket("sell", Kind.MARKET, "1", symbol="BNBUSDT", quantity=2))
    assert [one.fee_asset for one in sold.trades] == ["USDT"]


def test_a_symbol_can_have_fees_of_its_own() -> None:
    exchange = opened(FLAT)
    exchange.fees["BTCUSDT"] = Fees(maker=D(0), taker=D("0.002"), seller=D("0.001"))
    sold = exchange.submit(ticket("sell", Kind.MARKET, quantity=1))
    assert sold.trades[0].fee == D("0.3")


# --- lists --------------------------------------------------------------------------------------------------------

WORKING = ticket("buy", Kind.LIMIT, "first", quantity=1, price=100)
SLEEPING = ticket("buy", Kind.LIMIT, "first", quantity=1, price=98)
STOP = ticket("sell", Kind.STOP_LOSS, "stop", quantity="0.9", stop=90)
HIGH = ticket("sell", Kind.LIMIT_MAKER, "high", quantity="0.9", price=110)


def unsized(one: Ticket) -> Ticket:
    return replace(one, quantity=None)


def test_the_second_order_of_a_list_waits_until_the_first_is_filled() -> None:
    exchange = opened(straight(100, 100, 97), USDT=1000)
    one = exchange.submit_list(ListKind.OTO, (SLEEPING, STOP), "list")
    assert states(exchange) == ["NEW", "PENDING_NEW"]
    assert one.kind.contingency == "OTO"
    exchange.advance(NOON + 2 * MINUTE)
    assert states(exchange) == ["FILLED", "NEW"]
    assert not exchange.shelf.list(0).done
    assert broken(exchange) == ()


def test_a_list_whose_first_order_is_cancelled_is_over() -> None:
    exchange = opened(FLAT)
    exchange.submit_list(ListKind.OTOCO, (SLEEPING, HIGH, STOP), "list")
    exchange.cancel("BTCUSDT", 1)
    assert states(exchange) == ["CANCELED"] * 3
    assert exchange.shelf.list(0).done
    assert exchange.custody.accounts()["USDT"].locked == 0


def test_a_first_order_that_expires_takes_the_others_with_it() -> None:
    exchange = opened(FLAT)
    never = replace(SLEEPING, force=Force.IOC)
    exchange.submit_list(ListKind.OTO, (never, STOP), "list")
    assert states(exchange) == ["EXPIRED", "EXPIRED"]


def test_after_the_fill_a_pair_takes_the_place_of_the_first_order() -> None:
    exchange = opened(FLAT, USDT=1000)
    exchange.submit_list(ListKind.OTOCO, (WORKING, HIGH, STOP), "list")
    assert states(exchange) == ["FILLED", "NEW", "NEW"]
    assert exchange.custody.accounts()["BTC"].locked == D("0.9"), "the pair locks once"


def test_a_list_that_pays_sells_what_was_received_down_to_the_step() -> None:
    exchange = opened(FLAT, USDT=1000)
    exchange.submit_list(ListKind.OPO, (replace(WORKING, quantity=D("0.12345")), unsized(STOP)), "list")
    # 0.12345 less a fee of 0.00012345 is 0.12332655; down to the step: 0.12332; the rest is free.
    assert states(exchange) == ["FILLED", "NEW"]
    account = exchange.custody.accounts()["BTC"]
    assert (account.locked, account.free) == (D("0.12332"), D("0.00000655"))


def test_a_list_that_pays_takes_its_fee_from_free_coins_where_there_are_enough() -> None:
    exchange = opened(FLAT, USDT=1000, BTC=1)
    exchange.submit_list(ListKind.OPOCO, (WORKING, unsized(HIGH), unsized(STOP)), "list")
    assert states(exchange) == ["FILLED", "NEW", "NEW"]
    assert exchange.custody.accounts()["BTC"].locked == 1


def test_what_a_first_order_has_received_is_held_until_it_is_filled_or_gone() -> None:
    exchange = opened(FLAT, USDT=1000)
    exchange.lane("BTCUSDT").liquidity = D("0.5")
    exchange.submit_list(ListKind.OPO, (WORKING, unsized(STOP)), "list")
    assert exchange.custody.accounts()["BTC"].locked == D("0.4995")
    assert broken(exchange) == ()
    exchange.cancel("BTCUSDT", 1)
    assert exchange.custody.accounts()["BTC"].free == D("0.4995")
    assert states(exchange) == ["CANCELED", "CANCELED"]


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        (ListKind.OTO, (replace(STOP, stop=D(101)),)),
        (ListKind.OTO, (ticket("sell", Kind.LIMIT_MAKER, "maker", quantity="0.9", price=99),)),
        (ListKind.OTO, (replace(STOP, quantity=D(5)),)),
        (ListKind.OTO, (ticket("buy", Kind.MARKET, "more", quantity=50),)),
        (ListKind.OTOCO, (replace(HIGH, quantity=D(5)), replace(STOP, quantity=D(5)))),
    ],
    ids=["would trigger", "would match", "too few coins", "too little money", "a pair with too few coins"],
)
def test_a_waiting_order_that_cannot_be_placed_expires(kind: ListKind, rest: tuple[Ticket, ...]) -> None:
    exchange = opened(FLAT, USDT=1000)
    exchange.submit_list(kind, (WORKING, *rest), "list")
    assert states(exchange) == ["FILLED", *["EXPIRED"] * len(rest)]
    assert broken(exchange) == ()


def test_a_waiting_order_that_receives_less_than_a_step_expires() -> None:
    exchange = opened(FLAT, changes={"filters": [{"filterType": "MARKET_LOT_SIZE", "minQty": "2"}]}, USDT=1000)
    exchange.submit_list(ListKind.OPO, (WORKING, unsized(STOP)), "list")
    assert states(exchange) == ["FILLED", "EXPIRED"]


def test_a_market_order_can_wait_for_the_first() -> None:
    exchange = opened(FLAT, USDT=1000)
    exchange.submit_list(ListKind.OTO, (WORKING, ticket("sell", Kind.MARKET, "out", quantity="0.9")), "list")
    assert states(exchange) == ["FILLED", "FILLED"]
    assert exchange.shelf.list(0).done


def sell(kind: Kind, **fields: object) -> Ticket:
    return ticket("sell", kind, f"{kind}{fields}", quantity="0.1", **fields)


def buy(kind: Kind, **fields: object) -> Ticket:
    return ticket("buy", kind, f"{kind}{fields}", quantity="0.1", **fields)


BAD_LISTS: dict[str, tuple[ListKind, tuple[Ticket, ...], int]] = {
    "two limits": (ListKind.OCO, (sell(Kind.LIMIT_MAKER, price=110), sell(Kind.LIMIT_MAKER, price=120)), -1168),
    "a market order in a pair": (ListKind.OCO, (sell(Kind.MARKET), sell(Kind.STOP_LOSS, stop=90)), -1158),
    "a limit that buys above": (ListKind.OCO, (buy(Kind.LIMIT_MAKER, price=90), buy(Kind.STOP_LOSS, stop=110)), -1165),
    "a limit that sells below": (
        ListKind.OCO, (sell(Kind.TAKE_PROFIT, stop=110), sell(Kind.LIMIT_MAKER, price=90)), -1166,
    ),
    "a stop that buys below": (ListKind.OCO, (buy(Kind.STOP_LOSS, stop=110), buy(Kind.STOP_LOSS, stop=90)), -1196),
    "a stop that sells above": (ListKind.OCO, (sell(Kind.STOP_LOSS, stop=110), sell(Kind.STOP_LOSS, stop=90)), -1197),
    "a profit that buys above": (
        ListKind.OCO, (buy(Kind.TAKE_PROFIT, stop=110), buy(Kind.TAKE_PROFIT, stop=90)), -1198,
    ),
    "a profit that sells below": (
        ListKind.OCO, (sell(Kind.TAKE_PROFIT, stop=110), sell(Kind.TAKE_PROFIT, stop=90)), -1199,
    ),
    "above below below": (ListKind.OCO, (sell(Kind.LIMIT_MAKER, price=90), sell(Kind.STOP_LOSS, stop=95)), -2010),
    "two sizes": (
        ListKind.OCO, (sell(Kind.LIMIT_MAKER, price=110), replace(sell(Kind.STOP_LOSS, stop=95), quantity=D(1))), -2010,
    ),
    "a first order at the market": (ListKind.OTO, (buy(Kind.MARKET), STOP), -1013),
    "paying with a purchase": (ListKind.OPO, (WORKING, replace(unsized(STOP), side=Side.BUY)), -1013),
    "one id for two": (ListKind.OTO, (WORKING, replace(STOP, client_id="first")), -2010),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_LISTS)
def test_a_list_that_is_none_is_refused_as_a_whole(name: str) -> None:
    kind, tickets, code = BAD_LISTS[name]
    exchange = opened(FLAT)
    assert refused(lambda: exchange.submit_list(kind, tickets, "list"))[0] == code
    assert states(exchange) == []
    assert exchange.shelf.lists() == ()


def test_lists_are_refused_where_a_symbol_has_none_and_twice_under_one_name() -> None:
    exchange = opened(FLAT, changes={"opoAllowed": False})
    assert (
        "OPO orders are not supported"
        in refused(lambda: exchange.submit_list(ListKind.OPO, (SLEEPING, unsized(STOP)), "list"))[1]
    )
    exchange.submit_list(ListKind.OTO, (SLEEPING, STOP), "list")
    assert refused(lambda: exchange.submit_list(ListKind.OTO, (WORKING, STOP), "list"))[1] == "Duplicate order sent."
    assert refused(lambda: exchange.cancel_list(7))[0] == -2011


def test_a_list_that_cannot_be_paid_leaves_nothing_behind() -> None:
    exchange = opened(FLAT, USDT=50, BTC="0.1")
    for kind, tickets in ((ListKind.OTO, (WORKING, STOP)), (ListKind.OCO, (HIGH, STOP))):
        code, words = refused(lambda kind=kind, tickets=tickets: exchange.submit_list(kind, tickets, "list"))
        assert (code, "insufficient" in words) == (-2010, True)
    assert (states(exchange), exchange.shelf.lists()) == ([], ())


# --- cancels and changes ------------------------------------------------------------------------------------------


def test_a_cancel_can_be_restricted_to_a_state() -> None:
    exchange = opened(FLAT)
    exchange.submit(SLEEPING)
    code, words = refused(lambda: exchange.cancel("BTCUSDT", 1, only=State.PARTIALLY_FILLED))
    assert (code, words) == (-2011, "Order was not canceled due to cancel restrictions.")
    assert exchange.cancel("BTCUSDT", client_id="first", only=State.NEW).state is State.CANCELED


def test_an_order_can_be_made_smaller_and_keeps_its_place() -> None:
    exchange = opened(straight(100, 97))
    exchange.submit(SLEEPING)
    exchange.submit(replace(SLEEPING, client_id="second"))
    smaller = exchange.amend("BTCUSDT", D("0.4"), 1, None, "smaller")
    assert (smaller.quantity, smaller.ticket.client_id, smaller.number) == (D("0.4"), "smaller", 1)
    assert exchange.custody.accounts()["USDT"].locked == D("137.2")
    assert [(one.quantity, two.quantity) for one, two in exchange.amendments("BTCUSDT", 1)] == [(1, D("0.4"))]
    assert refused(lambda: exchange.order("BTCUSDT", None, "first", exchange.now))[0] == -2013, "it has another id"
    exchange.advance(NOON + MINUTE)
    assert [one.order for one in exchange.trades("BTCUSDT", exchange.now)] == [1, 2]


def test_orders_of_a_pair_are_made_smaller_together() -> None:
    exchange = opened(FLAT)
    exchange.submit_list(ListKind.OCO, (HIGH, STOP), "pair")
    exchange.amend("BTCUSDT", D("0.5"), 2, None, "stop")
    assert [one.quantity for one in exchange.shelf.of("BTCUSDT")] == [D("0.5"), D("0.5")]
    exchange.submit_list(ListKind.OTO, (SLEEPING, replace(STOP, client_id="later")), "other")
    exchange.amend("BTCUSDT", D("0.5"), 3, None, "first")
    assert [one.quantity for one in exchange.shelf.of("BTCUSDT")][2:] == [D("0.5"), D("0.9")], "each on its own"
    assert broken(exchange) == ()


@pytest.mark.parametrize(
    ("quantity", "new_id", "changes", "code"),
    [
        ("1", "new", {}, -2038),
        ("2", "new", {}, -2038),
        ("0.5", "other", {}, -2010),
        ("0.5", "new", {"amendAllowed": False}, -2038),
        ("0.01", "new", {}, -1013),
        ("0.5", "new", {"filters": [{"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 1}]}, -1013),
    ],
    ids=["the same", "larger", "an id that is taken", "not allowed", "worth too little", "once too often"],
)
def test_an_amendment_that_is_none_is_refused(quantity: str, new_id: str, changes: dict[str, Any], code: int) -> None:
    exchange = opened(FLAT, changes=changes)
    exchange.submit(SLEEPING)
    exchange.submit(replace(SLEEPING, client_id="other"))
    if "filters" in changes:
        exchange.amend("BTCUSDT", D("0.9"), 1, None, "first")
    assert refused(lambda: exchange.amend("BTCUSDT", D(quantity), 1, None, new_id))[0] == code
    assert refused(lambda: exchange.amend("BTCUSDT", D("0.5"), 9, None, "new"))[0] == -2038


# --- questions ----------------------------------------------------------------------------------------------------


def test_orders_are_seen_as_they_were() -> None:
    exchange = opened(straight(100, 100, 97))
    exchange.advance(NOON + MINUTE)
    exchange.submit(SLEEPING)
    exchange.advance(NOON + 2 * MINUTE)
    then = exchange.order("BTCUSDT", 1, None, NOON + MINUTE)
    now = exchange.order("BTCUSDT", None, "first", exchange.now)
    assert (then.state, now.state) == (State.NEW, State.FILLED)
    assert [one.state for one in exchange.shelf.seen_of("BTCUSDT", NOON + MINUTE)] == [State.NEW]
    assert list(exchange.shelf.seen_of("BTCUSDT", NOON)) == []
    assert refused(lambda: exchange.order("BTCUSDT", 1, None, NOON))[0] == -2013
    assert refused(lambda: exchange.order("BTCUSDT", 1, "another", exchange.now))[0] == -2039


def test_an_order_that_ended_unfilled_is_put_away_after_ninety_days() -> None:
    exchange = opened(FLAT)
    exchange.submit(SLEEPING)
    exchange.cancel("BTCUSDT", 1)
    later = exchange.now + 90 * 86_400_000
    assert exchange.order("BTCUSDT", 1, None, later).state is State.CANCELED
    assert refused(lambda: exchange.order("BTCUSDT", 1, None, later + 1))[0] == -2026


def test_an_id_is_free_again_once_its_order_has_ended() -> None:
    exchange = opened(FLAT)
    exchange.submit(SLEEPING)
    assert refused(lambda: exchange.submit(SLEEPING)) == (-2010, "Duplicate order sent.")
    exchange.cancel("BTCUSDT", 1)
    assert exchange.submit(SLEEPING).number == 2
    assert exchange.order("BTCUSDT", None, "first", exchange.now).number == 2


# --- refusals -----------------------------------------------------------------------------------------------------

ICEBERG = ticket("buy", Kind.LIMIT, quantity=1, price=99, iceberg="0.5")
REFUSED: dict[str, tuple[Ticket, dict[str, Any], str]] = {
    "halted": (SLEEPING, {"status": "HALT"}, "Market is closed."),
    "cancel only": (SLEEPING, {"status": "CANCEL_ONLY"}, "Market is closed."),
    "no such type": (STOP, {"orderTypes": ["LIMIT"]}, "Stop loss orders are not supported for this symbol."),
    "no trailing": (
        ticket("sell", Kind.STOP_LOSS, quantity=1, trail=100), {"allowTrailingStop": False},
        "Trailing stop orders are not supported for this symbol.",
    ),
    "no icebergs": (ICEBERG, {"icebergAllowed": False}, "Iceberg orders are not supported for this symbol."),
    "iceberg too large": (replace(ICEBERG, iceberg=D(2)), {}, "IcebergQty exceeds QTY."),
    "no orders by value": (
        ticket("buy", Kind.MARKET, value=50), {"quoteOrderQtyMarketAllowed": False},
        "Quote order qty market orders are not support for this symbol.",
    ),
    "too expensive": (replace(SLEEPING, quantity=D(500)), {}, "Account has insufficient balance for requested action."),
    "too expensive at the market": (
        ticket("buy", Kind.MARKET, quantity=500), {}, "Account has insufficient balance for requested action.",
    ),
    "would match": (
        ticket("buy", Kind.LIMIT_MAKER, quantity=1, price=101), {}, "Order would immediately match and take.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_an_order_is_refused_with_the_exchanges_words(name: str) -> None:
    order, changes, words = REFUSED[name]
    exchange = opened(FLAT, changes=changes)
    assert refused(lambda: exchange.submit(order)) == (-2010, words)
    assert refused(lambda: exchange.check(order)) == (-2010, words), "a test order is refused alike"
    assert states(exchange) == []


def test_an_account_can_be_kept_from_trading() -> None:
    exchange = opened(FLAT)
    exchange.restricted = {"BTCUSDT"}
    assert refused(lambda: exchange.submit(SLEEPING))[1] == "This symbol is restricted for this account."
    exchange.can_trade = False
    assert refused(lambda: exchange.submit(SLEEPING))[1] == "This account may not place or cancel orders."
    assert refused(lambda: exchange.submit(replace(SLEEPING, symbol="NOPE"))) == (-1121, "Invalid symbol.")


def test_a_test_order_leaves_nothing_behind() -> None:
    exchange = opened(FLAT)
    assert exchange.check(SLEEPING).number == 1
    assert exchange.check(ticket("buy", Kind.MARKET, quantity=1)).number == 1
    assert (states(exchange), exchange.custody.accounts()["USDT"].locked, exchange.revision) == ([], 0, 0)


# --- filters ------------------------------------------------------------------------------------------------------

LIMIT = ticket("buy", Kind.LIMIT, quantity="0.5", price=100, iceberg="0.25")
BY_VALUE = ticket("buy", Kind.MARKET, value=20)
AT_MARKET = ticket("buy", Kind.MARKET, quantity="0.5")
TRAIL = ticket("sell", Kind.STOP_LOSS, quantity="0.5", trail=100)
FILTERED: list[tuple[str, dict[str, Any], Ticket, bool]] = [
    ("PRICE_FILTER", {"maxPrice": "99"}, LIMIT, False),
    ("PRICE_FILTER", {"tickSize": "0", "minPrice": "0", "maxPrice": "0"}, replace(LIMIT, price=D("99.123")), True),
    ("PRICE_FILTER", {"tickSize": "0.5"}, replace(STOP, stop=D("90.3")), False),
    ("LOT_SIZE", {"maxQty": "0.4"}, LIMIT, False),
    ("LOT_SIZE", {"minQty": "0.3"}, BY_VALUE, False),
    ("LOT_SIZE", {"maxQty": "0.1"}, BY_VALUE, True),
    ("MARKET_LOT_SIZE", {"maxQty": "0.4"}, LIMIT, True),
    ("MARKET_LOT_SIZE", {"maxQty": "0.4"}, AT_MARKET, False),
    ("MIN_NOTIONAL", {"minNotional": "51"}, LIMIT, False),
    ("MIN_NOTIONAL", {"minNotional": "51", "applyToMarket": True}, AT_MARKET, False),
    ("MIN_NOTIONAL", {"minNotional": "51", "applyToMarket": False}, AT_MARKET, True),
    ("NOTIONAL", {"minNotional": "51"}, LIMIT, False),
    ("NOTIONAL", {"minNotional": "51", "applyMinToMarket": False}, AT_MARKET, True),
    ("NOTIONAL", {"minNotional": "21"}, BY_VALUE, False),
    ("NOTIONAL", {"maxNotional": "49"}, LIMIT, False),
    ("NOTIONAL", {"maxNotional": "49", "applyMaxToMarket": True}, AT_MARKET, False),
    ("NOTIONAL", {"maxNotional": "49", "applyMaxToMarket": False}, AT_MARKET, True),
    ("PERCENT_PRICE", {"multiplierUp": "0.99", "multiplierDown": "0"}, LIMIT, False),
    ("PERCENT_PRICE", {"multiplierUp": "0.99", "multiplierDown": "0"}, AT_MARKET, True),
    ("PERCENT_PRICE_BY_SIDE", {"bidMultiplierDown": "1.01"}, LIMIT, False),
    ("PERCENT_PRICE_BY_SIDE", {"askMultiplierDown": "1.01"}, LIMIT, True),
    ("ICEBERG_PARTS", {"limit": 1}, LIMIT, False),
    ("ICEBERG_PARTS", {"limit": 2}, LIMIT, True),
    ("MAX_NUM_ORDERS", {"maxNumOrders": 1}, LIMIT, False),
    ("MAX_NUM_ALGO_ORDERS", {"maxNumAlgoOrders": 1}, TRAIL, False),
    ("MAX_NUM_ALGO_ORDERS", {"maxNumAlgoOrders": 1}, LIMIT, True),
    ("MAX_NUM_ICEBERG_ORDERS", {"maxNumIcebergOrders": 0}, LIMIT, False),
    ("MAX_NUM_ICEBERG_ORDERS", {"maxNumIcebergOrders": 0}, AT_MARKET, True),
    ("EXCHANGE_MAX_NUM_ORDERS", {"maxNumOrders": 1}, LIMIT, False),
    ("EXCHANGE_MAX_NUM_ALGO_ORDERS", {"maxNumAlgoOrders": 1}, TRAIL, False),
    ("EXCHANGE_MAX_NUM_ICEBERG_ORDERS", {"maxNumIcebergOrders": 0}, LIMIT, False),
    ("MAX_POSITION", {"maxPosition": "2"}, LIMIT, False),
    ("MAX_POSITION", {"maxPosition": "2"}, TRAIL, True),
    ("TRAILING_DELTA", {"minTrailingBelowDelta": 101}, TRAIL, False),
    ("TRAILING_DELTA", {"minTrailingAboveDelta": 101}, TRAIL, True),
    ("TRAILING_DELTA", {"maxTrailingAboveDelta": 99}, replace(TRAIL, side=Side.BUY), False),
    ("MAX_ASSET", {"asset": "BTC", "limit": "0.4"}, LIMIT, False),
    ("MAX_ASSET", {"asset": "USDT", "limit": "49"}, LIMIT, False),
    ("MAX_ASSET", {"asset": "ETH", "limit": "0"}, LIMIT, True),
]


@pytest.mark.parametrize(("kind", "fields", "order", "passes"), FILTERED)
def test_a_filter_lets_through_what_it_says(kind: str, fields: dict[str, Any], order: Ticket, passes: bool) -> None:
    exchange = opened(FLAT, changes={"filters": [{"filterType": kind, **fields}]})
    if kind.startswith(("EXCHANGE", "MAX")):
        # One stop and a purchase of 1 are open already.
        before = opened(FLAT)
        before.submit(ticket("sell", Kind.STOP_LOSS, "open", quantity="0.1", stop=90))
        before.submit(ticket("buy", Kind.LIMIT, "open too", quantity=1, price=90))
        before.relist(exchange.lane("BTCUSDT").symbol)
        exchange = before
        if passes and kind == "MAX_NUM_ALGO_ORDERS":
            assert exchange.counts("BTCUSDT").algos == 1
    if passes:
        assert exchange.submit(order).number
    else:
        assert refused(lambda: exchange.submit(order)) == (-1013, f"Filter failure: {kind}")


def test_lists_are_counted_by_their_filter() -> None:
    for kind in ("MAX_NUM_ORDER_LISTS", "EXCHANGE_MAX_NUM_ORDER_LISTS"):
        exchange = opened(FLAT, changes={"filters": [{"filterType": kind, "maxNumOrderLists": 0}]})
        assert refused(lambda exchange=exchange: exchange.submit_list(ListKind.OCO, (HIGH, STOP), "l"))[0] == -1013
        assert exchange.submit(SLEEPING).number == 1


def test_values_are_counted_at_the_average_of_the_last_minutes_or_the_reference_price() -> None:
    changes = {"filters": [{"filterType": "NOTIONAL", "minNotional": "99"}]}
    exchange = opened([(100, 100, 100, 100, 10), (50, 50, 50, 50, 30), (200, 200, 200, 200, 10)], changes=changes)
    exchange.advance(NOON + 2 * MINUTE)
    # (100 x 10 + 50 x 30) / 40 = 62.5, though the last price is 200.
    assert exchange.lane("BTCUSDT").average(5) == D("62.5")
    assert exchange.lane("BTCUSDT").average(0) == 200
    assert refused(lambda: exchange.submit(ticket("buy", Kind.MARKET, quantity=1)))[0] == -1013
    exchange.references["BTCUSDT"] = D(100)
    assert exchange.submit(ticket("buy", Kind.MARKET, quantity=1)).state is State.FILLED
    silent = opened([(100, 100, 100, 100, 0), (90, 90, 90, 90, 0)])
    silent.advance(NOON + MINUTE)
    assert silent.lane("BTCUSDT").average(5) == 90


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"colour": "red"}, "no field 'colour'"),
        ({"status": "OPEN"}, "OPEN"),
        ({"filters": [{"filterType": "ODD"}]}, "no filter 'ODD'"),
        ({"filters": [{"filterType": "LOT_SIZE", "size": 1}]}, "has no field 'size'"),
        ({"filters": [{"filterType": "LOT_SIZE", "minQty": "many"}]}, "'many' is not a number"),
        ({"filters": [{"filterType": "LOT_SIZE", "minQty": "-1"}]}, "from zero upwards"),
    ],
)
def test_rules_that_are_none_are_not_taken(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        changed(listed(FINE[BTC]), changes)


def test_rules_of_a_symbol_can_be_changed_in_exchangeinfos_own_words() -> None:
    symbol = changed(
        listed(FINE[BTC]),
        {
            "status": "BREAK", "orderTypes": ["LIMIT"], "defaultSelfTradePreventionMode": "NONE", "priceRange": None,
            "ocoAllowed": False, "filters": [{"filterType": "NOTIONAL"}, {"filterType": "MAX_ASSET", "asset": "BTC"}],
        },
    )  # fmt: skip
    told = symbol.to_json()
    assert (told["status"], told["orderTypes"], told["ocoAllowed"]) == ("BREAK", ["LIMIT"], False)
    kinds = [one["filterType"] for one in told["filters"]]
    assert "NOTIONAL" not in kinds
    assert "MAX_ASSET" in kinds


def test_what_can_be_sold_is_nothing_below_the_least_quantity_and_no_more_than_the_most() -> None:
    symbol = changed(listed(FINE[BTC]), {"filters": [{"filterType": "LOT_SIZE", "minQty": "0.1", "maxQty": "2"}]})
    assert [symbol.sellable(D(one), at_market=False) for one in ("0.05", "0.123456", "5")] == [0, D("0.12345"), 2]


# --- by hand ------------------------------------------------------------------------------------------------------


def test_a_trade_can_be_taken_back() -> None:
    exchange = opened(FLAT, USDT=1000, BTC=1)
    before = {asset: (one.free, one.locked) for asset, one in exchange.custody.accounts().items()}
    exchange.submit(ticket("buy", Kind.MARKET, "in", quantity=1))
    exchange.submit(ticket("sell", Kind.MARKET, "out", quantity="0.5"))
    for number in (2, 1):
        exchange.bust("BTCUSDT", number)
        assert broken(exchange) == ()
    assert {asset: (one.free, one.locked) for asset, one in exchange.custody.accounts().items()} == before
    assert exchange.trades("BTCUSDT", exchange.now) == []
    assert refused(lambda: exchange.bust("BTCUSDT", 1))[0] == -2013


def test_a_trade_whose_coins_are_gone_cannot_be_taken_back() -> None:
    exchange = opened(FLAT, USDT=1000)
    exchange.submit(ticket("buy", Kind.MARKET, quantity=1))
    exchange.withdraw("BTC", D("0.9"))
    assert refused(lambda: exchange.bust("BTCUSDT", 1))[0] == -2010
    assert refused(lambda: exchange.withdraw("BTC", D(5)))[0] == -2010
    assert broken(exchange) == ()


def test_a_resting_order_can_be_filled_by_hand() -> None:
    exchange = opened(FLAT)
    exchange.submit(SLEEPING)
    assert exchange.execute("BTCUSDT", 1, D("0.25")).state is State.PARTIALLY_FILLED
    assert exchange.execute("BTCUSDT", 1).state is State.FILLED
    exchange.submit(replace(STOP, stop=D(90)))
    assert refused(lambda: exchange.execute("BTCUSDT", 2))[0] == -2011, "it is not on the book"


def test_a_symbol_that_is_delisted_takes_its_orders_with_it() -> None:
    exchange = opened(FLAT)
    exchange.submit_list(ListKind.OTO, (SLEEPING, STOP), "list")
    exchange.submit(ticket("buy", Kind.LIMIT, "other", quantity=1, price=99))
    exchange.delist("BTCUSDT")
    assert states(exchange) == ["EXPIRED"] * 3
    assert refused(lambda: exchange.expire_all("BTCUSDT")) == (-1121, "Invalid symbol.")
    assert broken(exchange) == ()


def test_time_does_not_go_backwards() -> None:
    exchange = opened(straight(100, 90))
    exchange.advance(NOON + MINUTE)
    exchange.advance(NOON)
    assert (exchange.now, exchange.lane("BTCUSDT").last) == (NOON + MINUTE, 90)


# --- books that do not add up -------------------------------------------------------------------------------------


SPOILT_ORDERS: dict[str, tuple[int, dict[str, Any]]] = {
    "are locked": (2, {"quantity": D(9)}),
    "not the sum of its trades": (1, {"executed": D("0.4")}),
    "executed value": (1, {"executed_value": D(1)}),
    "is FILLED": (1, {"quantity": D(1)}),
    "is NEW": (1, {"state": State.NEW}),
    "is PARTIALLY_FILLED": (1, {"state": State.PARTIALLY_FILLED}),
    "two open orders": (3, {"ticket": SLEEPING}),
}


def spoilt(name: str) -> Exchange:
    exchange = opened(FLAT)
    exchange.submit(ticket("buy", Kind.MARKET, "done", quantity="0.5"))
    exchange.submit(SLEEPING)
    exchange.submit(replace(SLEEPING, client_id="second"))
    exchange.submit_list(ListKind.OCO, (HIGH, STOP), "pair")
    accounts = exchange.custody._ledger._accounts
    if name in SPOILT_ORDERS:
        number, changes = SPOILT_ORDERS[name]
        exchange.shelf.put(replace(exchange.shelf.order("BTCUSDT", number), **changes), NOON)
    elif name == "came in":
        accounts["USDT"] = replace(accounts["USDT"], free=accounts["USDT"].free + 1)
    elif name == "is negative":
        accounts["USDT"] = replace(accounts["USDT"], fees=D(-1), free=accounts["USDT"].free + 1)
    elif name == "were traded away":
        exchange.busted.add(("BTCUSDT", 1))
    elif name == "its orders say otherwise":
        exchange.shelf.put_list(replace(exchange.shelf.list(0), done=True))
    return exchange


@pytest.mark.parametrize(
    "name",
    ["came in", "is negative", "are locked", "not the sum of its trades", "executed value", "is FILLED", "is NEW",
     "is PARTIALLY_FILLED", "two open orders", "were traded away", "were paid as fees", "its orders say otherwise"],
)  # fmt: skip
def test_books_that_do_not_add_up_are_told(name: str) -> None:
    wanted = "were traded away" if name == "were paid as fees" else name
    sentences = broken(spoilt(wanted))
    assert any(name in one for one in sentences), sentences


def test_books_that_add_up_are_not() -> None:
    assert broken(spoilt("")) == ()
