"""F1 to F24: what each fault looks like from a client's side of the wire."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from tests.exchange.conftest import made
from tests.fakes.exchanges import ccxt_client
from vigie.adapters.sim_server.fixture import SimExchange
from vigie.domain.errors import CheckFailed, ConfigError

PAIR, SYMBOL, OURS = "BTC/USDT", "BTCUSDT", "ours"
POST = {"method": "POST", "path": "/api/v3/order"}


def buy(client: Any, price: float = 20_000, **params: object) -> Any:
    return client.create_order(PAIR, "limit", "buy", 0.01, price, {"clientOrderId": OURS, **params})


def there(client: Any) -> bool:
    """Whether the exchange knows our order."""
    try:
        return bool(client.fetch_order(None, PAIR, {"clientOrderId": OURS})["id"])
    except ccxt.OrderNotFound:
        return False


def quick(ex: SimExchange) -> Any:
    client = ccxt_client(ex)
    client.load_markets()
    client.timeout = 400
    return client


CASES: list[tuple[str, dict[str, Any], type[Exception] | None, bool]] = [
    ("F1 hang before", {"action": "hang", "when": "before", "seconds": 5}, ccxt.RequestTimeout, False),
    ("F2 accept, then hang", {"action": "hang", "when": "after", "seconds": 5}, ccxt.RequestTimeout, True),
    ("F3 reset before", {"action": "reset", "when": "before"}, ccxt.NetworkError, False),
    ("F3 accept, then reset", {"action": "reset", "when": "after"}, ccxt.NetworkError, True),
    ("F3 half an answer", {"action": "reset", "when": "half"}, ccxt.NetworkError, True),
    ("F4 accept, then 502", {"action": "answer", "when": "after", "status": 502}, ccxt.ExchangeNotAvailable, True),
    (
        "F4 accept, then 503 -1000",
        {"action": "answer", "when": "after", "status": 503, "code": -1000, "message": "An unknown error occurred"},
        ccxt.OperationFailed, True,
    ),
    (
        "F4 accept, then 504 -1007",
        {"action": "answer", "when": "after", "status": 504, "code": -1007, "message": "Timeout waiting for response"},
        ccxt.RequestTimeout, True,
    ),
    ("F5 accept, then a page", {"action": "answer", "when": "after", "body": "<html>hello</html>"}, None, True),
    ("F5 accept, then cut JSON", {"action": "answer", "when": "after", "cut": 40}, None, True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "rule", "raises", "exists"), CASES, ids=[one[0] for one in CASES])
def test_an_order_whose_answer_is_lost_exists_or_not(
    ex: SimExchange, name: str, rule: dict[str, Any], raises: type[Exception] | None, exists: bool
) -> None:
    ex.faults({"name": name, **POST, **rule})
    client = quick(ex)
    if raises is None:
        assert buy(client)["id"] is None
    else:
        with pytest.raises(raises) as raised:
            buy(client)
        assert type(raised.value) is raises or name.startswith("F4 accept, then 503")
    assert there(client) is exists
    assert len(ex.journal.calls("POST", "/api/v3/order")) == 1, "nobody sent it twice"


@pytest.mark.parametrize("lag", [3, 30])
def test_f6_an_order_that_was_taken_is_not_found_until_the_lag_is_over(ex: SimExchange, lag: int) -> None:
    ex.faults(
        {"name": "F2", **POST, "action": "hang", "when": "after", "seconds": 5},
        {"name": "F6", "method": "GET", "action": "lag", "seconds": lag},
    )
    client = quick(ex)
    with pytest.raises(ccxt.RequestTimeout):
        buy(client)
    for _ in range(3):
        assert not there(client), "-2013"
        assert client.fetch_open_orders(PAIR) == []
        assert client.fetch_balance()["USDT"]["used"] == 0
        ex.advance(lag / 3 - 0.001)
    ex.advance(0.003)
    assert there(client)
    assert client.fetch_balance()["USDT"]["used"] == 200
    ex.faults()
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
        buy(client)


def test_f7_429_with_retry_after_and_then_418(ex: SimExchange) -> None:
    ex.faults(
        {"name": "429", "action": "answer", "path": "/api/v3/time", "status": 429, "code": -1003, "retry_after": 7},
        {"name": "418", "action": "answer", "path": "/api/v3/time", "status": 418, "code": -1003, "retry_after": 120,
         "nth": 2},
    )  # fmt: skip
    client = ccxt_client(ex)
    for status, wait in ((429, "7"), (418, "120")):
        with pytest.raises(ccxt.DDoSProtection, match=str(status)):
            client.fetch_time()
        assert client.last_response_headers["Retry-After"] == wait
    assert client.fetch_time() == ex.now_ms()


def test_f8_too_many_orders(ex: SimExchange) -> None:
    ex.faults({"name": "F8", **POST, "action": "answer", "status": 429, "code": -1015, "retry_after": 4})
    client = ccxt_client(ex)
    with pytest.raises(ccxt.DDoSProtection, match="-1015"):
        buy(client)
    assert client.last_response_headers["retry-after"] == "4"
    assert not there(client)


@pytest.mark.parametrize(
    ("rule", "hours", "refused"),
    [
        ({"seconds": 1.5}, 0, False),
        ({"seconds": -1.5}, 0, True),
        ({"seconds": 12}, 0, True),
        ({"seconds": -8}, 0, True),
        ({"drift_per_hour": -1, "from": 0}, 1, True),
        ({"drift_per_hour": 1, "from": 0}, 1, False),
    ],
)
def test_f9_the_exchanges_clock_is_off(ex: SimExchange, rule: dict[str, Any], hours: int, refused: bool) -> None:
    """ccxt's window is 10 s into the past; nothing may come from 1 s ahead."""
    ex.faults({"name": "F9", "action": "skew", **rule})
    ex.advance(hours=hours)
    client = ccxt_client(ex)
    if not refused:
        assert buy(client)["id"]
        return
    with pytest.raises(ccxt.InvalidNonce):
        buy(client)
    client.load_time_difference()
    assert buy(client)["id"], "after one look at the clock the same id is taken"


def test_f10_an_entry_is_filled_in_part_then_not_then_wholly(ex: SimExchange) -> None:
    ex.faults({"name": "F10", **POST, "action": "do",
               "acts": [{"do": "liquidity", "symbol": SYMBOL, "quantity": "0.003"}]})  # fmt: skip
    client = ccxt_client(ex)
    order = buy(client, 26_000)
    assert (order["status"], order["filled"], order["remaining"]) == ("open", 0.003, 0.007)
    ex.advance(minutes=30)
    assert client.fetch_order(order["id"], PAIR)["filled"] == 0.003
    ex.do("liquidity", symbol=SYMBOL, quantity="all")
    ex.advance(minutes=10)
    assert client.fetch_order(order["id"], PAIR)["status"] == "closed"
    assert [one["amount"] for one in client.fetch_order_trades(order["id"], PAIR)] == [0.003, 0.007]


REFUSED_STOPS = [
    ("F11", -2010, "Order would trigger immediately.", ccxt.OrderImmediatelyFillable),
    ("F12 algo", -1013, "Filter failure: MAX_NUM_ALGO_ORDERS", ccxt.BadRequest),
    ("F12 percent", -1013, "Filter failure: PERCENT_PRICE_BY_SIDE", ccxt.InvalidOrder),
    ("F12 notional", -1013, "Filter failure: NOTIONAL", ccxt.BadRequest),
]


@pytest.mark.parametrize(("name", "code", "message", "raises"), REFUSED_STOPS, ids=[one[0] for one in REFUSED_STOPS])
def test_f11_and_f12_a_stop_is_refused_and_the_entry_is_not(
    ex: SimExchange, name: str, code: int, message: str, raises: type[Exception]
) -> None:
    ex.faults({"name": name, **POST, "where": {"type": "STOP_LOSS*"}, "action": "answer", "status": 400,
               "code": code, "message": message})  # fmt: skip
    client = ccxt_client(ex)
    assert client.create_order(PAIR, "market", "buy", 0.01)["status"] == "closed"
    with pytest.raises(raises) as raised:
        stop(client)
    assert type(raised.value) is raises
    assert client.fetch_open_orders(PAIR) == []
    assert stop(client)["id"], "the rule acts once"


def stop(client: Any, trigger: float = 24_000, quantity: float = 0.01) -> Any:
    return client.create_order(
        PAIR, "limit", "sell", quantity, trigger - 100, {"stopLossPrice": trigger, "clientOrderId": OURS}
    )


@pytest.mark.parametrize(
    ("acts", "status"),
    [
        ([{"do": "cancel", "symbol": SYMBOL, "client_id": OURS}], "canceled"),
        ([{"do": "expire_all", "symbol": SYMBOL}], "expired"),
        ([{"do": "symbol", "symbol": SYMBOL, "status": "HALT"}, {"do": "expire_all", "symbol": SYMBOL}], "expired"),
    ],
    ids=["by the user", "by the exchange", "symbol halted"],
)
def test_f13_a_stop_is_gone_behind_our_back(ex: SimExchange, acts: list[dict[str, Any]], status: str) -> None:
    client = ccxt_client(ex)
    stop(client)
    ex.faults({"name": "F13", "action": "do", "at": 60, "acts": acts})
    ex.advance(minutes=2)
    assert client.fetch_open_orders(PAIR) == []
    assert client.fetch_order(None, PAIR, {"clientOrderId": OURS})["status"] == status
    assert client.fetch_balance()["BTC"]["used"] == 0


def test_f14_a_stop_is_jumped_over_and_rests() -> None:
    from tests.exchange.conftest import OPENED
    from tests.fakes.exchanges import FINE, series, straight

    rows = [*straight(25_000, 24_500), *straight(23_000, 23_100, 23_050, 24_600)]
    with SimExchange([series(rows, start=OPENED)], instruments=FINE, balances={"BTC": 1}) as ex:
        client = ccxt_client(ex)
        order = stop(client, 24_000)
        ex.advance(minutes=3)
        found = client.fetch_order(order["id"], PAIR)
        assert (found["status"], found["filled"]) == ("open", 0)
        assert found["info"]["isWorking"] is True
        assert int(found["info"]["workingTime"]) == OPENED + 60_000
        assert client.fetch_ticker(PAIR)["last"] < found["price"]
        ex.advance(minutes=2)
        assert client.fetch_order(order["id"], PAIR)["average"] == 23_900, "the recovery fills it at its limit"


def test_f15_coins_are_sold_withdrawn_or_locked_by_somebody_else(ex: SimExchange) -> None:
    client = ccxt_client(ex)
    ex.do("place", symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.3")
    ex.do("withdraw", asset="BTC", amount="0.2")
    ex.do("place", symbol=SYMBOL, side="SELL", type="LIMIT", timeInForce="GTC", quantity="0.4", price="29000.00")
    held = client.fetch_balance()["BTC"]
    assert (held["free"], held["used"], held["total"]) == (0.1, 0.4, 0.5)
    with pytest.raises(ccxt.InsufficientFunds):
        stop(client, quantity=1)


def test_f16_a_trade_is_taken_back(ex: SimExchange) -> None:
    client = ccxt_client(ex)
    before = client.fetch_balance()
    client.create_order(PAIR, "market", "buy", 0.5)
    assert client.fetch_balance()["BTC"]["total"] == 1.4995
    ex.do("bust", symbol=SYMBOL)
    after = client.fetch_balance()
    assert client.fetch_my_trades(PAIR) == []
    assert {one: after[one]["total"] for one in ("BTC", "USDT")} == {
        one: before[one]["total"] for one in ("BTC", "USDT")
    }
    assert client.fetch_order("1", PAIR)["filled"] == 0.5, "the order still says what it said"


def test_f17_a_stop_is_cancelled_and_its_replacement_refused(ex: SimExchange) -> None:
    client = ccxt_client(ex)
    order = stop(client)
    with pytest.raises(ccxt.BadResponse, match="-2021") as raised:
        client.edit_order(order["id"], PAIR, "limit", "sell", 0.01, 25_900, {"stopPrice": 26_000})
    assert '"cancelResult":"SUCCESS"' in str(raised.value)
    assert '"newOrderResult":"FAILURE"' in str(raised.value)
    assert client.fetch_open_orders(PAIR) == [], "nothing protects now"
    ex.faults({"name": "F17", "path": "*/cancelReplace", "action": "do", "when": "before",
               "acts": [{"do": "cancel", "symbol": SYMBOL}]})  # fmt: skip
    again = stop(client)
    with pytest.raises(ccxt.BadResponse, match="-2022"):
        client.edit_order(again["id"], PAIR, "limit", "sell", 0.01, 23_900, {"stopPrice": 24_000})


def test_f18_a_cancel_comes_after_the_fill(ex: SimExchange) -> None:
    client = ccxt_client(ex)
    order = buy(client)
    ex.faults({"name": "F18", "method": "DELETE", "action": "do",
               "acts": [{"do": "fill", "symbol": SYMBOL, "client_id": OURS}]})  # fmt: skip
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        client.cancel_order(order["id"], PAIR)
    assert client.fetch_order(order["id"], PAIR)["status"] == "closed"
    assert client.fetch_my_trades(PAIR)[0]["amount"] == 0.01


def test_f19_bnb_for_fees_runs_out(ex: SimExchange) -> None:
    ex.do("fees", pays_in_bnb=True)
    ex.do("deposit", asset="BNB", amount="0.001")
    client = ccxt_client(ex)
    # 0.01 BTC at about 25,000 is 250 USDT; 0.075 % of that in BNB at about 300 is 0.0006 BNB: enough once.
    fees = [client.create_order(PAIR, "market", "buy", 0.01)["fee"]["currency"] for _ in range(2)]
    assert fees == ["BNB", "BTC"]
    held = Decimal(ex.state()["balances"]["BTC"]["free"])
    assert held == Decimal("1.02") - Decimal("0.01") * Decimal("0.001")


def test_f20_maintenance_for_forty_minutes_and_orders_expired_after_it(ex: SimExchange) -> None:
    client = ccxt_client(ex)
    stop(client)
    ex.faults(
        {"name": "begins", "action": "do", "at": 60, "acts": [{"do": "maintenance", "on": True}]},
        {"name": "down", "path": "/api/*", "from": 60, "to": 60 + 2400, "action": "answer", "status": 503, "count": 0},
        {"name": "ends", "action": "do", "at": 60 + 2400,
         "acts": [{"do": "maintenance", "on": False}, {"do": "expire_all", "symbol": SYMBOL}]},
    )  # fmt: skip
    assert client.fetch_status()["status"] == "ok"
    for _ in range(4):
        ex.advance(minutes=10)
        with pytest.raises(ccxt.ExchangeNotAvailable):
            client.fetch_balance()
        assert client.fetch_status()["status"] == "maintenance"
    ex.advance(minutes=2)
    assert client.fetch_status()["status"] == "ok"
    assert client.fetch_order(None, PAIR, {"clientOrderId": OURS})["status"] == "expired"


def test_f21_the_rules_of_a_symbol_change(ex: SimExchange) -> None:
    client = ccxt_client(ex)
    client.load_markets()
    ex.do("symbol", symbol=SYMBOL, filters=[{"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001"},
                                            {"filterType": "PRICE_FILTER", "tickSize": "1.00"}])  # fmt: skip
    with pytest.raises(ccxt.InvalidOrder, match=r"PRICE_FILTER|LOT_SIZE"):
        client.create_order(PAIR, "limit", "buy", 0.00155, 20_000.55)
    client.load_markets(True)
    assert client.market(PAIR)["precision"] == pytest.approx(
        {**client.market(PAIR)["precision"], "amount": 0.001, "price": 1.0}
    )
    assert client.create_order(PAIR, "limit", "buy", 0.00155, 20_000.55)["amount"] == 0.001
    ex.do("symbol", symbol=SYMBOL, status="BREAK")
    with pytest.raises(ccxt.MarketClosed):
        client.create_order(PAIR, "limit", "buy", 0.001, 20_000)
    assert client.load_markets(True)[PAIR]["active"] is False
    ex.do("delist", symbol=SYMBOL)
    with pytest.raises(ccxt.BadSymbol):
        client.private_get_openorders({"symbol": SYMBOL})
    assert PAIR not in client.load_markets(True)


def opens(rows: list[list[float]]) -> list[int]:
    return [int(row[0]) for row in rows]


BENT: list[tuple[str, dict[str, Any], Callable[[list[list[float]]], list[list[float]]]]] = [
    ("late", {}, lambda rows: rows[:-2]),
    ("gap", {"row": -4}, lambda rows: [*rows[:-4], *rows[-3:]]),
    ("duplicate", {"row": -3}, lambda rows: [*rows[:-2], rows[-3], *rows[-2:]]),
    ("forming", {}, lambda rows: rows[-1:]),
]


@pytest.mark.parametrize(("how", "options", "wanted"), BENT, ids=[one[0] for one in BENT])
def test_f22_candles_are_late_lost_doubled_or_alone(
    ex: SimExchange, how: str, options: dict[str, Any], wanted: Callable[[Any], Any]
) -> None:
    client = ccxt_client(ex)
    client.load_markets()
    true = client.fetch_ohlcv(PAIR, "1m", limit=10)
    ex.faults({"name": "F22", "path": "*/klines", "action": "klines", "how": how, **options})
    raw = client.public_get_klines({"symbol": SYMBOL, "interval": "1m", "limit": 10})
    assert opens(raw) == opens(wanted(true))
    assert client.fetch_ohlcv(PAIR, "1m", limit=10) == true, "the rule acts once"


def test_f22_a_closed_candle_is_revised(ex: SimExchange) -> None:
    client = ccxt_client(ex)
    true = client.fetch_ohlcv(PAIR, "1m", limit=5)
    ex.faults({"name": "F22", "path": "*/klines", "action": "klines", "how": "revise", "row": -2, "factor": 1.01})
    bent = client.fetch_ohlcv(PAIR, "1m", limit=5)
    assert bent[-2][4] == pytest.approx(true[-2][4] * 1.01)
    assert [*bent[:-2], bent[-1]] == [*true[:-2], true[-1]]


def test_f23_the_key_is_revoked_before_and_after_a_good_call(ex: SimExchange) -> None:
    ex.do("key", revoked=True)
    client = ccxt_client(ex)
    with pytest.raises(ccxt.AuthenticationError, match="-2015") as first:
        client.fetch_balance()
    assert type(first.value) is ccxt.AuthenticationError
    ex.do("key", revoked=False)
    client.fetch_balance()
    ex.do("key", revoked=True)
    with pytest.raises(ccxt.DDoSProtection, match="-2015"):
        client.fetch_balance()


TRADER = """
import sys
from types import SimpleNamespace
from tests.fakes.exchanges import ccxt_client
url, key, secret, now = sys.argv[1:]
client = ccxt_client(SimpleNamespace(url=url, api_key=key, api_secret=secret, now_ms=lambda: int(now)))
client.load_markets()
print("ready", flush=True)
client.create_order("BTC/USDT", "limit", "buy", 0.01, 26000, {"clientOrderId": "ours"})
print("filled", flush=True)
client.create_order("BTC/USDT", "limit", "sell", 0.00999, 23900, {"stopLossPrice": 24000, "clientOrderId": "stop"})
print("protected", flush=True)
"""


@pytest.mark.parametrize(
    ("step", "rule", "orders", "filled"),
    [
        ("before send", {"action": "hang", "path": "*/exchangeInfo"}, 0, False),
        ("in flight", {"action": "hang", **POST, "when": "before"}, 0, False),
        ("after send", {"action": "hang", **POST, "when": "after"}, 1, True),
        ("after fill, before stop", {"action": "hang", **POST, "when": "before", "nth": 2}, 1, True),
        ("stop sent", {"action": "hang", **POST, "when": "after", "nth": 2}, 2, True),
    ],
)
def test_f24_a_client_is_killed_and_the_exchange_knows_exactly_what_arrived(
    ex: SimExchange, step: str, rule: dict[str, Any], orders: int, filled: bool
) -> None:
    ex.faults({"name": step, "seconds": 30, **rule})
    words = [ex.url, ex.api_key, ex.api_secret, str(ex.now_ms())]
    checkout = Path(__file__).resolve().parents[2]
    client = subprocess.Popen([sys.executable, "-c", TRADER, *words], cwd=checkout, stdout=subprocess.PIPE)
    until = time.monotonic() + 30
    while ex.never_fired() and time.monotonic() < until and client.poll() is None:
        time.sleep(0.02)
    time.sleep(0.05)
    os.kill(client.pid, signal.SIGKILL)
    client.communicate()
    ex.faults()
    found = list(ex.exchange.shelf.of(SYMBOL))
    assert len(found) == orders
    assert bool(found and found[0].executed) is filled
    assert ex.journal.since()[-1].path != "", "what arrived stands in the journal"


# --- the plan itself --------------------------------------------------------------------------------------------------


def test_a_fault_that_never_happens_fails_its_test() -> None:
    exchange = made(faults=[{"name": "idle", "action": "reset", "method": "DELETE"}])
    with pytest.raises(CheckFailed, match="the fault 'idle' never happened"), exchange:
        ccxt_client(exchange).fetch_time()


def test_a_rule_acts_from_its_nth_match_on_as_often_as_it_says(ex: SimExchange) -> None:
    ex.faults({"path": "*/time", "action": "answer", "status": 500, "nth": 2, "count": 2})
    client, seen = ccxt_client(ex), []
    for _ in range(5):
        try:
            client.fetch_time()
            seen.append("ok")
        except ccxt.ExchangeNotAvailable:
            seen.append("fails")
    assert seen == ["ok", "fails", "fails", "ok", "ok"]


def test_a_rule_acts_inside_its_window_of_time_only(ex: SimExchange) -> None:
    ex.faults({"path": "*/time", "action": "answer", "status": 500, "count": 0, "from": 60, "to": 120})
    client, seen = ccxt_client(ex), []
    for _ in range(4):
        try:
            client.fetch_time()
            seen.append("ok")
        except ccxt.ExchangeNotAvailable:
            seen.append("fails")
        ex.advance(minutes=1)
    assert seen == ["ok", "fails", "ok", "ok"]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"action": "hnag"}, "there is no action 'hnag'; did you mean 'hang'"),
        ({"action": "hang", "secnds": 1}, "'secnds' is not a word of a rule that does hang"),
        ({"action": "reset", "when": "later"}, "'when' is one of before, after, half"),
        ({"action": "klines", "how": "odd"}, "'how' is one of late"),
        ({"action": "answer", "status": "bad"}, "'status' is a number"),
        ({"action": "do", "acts": "all"}, "'acts' is a list of tables"),
        ({"action": "reset", "nth": -1}, "'nth' is a whole number"),
        ({"action": "reset", "at": 5}, "only a rule with action 'do' has an 'at'"),
        ({"action": "reset", "from": "noon"}, "write 2024-03-01T12:00:00Z"),
        ({"action": "reset", "from": True}, "is no instant"),
    ],
)
def test_a_plan_with_a_mistake_is_refused_with_its_rule(ex: SimExchange, rule: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match="mine: ") as refused:
        ex.faults({"name": "mine", **rule})
    assert words in str(refused.value)
