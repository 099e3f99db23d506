"""Endpoints of the account, and the few of /sapi that clients call by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vigie.adapters.sim_server import answers
from vigie.adapters.sim_server.endpoint import Endpoint, Security
from vigie.adapters.sim_server.gauge import DAY, TEN_SECONDS
from vigie.adapters.sim_server.order_endpoints import time_window
from vigie.adapters.sim_server.parameters import Parameters
from vigie.simulation.exchange.refusals import Refused

if TYPE_CHECKING:
    from vigie.adapters.sim_server.desk import Desk

NOBODY = -1
"""The account's number: no real account has one below zero."""


def account(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /account."""
    without_zeros = p.flag("omitZeroBalances")
    p.close()
    fees = desk.exchange.fees[""]
    rates = {name: answers.eight(getattr(fees, name)) for name in ("maker", "taker", "buyer", "seller")}
    return {
        **{f"{name}Commission": int(getattr(fees, name) * 10_000) for name in ("maker", "taker", "buyer", "seller")},
        "commissionRates": rates,
        "canTrade": desk.exchange.can_trade,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": desk.balances_changed_at,
        "accountType": "SPOT",
        "balances": [
            {"asset": asset, "free": answers.eight(free), "locked": answers.eight(locked)}
            for asset, (free, locked) in sorted(desk.balances().items())
            if not without_zeros or free or locked
        ],
        "permissions": ["SPOT"],
        "uid": NOBODY,
        "simulated": True,
    }


def restrictions(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /sapi/v1/account/apiRestrictions."""
    p.close()
    no = ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer", "enableVanillaOptions",
          "enableMargin", "enableFutures", "enableFixApiTrade", "enablePortfolioMarginTrading")  # fmt: skip
    return {
        "ipRestrict": False,
        "createTime": desk.exchange.started,
        "enableReading": True,
        "enableSpotAndMarginTrading": desk.exchange.can_trade,
        **dict.fromkeys(no, False),
    }


def commission(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /account/commission."""
    name = p.the_symbol()
    p.close()
    desk.exchange.lane(name)
    return {"symbol": name, **desk.commission(name)}


def my_trades(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /myTrades."""
    name = p.the_symbol()
    number, first, limit = p.whole("orderId"), p.whole("fromId"), p.limit(500, 1000)
    start, end = time_window(p)
    p.close()
    found = [
        one
        for one in desk.exchange.trades(name, desk.seen_at)
        if number in (None, one.order)
        and (first is None or one.number >= first)
        and (start is None or one.at >= start)
        and (end is None or one.at <= end)
    ]
    kept = found[:limit] if first is not None or start is not None else found[-limit:]
    return [answers.own_trade(one) for one in kept]


def order_counts(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /rateLimit/order."""
    p.close()
    limits = desk.gauge.limits
    short, long = desk.gauge.orders(desk.exchange.now)
    rows = (
        ("SECOND", TEN_SECONDS // 1000, limits.orders_ten_seconds, short),
        ("DAY", DAY // DAY, limits.orders_day, long),
    )
    return [
        {"rateLimitType": "ORDERS", "interval": interval, "intervalNum": number, "limit": limit, "count": count}
        for interval, number, limit, count in rows
    ]


def my_filters(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /myFilters."""
    name = p.the_symbol()
    p.close()
    own = desk.exchange.lane(name).symbol.filters.values()
    by_kind = {kind: [dict(one) for one in own if _family(str(one["filterType"])) == kind] for kind in _FAMILIES}
    return {
        "exchangeFilters": by_kind["exchange"],
        "symbolFilters": by_kind["symbol"],
        "assetFilters": by_kind["asset"],
    }


_FAMILIES = ("exchange", "symbol", "asset")


def _family(kind: str) -> str:
    return "exchange" if kind.startswith("EXCHANGE") else "asset" if kind == "MAX_ASSET" else "symbol"


def prevented_matches(_: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /myPreventedMatches: there are none, nobody else trades here."""
    for name in ("symbol", "preventedMatchId", "orderId", "fromPreventedMatchId", "limit"):
        p.text(name)
    p.close()
    return []


def system_status(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /sapi/v1/system/status."""
    p.close()
    return {"status": int(desk.maintenance), "msg": "system_maintenance" if desk.maintenance else "normal"}


def trade_fee(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /sapi/v1/asset/tradeFee."""
    name = p.symbol(required=False)
    p.close()
    names = [name] if name is not None else list(desk.exchange.lanes)
    if name is not None:
        desk.exchange.lane(name)
    fees = {one: desk.exchange.fees.get(one, desk.exchange.fees[""]) for one in names}
    return [
        {"symbol": one, "makerCommission": str(fee.maker), "takerCommission": str(fee.taker)}
        for one, fee in fees.items()
    ]


def currencies(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /sapi/v1/capital/config/getall: every asset, none of which can be sent anywhere."""
    p.close()
    pairs = [lane.symbol.pair for lane in desk.exchange.lanes.values()]
    assets = sorted({*desk.balances(), *(one.base for one in pairs), *(one.quote for one in pairs)})
    nothing = (answers.eight(None), answers.eight(None))
    return [
        {
            "coin": asset,
            "name": asset,
            "free": answers.eight(desk.balances().get(asset, (None, None))[0]),
            "locked": answers.eight(desk.balances().get(asset, (None, None))[1]),
            "freeze": nothing[0],
            "withdrawing": nothing[1],
            "depositAllEnable": False,
            "withdrawAllEnable": False,
            "trading": True,
            "isLegalMoney": False,
            "networkList": [],
        }
        for asset in assets
    ]


def nothing(_: Desk, p: Parameters) -> list[Any]:
    """An empty list: margin is not traded here."""
    p.close()
    return []


def not_here(_: Desk, __: Parameters) -> Any:  # noqa: ANN401, RUF100
    """What the exchange has and this one has not.

    Raises:
        Refused: -1020.
    """
    raise Refused(-1020, "This operation is not supported.")


_S = Security.SIGNED
ACCOUNT = {
    ("GET", "/api/v3/account"): Endpoint(account, 20, _S),
    ("GET", "/api/v3/account/commission"): Endpoint(commission, 20, _S),
    ("GET", "/api/v3/myTrades"): Endpoint(my_trades, lambda p: 5 if p.has("orderId") else 20, _S),
    ("GET", "/api/v3/rateLimit/order"): Endpoint(order_counts, 40, _S),
    ("GET", "/api/v3/myFilters"): Endpoint(my_filters, 40, _S),
    ("GET", "/api/v3/myPreventedMatches"): Endpoint(prevented_matches, 20, _S),
    ("GET", "/sapi/v1/system/status"): Endpoint(system_status, 1),
    ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint(restrictions, 1, _S),
    ("GET", "/sapi/v1/asset/tradeFee"): Endpoint(trade_fee, 1, _S),
    ("GET", "/sapi/v1/capital/config/getall"): Endpoint(currencies, 10, _S),
    ("GET", "/sapi/v1/margin/allPairs"): Endpoint(nothing, 1, _S),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Endpoint(nothing, 10, _S),
    ("POST", "/sapi/v1/capital/withdraw/apply"): Endpoint(not_here, 1, _S),
}
