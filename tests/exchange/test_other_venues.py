"""Requests to the venues, held word for word, and their answers as they are documented. Real ccxt, real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, cast

import pytest
from aiohttp import web

from tests.fakes.clock import FakeClock
from tests.fakes.orders import approved, buy, sell, stop
from tests.fakes.scripted_venue import Key, ScriptedVenue
from vigie.adapters.exchanges.ccxt_broker import CcxtBroker, open_live_broker
from vigie.adapters.exchanges.ccxt_dialect import dialect, known_venues, live_dialect
from vigie.adapters.exchanges.ccxt_wire import Wire
from vigie.adapters.exchanges.secrets import Secrets
from vigie.adapters.storage.request_budget import BudgetInMemory
from vigie.domain.errors import ConfigError, OutcomeUnknown, RefusalCode, VenueRefused, VenueUnavailable
from vigie.domain.order import OrderType
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair
from vigie.reliability.rate_budget import RateBudget

PAIR = Pair("BTC", "USDT")
ID = "0123456789abcdef0123456789abcdef"
NOW = 1_750_000_000_000
KEYS = Secrets("key", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "word")
ENTRY, EXIT, STOP = buy("0.1", client_id=ID), sell("0.1", client_id=ID), stop("0.1", 38_500, 38_000, client_id=ID)
D = Decimal


@dataclass(frozen=True)
class Case:
    """A venue: what it answers, and what it has to be asked.

    Attributes:
        answers: to everything that is read.
        entry, exit, stop, cancel, lookup: method, path and parameters.
        entry_answer, stop_answer, cancel_answer: what is said to them.
        resting, gone, filled: answers to the lookup of a stop that rests, of one that was cancelled, of one that was
            filled at 37,990 with a fee of 3.799 USDT.
        refused: an answer to a stop that the account has not the coins for.
        unproven: an answer to an order that proves nothing.
    """

    answers: dict[Key, Any]
    entry: tuple[str, str, Any]
    exit: tuple[str, str, Any]
    stop: tuple[str, str, Any]
    cancel: tuple[str, str, Any]
    lookup: list[tuple[str, str, Any]]
    entry_answer: Any
    stop_answer: Any
    cancel_answer: Any
    resting: dict[Key, Any]
    gone: dict[Key, Any]
    filled: dict[Key, Any]
    refused: Any
    unproven: Any
    live: bool = True
    extra: dict[Key, Any] = field(default_factory=dict)


# --- Kraken -----------------------------------------------------------------------------------------------------------


def kraken_order(status: str, **more: Any) -> dict[str, Any]:
    return {
        "refid": None, "status": status, "opentm": 1749999990.5, "starttm": 0, "expiretm": 0, "cl_ord_id": ID,
        "descr": {"pair": "XBTUSDT", "type": "sell", "ordertype": "stop-loss-limit", "price": "38500.0",
                  "price2": "38000.0", "leverage": "none", "order": "", "close": ""},
        "vol": "0.10000000", "vol_exec": "0.00000000", "cost": "0.00000", "fee": "0.00000", "price": "0.00000",
        "stopprice": "0.00000", "limitprice": "0.00000", "misc": "", "oflags": "fciq", "trigger": "last", **more,
    }  # fmt: skip


def kraken_said(result: Any) -> dict[str, Any]:
    return {"error": [], "result": result}


K = "/0/private"
KRAKEN = Case(
    answers={
        ("GET", "/0/public/Time"): kraken_said({"unixtime": NOW // 1000}),
        ("GET", "/0/public/Assets"): kraken_said({}),
        ("GET", "/0/public/AssetPairs"): kraken_said({
            "XBTUSDT": {"altname": "XBTUSDT", "wsname": "XBT/USDT", "aclass_base": "currency", "base": "XXBT",
                        "aclass_quote": "currency", "quote": "USDT", "pair_decimals": 1, "cost_decimals": 5,
                        "lot_decimals": 8, "fees": [], "fees_maker": [], "ordermin": "0.0001", "costmin": "0.5",
                        "tick_size": "0.1", "status": "online"},
        }),
        ("POST", f"{K}/BalanceEx"): kraken_said({"XXBT": {"balance": "1.5", "hold_trade": "0.1"},
                                                 "USDT": {"balance": "100", "hold_trade": "0"}}),
    },
    entry=("POST", f"{K}/AddOrder", {"pair": "XBTUSDT", "type": "buy", "ordertype": "market", "volume": "0.1",
                                     "oflags": "fciq", "cl_ord_id": ID}),
    exit=("POST", f"{K}/AddOrder", {"pair": "XBTUSDT", "type": "sell", "ordertype": "market", "volume": "0.1",
                                    "oflags": "fciq", "cl_ord_id": ID}),
    stop=("POST", f"{K}/AddOrder", {"pair": "XBTUSDT", "type": "sell", "ordertype": "stop-loss-limit",
                                    "volume": "0.1", "price": "38500", "price2": "38000", "trigger": "last",
                                    "timeinforce": "GTC", "oflags": "fciq", "cl_ord_id": ID}),
    cancel=("POST", f"{K}/CancelOrder", {"cl_ord_id": ID}),
    lookup=[("POST", f"{K}/OpenOrders", {"cl_ord_id": ID}), ("POST", f"{K}/ClosedOrders", {"cl_ord_id": ID})],
    entry_answer=kraken_said({"descr": {"order": "x"}, "txid": ["V1"]}),
    stop_answer=kraken_said({"descr": {"order": "x"}, "txid": ["V1"]}),
    cancel_answer=kraken_said({"count": 1}),
    resting={("POST", f"{K}/OpenOrders"): kraken_said({"open": {"V1": kraken_order("open")}}),
             ("POST", f"{K}/ClosedOrders"): kraken_said({"closed": {}, "count": 0})},
    gone={("POST", f"{K}/OpenOrders"): kraken_said({"open": {}}),
          ("POST", f"{K}/ClosedOrders"): kraken_said({"closed": {"V1": kraken_order("canceled", closetm=NOW / 1000)}})},
    filled={("POST", f"{K}/OpenOrders"): kraken_said({"open": {}}),
            ("POST", f"{K}/ClosedOrders"): kraken_said({"closed": {"V1": kraken_order(
                "closed", vol_exec="0.1", cost="3799.0", fee="3.799", closetm=NOW / 1000, trades=["T1"])}}),
            ("POST", f"{K}/QueryTrades"): kraken_said({"T1": {
                "ordertxid": "V1", "pair": "XBTUSDT", "time": NOW / 1000, "type": "sell", "ordertype": "limit",
                "price": "37990.0", "cost": "3799.0", "fee": "3.799", "vol": "0.1", "margin": "0", "misc": ""}})},
    refused={"error": ["EOrder:Insufficient funds"]},
    unproven={"error": ["EService:Busy"]},
)  # fmt: skip

# --- Bybit ------------------------------------------------------------------------------------------------------------


def bybit_said(result: Any) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": NOW}


def bybit_order(status: str, **more: Any) -> dict[str, Any]:
    return {
        "orderId": "V1", "orderLinkId": ID, "symbol": "BTCUSDT", "side": "Sell", "orderType": "Limit",
        "orderStatus": status, "qty": "0.1", "cumExecQty": "0", "cumExecValue": "0", "price": "38000",
        "triggerPrice": "38500", "stopOrderType": "tpslOrder", "updatedTime": str(NOW), **more,
    }  # fmt: skip


def bybit_list(*rows: Any) -> dict[str, Any]:
    return bybit_said({"category": "spot", "list": list(rows), "nextPageCursor": ""})


BYBIT = Case(
    answers={
        ("GET", "/v5/market/time"): bybit_said({"timeSecond": str(NOW // 1000), "timeNano": str(NOW * 1_000_000)}),
        ("GET", "/v5/market/instruments-info"): bybit_list({
            "symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "innovation": "0", "status": "Trading",
            "marginTrading": "both", "priceFilter": {"tickSize": "0.01"},
            "lotSizeFilter": {"basePrecision": "0.000001", "quotePrecision": "0.00000001", "minOrderQty": "0.000048",
                              "maxOrderQty": "71.7", "minOrderAmt": "1", "maxOrderAmt": "4000000"}}),
        ("GET", "/v5/account/wallet-balance"): bybit_said({"list": [{"accountType": "UNIFIED", "coin": [
            {"coin": "BTC", "walletBalance": "1.5", "locked": "0.1", "totalOrderIM": "0", "totalPositionIM": "0",
             "equity": "1.5", "usdValue": "1", "borrowAmount": "0", "availableToWithdraw": ""},
            {"coin": "USDT", "walletBalance": "100", "locked": "0", "totalOrderIM": "0", "totalPositionIM": "0",
             "equity": "100", "usdValue": "1", "borrowAmount": "0", "availableToWithdraw": ""}]}]}),
    },
    entry=("POST", "/v5/order/create", {"category": "spot", "symbol": "BTCUSDT", "side": "Buy", "qty": "0.1",
                                        "orderType": "Market", "orderFilter": "Order", "marketUnit": "baseCoin",
                                        "orderLinkId": ID}),
    exit=("POST", "/v5/order/create", {"category": "spot", "symbol": "BTCUSDT", "side": "Sell", "qty": "0.1",
                                       "orderType": "Market", "orderFilter": "Order", "marketUnit": "baseCoin",
                                       "orderLinkId": ID}),
    stop=("POST", "/v5/order/create", {"category": "spot", "symbol": "BTCUSDT", "side": "Sell", "qty": "0.1",
                                       "orderType": "Limit", "orderFilter": "tpslOrder", "triggerPrice": "38500",
                                       "price": "38000", "timeInForce": "GTC", "orderLinkId": ID}),
    cancel=("POST", "/v5/order/cancel", {"category": "spot", "symbol": "BTCUSDT", "orderLinkId": ID,
                                         "orderFilter": "tpslOrder"}),
    lookup=[("GET", "/v5/order/realtime", {"category": "spot", "symbol": "BTCUSDT", "orderLinkId": ID}),
            ("GET", "/v5/order/history", {"category": "spot", "symbol": "BTCUSDT", "orderLinkId": ID})],
    entry_answer=bybit_said({"orderId": "V1", "orderLinkId": ID}),
    stop_answer=bybit_said({"orderId": "V1", "orderLinkId": ID}),
    cancel_answer=bybit_said({"orderId": "V1", "orderLinkId": ID}),
    resting={("GET", "/v5/order/realtime"): bybit_list(bybit_order("Untriggered")),
             ("GET", "/v5/order/history"): bybit_list()},
    gone={("GET", "/v5/order/realtime"): bybit_list(),
          ("GET", "/v5/order/history"): bybit_list(bybit_order("Deactivated"))},
    filled={("GET", "/v5/order/realtime"): bybit_list(),
            ("GET", "/v5/order/history"): bybit_list(bybit_order("Filled", cumExecQty="0.1", cumExecValue="3799")),
            ("GET", "/v5/execution/list"): bybit_list({
                "execId": "T1", "orderId": "V1", "orderLinkId": ID, "symbol": "BTCUSDT", "side": "Sell",
                "execPrice": "37990", "execQty": "0.1", "execFee": "3.799", "feeCurrency": "USDT",
                "execTime": str(NOW)})},
    refused={"retCode": 170131, "retMsg": "Insufficient balance.", "result": {}, "time": NOW},
    unproven={"retCode": 10016, "retMsg": "Internal server error.", "result": {}, "time": NOW},
)  # fmt: skip

# --- OKX --------------------------------------------------------------------------------------------------------------


def okx_said(*rows: Any) -> dict[str, Any]:
    return {"code": "0", "msg": "", "data": list(rows)}


OKX_NOTHING = {"code": "51603", "msg": "Order does not exist", "data": []}


def okx_stop(state: str, **more: Any) -> dict[str, Any]:
    return {
        "algoId": "V1", "algoClOrdId": ID, "instId": "BTC-USDT", "side": "sell", "ordType": "conditional",
        "sz": "0.1", "state": state, "slTriggerPx": "38500", "slOrdPx": "38000", "ordId": "", "ordIdList": [],
        "cTime": str(NOW), "uTime": str(NOW), **more,
    }  # fmt: skip


O = "/api/v5"  # noqa: E741
OKX = Case(
    answers={
        ("GET", f"{O}/public/time"): okx_said({"ts": str(NOW)}),
        ("GET", f"{O}/public/instruments"): okx_said({
            "instType": "SPOT", "instId": "BTC-USDT", "baseCcy": "BTC", "quoteCcy": "USDT", "tickSz": "0.1",
            "lotSz": "0.00000001", "minSz": "0.00001", "maxMktSz": "1000000", "maxLmtSz": "9999999", "state": "live",
            "listTime": "1548133413000", "settleCcy": "", "ctVal": "", "lever": "10", "uly": "", "instFamily": ""}),
        ("GET", f"{O}/account/balance"): okx_said({"uTime": str(NOW), "details": [
            {"ccy": "BTC", "eq": "1.5", "availBal": "1.4", "availEq": "1.4", "frozenBal": "0.1", "cashBal": "1.5"},
            {"ccy": "USDT", "eq": "100", "availBal": "100", "availEq": "100", "frozenBal": "0", "cashBal": "100"}]}),
    },
    entry=("POST", f"{O}/trade/order", {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "sz": "0.1",
                                        "ordType": "market", "tgtCcy": "base_ccy", "clOrdId": ID}),
    exit=("POST", f"{O}/trade/order", {"instId": "BTC-USDT", "tdMode": "cash", "side": "sell", "sz": "0.1",
                                       "ordType": "market", "tgtCcy": "base_ccy", "clOrdId": ID}),
    stop=("POST", f"{O}/trade/order-algo", {"instId": "BTC-USDT", "tdMode": "cash", "side": "sell", "sz": "0.1",
                                            "ordType": "conditional", "slTriggerPx": "38500", "slOrdPx": "38000",
                                            "slTriggerPxType": "last", "algoClOrdId": ID}),
    cancel=("POST", f"{O}/trade/cancel-algos", [{"instId": "BTC-USDT", "algoId": "V1"}]),
    lookup=[("GET", f"{O}/trade/order", {"instId": "BTC-USDT", "clOrdId": ID}),
            ("GET", f"{O}/trade/order-algo", {"algoClOrdId": ID})],
    entry_answer=okx_said({"ordId": "V1", "clOrdId": ID, "sCode": "0", "sMsg": ""}),
    stop_answer=okx_said({"algoId": "V1", "algoClOrdId": ID, "sCode": "0", "sMsg": ""}),
    cancel_answer=okx_said({"algoId": "V1", "sCode": "0", "sMsg": ""}),
    resting={("GET", f"{O}/trade/order"): OKX_NOTHING, ("GET", f"{O}/trade/order-algo"): okx_said(okx_stop("live"))},
    gone={("GET", f"{O}/trade/order"): OKX_NOTHING, ("GET", f"{O}/trade/order-algo"): okx_said(okx_stop("canceled"))},
    filled={("GET", f"{O}/trade/order"): [OKX_NOTHING, okx_said({
                "ordId": "C1", "clOrdId": "", "instId": "BTC-USDT", "side": "sell", "ordType": "limit", "sz": "0.1",
                "state": "filled", "accFillSz": "0.1", "avgPx": "37990", "px": "38000", "uTime": str(NOW)})],
            ("GET", f"{O}/trade/order-algo"): okx_said(okx_stop("effective", ordId="C1", ordIdList=["C1"])),
            ("GET", f"{O}/trade/fills"): okx_said({
                "tradeId": "T1", "ordId": "C1", "instId": "BTC-USDT", "fillPx": "37990", "fillSz": "0.1",
                "fee": "-3.799", "feeCcy": "USDT", "ts": str(NOW), "billId": "1"})},
    refused={"code": "1", "msg": "", "data": [{"algoId": "", "sCode": "51008", "sMsg": "Insufficient balance"}]},
    unproven={"code": "50004", "msg": "Endpoint request timeout", "data": []},
)  # fmt: skip

# --- Coinbase ---------------------------------------------------------------------------------------------------------

C = "/api/v3/brokerage"


def coinbase_order(status: str, **more: Any) -> dict[str, Any]:
    shape = {"stop_limit_stop_limit_gtc": {"base_size": "0.1", "limit_price": "38000", "stop_price": "38500",
                                           "stop_direction": "STOP_DIRECTION_STOP_DOWN"}}  # fmt: skip
    return {
        "order_id": "V1", "client_order_id": ID, "product_id": "BTC-USDT", "side": "SELL", "status": status,
        "order_configuration": shape, "filled_size": "0", "filled_value": "0", "trigger_status": "STOP_PENDING",
        "created_time": "2025-06-15T15:06:40Z", "order_type": "STOP_LIMIT", **more,
    }  # fmt: skip


def coinbase_orders(*rows: Any) -> dict[str, Any]:
    other = coinbase_order("CANCELLED", client_order_id="another", order_id="V0")
    return {"orders": [other, *rows], "has_next": False, "cursor": ""}


COINBASE_TAKEN = {"success": True, "success_response": {"order_id": "V1", "product_id": "BTC-USDT", "side": "BUY",
                                                        "client_order_id": ID}}  # fmt: skip
COINBASE = Case(
    answers={
        ("GET", "/v2/time"): {"data": {"iso": "2025-06-15T15:06:40Z", "epoch": NOW // 1000}},
        ("GET", f"{C}/transaction_summary"): {},
        ("GET", f"{C}/market/products"): {"products": [{
            "product_id": "BTC-USDT", "price": "38900", "base_increment": "0.00000001", "quote_increment": "0.01",
            "price_increment": "0.01", "quote_min_size": "1", "quote_max_size": "150000000",
            "base_min_size": "0.00000001", "base_max_size": "3400", "status": "online", "product_type": "SPOT",
            "base_currency_id": "BTC", "quote_currency_id": "USDT", "trading_disabled": False,
            "is_disabled": False, "cancel_only": False, "view_only": False}]},
        ("GET", f"{C}/accounts"): {"accounts": [
            {"uuid": "1", "currency": "BTC", "type": "ACCOUNT_TYPE_CRYPTO", "available_balance": {"value": "1.4",
             "currency": "BTC"}, "hold": {"value": "0.1", "currency": "BTC"}},
            {"uuid": "2", "currency": "USDT", "type": "ACCOUNT_TYPE_CRYPTO", "available_balance": {"value": "100",
             "currency": "USDT"}, "hold": {"value": "0", "currency": "USDT"}}], "has_next": False, "cursor": ""},
        ("GET", f"{C}/best_bid_ask"): {"pricebooks": [{"product_id": "BTC-USDT", "bids": [],
                                                       "asks": [{"price": "39000.00", "size": "1"}]}]},
    },
    entry=("POST", f"{C}/orders", {"client_order_id": ID, "product_id": "BTC-USDT", "side": "BUY",
                                   "order_configuration": {"sor_limit_ioc": {"base_size": "0.1",
                                                                             "limit_price": "39195.00"}}}),
    exit=("POST", f"{C}/orders", {"client_order_id": ID, "product_id": "BTC-USDT", "side": "SELL",
                                  "order_configuration": {"market_market_ioc": {"base_size": "0.1"}}}),
    stop=("POST", f"{C}/orders", {"client_order_id": ID, "product_id": "BTC-USDT", "side": "SELL",
                                  "order_configuration": {"stop_limit_stop_limit_gtc": {
                                      "base_size": "0.1", "limit_price": "38000", "stop_price": "38500",
                                      "stop_direction": "STOP_DIRECTION_STOP_DOWN"}}}),
    cancel=("POST", f"{C}/orders/batch_cancel", {"order_ids": ["V1"]}),
    lookup=[("GET", f"{C}/orders/historical/batch", {"product_ids": "BTC-USDT", "limit": "250"})],
    entry_answer=COINBASE_TAKEN,
    stop_answer=COINBASE_TAKEN,
    cancel_answer={"results": [{"success": True, "failure_reason": "", "order_id": "V1"}]},
    resting={("GET", f"{C}/orders/historical/batch"): coinbase_orders(coinbase_order("OPEN"))},
    gone={("GET", f"{C}/orders/historical/batch"): coinbase_orders(coinbase_order("CANCELLED"))},
    filled={("GET", f"{C}/orders/historical/batch"): coinbase_orders(coinbase_order(
                "FILLED", filled_size="0.1", filled_value="3799", trigger_status="STOP_TRIGGERED")),
            ("GET", f"{C}/orders/historical/fills"): {"fills": [{
                "entry_id": "T1", "trade_id": "7", "order_id": "V1", "trade_time": "2025-06-15T15:06:40Z",
                "price": "37990", "size": "0.1", "commission": "3.799", "size_in_quote": False, "side": "SELL"}],
                "cursor": ""}},
    refused={"success": False, "error_response": {"error": "INSUFFICIENT_FUND", "message": "Insufficient balance",
             "preview_failure_reason": "PREVIEW_INSUFFICIENT_FUND"}},
    unproven={"success": False, "error_response": {"error": "UNKNOWN_FAILURE_REASON", "message": "?",
              "preview_failure_reason": "UNKNOWN"}},
)  # fmt: skip

# --- Bitget -----------------------------------------------------------------------------------------------------------

B = "/api/v2/spot"


def bitget_said(data: Any) -> dict[str, Any]:
    return {"code": "00000", "msg": "success", "requestTime": NOW, "data": data}


BITGET_STOP = {"orderId": "V1", "clientOid": ID, "symbol": "BTCUSDT", "size": "0.1", "executePrice": "38000",
               "triggerPrice": "38500", "status": "not_trigger", "orderType": "limit", "side": "sell",
               "planType": "amount", "triggerType": "fill_price", "cTime": str(NOW), "uTime": str(NOW)}  # fmt: skip
BITGET = Case(
    answers={
        ("GET", "/api/v2/public/time"): bitget_said({"serverTime": str(NOW)}),
        ("GET", f"{B}/public/symbols"): bitget_said([{
            "symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "minTradeAmount": "0",
            "maxTradeAmount": "10000000000", "takerFeeRate": "0.002", "makerFeeRate": "0.002", "pricePrecision": "2",
            "quantityPrecision": "6", "quotePrecision": "8", "status": "online", "minTradeUSDT": "1"}]),
        ("GET", "/api/v2/margin/currencies"): bitget_said([]),
        ("GET", f"{B}/account/assets"): bitget_said([
            {"coin": "BTC", "available": "1.4", "frozen": "0.1", "locked": "0", "limitAvailable": "0"},
            {"coin": "USDT", "available": "100", "frozen": "0", "locked": "0", "limitAvailable": "0"}]),
        ("GET", f"{B}/market/tickers"): bitget_said([{"symbol": "BTCUSDT", "lastPr": "39000.00"}]),
    },
    entry=("POST", f"{B}/trade/place-order", {"symbol": "BTCUSDT", "side": "buy", "size": "0.1", "clientOid": ID,
                                              "orderType": "limit", "force": "ioc", "price": "39195.00"}),
    exit=("POST", f"{B}/trade/place-order", {"symbol": "BTCUSDT", "side": "sell", "size": "0.1", "clientOid": ID,
                                             "orderType": "market"}),
    stop=("POST", f"{B}/trade/place-plan-order", {
        "symbol": "BTCUSDT", "side": "sell", "size": "0.1", "clientOid": ID, "orderType": "limit",
        "triggerPrice": "38500", "executePrice": "38000", "planType": "amount", "triggerType": "fill_price"}),
    cancel=("POST", f"{B}/trade/cancel-plan-order", {"clientOid": ID}),
    lookup=[("GET", f"{B}/trade/orderInfo", {"clientOid": ID}),
            ("GET", f"{B}/trade/current-plan-order", {"symbol": "BTCUSDT", "limit": "100"})],
    entry_answer=bitget_said({"orderId": "V1", "clientOid": ID}),
    stop_answer=bitget_said({"orderId": "V1", "clientOid": ID}),
    cancel_answer=bitget_said({"result": "success"}),
    resting={("GET", f"{B}/trade/orderInfo"): bitget_said([]),
             ("GET", f"{B}/trade/current-plan-order"): bitget_said({"nextFlag": False, "orderList": [BITGET_STOP]})},
    gone={},
    filled={},
    refused={"code": "43012", "msg": "Insufficient balance", "data": None},
    unproven={"code": "40725", "msg": "service return an error", "data": None},
    live=False,
)  # fmt: skip

CASES = {"kraken": KRAKEN, "bybit": BYBIT, "okx": OKX, "coinbase": COINBASE, "bitget": BITGET}
ALL = pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES)
LIVE = pytest.mark.parametrize(("name", "case"), [(n, c) for n, c in CASES.items() if c.live],
                               ids=[n for n, c in CASES.items() if c.live])  # fmt: skip


@contextmanager
def opened(name: str, case: Case, **more: Any) -> Iterator[tuple[ScriptedVenue, CcxtBroker]]:
    with ScriptedVenue({**case.answers, **more.get("answers", {})}) as venue:
        clock, spoken, store = FakeClock(NOW), dialect(name), BudgetInMemory()
        budget = RateBudget(name, spoken.capabilities.limits, store, clock)
        wire = Wire(spoken, KEYS, clock, budget, base_url=venue.url, timeout_s=5)
        broker = CcxtBroker(spoken, wire, clock, budget)
        try:
            yield venue, broker
        finally:
            broker.close()


def with_answer(case: Case, request: tuple[str, str, Any], answer: Any, **states: Any) -> dict[Key, Any]:
    return {**case.answers, (request[0], request[1]): answer, **states.get("state", {})}


def without_time(asked: list[tuple[str, str, Any]]) -> list[tuple[str, str, Any]]:
    return [one for one in asked if one[1].lower().rsplit("/", 1)[-1] != "time"]


def found_once(venue: ScriptedVenue, request: tuple[str, str, Any]) -> None:
    sent = [one for one in venue.asked if one[:2] == request[:2]]
    assert sent == [request]


# --- requests ---------------------------------------------------------------------------------------------------------


@ALL
def test_filters_and_balances(name: str, case: Case) -> None:
    with opened(name, case) as (_, broker):
        rules = broker.instrument(PAIR)
        assert rules.tick in (D("0.1"), D("0.01"))
        assert 0 < rules.step <= D("0.000001")
        held = broker.balances()
        assert (held["BTC"].free, held["BTC"].locked, held["USDT"].free) == (D("1.4"), D("0.1"), D(100))
        with pytest.raises(VenueRefused) as refused:
            broker.instrument(Pair("NO", "USDT"))
        assert refused.value.code is RefusalCode.UNKNOWN_PAIR


@ALL
@pytest.mark.parametrize("what", ["entry", "exit", "stop"])
def test_the_request_of_an_order_is_this_one_and_no_other(name: str, case: Case, what: str) -> None:
    intent = {"entry": ENTRY, "exit": EXIT, "stop": STOP}[what]
    request = {"entry": case.entry, "exit": case.exit, "stop": case.stop}[what]
    answer = case.stop_answer if what == "stop" else case.entry_answer
    with opened(name, case, answers={request[:2]: answer, **case.resting}) as (venue, broker):
        report = broker.submit(approved(intent))
        assert (report.client_id, report.venue_id) == (ID, "V1")
        found_once(venue, request)
        orders = [one for one in venue.writes() if one[1] == request[1]]
        assert len(orders) == 1


@ALL
def test_a_stop_that_rests_is_found_by_our_id(name: str, case: Case) -> None:
    with opened(name, case, answers=case.resting) as (venue, broker):
        broker.instrument(PAIR)
        before = len(venue.asked)
        found = broker.find(PAIR, ID)
        assert found is not None
        assert (found.client_id, found.venue_id, found.pair, found.type) == (
            ID, "V1", "BTC/USDT", OrderType.STOP_LOSS_LIMIT,
        )  # fmt: skip
        assert (found.status, found.quantity, found.limit, found.trigger, found.triggered) == (
            OrderStatus.ACCEPTED, D("0.1"), D(38_000), D(38_500), False,
        )  # fmt: skip
        asked = without_time(venue.asked[before:])
        assert asked == case.lookup[: len(asked)]
        assert asked
        assert venue.writes() == [one for one in venue.writes() if name == "kraken"], "reads are GET, but for Kraken's"


@LIVE
def test_an_order_that_the_venue_does_not_know_is_looked_for_everywhere(name: str, case: Case) -> None:
    nothing = {key: _emptied(name, answer) for key, answer in case.resting.items()}
    with opened(name, case, answers=nothing) as (venue, broker):
        broker.instrument(PAIR)
        before = len(venue.asked)
        assert broker.find(PAIR, ID) is None
        assert without_time(venue.asked[before:]) == case.lookup


def _emptied(name: str, answer: Any) -> Any:
    return {
        "kraken": kraken_said({"open": {}, "closed": {}}),
        "bybit": bybit_list(),
        "okx": OKX_NOTHING,
        "coinbase": coinbase_orders(),
    }[name]


@LIVE
def test_a_stop_is_cancelled_by_this_request_and_seen_to_be_gone(name: str, case: Case) -> None:
    state = dict(case.resting)
    with opened(name, case, answers={case.cancel[:2]: case.cancel_answer, **state}) as (venue, broker):
        if dialect(name).capabilities.cancels_by_client_id:
            venue.answers.update(case.gone)
        else:
            # It is looked up first, to know where it lies.
            for key, answer in case.gone.items():
                venue.answers[key] = answer if state[key] == _emptied(name, None) else [state[key], answer]
        gone = broker.cancel(PAIR, ID)
        assert (gone.client_id, gone.status, gone.executed) == (ID, OrderStatus.CANCELED, 0)
        found_once(venue, case.cancel)


@ALL
def test_a_cancel_that_was_taken_and_is_not_seen_is_unknown(name: str, case: Case) -> None:
    with opened(name, case, answers={case.cancel[:2]: case.cancel_answer, **case.resting}) as (venue, broker):
        with pytest.raises(OutcomeUnknown, match="still rests"):
            broker.cancel(PAIR, ID)
        found_once(venue, case.cancel)


@LIVE
def test_a_stop_that_was_filled_is_told_with_its_fills_and_fees(name: str, case: Case) -> None:
    with opened(name, case, answers=case.filled) as (venue, broker):
        if name == "okx":
            venue.answers["GET", f"{O}/trade/order"] = list(case.filled["GET", f"{O}/trade/order"])
        found = broker.find(PAIR, ID)
        assert found is not None
        assert (found.status, found.type, found.executed, found.executed_value, found.triggered) == (
            OrderStatus.FILLED, OrderType.STOP_LOSS_LIMIT, D("0.1"), D(3799), False,
        )  # fmt: skip
        (fill,) = found.fills
        assert (fill.trade_id, fill.price, fill.quantity, fill.fee, fill.fee_asset, fill.filled_at) == (
            "T1", D(37_990), D("0.1"), D("3.799"), "USDT", NOW,
        )  # fmt: skip


@LIVE
def test_what_rests_is_told_by_its_pair_also_right_after_a_start(name: str, case: Case) -> None:
    answers = dict(case.resting)
    if name == "okx":
        answers["GET", f"{O}/trade/orders-pending"] = okx_said()
        answers["GET", f"{O}/trade/orders-algo-pending"] = [okx_said(okx_stop("live")), okx_said()]
    with opened(name, case, answers=answers) as (_, broker):
        found = [one for one in broker.open_orders() if one.client_id == ID]
        assert [(one.pair, one.trigger, one.status) for one in found] == [
            ("BTC/USDT", D(38_500), OrderStatus.ACCEPTED),
        ]  # fmt: skip


# --- refusals and doubts ----------------------------------------------------------------------------------------------


@ALL
def test_a_stop_without_coins_is_a_proven_no(name: str, case: Case) -> None:
    with opened(name, case, answers={case.stop[:2]: case.refused}) as (venue, broker):
        with pytest.raises(VenueRefused) as refused:
            broker.submit(approved(STOP))
        assert refused.value.code is RefusalCode.INSUFFICIENT_BALANCE
        found_once(venue, case.stop)


DOUBTS = [(502, "<html>"), (500, {"x": 1}), (200, "<html>"), (200, "{"), (200, {}), (200, []), (403, "no"), (404, {})]


@ALL
@pytest.mark.parametrize("answer", DOUBTS, ids=str)
def test_an_answer_that_proves_nothing_leaves_the_order_unknown(name: str, case: Case, answer: Any) -> None:
    with opened(name, case, answers={case.stop[:2]: answer}) as (venue, broker):
        with pytest.raises(OutcomeUnknown):
            broker.submit(approved(STOP))
        found_once(venue, case.stop)


@ALL
def test_an_error_that_is_no_refusal_leaves_the_order_unknown(name: str, case: Case) -> None:
    with opened(name, case, answers={case.stop[:2]: case.unproven}) as (_, broker), pytest.raises(OutcomeUnknown):
        broker.submit(approved(STOP))


@ALL
@pytest.mark.parametrize("status", [302, 307, 308])
def test_an_order_that_is_sent_on_to_another_place_does_not_go_there(name: str, case: Case, status: int) -> None:
    with ScriptedVenue({}) as elsewhere:
        moved = web.Response(status=status, headers={"Location": f"{elsewhere.url}/stolen"})
        with opened(name, case, answers={case.stop[:2]: lambda: moved}) as (_, broker), pytest.raises(OutcomeUnknown):
            broker.submit(approved(STOP))
        assert elsewhere.asked == []


@ALL
@pytest.mark.parametrize("status", [429, 418])
def test_a_venue_that_sends_us_away_is_left_alone(name: str, case: Case, status: int) -> None:
    with opened(name, case, answers={case.stop[:2]: (status, {"x": 1})}) as (venue, broker):
        with pytest.raises(VenueUnavailable):
            broker.submit(approved(STOP))
        before = len(venue.asked)
        with pytest.raises(VenueUnavailable, match="wants no request"):
            broker.balances()
        assert len(venue.asked) == before


@pytest.mark.parametrize("name", [one for one in CASES if one != "kraken"])
def test_an_answer_about_another_order_is_none(name: str) -> None:
    """Kraken does not say our id again."""
    case = CASES[name]
    answer = _replaced(case.stop_answer, ID, "another")
    assert answer != case.stop_answer
    with opened(name, case, answers={case.stop[:2]: answer}) as (_, broker), pytest.raises(OutcomeUnknown):
        broker.submit(approved(STOP))


def _replaced(document: Any, old: str, new: str) -> Any:
    if isinstance(document, dict):
        return {key: _replaced(one, old, new) for key, one in document.items()}
    if isinstance(document, list):
        return [_replaced(one, old, new) for one in document]
    return new if document == old else document


# --- who may trade ----------------------------------------------------------------------------------------------------


def test_every_venue_that_may_trade_is_held_in_a_test() -> None:
    assert set(known_venues()) == {*CASES, "binance"}
    for name in known_venues():
        table = dialect(name).capabilities
        assert table.name == name
        if table.pinned and table.holds_stops:
            assert live_dialect(name).capabilities.name == name
            assert name == "binance" or CASES[name].live
        else:
            assert not CASES[name].live
            with pytest.raises(ConfigError, match=r"live orders|cannot hold a stop"):
                live_dialect(name)


def test_a_venue_that_is_not_held_in_a_test_takes_no_live_orders() -> None:
    with pytest.raises(ConfigError, match="bitget"):
        open_live_broker("bitget", KEYS, FakeClock(NOW), BudgetInMemory())


@pytest.mark.parametrize("name", ["okx"])
def test_a_passphrase_is_asked_for_where_there_is_one(name: str) -> None:
    with pytest.raises(ConfigError, match="the passphrase is missing"):
        open_live_broker(name, Secrets("k", "s"), FakeClock(NOW), BudgetInMemory())


def test_keys_that_are_cut_off_are_told_as_such_and_not_shown() -> None:
    spoken, clock = dialect("coinbase"), FakeClock(NOW)
    budget = RateBudget("coinbase", spoken.capabilities.limits, BudgetInMemory(), clock)
    with ScriptedVenue(COINBASE.answers) as venue:
        wire = Wire(spoken, Secrets("key", "c2VjcmV0LXNlY3JldC1zZWNyZXQ="), clock, budget, base_url=venue.url)
        with pytest.raises(ConfigError, match="cannot sign a request") as refused:
            wire.read(spoken.open_orders)
        wire.close()
    assert "c2VjcmV0LXNlY3JldC1zZWNyZXQ=" not in str(refused.value)
    assert refused.value.__suppress_context__


@pytest.mark.parametrize("name", known_venues())
def test_a_place_to_practise_is_elsewhere_or_refused(name: str) -> None:
    spoken, clock = dialect(name), FakeClock(NOW)
    budget = RateBudget(name, spoken.capabilities.limits, BudgetInMemory(), clock)
    wire = Wire(spoken, KEYS, clock, budget, sandbox=True) if spoken.capabilities.sandbox else None
    if wire is not None:
        wire.close()


# --- traps of ccxt ----------------------------------------------------------------------------------------------------

SYMBOL = "BTC/USDT"


def made_up_market(name: str) -> dict[str, Any]:
    nothing = {"min": None, "max": None}
    symbols = {"binance": "BTCUSDT", "kraken": "XBTUSDT", "bybit": "BTCUSDT", "bitget": "BTCUSDT"}
    return {
        "id": symbols.get(name, "BTC-USDT"), "symbol": SYMBOL, "base": "BTC", "quote": "USDT", "baseId": "BTC",
        "quoteId": "USDT", "type": "spot", "spot": True, "swap": False, "future": False, "option": False,
        "contract": False, "margin": False, "active": True, "precision": {"amount": 1e-8, "price": 0.01},
        "limits": dict.fromkeys(("amount", "price", "cost"), nothing),
        "info": {"orderTypes": ["LIMIT", "MARKET", "STOP_LOSS_LIMIT", "STOP_LOSS"]},
    }  # fmt: skip


def order(kind: str, side: str, price: float | None, **params: Any) -> Any:
    return lambda client: client.create_order(SYMBOL, kind, side, 0.1, price, params)


ATTACHED = {"stopLoss": {"triggerPrice": 38_500}}
TRAPS = [
    ("binance", "a stop as a stray text", order("limit", "buy", 39_000, **ATTACHED)),
    ("binance", "an amount of quote instead of base", order("market", "buy", 39_000)),
    ("binance", "a cancel and a new order in one", lambda c: c.edit_order("1", SYMBOL, "limit", "sell", 0.1, 38_000)),
    ("kraken", "a limit order instead of a stop", order("limit", "sell", 38_000, triggerPrice=38_500)),
    ("kraken", "a stop as a stray text", order("limit", "buy", 39_000, **ATTACHED)),
    ("kraken", "a lookup by another id", lambda c: c.fetch_order(None, SYMBOL, {"clientOrderId": ID})),
    ("okx", "a stop on margin", order("limit", "sell", 38_000, stopLossPrice=38_500, tdMode="cross", ccy="USDT")),
    ("okx", "a stop that hangs on an order", order("limit", "buy", 39_000, **ATTACHED)),
    ("bybit", "a stop that only reduces", order("limit", "sell", 38_000, stopLossPrice=38_500)),
    ("bybit", "a stop that hangs on an order", order("limit", "buy", 39_000, **ATTACHED)),
    ("coinbase", "a plain limit order", order("limit", "buy", 39_000, **ATTACHED)),
    ("coinbase", "an amount of quote instead of base", order("market", "buy", 39_000)),
    ("bitget", "a stop at the mark price, elsewhere", order("limit", "sell", 38_000, triggerPrice=38_500, uta=True)),
    ("bitget", "an amount of quote instead of base", order("market", "buy", None, cost=100, presetStopLossPrice=1)),
]


@pytest.mark.parametrize(("name", "trap", "act"), TRAPS, ids=[f"{one[0]}: {one[1]}" for one in TRAPS])
def test_what_ccxt_would_make_of_an_order_never_leaves(name: str, trap: str, act: Any) -> None:
    spoken, clock = dialect(name), FakeClock(NOW)
    budget = RateBudget(name, spoken.capabilities.limits, BudgetInMemory(), clock)
    answers = {**CASES[name].answers} if name in CASES else {("GET", "/api/v3/time"): {"serverTime": NOW}}
    with ScriptedVenue(answers) as venue:
        wire = Wire(spoken, KEYS, clock, budget, base_url=venue.url, timeout_s=5)

        def trapped(client: Any) -> Any:
            client.set_markets([made_up_market(name)])
            return act(client)

        with pytest.raises(VenueRefused, match="is not among the requests"):
            wire.write(trapped, protective=True)
        wire.close()
        assert venue.writes() == [], trap


@pytest.mark.parametrize("name", [one for one in known_venues() if one != "binance"])
def test_a_limit_that_gives_up_is_sent_to_no_venue_at_which_it_was_never_tried(name: str) -> None:
    order = approved(replace(ENTRY, type=OrderType.LIMIT_IOC, limit=D(39_000)))
    # Without a line to the venue: whatever it asked or sent would fail otherwise.
    broker = CcxtBroker(dialect(name), cast("Any", None), FakeClock(), cast("Any", None))
    with pytest.raises(VenueRefused, match=f"nothing was sent: {name} is sent no limit-ioc") as refused:
        broker.submit(order)
    assert refused.value.code is RefusalCode.PARAMETERS
