"""Orders, trades and lists in the exchange's own JSON: numbers are strings of eight decimals."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.kinds import Force, Kind
from vigie.simulation.exchange.orders import Order, OrderList, Trade
from vigie.simulation.terms import EXACT, ZERO

_EIGHT = Decimal("1E-8")


def eight(number: Decimal | None) -> str:
    """A number as the exchange writes it."""
    return f"{(number or ZERO).quantize(_EIGHT, ROUND_DOWN, EXACT):f}"


def order_report(order: Order) -> dict[str, Any]:
    """What all answers about an order have in common."""
    ticket = order.ticket
    report: dict[str, Any] = {
        "symbol": ticket.symbol,
        "orderId": order.number,
        "orderListId": order.list_number,
        "clientOrderId": ticket.client_id,
        "price": eight(ticket.price),
        "origQty": eight(order.quantity),
        "executedQty": eight(order.executed),
        "origQuoteOrderQty": eight(ticket.value),
        "cummulativeQuoteQty": eight(order.executed_value),
        "status": order.state.value,
        "timeInForce": (ticket.force or Force.GTC).value,
        "type": ticket.kind.value,
        "side": ticket.side.value.upper(),
        "workingTime": order.working_at,
        "selfTradePreventionMode": ticket.prevention.value,
    }
    return report | _sometimes(order)


def _sometimes(order: Order) -> dict[str, Any]:
    """Fields that only some orders have."""
    ticket = order.ticket
    extra: dict[str, Any] = {}
    if ticket.kind.contingent:
        extra["stopPrice"] = eight(ticket.stop)
    if ticket.trail is not None:
        extra |= {"trailingDelta": ticket.trail, "trailingTime": order.trailing_at}
    if ticket.iceberg is not None:
        extra["icebergQty"] = eight(ticket.iceberg)
    if ticket.strategy_id is not None:
        extra["strategyId"] = ticket.strategy_id
    if ticket.strategy_type is not None:
        extra["strategyType"] = ticket.strategy_type
    if order.expiry:
        extra["expiryReason"] = order.expiry
    return extra


def order_query(order: Order) -> dict[str, Any]:
    """An order as GET tells it."""
    report = order_report(order)
    return report | {
        "stopPrice": report.get("stopPrice", eight(None)),
        "icebergQty": report.get("icebergQty", eight(None)),
        "time": order.placed_at,
        "updateTime": order.updated_at,
        "isWorking": order.working,
    }


def order_placed(order: Order, at: int, how: str) -> dict[str, Any]:
    """The answer to a new order: ACK, RESULT or FULL."""
    if how == "ACK":
        return {
            "symbol": order.ticket.symbol,
            "orderId": order.number,
            "orderListId": order.list_number,
            "clientOrderId": order.ticket.client_id,
            "transactTime": at,
        }
    report = {**order_report(order), "transactTime": at}
    if how == "FULL":
        report["fills"] = [fill(one) for one in order.trades]
    return report


def usual_answer(kind: Kind) -> str:
    """What is told of a new order unless somebody asks for more or less."""
    return "FULL" if kind in (Kind.MARKET, Kind.LIMIT) else "ACK"


def order_canceled(order: Order, at: int, cancel_id: str) -> dict[str, Any]:
    """The answer to a cancel: the request's id stands where the order's was."""
    return {
        **order_report(order),
        "origClientOrderId": order.ticket.client_id,
        "clientOrderId": cancel_id,
        "transactTime": at,
    }


def fill(trade: Trade) -> dict[str, Any]:
    """A trade inside an answer."""
    return {
        "price": eight(trade.price),
        "qty": eight(trade.quantity),
        "commission": eight(trade.fee),
        "commissionAsset": trade.fee_asset,
        "tradeId": trade.number,
    }


def own_trade(trade: Trade) -> dict[str, Any]:
    """A trade of /myTrades."""
    return {
        "symbol": trade.symbol,
        "id": trade.number,
        "orderId": trade.order,
        "orderListId": trade.list_number,
        "price": eight(trade.price),
        "qty": eight(trade.quantity),
        "quoteQty": eight(trade.value),
        "commission": eight(trade.fee),
        "commissionAsset": trade.fee_asset,
        "time": trade.at,
        "isBuyer": trade.side.value == "buy",
        "isMaker": trade.maker,
        "isBestMatch": True,
    }


def list_status(one: OrderList, exchange: Exchange) -> dict[str, Any]:
    """A list without reports of its orders."""
    return {
        "orderListId": one.number,
        "contingencyType": one.kind.contingency,
        "listStatusType": "ALL_DONE" if one.done else "EXEC_STARTED",
        "listOrderStatus": "ALL_DONE" if one.done else "EXECUTING",
        "listClientOrderId": one.client_id,
        "transactionTime": one.updated_at,
        "symbol": one.symbol,
        "isIsolated": False,
        "orders": [
            {"symbol": one.symbol, "orderId": order.number, "clientOrderId": order.ticket.client_id}
            for order in exchange.shelf.orders_of(one)
        ],
    }


def list_report(one: OrderList, exchange: Exchange, at: int) -> dict[str, Any]:
    """The answer to a new list, or to its cancel."""
    reports = [order_placed(order, at, "RESULT") for order in exchange.shelf.orders_of(one)]
    return {**list_status(one, exchange), "orderReports": reports}
