"""Endpoints that place, change, cancel and show orders."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from vigie.adapters.sim_server import answers
from vigie.adapters.sim_server.calls import Answer, as_json
from vigie.adapters.sim_server.endpoint import Endpoint, Security
from vigie.adapters.sim_server.parameters import Parameters, missing
from vigie.adapters.sim_server.tickets import read_ticket, side_of
from vigie.simulation.exchange.kinds import SelfTrade, State
from vigie.simulation.exchange.orders import Order, Ticket
from vigie.simulation.exchange.refusals import NO_REST_TRADING, Refused, rejected

if TYPE_CHECKING:
    from vigie.adapters.sim_server.desk import Desk

_DAY = 86_400_000


class ResponseType(StrEnum):
    """How much is told of a new order."""

    ACK = "ACK"
    RESULT = "RESULT"
    FULL = "FULL"


class Restriction(StrEnum):
    """Which orders a cancel may hit."""

    ONLY_NEW = "ONLY_NEW"
    ONLY_PARTIALLY_FILLED = "ONLY_PARTIALLY_FILLED"


class ReplaceMode(StrEnum):
    """Whether a new order is placed when the old one could not be cancelled."""

    STOP_ON_FAILURE = "STOP_ON_FAILURE"
    ALLOW_FAILURE = "ALLOW_FAILURE"


class ExceededMode(StrEnum):
    """Whether the old order is cancelled when no new one may be placed."""

    DO_NOTHING = "DO_NOTHING"
    CANCEL_ONLY = "CANCEL_ONLY"


_RESTRICTION = Refused(-1145, "cancelRestrictions has to be either ONLY_NEW or ONLY_PARTIALLY_FILLED.")


def allow_trading(desk: Desk) -> None:
    """Refuse where the account's key may not trade.

    Raises:
        Refused: -2010.
    """
    if not desk.rest_trading:
        raise rejected(NO_REST_TRADING)


def read_order(desk: Desk, p: Parameters) -> tuple[Ticket, str]:
    """A new order and how much is to be told of it.

    Raises:
        Refused: with the code of what is wrong.
    """
    name = p.the_symbol()
    symbol = desk.exchange.lane(name).symbol
    side = side_of(p)
    prevention = p.choice("selfTradePreventionMode", SelfTrade) or symbol.prevention
    ticket = read_ticket(p, name, side, prevention, desk.made_id())
    how = p.choice("newOrderRespType", ResponseType)
    return ticket, how.value if how else answers.usual_answer(ticket.kind)


def new_order(desk: Desk, p: Parameters) -> dict[str, Any]:
    """POST /order."""
    ticket, how = read_order(desk, p)
    p.close()
    allow_trading(desk)
    order = desk.exchange.submit(ticket)
    desk.placed([order])
    return answers.order_placed(order, desk.exchange.now, how)


def test_order(desk: Desk, p: Parameters) -> dict[str, Any]:
    """POST /order/test."""
    ticket, _ = read_order(desk, p)
    rates = p.flag("computeCommissionRates")
    p.close()
    allow_trading(desk)
    desk.exchange.check(ticket)
    return desk.commission(ticket.symbol, "ForOrder") if rates else {}


def cancel_order(desk: Desk, p: Parameters) -> dict[str, Any]:
    """DELETE /order."""
    name = p.the_symbol()
    number, own_id = which(p)
    cancel_id = p.client_id("newClientOrderId") or desk.made_id()
    only = _only(p)
    p.close()
    order = desk.exchange.cancel(name, number, own_id, only=only)
    return answers.order_canceled(order, desk.exchange.now, cancel_id)


def cancel_all(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """DELETE /openOrders: orders of lists are told as their lists."""
    name = p.the_symbol()
    p.close()
    exchange = desk.exchange
    exchange.lane(name)
    found = exchange.shelf.open(name)
    if not found:
        raise Refused(-2011, "Unknown order sent.")
    told: list[dict[str, Any]] = []
    for order in found:
        if not exchange.shelf.order(name, order.number).is_open:
            continue
        done = exchange.cancel(name, order.number)
        if order.list_number >= 0:
            one = exchange.shelf.list(order.list_number)
            told.append(answers.list_report(one, exchange, exchange.now))
        else:
            told.append(answers.order_canceled(done, exchange.now, desk.made_id()))
    return told


def cancel_replace(desk: Desk, p: Parameters) -> Answer:
    """POST /order/cancelReplace."""
    mode = p.required_choice("cancelReplaceMode", ReplaceMode)
    number, own_id = which(p, "cancelOrderId", "cancelOrigClientOrderId")
    cancel_id = p.client_id("cancelNewClientOrderId") or desk.made_id()
    only = _only(p)
    exceeded = p.choice("orderRateLimitExceededMode", ExceededMode)
    ticket, how = read_order(desk, p)
    p.close()
    allow_trading(desk)
    if not desk.exchange.lane(ticket.symbol).symbol.flags["cancelReplaceAllowed"]:
        raise rejected("Order cancel-replace is not supported for this symbol.")
    too_many = desk.too_many_orders(1)
    if too_many is not None and exceeded is not ExceededMode.CANCEL_ONLY:
        return too_many
    canceled, first = _tried(lambda: _cancel(desk, ticket.symbol, number, own_id, only, cancel_id))
    if not canceled and mode is ReplaceMode.STOP_ON_FAILURE:
        return _replaced(-2022, "Order cancel-replace failed.", 400, ("FAILURE", "NOT_ATTEMPTED", first, None))
    if too_many is not None:
        second: dict[str, Any] = {"code": -1015, "msg": "Too many new orders."}
        placed = False
    else:
        placed, second = _tried(lambda: _place(desk, ticket, how))
    words = tuple("SUCCESS" if one else "FAILURE" for one in (canceled, placed))
    results = (*words, first, second)
    if canceled and placed:
        return as_json(_results(results))
    if canceled or placed:
        return _replaced(-2021, "Order cancel-replace partially failed.", 409, results)
    return _replaced(-2022, "Order cancel-replace failed.", 400, results)


def _cancel(  # noqa: PLR0913, RUF100
    desk: Desk, symbol: str, number: int | None, own_id: str | None, only: State | None, cancel_id: str
) -> dict[str, Any]:
    order = desk.exchange.cancel(symbol, number, own_id, only=only)
    return answers.order_canceled(order, desk.exchange.now, cancel_id)


def _place(desk: Desk, ticket: Ticket, how: str) -> dict[str, Any]:
    order = desk.exchange.submit(ticket)
    desk.placed([order])
    return answers.order_placed(order, desk.exchange.now, how)


def _tried(step: Any) -> tuple[bool, dict[str, Any]]:  # noqa: ANN401, RUF100
    try:
        return True, step()
    except Refused as refusal:
        return False, {"code": refusal.code, "msg": refusal.message}


def _results(results: tuple[Any, ...]) -> dict[str, Any]:
    names = ("cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse")
    return dict(zip(names, results, strict=True))


def _replaced(code: int, message: str, status: int, results: tuple[Any, ...]) -> Answer:
    return as_json({"code": code, "msg": message, "data": _results(results)}, status)


def amend(desk: Desk, p: Parameters) -> dict[str, Any]:
    """PUT /order/amend/keepPriority."""
    name = p.the_symbol()
    number, own_id = which(p)
    quantity = p.number("newQty", required=True) or Decimal(0)
    new_id = p.client_id("newClientOrderId") or desk.made_id()
    p.close()
    order = desk.exchange.amend(name, quantity, number, own_id, new_id)
    document: dict[str, Any] = {
        "transactTime": desk.exchange.now,
        "executionId": desk.exchange.revision,
        "amendedOrder": _amended(order),
    }
    if order.list_number >= 0:
        document["listStatus"] = answers.list_status(desk.exchange.shelf.list(order.list_number), desk.exchange)
    return document


def _amended(order: Order) -> dict[str, Any]:
    report = answers.order_report(order)
    report["qty"] = report.pop("origQty")
    report["preventedQty"] = answers.eight(None)
    report["cumulativeQuoteQty"] = report.pop("cummulativeQuoteQty")
    report.pop("origQuoteOrderQty")
    return report


def amendments(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /order/amendments."""
    name, number = p.the_symbol(), p.whole("orderId")
    first, limit = p.whole("fromExecutionId") or 0, p.limit(500, 1000)
    p.close()
    if number is None:
        raise missing("orderId")
    desk.exchange.lane(name)
    rows: list[dict[str, Any]] = [
        {
            "symbol": name,
            "orderId": number,
            "executionId": index,
            "origClientOrderId": before.ticket.client_id,
            "newClientOrderId": after.ticket.client_id,
            "origQty": answers.eight(before.quantity),
            "newQty": answers.eight(after.quantity),
            "time": after.updated_at,
        }
        for index, (before, after) in enumerate(desk.exchange.amendments(name, number))
    ]
    return [one for one in rows if one["executionId"] >= first][:limit]


def get_order(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /order."""
    name = p.the_symbol()
    number, own_id = which(p)
    p.close()
    return answers.order_query(desk.exchange.order(name, number, own_id, desk.seen_at))


def open_orders(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /openOrders."""
    name = p.symbol(required=False)
    p.close()
    if name is not None:
        desk.exchange.lane(name)
    return [answers.order_query(one) for one in _seen(desk, name) if one.is_open]


def all_orders(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /allOrders."""
    name = p.the_symbol()
    desk.exchange.lane(name)
    first, limit = p.whole("orderId"), p.limit(500, 1000)
    start, end = time_window(p)
    p.close()
    found = [
        one
        for one in _seen(desk, name)
        if (first is None or one.number >= first)
        and (start is None or one.placed_at >= start)
        and (end is None or one.placed_at <= end)
    ]
    kept = found[:limit] if first is not None or start is not None else found[-limit:]
    return [answers.order_query(one) for one in kept]


def _seen(desk: Desk, name: str | None) -> Iterator[Order]:
    shelf = desk.exchange.shelf
    for symbol in (name,) if name is not None else shelf.symbols():
        if desk.seen_at >= desk.exchange.now:
            yield from shelf.of(symbol)
        else:
            yield from shelf.seen_of(symbol, desk.seen_at)


def which(p: Parameters, number: str = "orderId", own: str = "origClientOrderId") -> tuple[int | None, str | None]:
    """An order by its number, its client id, or both.

    Raises:
        Refused: -1102: neither.
    """
    found = p.whole(number), p.text(own)
    if found == (None, None):
        raise Refused(
            -1102,
            f"Param '{own}' or '{number}' must be sent, but both were empty/null!",
        )
    return found


def time_window(p: Parameters) -> tuple[int | None, int | None]:
    """``startTime`` and ``endTime``, a day apart at most.

    Raises:
        Refused: -1127.
    """
    start, end = p.whole("startTime"), p.whole("endTime")
    if start is not None and end is not None and end - start > _DAY:
        raise Refused(-1127, "More than 24 hours between startTime and endTime.")
    return start, end


def _only(p: Parameters) -> State | None:
    found = p.choice("cancelRestrictions", Restriction, _RESTRICTION)
    if found is None:
        return None
    return State.NEW if found is Restriction.ONLY_NEW else State.PARTIALLY_FILLED


def _open_weight(p: Parameters) -> int:
    return 6 if p.has("symbol") else 80


_S = Security.SIGNED
ORDERS = {
    ("POST", "/api/v3/order"): Endpoint(new_order, 1, _S, orders=1, free=True),
    ("POST", "/api/v3/order/test"): Endpoint(test_order, 1, _S),
    ("GET", "/api/v3/order"): Endpoint(get_order, 4, _S),
    ("DELETE", "/api/v3/order"): Endpoint(cancel_order, 1, _S, free=True),
    ("GET", "/api/v3/openOrders"): Endpoint(open_orders, _open_weight, _S),
    ("DELETE", "/api/v3/openOrders"): Endpoint(cancel_all, 1, _S, free=True),
    ("GET", "/api/v3/allOrders"): Endpoint(all_orders, 20, _S),
    ("POST", "/api/v3/order/cancelReplace"): Endpoint(cancel_replace, 1, _S, free=True),
    ("PUT", "/api/v3/order/amend/keepPriority"): Endpoint(amend, 4, _S),
    ("GET", "/api/v3/order/amendments"): Endpoint(amendments, 4, _S),
}
