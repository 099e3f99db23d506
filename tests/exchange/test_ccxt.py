"""ccxt, unmodified, through everything that it can do on spot."""

from __future__ import annotations

from typing import Any

import ccxt
import pytest

from tests.exchange.conftest import OPENED, made
from tests.fakes.exchanges import ccxt_client
from vigie.adapters.sim_server.fixture import SimExchange

PAIR, S = "BTC/USDT", "BTCUSDT"


@pytest.fixture
def client(ex: SimExchange) -> Any:
    found = ccxt_client(ex)
    found.load_markets()
    return found


def price_of(client: Any) -> float:
    return float(client.fetch_ticker(PAIR)["last"])


def test_time_rules_candles_and_prices(ex: SimExchange, client: Any) -> None:
    assert client.fetch_time() == OPENED
    market = client.market(PAIR)
    assert (market["active"], market["precision"]["price"], market["precision"]["amount"]) == (True, 0.01, 1e-05)
    assert market["limits"]["cost"]["min"] == 5
    ex.advance(minutes=30)
    rows = client.fetch_ohlcv(PAIR, "1h", limit=3)
    assert [row[0] for row in rows] == [OPENED - 3_600_000 * n for n in (2, 1, 0)]
    ticker = client.fetch_ticker(PAIR)
    assert rows[-1][4] == ticker["last"] == client.fetch_last_prices([PAIR])[PAIR]["price"]
    assert ticker["bid"] <= ticker["last"] <= ticker["ask"]
    assert client.fetch_order_book(PAIR, 5)["bids"][0][0] == ticker["bid"]
    assert client.fetch_bids_asks([PAIR])[PAIR]["ask"] == ticker["ask"]
    assert len(client.fetch_tickers([PAIR, "ETH/USDT"])) == 2
    assert client.fetch_trades(PAIR, limit=4)[-1]["timestamp"] <= ex.now_ms()


def test_default_options_of_ccxt_load_as_well(ex: SimExchange) -> None:
    client = ccxt_client(ex, fetchCurrencies=True, fetchMargins=True)
    assert sorted(client.load_markets()) == ["BNB/USDT", "BTC/USDT", "ETH/USDT"]
    assert "BTC" in client.currencies
    assert client.fetch_trading_fee(PAIR)["maker"] == 0.001


def test_account_and_commission(client: Any) -> None:
    balance = client.fetch_balance()
    assert (balance["USDT"]["free"], balance["BTC"]["total"]) == (100_000, 1)
    assert balance["info"]["uid"] == -1, "no real account has a number below zero"
    assert balance["info"]["simulated"] is True
    rates = client.private_get_account_commission({"symbol": S})
    assert rates["standardCommission"]["taker"] == "0.00100000"


def test_orders_of_every_type(client: Any) -> None:
    price = price_of(client)
    up, down = price * 1.05, price * 0.95

    def order(kind: str, side: str, at: float | None = None, **params: object) -> Any:
        return client.create_order(PAIR, kind, side, 0.01, at, params)

    made_orders = {
        "MARKET": order("market", "buy"),
        "LIMIT": order("limit", "buy", down),
        "LIMIT_MAKER": order("limit", "sell", up, postOnly=True),
        "STOP_LOSS": order("market", "sell", stopLossPrice=down),
        "STOP_LOSS_LIMIT": order("limit", "sell", down * 0.99, stopLossPrice=down),
        "TAKE_PROFIT": order("market", "sell", takeProfitPrice=up),
        "TAKE_PROFIT_LIMIT": order("limit", "sell", up, takeProfitPrice=up),
    }
    assert {name: one["info"]["type"] for name, one in made_orders.items()} == {name: name for name in made_orders}
    assert made_orders["MARKET"]["fee"] == {"currency": "BTC", "cost": 1e-05}
    assert [one["status"] for one in made_orders.values()] == ["closed", *["open"] * 6]
    trailing = order("limit", "sell", down, trailingPercent=2.5, stopLossOrTakeProfit="stopLoss")
    assert int(client.fetch_order(trailing["id"], PAIR)["info"]["trailingDelta"]) == 250
    assert len(client.fetch_open_orders(PAIR)) == len(client.fetch_open_orders()) == 7
    assert client.create_order(PAIR, "market", "buy", 0.01, None, {"test": True})["id"] is None
    by_cost = client.create_order(PAIR, "market", "buy", 0.01, None, {"cost": 500})
    assert by_cost["cost"] == pytest.approx(500, abs=1)
    assert {one["status"] for one in client.cancel_all_orders(PAIR)} == {"canceled"}
    assert client.fetch_open_orders(PAIR) == []
    assert len(client.fetch_orders(PAIR)) == 9
    assert len(client.fetch_closed_orders(PAIR)) == 2
    assert len(client.fetch_canceled_orders(PAIR)) == 7


def test_own_ids_protect_open_orders_only(client: Any) -> None:
    mine = {"clientOrderId": "mine"}
    order = client.create_order(PAIR, "limit", "buy", 0.01, 20_000, mine)
    with pytest.raises(ccxt.InvalidOrder, match="Duplicate order sent"):
        client.create_order(PAIR, "limit", "buy", 0.01, 20_000, mine)
    assert client.fetch_order(None, PAIR, mine)["id"] == order["id"]
    cancelled = client.cancel_order(None, PAIR, mine)
    assert cancelled["info"]["origClientOrderId"] == "mine"
    assert cancelled["clientOrderId"] != "mine", "the id of the request stands there"
    for _ in range(2):
        assert client.create_order(PAIR, "market", "buy", 0.01, None, mine)["status"] == "closed", "bought twice"


def test_a_stop_is_moved_by_replacing_it(client: Any) -> None:
    first = client.create_order(PAIR, "limit", "sell", 0.01, 23_900, {"stopLossPrice": 24_000})
    second = client.edit_order(first["id"], PAIR, "limit", "sell", 0.01, 24_000, {"stopPrice": 24_100})
    assert client.fetch_order(first["id"], PAIR)["status"] == "canceled"
    assert [one["triggerPrice"] for one in client.fetch_open_orders(PAIR)] == [24_100]
    assert second["id"] != first["id"]


def test_a_stop_answers_with_the_oddities_of_the_real_one(ex: SimExchange, client: Any) -> None:
    order = client.create_order(PAIR, "limit", "sell", 0.01, 23_900, {"stopLossPrice": 24_000})
    found = client.fetch_order(order["id"], PAIR)
    assert (found["type"], found["triggerPrice"]) == ("limit", 24_000)
    assert (int(found["info"]["workingTime"]), found["info"]["isWorking"]) == (-1, False)


LEG = {"workingType": "LIMIT", "workingSide": "BUY", "workingTimeInForce": "GTC", "workingQuantity": "0.02"}
PENDING_PAIR = {"pendingSide": "SELL", "pendingAboveType": "LIMIT_MAKER", "pendingBelowType": "STOP_LOSS"}


def test_lists_of_every_kind(client: Any) -> None:
    price = price_of(client)
    up, down, through = f"{price * 1.05:.2f}", f"{price * 0.95:.2f}", f"{price * 1.01:.2f}"
    stop = {"pendingType": "STOP_LOSS", "pendingSide": "SELL", "pendingStopPrice": down}
    pair = {**PENDING_PAIR, "pendingAbovePrice": up, "pendingBelowStopPrice": down}
    leg = {**LEG, "symbol": S, "workingPrice": through}
    oco = {"symbol": S, "side": "SELL", "quantity": "0.02", "aboveType": "LIMIT_MAKER", "abovePrice": up,
           "belowType": "STOP_LOSS", "belowStopPrice": down}  # fmt: skip
    lists = [
        client.private_post_orderlist_oco(oco),
        client.private_post_orderlist_oto({**leg, **stop, "pendingQuantity": "0.01"}),
        client.private_post_orderlist_otoco({**leg, **pair, "pendingQuantity": "0.01"}),
        client.private_post_orderlist_opo({**leg, **stop}),
        client.private_post_orderlist_opoco({**leg, **pair}),
    ]
    states = [[one["status"] for one in found["orderReports"]] for found in lists]
    assert states == [["NEW"] * 2, ["FILLED", "NEW"], ["FILLED", "NEW", "NEW"], ["FILLED", "NEW"],
                      ["FILLED", "NEW", "NEW"]]  # fmt: skip
    assert len(client.private_get_openorderlist()) == 5
    one = client.private_get_orderlist({"orderListId": lists[0]["orderListId"]})
    assert (one["contingencyType"], one["listOrderStatus"]) == ("OCO", "EXECUTING")
    gone = client.private_delete_orderlist({"symbol": S, "orderListId": lists[0]["orderListId"]})
    assert gone["listOrderStatus"] == "ALL_DONE"
    with pytest.raises(ccxt.OrderNotFound, match="-2011"):
        client.private_delete_orderlist({"symbol": S, "orderListId": lists[0]["orderListId"]})
    cancelled = client.cancel_order(lists[1]["orderReports"][1]["orderId"], PAIR)
    assert cancelled["status"] == "canceled"
    assert len(client.private_get_openorderlist()) == 3
    assert len(client.private_delete_openorders({"symbol": S})) == 3, "each list is told once"
    assert len(client.private_get_allorderlist()) == 5


def test_an_order_is_amended_and_its_history_told(client: Any) -> None:
    order = client.create_order(PAIR, "limit", "buy", 0.01, 20_000)
    fields = {"symbol": S, "orderId": order["id"], "newQty": "0.004"}
    amended = client.request("order/amend/keepPriority", ["private"], "PUT", fields)["amendedOrder"]
    assert (amended["qty"], amended["orderId"]) == ("0.00400000", int(order["id"]))
    assert client.fetch_order(order["id"], PAIR)["amount"] == 0.004
    (row,) = client.request("order/amendments", ["private"], "GET", {"symbol": S, "orderId": order["id"]})
    assert (row["origQty"], row["newQty"]) == ("0.01000000", "0.00400000")


def test_trades_tell_fees_and_who_rested(ex: SimExchange, client: Any) -> None:
    price = price_of(client)
    client.create_order(PAIR, "market", "buy", 0.01)
    rests = client.create_order(PAIR, "limit", "sell", 0.01, round(price + 5, 2))
    ex.advance(hours=3)
    trades = client.fetch_my_trades(PAIR)
    assert [(one["side"], one["takerOrMaker"], one["fee"]["currency"]) for one in trades] == [
        ("buy", "taker", "BTC"), ("sell", "maker", "USDT"),
    ]  # fmt: skip
    assert client.fetch_order_trades(rests["id"], PAIR)[0]["price"] == round(price + 5, 2)
    assert client.fetch_my_trades(PAIR, trades[1]["timestamp"])[0]["id"] == trades[1]["id"]


def test_a_parameter_that_nobody_reads_is_found(client: Any) -> None:
    with pytest.raises(ccxt.BadRequest, match="-1104"):
        client.create_order(PAIR, "limit", "buy", 0.01, 20_000, {"stopLoss": {"triggerPrice": 19_000}})


def test_counts_stand_in_the_headers(ex: SimExchange, client: Any) -> None:
    client.fetch_balance()
    used = int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"])
    client.fetch_balance()
    assert int(client.last_response_headers["x-mbx-used-weight-1m"]) == used + 20
    client.create_order(PAIR, "limit", "buy", 0.01, 20_000)
    assert client.last_response_headers["X-MBX-ORDER-COUNT-10S"] == "1"
    client.create_order(PAIR, "market", "buy", 0.01)
    assert client.last_response_headers["X-MBX-ORDER-COUNT-10S"] == "1", "what is filled does not count"
    assert int(client.last_response_headers["X-MBX-USED-WEIGHT-1M"]) == used + 20, "nor does a good order weigh"
    rows = client.private_get_ratelimit_order()
    assert [row["count"] for row in rows] == [1, 1]
    ex.advance(minutes=1)
    client.fetch_time()
    assert client.last_response_headers["X-MBX-USED-WEIGHT-1M"] == "1"


def test_the_same_commands_give_the_same_exchange() -> None:
    digests = []
    for _ in range(2):
        with made() as ex:
            client = ccxt_client(ex)
            for number in range(6):
                client.create_order(PAIR, "limit", "buy", 0.01, 24_500 + 100 * number, {"clientOrderId": f"n{number}"})
                ex.advance(minutes=7)
            digests.append(ex.state()["digest"])
    assert digests[0] == digests[1]
