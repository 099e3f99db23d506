"""binance-sdk-spot, unmodified, through everything that it can do on spot. Runs in an environment of its own.

Arguments: URL, key, secret. Prints one JSON object: what each step came to.
"""

import json
import sys

from binance_common.configuration import ConfigurationRestAPI
from binance_sdk_spot import Spot

url, key, secret = sys.argv[1:]
rest = Spot(config_rest_api=ConfigurationRestAPI(api_key=key, api_secret=secret, base_path=url, retries=0)).rest_api
found = {}
S = "BTCUSDT"


def refused(call, *words, **fields):
    """The class and the text of what a call raises."""
    try:
        call(*words, **fields)
    except Exception as error:  # noqa: BLE001 - told to the test
        return f"{type(error).__name__}: {error}"
    return "nothing"


rest.ping()
found["time"] = rest.time().data().server_time > 0
info = rest.exchange_info(symbol=S).data().symbols[0]
found["info"] = [info.symbol, info.status, len(info.filters) > 5]
rows = rest.klines(symbol=S, interval="1m", limit=5).data()
found["klines"] = [len(rows), len(rows[0])]
price = float(rest.ticker_price(symbol=S).data().actual_instance.price)
found["depth"] = len(rest.depth(symbol=S, limit=5).data().bids)
found["trades"] = len(rest.get_trades(symbol=S, limit=3).data())
found["aggregate"] = len(rest.agg_trades(symbol=S, limit=3).data())
found["average"] = rest.avg_price(symbol=S).data().mins
account = rest.get_account().data()
found["account"] = [account.can_trade, account.uid]
found["commission"] = rest.account_commission(symbol=S).data().standard_commission.maker
found["counts"] = len(rest.rate_limit_order().data())
found["filters"] = len(rest.my_filters(symbol=S).data().symbol_filters) > 5


def at(share):
    return round(price * share, 2)


def order(side, kind, **fields):
    return rest.new_order(symbol=S, side=side, type=kind, new_order_resp_type="FULL", **fields).data()


GTC = {"time_in_force": "GTC"}
orders = {
    "market": order("BUY", "MARKET", quantity=0.1),
    "value": order("BUY", "MARKET", quote_order_qty=500.0),
    "limit": order("BUY", "LIMIT", quantity=0.01, price=at(0.9), **GTC),
    "ioc": order("BUY", "LIMIT", quantity=0.01, price=at(0.9), time_in_force="IOC"),
    "fok": order("BUY", "LIMIT", quantity=0.01, price=at(1.02), time_in_force="FOK"),
    "maker": order("SELL", "LIMIT_MAKER", quantity=0.01, price=at(1.1)),
    "stop": order("SELL", "STOP_LOSS", quantity=0.01, stop_price=at(0.9)),
    "stop limit": order("SELL", "STOP_LOSS_LIMIT", quantity=0.01, stop_price=at(0.9), price=at(0.89), **GTC),
    "profit": order("SELL", "TAKE_PROFIT", quantity=0.01, stop_price=at(1.1)),
    "profit limit": order("SELL", "TAKE_PROFIT_LIMIT", quantity=0.01, stop_price=at(1.1), price=at(1.1), **GTC),
    "trailing": order("SELL", "STOP_LOSS_LIMIT", quantity=0.01, trailing_delta=200, price=at(0.9), **GTC),
}
found["orders"] = {name: one.status for name, one in orders.items()}
found["fills"] = len(orders["market"].fills)
found["test"] = refused(rest.order_test, symbol=S, side="BUY", type="MARKET", quantity=0.01)
found["open"] = len(rest.get_open_orders(symbol=S).data())
twice = {"symbol": S, "side": "BUY", "type": "LIMIT", "quantity": 0.01, "price": at(0.9),
         "new_client_order_id": "twice", **GTC}  # fmt: skip
found["same id twice"] = [refused(rest.new_order, **twice) for _ in range(2)]
number = orders["limit"].order_id
found["get"] = rest.get_order(symbol=S, order_id=number).data().status
amended = rest.order_amend_keep_priority(symbol=S, order_id=number, new_qty=0.008).data()
found["amend"] = [amended.amended_order.order_id == number, amended.amended_order.qty]
found["amendments"] = len(rest.order_amendments(symbol=S, order_id=number).data())
found["cancel"] = rest.delete_order(symbol=S, order_id=number).data().status
found["cancel again"] = refused(rest.delete_order, symbol=S, order_id=number)
found["unknown"] = refused(rest.get_order, symbol=S, order_id=9999)
replaced = rest.order_cancel_replace(
    symbol=S, side="SELL", type="STOP_LOSS_LIMIT", cancel_replace_mode="STOP_ON_FAILURE",
    cancel_order_id=orders["stop limit"].order_id, quantity=0.01, stop_price=at(0.91), price=at(0.9), **GTC,
).data()  # fmt: skip
found["replace"] = [replaced.cancel_result, replaced.new_order_result]
found["cancel all"] = len(rest.delete_open_orders(symbol=S).data()) > 5
oco = rest.order_list_oco(
    symbol=S, side="SELL", quantity=0.02, above_type="LIMIT_MAKER", above_price=at(1.1),
    below_type="STOP_LOSS_LIMIT", below_stop_price=at(0.9), below_price=at(0.89), below_time_in_force="GTC",
).data()  # fmt: skip
found["oco"] = [oco.contingency_type, oco.list_order_status, len(oco.order_reports)]
found["list"] = rest.get_order_list(order_list_id=oco.order_list_id).data().list_status_type
found["cancel list"] = rest.delete_order_list(symbol=S, order_list_id=oco.order_list_id).data().list_order_status
working = {"symbol": S, "working_type": "LIMIT", "working_side": "BUY", "working_price": at(1.01),
           "working_quantity": 0.02, "working_time_in_force": "GTC"}  # fmt: skip
pair = {"pending_side": "SELL", "pending_above_type": "LIMIT_MAKER", "pending_above_price": at(1.1),
        "pending_below_type": "STOP_LOSS", "pending_below_stop_price": at(0.9)}  # fmt: skip


def states(one):
    return [report.status for report in one.data().order_reports]


stop = {"pending_type": "STOP_LOSS", "pending_side": "SELL", "pending_stop_price": at(0.9)}
found["oto"] = states(rest.order_list_oto(**working, **stop, pending_quantity=0.01))
found["opo"] = states(rest.order_list_opo(**working, **stop))
found["otoco"] = states(rest.order_list_otoco(**working, **pair, pending_quantity=0.01))
found["opoco"] = states(rest.order_list_opoco(**working, **pair))
found["lists"] = len(rest.all_order_list().data())
mine = rest.my_trades(symbol=S).data()
found["my trades"] = [len(mine), mine[0].is_buyer, mine[0].is_maker]
found["all"] = len(rest.all_orders(symbol=S).data()) > 15
found["errors"] = {
    "balance": refused(order, "BUY", "MARKET", quantity=90.0),
    "symbol": refused(rest.ticker_price, symbol="NOPE"),
    "missing": refused(order, "BUY", "LIMIT", quantity=0.01),
    "trigger": refused(order, "SELL", "STOP_LOSS", quantity=0.01, stop_price=at(1.1)),
}
sys.stdout.write(json.dumps(found))
