"""Every error that clients know: provoked over the wire, and the class that ccxt makes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import ccxt
import pytest

from tests.exchange.conftest import made
from tests.fakes.exchanges import ccxt_client
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.adapters.sim_server.gauge import Limits
from vigie.domain.errors import CheckFailed

Provoke = Callable[[SimExchange, Any], Any]
PAIR = "BTC/USDT"
ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "20000.00",
}


class Case(NamedTuple):
    """An error and how to get it."""

    code: int
    provoke: Provoke
    local: type[Exception]
    """What ccxt raises as it comes."""
    merged: type[Exception] | None = None
    """What it raises with the table of spot errors merged, where that differs."""
    words: str = ""
    limits: Limits | None = None


def post(**changes: object) -> Provoke:
    """A raw order: fields that are None are left out."""
    fields = {key: value for key, value in {**ORDER, **changes}.items() if value is not None}
    return lambda _, client: client.private_post_order(fields)


def told(status: int, code: int | None, message: str = "told", **options: object) -> Provoke:
    """An answer out of the fault plan."""

    def provoke(ex: SimExchange, client: Any) -> Any:
        rule = {"action": "answer", "method": "POST", "path": "/api/v3/order", "status": status, "message": message}
        ex.faults({**rule, **({} if code is None else {"code": code}), **options})
        return client.private_post_order(ORDER)

    return provoke


def done(*acts: dict[str, Any], then: Provoke | None = None) -> Provoke:
    """Something is done by hand first."""

    def provoke(ex: SimExchange, client: Any) -> Any:
        for one in acts:
            ex.do(one["do"], **{key: value for key, value in one.items() if key != "do"})
        return (then or post())(ex, client)

    return provoke


def filtered(kind: str, then: Provoke | None = None, **fields: object) -> Provoke:
    """A filter of the symbol is changed first."""
    act = {"do": "symbol", "symbol": "BTCUSDT", "filters": [{"filterType": kind, **fields}]}
    return done(act, then=then)


def twice(ex: SimExchange, client: Any) -> Any:
    client.private_post_order({**ORDER, "newClientOrderId": "again"})
    return client.private_post_order({**ORDER, "newClientOrderId": "again"})


def late(milliseconds: int) -> Provoke:
    def provoke(ex: SimExchange, client: Any) -> Any:
        client.milliseconds = lambda: ex.now_ms() + milliseconds
        return client.private_post_order(ORDER)

    return provoke


def with_key(key: str | None, secret: str | None = None) -> Provoke:
    def provoke(_: SimExchange, client: Any) -> Any:
        client.apiKey, client.secret = key or client.apiKey, secret or client.secret
        return client.private_get_account()

    return provoke


def revoked_after_use(ex: SimExchange, client: Any) -> Any:
    # ccxt remembers unified private calls that went well.
    client.fetch_balance()
    ex.do("key", revoked=True)
    return client.fetch_balance()


def archived(ex: SimExchange, client: Any) -> Any:
    order = client.private_post_order(ORDER)
    ex.do("cancel", symbol="BTCUSDT", order_id=order["orderId"])
    ex.advance(hours=24 * 91)
    return client.private_get_order({"symbol": "BTCUSDT", "orderId": order["orderId"]})


def replace(stop: str, *, cancelled: bool) -> Provoke:
    def provoke(_: SimExchange, client: Any) -> Any:
        order = client.private_post_order(ORDER)
        number = order["orderId"] if cancelled else 999
        new = {**ORDER, "side": "SELL", "type": "STOP_LOSS_LIMIT", "stopPrice": stop, "price": "20000.00"}
        return client.private_post_order_cancelreplace(
            {**new, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": number}
        )

    return provoke


def mismatched(_: SimExchange, client: Any) -> Any:
    one = client.private_post_order(ORDER)
    return client.private_get_order({"symbol": "BTCUSDT", "orderId": one["orderId"], "origClientOrderId": "another"})


def amended_up(_: SimExchange, client: Any) -> Any:
    one = client.private_post_order(ORDER)
    return put(client, "order/amend/keepPriority", {"symbol": "BTCUSDT", "orderId": one["orderId"], "newQty": "5"})


def put(client: Any, path: str, fields: dict[str, Any]) -> Any:
    """ccxt has no method of its own for it; it signs PUT all the same."""
    return client.request(path, ["private"], "PUT", fields)


def many_orders(ex: SimExchange, client: Any) -> Any:
    for number in range(4):
        client.private_post_order({**ORDER, "newClientOrderId": f"n{number}"})


def heavy(times: int) -> Provoke:
    def provoke(_: SimExchange, client: Any) -> Any:
        for _ in range(times):
            try:
                client.public_get_exchangeinfo()
            except ccxt.DDoSProtection as error:
                last = error
                if "418" in str(error):
                    raise
        raise last

    return provoke


def no_book(_: SimExchange, client: Any) -> Any:
    return client.private_post_order({**MARKET, "symbol": "LATEUSDT"})


MARKET = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
MAKER = {"type": "LIMIT_MAKER", "timeInForce": None, "price": "26000.00"}
STOP = {"side": "SELL", "type": "STOP_LOSS_LIMIT", "stopPrice": "26000.00", "price": "25900.00"}
TIGHT = Limits(orders_ten_seconds=3)
LIGHT = Limits(weight=100, patience=3)
OPFAILED, REQUEST = ccxt.OperationFailed, ccxt.BadRequest

CASES = {
    "429": Case(-1003, heavy(6), ccxt.DDoSProtection, words="429", limits=LIGHT),
    "418": Case(-1003, heavy(12), ccxt.DDoSProtection, words="418", limits=LIGHT),
    "-1003 with 400": Case(-1003, told(400, -1003), ccxt.RateLimitExceeded),
    "-1015 with 400": Case(-1015, told(400, -1015), ccxt.RateLimitExceeded),
    "-1015 with 429": Case(-1015, many_orders, ccxt.DDoSProtection, words="-1015", limits=TIGHT),
    "-1000": Case(-1000, told(503, -1000), OPFAILED),
    "-1001": Case(-1001, told(500, -1001), OPFAILED),
    "-1006": Case(-1006, told(500, -1006), OPFAILED),
    "-1010": Case(-1010, told(400, -1010), OPFAILED),
    "-1112": Case(-1112, told(400, -1112), OPFAILED),
    "-1007": Case(-1007, told(504, -1007), ccxt.RequestTimeout),
    "-1004": Case(-1004, told(503, -1004), ccxt.OperationRejected, OPFAILED),
    "-1008": Case(-1008, told(503, -1008), ccxt.ExchangeError, OPFAILED),
    "PRICE_FILTER": Case(-1013, post(price="20000.001"), ccxt.InvalidOrder, words="PRICE_FILTER"),
    "LOT_SIZE": Case(-1013, post(quantity="0.000015"), ccxt.InvalidOrder, words="LOT_SIZE"),
    "MARKET_LOT_SIZE": Case(
        -1013,
        filtered("MARKET_LOT_SIZE", lambda _, c: c.private_post_order({**MARKET, "quantity": "2"}), maxQty="1"),
        ccxt.InvalidOrder, words="MARKET_LOT_SIZE",
    ),
    # ccxt knows the newer filter's name only.
    "PERCENT_PRICE": Case(
        -1013, filtered("PERCENT_PRICE", multiplierUp="1.1", multiplierDown="0.9"), REQUEST, words="PERCENT_PRICE"
    ),
    "PERCENT_PRICE_BY_SIDE": Case(-1013, post(price="1000.00"), ccxt.InvalidOrder, words="PERCENT_PRICE_BY_SIDE"),
    "NOTIONAL": Case(-1013, post(quantity="0.0001"), REQUEST, words="NOTIONAL"),
    "MIN_NOTIONAL": Case(-1013, filtered("MIN_NOTIONAL", minNotional="5000"), REQUEST, words="MIN_NOTIONAL"),
    "MAX_NUM_ORDERS": Case(-1013, filtered("MAX_NUM_ORDERS", maxNumOrders=0), REQUEST, words="MAX_NUM_ORDERS"),
    "MAX_NUM_ALGO_ORDERS": Case(
        -1013, filtered("MAX_NUM_ALGO_ORDERS", post(**{**STOP, "stopPrice": "21000.00", "price": "20000.00"}),
                        maxNumAlgoOrders=0), REQUEST, words="MAX_NUM_ALGO_ORDERS",
    ),
    "MAX_POSITION": Case(-1013, filtered("MAX_POSITION", maxPosition="1"), REQUEST, words="MAX_POSITION"),
    "TRAILING_DELTA": Case(
        -1013, post(**{**STOP, "stopPrice": None, "trailingDelta": "5"}), REQUEST, words="TRAILING_DELTA"
    ),
    "-1013 of another kind": Case(-1013, post(quantity="0.00000000"), REQUEST, words="Invalid quantity"),
    "-1014": Case(-1014, told(400, -1014, "Unsupported order combination."), ccxt.InvalidOrder),
    "-1021 too late": Case(-1021, late(-20_000), ccxt.InvalidNonce, words="outside of the recvWindow"),
    "-1021 too early": Case(-1021, late(1_000), ccxt.InvalidNonce, words="1000ms ahead"),
    "-1002": Case(-1002, told(401, -1002), ccxt.AuthenticationError),
    "-1022": Case(-1022, with_key(None, "another secret"), ccxt.AuthenticationError),
    "-2014": Case(-2014, with_key("short"), ccxt.AuthenticationError),
    "-2015 at first": Case(-2015, with_key("x" * 64), ccxt.AuthenticationError),
    "-2015 after a good call": Case(-2015, revoked_after_use, ccxt.DDoSProtection),
    "-1100": Case(-1100, post(newClientOrderId="a.dot"), REQUEST, words="newClientOrderId"),
    "-1100, 37 characters": Case(-1100, post(newClientOrderId="a" * 37), REQUEST),
    "-1102": Case(-1102, post(timeInForce=None), REQUEST, words="timeInForce"),
    "-1104": Case(-1104, post(stopLoss="{}"), REQUEST, words="Not all sent parameters were read"),
    "-1106": Case(-1106, post(stopPrice="1"), REQUEST, words="stopPrice"),
    "-1111": Case(-1111, post(price="20000.000000001"), REQUEST, words="too much precision"),
    "-1116": Case(-1116, post(type="LIMITED"), REQUEST),
    "-1130": Case(-1130, post(newOrderRespType="ALL"), REQUEST),
    "-1016": Case(-1016, told(503, -1016), REQUEST),
    "-1020": Case(-1020, lambda _, c: c.sapi_post_capital_withdraw_apply({"coin": "BTC"}), REQUEST),
    "-1121": Case(-1121, post(symbol="XXXUSDT"), ccxt.BadSymbol),
    "-2010 balance": Case(-2010, post(quantity="50"), ccxt.InsufficientFunds),
    "-2010 would trigger": Case(-2010, post(**STOP), ccxt.OrderImmediatelyFillable, words="Order would trigger"),
    "-2010 stop would trigger": Case(
        -2010, post(**{**STOP, "type": "STOP_LOSS", "price": None, "timeInForce": None}),
        ccxt.OrderImmediatelyFillable, words="Stop price would trigger",
    ),
    "-2010 would match": Case(-2010, post(**MAKER), ccxt.OrderImmediatelyFillable, words="match and take"),
    "-2010 closed": Case(
        -2010, done({"do": "symbol", "symbol": "BTCUSDT", "status": "BREAK"}), ccxt.MarketClosed
    ),
    "-2010 no trading by REST": Case(-2010, done({"do": "account", "rest_trading": False}), ccxt.PermissionDenied),
    "-2010 duplicate": Case(-2010, twice, ccxt.InvalidOrder, words="Duplicate order sent."),
    "-2010 disabled account": Case(-2010, done({"do": "account", "can_trade": False}), ccxt.PermissionDenied),
    "-2010 disabled action": Case(
        -2010, told(400, -2010, "This action is disabled on this account."), ccxt.InvalidOrder
    ),
    "-2010 restricted symbol": Case(
        -2010, done({"do": "account", "restrict": ["BTCUSDT"]}), ccxt.InvalidOrder, words="restricted"
    ),
    "-2010 type not supported": Case(
        -2010, done({"do": "symbol", "symbol": "BTCUSDT", "orderTypes": ["MARKET"]}), ccxt.InvalidOrder,
        words="not supported",
    ),
    "-2011": Case(-2011, lambda _, c: c.cancel_order("77", PAIR), ccxt.OrderNotFound),
    "-2013": Case(-2013, lambda _, c: c.fetch_order("77", PAIR), ccxt.OrderNotFound),
    "-2021": Case(-2021, replace("29000.00", cancelled=True), ccxt.ExchangeError, ccxt.BadResponse),
    "-2022": Case(-2022, replace("20500.00", cancelled=False), ccxt.ExchangeError, ccxt.BadResponse),
    "-2026": Case(-2026, archived, ccxt.ExchangeError, ccxt.InvalidOrder),
    "-2038": Case(-2038, amended_up, ccxt.ExchangeError),
    "-2039": Case(-2039, mismatched, ccxt.ExchangeError),
    "-2043": Case(
        -2043, lambda _, c: c.request("referencePrice", ["public"], "GET", {"symbol": "BTCUSDT"}), ccxt.ExchangeError
    ),
    "500 without a code": Case(0, told(500, None, body="<html>"), ccxt.ExchangeNotAvailable),
    "502 without a code": Case(0, told(502, None, body="<html>"), ccxt.ExchangeNotAvailable),
    "503 without a code": Case(0, told(503, None, body="<html>"), ccxt.ExchangeNotAvailable),
    "403 without a code": Case(0, told(403, None, body="<html>"), ccxt.ExchangeNotAvailable),
    "409 without a code": Case(0, told(409, None, body="<html>"), ccxt.ExchangeNotAvailable),
    "504 without a code": Case(0, told(504, None, body="<html>"), ccxt.RequestTimeout),
    "408 without a code": Case(0, told(408, None, body="<html>"), ccxt.RequestTimeout),
}  # fmt: skip


@pytest.mark.parametrize("merged", [False, True], ids=["as it comes", "merged"])
@pytest.mark.parametrize("name", CASES)
def test_an_error_can_be_provoked_and_ccxt_raises_its_class(name: str, merged: bool) -> None:
    case = CASES[name]
    with made(limits=case.limits) as ex:
        client = ccxt_client(ex, merged=merged)
        client.load_markets()
        with pytest.raises(ccxt.BaseError) as raised:
            case.provoke(ex, client)
        wanted = (case.merged or case.local) if merged else case.local
        assert type(raised.value) is wanted, raised.value
        assert case.words in str(raised.value)
        failed = [one for one in ex.journal.since() if one.status >= 400]
        assert failed[-1].code == case.code


def test_an_unknown_path_is_404_and_fails_the_test_that_asked_for_it() -> None:
    with made(strict=False) as ex:
        client = ccxt_client(ex)
        with pytest.raises(ccxt.ExchangeNotAvailable, match="404"):
            client.request("ticker/tradingDay", ["public"], "GET", {"symbol": "BTCUSDT"})
    with pytest.raises(CheckFailed, match="nobody serves GET /api/v3/ticker/tradingDay"):
        ex.require_used()


def test_a_page_instead_of_json_is_no_error_to_ccxt_and_the_order_has_no_id(ex: SimExchange) -> None:
    ex.faults({"action": "answer", "when": "after", "method": "POST", "body": "<html>hello</html>"})
    order = ccxt_client(ex).create_order(PAIR, "limit", "buy", 0.01, 20000)
    assert order["id"] is None
    assert len(ex.exchange.shelf.open("BTCUSDT")) == 1, "it is there all the same"
