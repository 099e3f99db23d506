"""python-binance, unmodified, through everything that it can do on spot. Runs in an environment of its own.

Arguments: URL, key, secret. Prints one JSON object: what each step came to.
"""

import json
import sys

from binance.client import Client
from binance.exceptions import BinanceAPIException

url, key, secret = sys.argv[1:]
client = Client(key, secret, ping=False)
# The library's documented way to another address is an attribute.
client.API_URL = f"{url}/api"
client.MARGIN_API_URL = f"{url}/sapi"
found = {}
S = "BTCUSDT"


def code(call, **fields):
    try:
        call(**fields)
    except BinanceAPIException as error:
        return error.code
    return 0


client.ping()
found["time"] = client.get_server_time()["serverTime"] > 0
info = client.get_symbol_info(S)
found["info"] = [info["symbol"], info["status"], len(info["filters"]) > 5]
rows = client.get_klines(symbol=S, interval="1m", limit=5)
found["klines"] = [len(rows), len(rows[0])]
price = float(client.get_symbol_ticker(symbol=S)["price"])
found["depth"] = len(client.get_order_book(symbol=S, limit=5)["bids"])
found["trades"] = len(client.get_recent_trades(symbol=S, limit=3))
found["average"] = client.get_avg_price(symbol=S)["mins"]
found["day"] = float(client.get_ticker(symbol=S)["highPrice"]) >= price
found["fee"] = client.get_trade_fee(symbol=S)[0]["makerCommission"]
account = client.get_account()
found["account"] = [account["canTrade"], account["uid"]]


def at(share):
    return f"{price * share:.2f}"


def order(side, kind, **fields):
    return client.create_order(symbol=S, side=side, type=kind, **fields)


GTC = {"timeInForce": "GTC"}
orders = {
    "market": order("BUY", "MARKET", quantity="0.1"),
    "value": order("BUY", "MARKET", quoteOrderQty="500"),
    "limit": order("BUY", "LIMIT", quantity="0.01", price=at(0.9), **GTC),
    "ioc": order("BUY", "LIMIT", quantity="0.01", price=at(0.9), timeInForce="IOC"),
    "fok": order("BUY", "LIMIT", quantity="0.01", price=at(1.02), timeInForce="FOK"),
    "maker": order("SELL", "LIMIT_MAKER", quantity="0.01", price=at(1.1), newOrderRespType="FULL"),
    "stop": order("SELL", "STOP_LOSS", quantity="0.01", stopPrice=at(0.9), newOrderRespType="FULL"),
    "stop limit": order("SELL", "STOP_LOSS_LIMIT", quantity="0.01", stopPrice=at(0.9), price=at(0.89),
                        newOrderRespType="FULL", **GTC),
    "profit": order("SELL", "TAKE_PROFIT", quantity="0.01", stopPrice=at(1.1), newOrderRespType="FULL"),
    "profit limit": order("SELL", "TAKE_PROFIT_LIMIT", quantity="0.01", stopPrice=at(1.1), price=at(1.1),
                          newOrderRespType="FULL", **GTC),
    "trailing": order("SELL", "STOP_LOSS_LIMIT", quantity="0.01", trailingDelta=200, price=at(0.9),
                      newOrderRespType="FULL", **GTC),
}  # fmt: skip
found["orders"] = {name: one["status"] for name, one in orders.items()}
found["fills"] = len(orders["market"]["fills"])
found["open"] = len(client.get_open_orders(symbol=S))
found["same id twice"] = [
    code(client.create_order, symbol=S, side="BUY", type="LIMIT", quantity="0.01", price=at(0.9),
         newClientOrderId="twice", **GTC) for _ in range(2)
]  # fmt: skip
found["get"] = client.get_order(symbol=S, orderId=orders["limit"]["orderId"])["status"]
found["cancel"] = client.cancel_order(symbol=S, orderId=orders["limit"]["orderId"])["status"]
found["cancel again"] = code(client.cancel_order, symbol=S, orderId=orders["limit"]["orderId"])
found["unknown"] = code(client.get_order, symbol=S, orderId=9999)
replaced = client.cancel_replace_order(
    symbol=S, side="SELL", type="STOP_LOSS_LIMIT", cancelReplaceMode="STOP_ON_FAILURE",
    cancelOrderId=orders["stop limit"]["orderId"], quantity="0.01", stopPrice=at(0.91), price=at(0.9), **GTC,
)  # fmt: skip
found["replace"] = [replaced["cancelResult"], replaced["newOrderResult"]]
for one in client.get_open_orders(symbol=S):
    client.cancel_order(symbol=S, orderId=one["orderId"])
oco = client.create_oco_order(
    symbol=S, side="SELL", quantity="0.02", aboveType="LIMIT_MAKER", abovePrice=at(1.1),
    belowType="STOP_LOSS_LIMIT", belowStopPrice=at(0.9), belowPrice=at(0.89), belowTimeInForce="GTC",
)  # fmt: skip
found["oco"] = [oco["contingencyType"], oco["listOrderStatus"], len(oco["orderReports"])]
found["list"] = client.v3_get_order_list(orderListId=oco["orderListId"])["listStatusType"]
found["cancel list"] = client.v3_delete_order_list(symbol=S, orderListId=oco["orderListId"])["listOrderStatus"]
working = {"workingType": "LIMIT", "workingSide": "BUY", "workingQuantity": "0.02", "workingPrice": at(1.01),
           "workingTimeInForce": "GTC"}  # fmt: skip
oto = client.v3_post_order_list_oto(
    symbol=S, **working, pendingType="STOP_LOSS", pendingSide="SELL", pendingQuantity="0.01", pendingStopPrice=at(0.9)
)
found["oto"] = [one["status"] for one in oto["orderReports"]]
otoco = client.v3_post_order_list_otoco(
    symbol=S, **working, pendingSide="SELL", pendingQuantity="0.01", pendingAboveType="LIMIT_MAKER",
    pendingAbovePrice=at(1.1), pendingBelowType="STOP_LOSS", pendingBelowStopPrice=at(0.9),
)  # fmt: skip
found["otoco"] = [one["status"] for one in otoco["orderReports"]]
found["lists"] = len(client.v3_get_all_order_list())
mine = client.get_my_trades(symbol=S)
found["my trades"] = [len(mine), mine[0]["isBuyer"], mine[0]["isMaker"]]
found["all"] = len(client.get_all_orders(symbol=S)) > 15
found["errors"] = {
    "balance": code(order, side="BUY", kind="MARKET", quantity="90"),
    "lot": code(order, side="BUY", kind="MARKET", quantity="0.000001"),
    "symbol": code(client.get_symbol_ticker, symbol="NOPE"),
    "unread": code(order, side="BUY", kind="MARKET", quantity="0.01", stray="1"),
    "missing": code(order, side="BUY", kind="LIMIT", quantity="0.01"),
    "trigger": code(order, side="SELL", kind="STOP_LOSS", quantity="0.01", stopPrice=at(1.1)),
}
sys.stdout.write(json.dumps(found))
