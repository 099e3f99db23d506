"""The broker for real venues, through real ccxt, over HTTP, against the simulated exchange."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import ccxt
import pytest

from tests.exchange.conftest import OPENED, made
from tests.fakes.brokers import OffClock, sim_broker
from tests.fakes.clock import FakeClock
from tests.fakes.exchanges import FINE, series, straight
from tests.fakes.orders import approved, buy, stop
from vigie.adapters.exchanges.ccxt_broker import CcxtBroker, open_live_broker
from vigie.adapters.exchanges.ccxt_client import make_client
from vigie.adapters.exchanges.ccxt_dialect import dialect
from vigie.adapters.exchanges.ccxt_gate import Gate
from vigie.adapters.exchanges.secrets import Secrets
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.sim_server.gauge import Limits
from vigie.adapters.storage.request_budget import BudgetInMemory
from vigie.domain.errors import (
    ConfigError,
    OutcomeUnknown,
    RefusalCode,
    VenueRefused,
    VenueUnavailable,
    VigieError,
)
from vigie.domain.order import Intent, OrderType, Side
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.reliability.rate_budget import RateBudget

PAIR, SYMBOL = Pair("BTC", "USDT"), "BTCUSDT"
ID = "0123456789abcdef0123456789abcdef"
POST = {"method": "POST", "path": "/api/v3/order"}
DELETE = {"method": "DELETE", "path": "/api/v3/order"}
GET = {"method": "GET", "path": "/api/v3/order"}
STOP = stop("0.01", 24_000, 23_900, client_id=ID)
ENTRY = buy("0.01", client_id=ID)


@pytest.fixture
def broker(ex: SimExchange) -> Iterator[CcxtBroker]:
    with sim_broker(ex) as found:
        found.instrument(PAIR)
        yield found


@pytest.fixture
def jumped() -> Iterator[tuple[SimExchange, CcxtBroker]]:
    """A stop whose trigger was reached and whose limit was jumped over: it rests, and can be filled."""
    rows = [*straight(25_000, 24_500), *straight(23_000, 23_100, 23_050, 24_600)]
    market = SimExchange([series(rows, start=OPENED)], instruments=FINE, balances={"BTC": 1})
    with market as ex, sim_broker(ex) as found:
        found.submit(approved(STOP))
        ex.advance(minutes=3)
        yield ex, found


def orders_at(ex: SimExchange) -> list[Any]:
    return list(ex.exchange.shelf.of(SYMBOL))


# --- what it does when all is well ------------------------------------------------------------------------------------


def test_filters_of_a_pair(broker: CcxtBroker) -> None:
    assert broker.instrument(PAIR) == FINE[PAIR]
    with pytest.raises(VenueRefused) as refused:
        broker.instrument(Pair("NO", "USDT"))
    assert refused.value.code is RefusalCode.UNKNOWN_PAIR


def test_an_entry_at_the_market_is_told_with_its_fills_and_fees(ex: SimExchange, broker: CcxtBroker) -> None:
    report = broker.submit(approved(ENTRY))
    assert (report.client_id, report.status, report.side, report.type) == (
        ID, OrderStatus.FILLED, Side.BUY, OrderType.MARKET,
    )  # fmt: skip
    assert report.executed == report.quantity == Decimal("0.01")
    assert sum(one.quantity for one in report.fills) == Decimal("0.01")
    assert sum(one.quantity * one.price for one in report.fills) == report.executed_value
    assert {(one.fee_asset, one.fee) for one in report.fills} == {("BTC", Decimal("0.00001"))}
    assert (report.limit, report.trigger, report.triggered) == (None, None, False)
    assert broker.find(PAIR, ID) == report
    held = broker.balances()["BTC"]
    assert (held.free, held.locked) == (Decimal("1.00999"), 0)
    sent = ex.journal.calls("POST", "/api/v3/order")[0].parameters
    assert "quoteOrderQty" not in sent
    assert "price" not in sent


def test_a_stop_rests_locks_its_coins_and_is_cancelled(broker: CcxtBroker) -> None:
    report = broker.submit(approved(STOP))
    assert (report.status, report.type) == (OrderStatus.ACCEPTED, OrderType.STOP_LOSS_LIMIT)
    assert (report.trigger, report.limit, report.triggered) == (Decimal(24_000), Decimal(23_900), False)
    assert broker.balances()["BTC"].locked == Decimal("0.01")
    assert broker.open_orders() == (report,)
    gone = broker.cancel(PAIR, ID)
    assert (gone.client_id, gone.venue_id, gone.status) == (ID, report.venue_id, OrderStatus.CANCELED)
    assert broker.open_orders() == ()
    found = broker.find(PAIR, ID)
    assert found is not None
    assert found.status is OrderStatus.CANCELED


def test_an_order_that_nobody_sent_is_not_found_and_cannot_be_cancelled(broker: CcxtBroker) -> None:
    assert broker.find(PAIR, "nobody") is None
    with pytest.raises(VenueRefused) as refused:
        broker.cancel(PAIR, "nobody")
    assert refused.value.code is RefusalCode.UNKNOWN_ORDER


def test_orders_of_other_people_are_told_as_such(ex: SimExchange, broker: CcxtBroker) -> None:
    ex.do("place", symbol=SYMBOL, side="SELL", type="LIMIT", timeInForce="GTC", quantity="0.4", price="29000.00")
    (found,) = broker.open_orders()
    assert (found.pair, found.type, found.limit, found.status) == (
        "BTC/USDT", OrderType.OTHER, Decimal(29_000), OrderStatus.ACCEPTED,
    )  # fmt: skip


def test_an_order_of_a_pair_that_was_never_asked_about_is_told_by_its_pair(ex: SimExchange) -> None:
    for symbol, quantity, price in (("ETHUSDT", "0.5", "1000.00"), ("BNBUSDT", "1", "200.00")):
        ex.do("place", symbol=symbol, side="BUY", type="LIMIT", timeInForce="GTC", quantity=quantity, price=price)
    ex.faults({"name": "delisted", "path": "*/exchangeInfo", "where": {"symbol": "BNBUSDT"}, "action": "answer",
               "status": 400, "code": -1121, "message": "Invalid symbol."})  # fmt: skip
    with sim_broker(ex) as broker:
        assert {one.pair for one in broker.open_orders()} == {"ETH/USDT", "BNBUSDT"}
        broker.open_orders()
    assert len(ex.journal.calls("GET", "/api/v3/exchangeInfo")) == 2


def test_only_what_was_approved_is_sent(broker: CcxtBroker) -> None:
    with pytest.raises(TypeError):
        broker.submit(ENTRY)  # type: ignore[arg-type]


def test_a_stop_that_was_jumped_over_says_so_and_fills_when_the_price_is_back(
    jumped: tuple[SimExchange, CcxtBroker],
) -> None:
    ex, broker = jumped
    found = broker.find(PAIR, ID)
    assert found is not None
    assert (found.status, found.triggered, found.executed) == (OrderStatus.ACCEPTED, True, 0)
    ex.advance(minutes=2)
    found = broker.find(PAIR, ID)
    assert found is not None
    assert (found.status, found.triggered) == (OrderStatus.FILLED, False)
    assert [(one.price, one.fee_asset) for one in found.fills] == [(Decimal(23_900), "USDT")]


def test_a_part_that_was_filled_before_a_cancel_is_told_with_the_cancel(
    jumped: tuple[SimExchange, CcxtBroker],
) -> None:
    ex, broker = jumped
    ex.do("fill", symbol=SYMBOL, client_id=ID, quantity="0.004")
    partly = broker.find(PAIR, ID)
    assert partly is not None
    assert (partly.status, partly.executed) == (OrderStatus.PARTIAL, Decimal("0.004"))
    gone = broker.cancel(PAIR, ID)
    assert (gone.status, gone.executed) == (OrderStatus.CANCELED, Decimal("0.004"))
    assert sum(one.quantity for one in gone.fills) == Decimal("0.004")


def test_fees_in_two_coins_are_told_with_each_fill(ex: SimExchange, broker: CcxtBroker) -> None:
    ex.do("fees", pays_in_bnb=True)
    ex.do("deposit", asset="BNB", amount="0.001")
    told = [broker.submit(approved(buy("0.01", client_id=f"id{n}"))).fills[0].fee_asset for n in range(2)]
    assert told == ["BNB", "BTC"]


# --- answers that are lost --------------------------------------------------------------------------------------------

LOST: list[tuple[str, dict[str, Any], bool]] = [
    ("F1 hang before", {"action": "hang", "when": "before", "seconds": 5}, False),
    ("F2 accept, then hang", {"action": "hang", "when": "after", "seconds": 5}, True),
    ("F3 reset before", {"action": "reset", "when": "before"}, False),
    ("F3 accept, then reset", {"action": "reset", "when": "after"}, True),
    ("F3 half an answer", {"action": "reset", "when": "half"}, True),
    ("F4 accept, then 502", {"action": "answer", "when": "after", "status": 502}, True),
    ("F4 502 before", {"action": "answer", "when": "before", "status": 502}, False),
    ("F4 503 -1000", {"action": "answer", "when": "after", "status": 503, "code": -1000, "message": "unknown"}, True),
    ("F4 504 -1007", {"action": "answer", "when": "after", "status": 504, "code": -1007, "message": "Timeout"}, True),
    ("F4 503 -1008", {"action": "answer", "when": "before", "status": 503, "code": -1008, "message": "busy"}, False),
    ("F4 403 of a wall", {"action": "answer", "when": "before", "status": 403, "body": "<html>403</html>"}, False),
    ("F5 accept, then a page", {"action": "answer", "when": "after", "body": "<html>hello</html>"}, True),
    ("F5 accept, then cut JSON", {"action": "answer", "when": "after", "cut": 40}, True),
    ("F5 accept, then nothing", {"action": "answer", "when": "after", "cut": 0}, True),
    ("F5 accept, then other JSON", {"action": "answer", "when": "after", "body": "[]"}, True),
    ("F5 accept, then a number", {"action": "answer", "when": "after", "body": "7"}, True),
    ("an error that nobody knows", {"action": "answer", "when": "before", "status": 400, "code": -9999}, False),
]
NAMES = [one[0] for one in LOST]


@pytest.mark.parametrize("intent", [ENTRY, STOP], ids=["entry", "stop"])
@pytest.mark.parametrize(("name", "rule", "exists"), LOST, ids=NAMES)
def test_an_order_whose_answer_is_lost_is_unknown_and_then_found_or_not(
    ex: SimExchange, broker: CcxtBroker, name: str, rule: dict[str, Any], exists: bool, intent: Intent
) -> None:
    ex.faults({"name": name, **POST, **rule})
    with pytest.raises(OutcomeUnknown):
        broker.submit(approved(intent))
    assert len(ex.journal.calls("POST", "/api/v3/order")) == 1, "it was sent once"
    found = broker.find(PAIR, ID)
    assert (found is not None) is exists
    if found is not None:
        assert found.executed == sum(one.quantity for one in found.fills)
        assert found.executed == (intent.quantity if intent is ENTRY else 0)


@pytest.mark.parametrize(("name", "rule", "done"), LOST, ids=NAMES)
def test_a_cancel_whose_answer_is_lost_is_unknown_and_then_seen_or_not(
    ex: SimExchange, broker: CcxtBroker, name: str, rule: dict[str, Any], done: bool
) -> None:
    broker.submit(approved(STOP))
    ex.faults({"name": name, **DELETE, **rule})
    with pytest.raises(OutcomeUnknown):
        broker.cancel(PAIR, ID)
    assert len(ex.journal.calls("DELETE", "/api/v3/order")) == 1
    found = broker.find(PAIR, ID)
    assert found is not None
    assert found.status is (OrderStatus.CANCELED if done else OrderStatus.ACCEPTED)


@pytest.mark.parametrize(("name", "rule"), [one[:2] for one in LOST], ids=NAMES)
def test_a_question_whose_answer_is_lost_is_only_a_read_that_failed(
    ex: SimExchange, broker: CcxtBroker, name: str, rule: dict[str, Any]
) -> None:
    broker.submit(approved(STOP))
    ex.faults({"name": name, **GET, **rule})
    with pytest.raises(VenueUnavailable):
        broker.find(PAIR, ID)
    ex.faults()
    assert broker.find(PAIR, ID) is not None


@pytest.mark.parametrize("path", ["/api/v3/openOrders", "/api/v3/account", "/api/v3/myTrades", "/api/v3/exchangeInfo"])
@pytest.mark.parametrize(("name", "rule"), [one[:2] for one in LOST], ids=NAMES)
def test_every_other_question_fails_in_the_same_way(
    ex: SimExchange, broker: CcxtBroker, path: str, name: str, rule: dict[str, Any]
) -> None:
    if path == "/api/v3/openOrders" and (rule.get("body") == "[]" or rule.get("cut") == 40):
        # That is an answer: there are none.
        ex.faults({"name": name, "method": "GET", "path": path, **rule})
        assert broker.open_orders() == ()
        return
    broker.submit(approved(ENTRY))
    asked = {
        "/api/v3/openOrders": broker.open_orders,
        "/api/v3/account": broker.balances,
        "/api/v3/myTrades": lambda: broker.find(PAIR, ID),
        "/api/v3/exchangeInfo": lambda: broker.instrument(Pair("ETH", "USDT")),
    }[path]
    if path == "/api/v3/myTrades" and rule.get("body") == "[]":
        ex.faults({"name": name, "method": "GET", "path": path, **rule})
        found = broker.find(PAIR, ID)
        assert found is not None
        assert (found.executed, found.fills) == (Decimal("0.01"), ()), "its fills are still to come"
        return
    ex.faults({"name": name, "method": "GET", "path": path, **rule})
    with pytest.raises(VenueUnavailable):
        asked()


@pytest.mark.parametrize("lag", [3, 30])
def test_f6_an_accepted_order_that_is_not_shown_yet_is_absent_for_now_only(
    ex: SimExchange, broker: CcxtBroker, lag: int
) -> None:
    ex.faults(
        {"name": "F2", **POST, "action": "hang", "when": "after", "seconds": 5},
        {"name": "F6", "method": "GET", "action": "lag", "seconds": lag},
    )
    with pytest.raises(OutcomeUnknown):
        broker.submit(approved(STOP))
    for _ in range(3):
        assert broker.find(PAIR, ID) is None
        ex.advance(lag / 3 - 0.001)
    ex.advance(0.01)
    found = broker.find(PAIR, ID)
    assert found is not None
    assert found.status is OrderStatus.ACCEPTED


@pytest.mark.parametrize("intent", [ENTRY, STOP], ids=["entry", "stop"])
def test_f6_an_order_that_the_venue_took_is_not_absent_while_it_is_not_shown(
    ex: SimExchange, broker: CcxtBroker, intent: Intent
) -> None:
    ex.faults({"name": "F6", "method": "GET", "action": "lag", "seconds": 30, "count": 0})
    taken = broker.submit(approved(intent))
    for _ in range(5):
        assert broker.find(PAIR, ID) == taken
        ex.advance(10)
    found = broker.find(PAIR, ID)
    assert found is not None
    assert found.status is taken.status
    assert len(ex.journal.calls("GET", "/api/v3/order")) == 6, "it is asked each time"


def test_an_order_that_the_venue_took_and_lost_is_absent_after_a_minute(ex: SimExchange, broker: CcxtBroker) -> None:
    broker.submit(approved(STOP))
    ex.faults({"name": "lost", **GET, "action": "answer", "status": 400, "code": -2013, "count": 0,
               "message": "Order does not exist."})  # fmt: skip
    ex.advance(59)
    assert broker.find(PAIR, ID) is not None
    ex.advance(1)
    assert broker.find(PAIR, ID) is None


def test_f17_a_new_stop_that_is_refused_after_the_old_one_is_gone(ex: SimExchange, broker: CcxtBroker) -> None:
    """We move stops in two steps, so that each has its own answer."""
    broker.submit(approved(STOP))
    assert broker.cancel(PAIR, ID).status is OrderStatus.CANCELED
    with pytest.raises(VenueRefused) as refused:
        broker.submit(approved(stop("0.01", 26_000, 25_900, client_id="moved")))
    assert refused.value.code is RefusalCode.WOULD_TRIGGER
    assert broker.open_orders() == ()
    assert ex.journal.calls("POST", "/api/v3/order/cancelReplace") == []


def test_f18_a_fill_that_came_before_the_cancel_is_found(jumped: tuple[SimExchange, CcxtBroker]) -> None:
    ex, broker = jumped
    ex.faults({"name": "F18", **DELETE, "action": "do",
               "acts": [{"do": "fill", "symbol": SYMBOL, "client_id": ID}]})  # fmt: skip
    with pytest.raises(VenueRefused) as refused:
        broker.cancel(PAIR, ID)
    assert refused.value.code is RefusalCode.UNKNOWN_ORDER
    found = broker.find(PAIR, ID)
    assert found is not None
    assert found.status is OrderStatus.FILLED
    assert sum(one.quantity for one in found.fills) == Decimal("0.01")


def test_fills_that_are_not_shown_after_a_cancel_do_not_make_the_cancel_unknown(
    jumped: tuple[SimExchange, CcxtBroker],
) -> None:
    ex, broker = jumped
    ex.do("fill", symbol=SYMBOL, client_id=ID, quantity="0.004")
    ex.faults({"name": "no trades", "method": "GET", "path": "*/myTrades", "action": "reset", "when": "before"})
    gone = broker.cancel(PAIR, ID)
    assert (gone.status, gone.executed, gone.fills) == (OrderStatus.CANCELED, Decimal("0.004"), ())


def test_an_answer_about_another_order_is_no_answer(ex: SimExchange, broker: CcxtBroker) -> None:
    body = (
        '{"symbol":"BTCUSDT","orderId":1,"clientOrderId":"another","transactTime":1,"price":"0","origQty":"0.01",'
        '"executedQty":"0.01","cummulativeQuoteQty":"250","status":"FILLED","type":"MARKET","side":"BUY","fills":[]}'
    )
    ex.faults({"name": "another", **POST, "action": "answer", "when": "after", "body": body})
    with pytest.raises(OutcomeUnknown):
        broker.submit(approved(ENTRY))


# --- what was surely not sent -----------------------------------------------------------------------------------------


def test_a_venue_that_nobody_serves_is_surely_not_reached() -> None:
    with made() as ex, sim_broker(ex) as broker:
        broker.instrument(PAIR)
    for act in (lambda: broker.submit(approved(ENTRY)), lambda: broker.cancel(PAIR, ID), broker.balances):
        with pytest.raises(VenueUnavailable):
            act()
    broker.close()


def test_a_name_that_cannot_be_looked_up_is_surely_not_reached(ex: SimExchange) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    for url in ("https://venue.invalid", f"http://127.0.0.1:{port}"):
        broker = open_live_broker("binance", Secrets("k", "s"), ex.clock, BudgetInMemory(), base_url=url, timeout_s=2)
        with pytest.raises(VenueUnavailable, match="cannot be reached"):
            broker.balances()
        broker.close()


# --- proven refusals --------------------------------------------------------------------------------------------------

REFUSALS = [
    (-1013, "Filter failure: PRICE_FILTER", RefusalCode.PRICE_FILTER),
    (-1013, "Filter failure: PERCENT_PRICE_BY_SIDE", RefusalCode.PRICE_FILTER),
    (-1013, "Filter failure: LOT_SIZE", RefusalCode.LOT_SIZE),
    (-1013, "Filter failure: MARKET_LOT_SIZE", RefusalCode.LOT_SIZE),
    (-1013, "Filter failure: NOTIONAL", RefusalCode.NOTIONAL),
    (-1013, "Filter failure: MIN_NOTIONAL", RefusalCode.NOTIONAL),
    (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS", RefusalCode.TOO_MANY_ORDERS),
    (-1013, "Filter failure: MAX_POSITION", RefusalCode.PARAMETERS),
    (-1100, "Illegal characters found in parameter", RefusalCode.PARAMETERS),
    (-1101, "Too many parameters; expected '8' and received '9'.", RefusalCode.PARAMETERS),
    (-1104, "Not all sent parameters were read", RefusalCode.PARAMETERS),
    (-1121, "Invalid symbol.", RefusalCode.UNKNOWN_PAIR),
    (-2010, "Account has insufficient balance for requested action.", RefusalCode.INSUFFICIENT_BALANCE),
    (-2010, "Stop price would trigger immediately.", RefusalCode.WOULD_TRIGGER),
    (-2010, "Order would trigger immediately.", RefusalCode.WOULD_TRIGGER),
    (-2010, "Market is closed.", RefusalCode.MARKET_CLOSED),
    (-2010, "Rest API trading is not enabled.", RefusalCode.NOT_PERMITTED),
    (-2010, "This symbol is not permitted for this account.", RefusalCode.NOT_PERMITTED),
    (-2010, "Something new.", RefusalCode.UNSAID),
    (-2014, "API-key format invalid.", RefusalCode.NOT_PERMITTED),
    (-2015, "Invalid API-key, IP, or permissions for action.", RefusalCode.NOT_PERMITTED),
    (-1022, "Signature for this request is not valid.", RefusalCode.NOT_PERMITTED),
]


@pytest.mark.parametrize(("code", "message", "refusal"), REFUSALS, ids=[f"{one[0]} {one[1]}" for one in REFUSALS])
def test_a_proven_no_has_its_code(
    ex: SimExchange, broker: CcxtBroker, code: int, message: str, refusal: RefusalCode
) -> None:
    ex.faults({"name": "no", **POST, "action": "answer", "status": 400, "code": code, "message": message})
    with pytest.raises(VenueRefused) as refused:
        broker.submit(approved(STOP))
    assert refused.value.code is refusal
    assert orders_at(ex) == []


UNPROVEN = [-1000, -1001, -1004, -1006, -1007, -1008, -1010, -1112, -2021, -2022, -3000]


@pytest.mark.parametrize("code", UNPROVEN)
@pytest.mark.parametrize("status", [400, 409, 500, 503])
def test_a_code_that_proves_nothing_leaves_the_order_unknown(
    ex: SimExchange, broker: CcxtBroker, code: int, status: int
) -> None:
    ex.faults({"name": "maybe", **POST, "action": "answer", "status": status, "code": code, "message": "?"})
    with pytest.raises(OutcomeUnknown):
        broker.submit(approved(ENTRY))


@pytest.mark.parametrize(("code", "message"), [one[:2] for one in REFUSALS])
def test_nothing_is_proven_by_words_in_an_answer_of_an_exchange_in_trouble(
    ex: SimExchange, broker: CcxtBroker, code: int, message: str
) -> None:
    ex.faults({"name": "5xx", **POST, "action": "answer", "status": 500, "code": code, "message": message})
    with pytest.raises(OutcomeUnknown):
        broker.submit(approved(ENTRY))


def test_an_order_that_already_rests_under_our_id_is_that_order(ex: SimExchange, broker: CcxtBroker) -> None:
    ex.faults({"name": "F2", **POST, "action": "hang", "when": "after", "seconds": 5})
    with pytest.raises(OutcomeUnknown):
        broker.submit(approved(STOP))
    ex.faults()
    assert broker.submit(approved(STOP)) == broker.find(PAIR, ID)
    assert len(orders_at(ex)) == 1
    with pytest.raises(VenueRefused) as refused:
        broker.submit(approved(stop("0.02", 24_000, 23_900, client_id=ID)))
    assert refused.value.code is RefusalCode.DUPLICATE_ORDER


def test_an_order_that_rests_under_our_id_and_is_not_shown_is_unknown(ex: SimExchange, broker: CcxtBroker) -> None:
    broker.submit(approved(STOP))
    ex.faults({"name": "F6", "method": "GET", "path": "*/order", "action": "lag", "seconds": 3})
    # Another process than the one that heard the venue take it: after a crash nobody remembers what it said.
    with sim_broker(ex) as fresh, pytest.raises(OutcomeUnknown):
        fresh.submit(approved(STOP))


def test_an_order_that_rests_under_our_id_is_what_the_venue_said_of_it(ex: SimExchange, broker: CcxtBroker) -> None:
    rests = broker.submit(approved(STOP))
    ex.faults({"name": "F6", "method": "GET", "path": "*/order", "action": "lag", "seconds": 3})
    assert broker.submit(approved(STOP)) == rests
    assert len(orders_at(ex)) == 1


OUR_OWN = [
    (stop("0.010005", 24_000, 23_900), RefusalCode.LOT_SIZE),
    (buy("0.000001"), RefusalCode.LOT_SIZE),
    (stop("0.01", "24000.005", 23_900), RefusalCode.PRICE_FILTER),
    (stop("0.01", 24_000, "23900.001"), RefusalCode.PRICE_FILTER),
    (stop("0.0001", 24_000, 23_900), RefusalCode.NOTIONAL),
]


@pytest.mark.parametrize(("intent", "code"), OUR_OWN)
def test_an_order_that_the_venue_would_refuse_is_not_sent(
    ex: SimExchange, broker: CcxtBroker, intent: Intent, code: RefusalCode
) -> None:
    with pytest.raises(VenueRefused, match="nothing was sent") as refused:
        broker.submit(approved(intent))
    assert refused.value.code is code
    assert ex.journal.calls("POST", "/api/v3/order") == []


def test_filters_that_changed_are_read_anew(ex: SimExchange, broker: CcxtBroker) -> None:
    ex.do("symbol", symbol=SYMBOL, filters=[{"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001"}])
    with pytest.raises(VenueRefused) as refused:
        broker.submit(approved(buy("0.00155")))
    assert refused.value.code is RefusalCode.LOT_SIZE
    assert broker.instrument(PAIR).step == Decimal("0.001")
    ex.do("symbol", symbol=SYMBOL, filters=[{"filterType": "LOT_SIZE", "stepSize": "0.00001", "minQty": "0.00001"}])
    assert broker.submit(approved(buy("0.00155"))).executed == Decimal("0.00155")


def test_a_pair_that_stopped_trading_takes_no_order_and_trades_again(ex: SimExchange, broker: CcxtBroker) -> None:
    ex.do("symbol", symbol=SYMBOL, status="BREAK")
    for _ in range(2):
        with pytest.raises(VenueRefused) as refused:
            broker.submit(approved(ENTRY))
        assert refused.value.code is RefusalCode.MARKET_CLOSED
    ex.do("symbol", symbol=SYMBOL, status="TRADING")
    assert broker.submit(approved(ENTRY)).status is OrderStatus.FILLED


def test_old_filters_serve_while_the_venue_does_not_tell_them(ex: SimExchange, broker: CcxtBroker) -> None:
    ex.advance(minutes=20)
    ex.faults({"name": "none", "path": "*/exchangeInfo", "action": "answer", "status": 500, "count": 0})
    assert broker.submit(approved(STOP)).status is OrderStatus.ACCEPTED
    assert ex.journal.calls("GET", "/api/v3/exchangeInfo")[-1].status == 500, "it was asked"


# --- time -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error_ms", [0, 1500, -8000, 30_000, -59_000])
def test_f9_a_clock_that_is_off_is_put_right_before_the_first_request(ex: SimExchange, error_ms: int) -> None:
    with sim_broker(ex, clock=OffClock(ex, error_ms)) as broker:
        assert broker.submit(approved(ENTRY)).status is OrderStatus.FILLED
        assert [one.status for one in ex.journal.since()] == [200] * len(ex.journal.since())


def test_f9_a_clock_that_jumps_is_put_right_once_and_the_same_order_is_sent_again(ex: SimExchange) -> None:
    clock = OffClock(ex, 0)
    with sim_broker(ex, clock=clock) as broker:
        broker.balances()
        clock.error_ms = 3000
        assert broker.submit(approved(ENTRY)).status is OrderStatus.FILLED
    sent = ex.journal.calls("POST", "/api/v3/order")
    assert [one.code for one in sent] == [-1021, 0]
    assert sent[0].parameters["newClientOrderId"] == sent[1].parameters["newClientOrderId"] == ID
    stamps = [int(one.parameters["timestamp"]) for one in sent]
    assert stamps == [ex.now_ms() + 3000, ex.now_ms()], "built and signed anew"
    assert len(orders_at(ex)) == 1


def test_f9_a_clock_that_was_set_back_is_noticed_before_anything_is_sent(ex: SimExchange) -> None:
    clock = OffClock(ex, 0)
    with sim_broker(ex, clock=clock) as broker:
        broker.balances()
        clock.error_ms = -8000
        assert broker.submit(approved(ENTRY)).status is OrderStatus.FILLED
    assert [one.code for one in ex.journal.calls("POST", "/api/v3/order")] == [0]


def test_f9_a_clock_that_the_venue_never_accepts_is_given_up_after_one_more_try(
    ex: SimExchange, broker: CcxtBroker
) -> None:
    ex.faults({"name": "-1021", **POST, "action": "answer", "status": 400, "code": -1021, "message": "ahead",
               "count": 0})  # fmt: skip
    with pytest.raises(VenueUnavailable, match="clocks differ"):
        broker.submit(approved(ENTRY))
    assert len(ex.journal.calls("POST", "/api/v3/order")) == 2


def test_f9_a_clock_that_is_off_by_more_than_a_minute_is_a_persons_to_mend(ex: SimExchange) -> None:
    with sim_broker(ex, clock=OffClock(ex, 61_000)) as broker:
        with pytest.raises(VenueUnavailable, match=r"http://127.0.0.1:\d+ are 61 s apart: a simulated exchange"):
            broker.submit(approved(ENTRY))
        assert orders_at(ex) == []


def test_a_drift_is_followed_before_it_costs_an_order(ex: SimExchange) -> None:
    clock = OffClock(ex, 0)
    with sim_broker(ex, clock=clock) as broker:
        for hour in range(6):
            clock.error_ms = 1000 * hour
            broker.balances()
            ex.advance(minutes=30)
    assert {one.code for one in ex.journal.since()} == {0}


# --- limits -----------------------------------------------------------------------------------------------------------


def test_f7_nobody_asks_before_the_venue_wants_to_be_asked(ex: SimExchange) -> None:
    store = BudgetInMemory()
    with sim_broker(ex, store=store) as broker, sim_broker(ex, store=store) as another:
        broker.instrument(PAIR)
        ex.faults({"name": "429", "action": "answer", "path": "*/account", "status": 429, "code": -1003,
                   "retry_after": 7})  # fmt: skip
        with pytest.raises(VenueUnavailable) as sent_away:
            broker.balances()
        assert sent_away.value.retry_after == 7
        before = len(ex.journal.since())
        for act in (lambda: broker.submit(approved(STOP)), another.open_orders):
            with pytest.raises(VenueUnavailable) as still:
                act()
            assert still.value.retry_after == 7
        assert len(ex.journal.since()) == before, "not one request"
        ex.advance(7)
        assert another.open_orders() == ()


@pytest.mark.parametrize("header", [True, False])
def test_f7_a_ban_is_waited_out_to_the_end_that_the_venue_names(
    ex: SimExchange, broker: CcxtBroker, header: bool
) -> None:
    until = ex.now_ms() + 300_000
    told = {"retry_after": 120} if header else {}
    ex.faults({"name": "418", **POST, "action": "answer", "status": 418, "code": -1003, **told,
               "message": f"Way too much request weight used; IP banned until {until}."})  # fmt: skip
    with pytest.raises(VenueUnavailable) as banned:
        broker.submit(approved(STOP))
    assert banned.value.retry_after == 300
    ex.advance(299)
    with pytest.raises(VenueUnavailable):
        broker.submit(approved(STOP))
    ex.advance(1)
    assert broker.submit(approved(STOP)).status is OrderStatus.ACCEPTED
    assert len(ex.journal.calls("POST", "/api/v3/order")) == 2


def test_f8_too_many_orders_is_surely_not_done(ex: SimExchange, broker: CcxtBroker) -> None:
    ex.faults({"name": "F8", **POST, "action": "answer", "status": 429, "code": -1015, "retry_after": 4})
    with pytest.raises(VenueUnavailable) as later:
        broker.submit(approved(ENTRY))
    assert later.value.retry_after == 4
    assert orders_at(ex) == []


def test_entries_leave_a_reserve_to_stops_and_nobody_is_ever_refused_by_the_venue() -> None:
    with made(limits=Limits(weight=300)) as ex, sim_broker(ex) as broker:
        broker.instrument(PAIR)
        # 1 and 20 so far; each look at the account is 20.
        for _ in range(11):
            broker.balances()
        with pytest.raises(VenueUnavailable, match="kept for what protects") as later:
            broker.submit(approved(ENTRY))
        assert later.value.retry_after is not None
        assert broker.submit(approved(STOP)).status is OrderStatus.ACCEPTED
        for _ in range(2):
            broker.balances()
        with pytest.raises(VenueUnavailable):
            broker.balances()
        assert {one.status for one in ex.journal.since()} == {200}
        ex.advance(later.value.retry_after)
        assert broker.submit(approved(buy("0.01", "2"))).executed > 0


def test_what_others_ask_from_the_same_address_counts_as_well(ex: SimExchange, broker: CcxtBroker) -> None:
    from tests.fakes.exchanges import ccxt_client

    other = ccxt_client(ex)
    for _ in range(60):
        other.fetch_open_orders()
    broker.balances()
    with pytest.raises(VenueUnavailable, match="kept for what protects"):
        broker.submit(approved(ENTRY))
    assert broker.submit(approved(STOP)).status is OrderStatus.ACCEPTED


# --- secrets and addresses --------------------------------------------------------------------------------------------


def test_keys_and_signatures_are_in_no_error_and_in_no_log(
    ex: SimExchange, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    with sim_broker(ex) as broker:
        broker.instrument(PAIR)
        echo = f"key {ex.api_key} secret={ex.api_secret}"
        rules: list[dict[str, Any]] = [
            {"action": "hang", "when": "before", "seconds": 5},
            {"action": "reset", "when": "after"},
            {"action": "answer", "status": 400, "code": -1022, "message": echo},
            {"action": "answer", "status": 500, "body": echo},
        ]
        for rule in rules:
            ex.faults({"name": "leak", **GET, **rule})
            with pytest.raises(VigieError) as raised:
                broker.find(PAIR, ID)
            error: BaseException | None = raised.value
            assert error is not None
            assert error.__cause__ is None
            assert error.__suppress_context__
            told.append(str(error))
        told += [repr(broker), str(vars(broker))]
    text = "\n".join([*told, caplog.text, *capsys.readouterr()])
    assert ex.api_key not in text
    assert ex.api_secret not in text
    assert "signature=" not in "\n".join(told)


@pytest.mark.parametrize(
    ("venue", "words", "options"),
    [
        ("binance", "plain http only to this machine", {"base_url": "http://example.com"}),
        ("binance", "is not the address of a venue", {"base_url": "ftp://127.0.0.1"}),
        ("binance", "is not the address of a venue", {"base_url": "http://127.0.0.1:99999"}),
        ("binance", "is not the address of a venue", {"base_url": "https://me:word@venue.invalid"}),
        ("binance", "two places", {"base_url": "https://venue.invalid", "sandbox": True}),
        ("binanc", "did you mean 'binance'", {}),
        ("..binance", "no orders can be sent to", {}),
    ],
)
def test_places_that_orders_do_not_go_to(ex: SimExchange, venue: str, words: str, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=words):
        open_live_broker(venue, Secrets("k", "s"), ex.clock, BudgetInMemory(), **options)


def test_every_missing_key_is_told_at_once(ex: SimExchange) -> None:
    with pytest.raises(ConfigError) as refused:
        open_live_broker("binance", Secrets("", ""), ex.clock, BudgetInMemory())
    assert len(refused.value.problems) == 2


# --- candles from the same address ------------------------------------------------------------------------------------


def test_who_reads_candles_spends_from_the_same_budget_and_stays_away_with_the_others(ex: SimExchange) -> None:
    store = BudgetInMemory()
    budget = RateBudget("binance", dialect("binance").capabilities.limits, store, ex.clock)
    candles = CcxtCandleSource("binance", local_time_ms=ex.now_ms, base_url=ex.url, budget=budget)
    with sim_broker(ex, store=store) as broker:
        candles.last_price(PAIR)
        assert budget.used()["weight"][0] == 22
        ex.faults({"name": "418", "action": "answer", "path": "*/klines", "status": 418, "code": -1003,
                   "retry_after": 300})  # fmt: skip
        with pytest.raises(VenueUnavailable) as banned:
            candles.page(PAIR, Timeframe.parse("1m"), OPENED)
        assert banned.value.retry_after == 300
        before = len(ex.journal.since())
        with pytest.raises(VenueUnavailable):
            broker.submit(approved(STOP))
        with pytest.raises(VenueUnavailable):
            candles.now_ms()
        assert len(ex.journal.since()) == before
        ex.advance(300)
        assert candles.now_ms() == ex.now_ms()
        assert broker.submit(approved(STOP)).status is OrderStatus.ACCEPTED


def test_the_error_tables_are_one_and_ccxt_never_repeats_a_request() -> None:
    budget = RateBudget("binance", (), BudgetInMemory(), FakeClock())
    gate = Gate("binance", {}, budget, {})
    client = make_client(
        "binance", gate, lambda: 7, secrets=Secrets("k", "s"), options={"maxRetriesOnFailure": 3},
        base_url="http://127.0.0.1:1",
    )  # fmt: skip
    exact = client.exceptions["exact"]
    assert (exact["-1008"], exact["-2021"], exact["-2026"]) == (
        ccxt.OperationFailed,
        ccxt.BadResponse,
        ccxt.InvalidOrder,
    )
    assert client.options["maxRetriesOnFailure"] == 0
    assert (client.milliseconds(), client.enableRateLimit) == (7, False)
    assert {urlsplit(one).netloc for one in client.urls["api"].values()} == {"127.0.0.1:1"}
    client.session.close()


# --- reads that get no answer -----------------------------------------------------------------------------------------

SILENT = {"method": "GET", "path": "*/openOrders", "action": "reset", "when": "before"}


def test_a_read_without_an_answer_is_made_once_more_after_a_moment(ex: SimExchange) -> None:
    with sim_broker(ex, read_tries=2) as broker:
        broker.instrument(PAIR)
        ex.faults({"name": "once", **SILENT, "count": 1})
        before = ex.now_ms()
        assert broker.open_orders() == ()
        assert ex.now_ms() - before == 500


def test_a_line_that_is_dead_is_tried_once_by_each_read_after_the_first(ex: SimExchange) -> None:
    with sim_broker(ex, read_tries=2) as broker:
        broker.instrument(PAIR)
        ex.faults({"name": "dead", **SILENT, "count": 0})
        for tries in (2, 1, 1):
            before = len(ex.journal.calls("GET", "/api/v3/openOrders"))
            with pytest.raises(VenueUnavailable):
                broker.open_orders()
            assert len(ex.journal.calls("GET", "/api/v3/openOrders")) - before == tries
        ex.faults()
        assert broker.open_orders() == ()
        ex.faults({"name": "once more", **SILENT, "count": 1})
        assert broker.open_orders() == (), "it has answered: the next silence may be a slip again"


def test_an_order_without_an_answer_is_never_made_again(ex: SimExchange) -> None:
    with sim_broker(ex, read_tries=2) as broker:
        broker.instrument(PAIR)
        ex.faults({"name": "lost", **POST, "action": "reset", "when": "before", "count": 0})
        with pytest.raises(OutcomeUnknown):
            broker.submit(approved(ENTRY))
        assert len(ex.journal.calls("POST", "/api/v3/order")) == 1


def test_what_a_key_may_do_is_told_by_the_venue(ex: SimExchange, broker: CcxtBroker) -> None:
    rights = broker.rights()
    assert rights is not None
    assert (rights.trades, rights.withdraws) == (True, False)
    (call,) = ex.journal.calls("GET", "/sapi/v1/account/apiRestrictions")
    assert set(call.parameters) == {"timestamp", "recvWindow"}


def test_the_place_to_practise_is_practised_at_for_candles_as_well() -> None:
    source = CcxtCandleSource("binance", local_time_ms=lambda: 0, sandbox=True)
    assert "testnet" in source._api.urls["api"]["public"]
    with pytest.raises(ConfigError, match="kraken has no place to practise"):
        CcxtCandleSource("kraken", local_time_ms=lambda: 0, sandbox=True)


def test_a_venue_without_a_place_to_practise_says_so_for_orders_as_well(ex: SimExchange) -> None:
    with pytest.raises(ConfigError, match="kraken has no place to practise"):
        open_live_broker("kraken", Secrets("key", "c2VjcmV0"), ex.clock, BudgetInMemory(), sandbox=True)
