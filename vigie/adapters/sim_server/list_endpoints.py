"""Endpoints of order lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from vigie.adapters.sim_server import answers
from vigie.adapters.sim_server.endpoint import Endpoint, Security
from vigie.adapters.sim_server.order_endpoints import ResponseType, allow_trading, time_window
from vigie.adapters.sim_server.parameters import Parameters, missing
from vigie.adapters.sim_server.tickets import read_ticket, side_of
from vigie.domain.order import Side
from vigie.simulation.exchange.kinds import ListKind, SelfTrade
from vigie.simulation.exchange.orders import OrderList, Ticket
from vigie.simulation.exchange.refusals import Refused

if TYPE_CHECKING:
    from vigie.adapters.sim_server.desk import Desk


class _Reader:
    """Reads the legs of a list."""

    def __init__(self, desk: Desk, p: Parameters) -> None:
        self._desk, self._p = desk, p
        self.symbol = p.the_symbol()
        listed = desk.exchange.lane(self.symbol).symbol
        self._prevention = p.choice("selfTradePreventionMode", SelfTrade) or listed.prevention

    def leg(self, name: str, side: Side, sized: str) -> Ticket:
        """One order; its fields begin with ``name``."""
        made = self._desk.made_id()
        return read_ticket(self._p, self.symbol, side, self._prevention, made, leg=name, sized=sized)

    def pair(self, above: str, below: str, side: Side, sized: str) -> tuple[Ticket, Ticket]:
        """The order above and the one below."""
        return self.leg(above, side, sized), self.leg(below, side, sized)


def oco(desk: Desk, p: Parameters) -> dict[str, Any]:
    """POST /orderList/oco."""
    reader = _Reader(desk, p)
    return _placed(desk, p, ListKind.OCO, reader.pair("above", "below", side_of(p), "quantity"))


def oto(desk: Desk, p: Parameters) -> dict[str, Any]:
    """POST /orderList/oto."""
    return _one_pending(desk, p, ListKind.OTO, "pendingQuantity")


def opo(desk: Desk, p: Parameters) -> dict[str, Any]:
    """POST /orderList/opo."""
    return _one_pending(desk, p, ListKind.OPO, "")


def otoco(desk: Desk, p: Parameters) -> dict[str, Any]:
    """POST /orderList/otoco."""
    return _two_pending(desk, p, ListKind.OTOCO, "pendingQuantity")


def opoco(desk: Desk, p: Parameters) -> dict[str, Any]:
    """POST /orderList/opoco."""
    return _two_pending(desk, p, ListKind.OPOCO, "")


def _one_pending(desk: Desk, p: Parameters, kind: ListKind, sized: str) -> dict[str, Any]:
    reader = _Reader(desk, p)
    first = reader.leg("working", side_of(p, "workingSide"), "workingQuantity")
    return _placed(desk, p, kind, (first, reader.leg("pending", side_of(p, "pendingSide"), sized)))


def _two_pending(desk: Desk, p: Parameters, kind: ListKind, sized: str) -> dict[str, Any]:
    reader = _Reader(desk, p)
    first = reader.leg("working", side_of(p, "workingSide"), "workingQuantity")
    pair = reader.pair("pendingAbove", "pendingBelow", side_of(p, "pendingSide"), sized)
    return _placed(desk, p, kind, (first, *pair))


def _placed(desk: Desk, p: Parameters, kind: ListKind, tickets: tuple[Ticket, ...]) -> dict[str, Any]:
    own_id = p.client_id("listClientOrderId") or desk.made_id()
    p.choice("newOrderRespType", ResponseType)
    p.close()
    allow_trading(desk)
    one = desk.exchange.submit_list(kind, tickets, own_id)
    desk.placed(desk.exchange.shelf.orders_of(one))
    return answers.list_report(one, desk.exchange, desk.exchange.now)


def cancel_list(desk: Desk, p: Parameters) -> dict[str, Any]:
    """DELETE /orderList."""
    name = p.the_symbol()
    number, own_id = p.whole("orderListId"), p.text("listClientOrderId")
    p.client_id("newClientOrderId")
    p.close()
    desk.exchange.lane(name)
    if number is None and own_id is None:
        raise Refused(-1102, "Param 'orderListId' or 'listClientOrderId' must be sent, but both were empty/null!")
    for one in desk.exchange.shelf.open_lists.values():
        if one.symbol == name and number in (None, one.number) and own_id in (None, one.client_id):
            done = desk.exchange.cancel_list(one.number)
            return answers.list_report(done, desk.exchange, desk.exchange.now)
    raise Refused(-2011, "Unknown order list sent.")


def get_list(desk: Desk, p: Parameters) -> dict[str, Any]:
    """GET /orderList."""
    number, own_id = p.whole("orderListId"), p.text("origClientOrderId")
    p.close()
    if number is None and own_id is None:
        raise missing("orderListId")
    for one in reversed(list(_seen(desk))):
        if number in (None, one.number) and own_id in (None, one.client_id):
            return answers.list_status(one, desk.exchange)
    raise Refused(-2018, "Order list does not exist.")


def open_lists(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /openOrderList."""
    p.close()
    return [answers.list_status(one, desk.exchange) for one in _seen(desk) if not one.done]


def all_lists(desk: Desk, p: Parameters) -> list[dict[str, Any]]:
    """GET /allOrderList."""
    first, limit = p.whole("fromId") or 0, p.limit(500, 1000)
    start, end = time_window(p)
    p.close()
    found = [
        one
        for one in _seen(desk)
        if one.number >= first and (start is None or one.updated_at >= start) and (end is None or one.updated_at <= end)
    ]
    return [answers.list_status(one, desk.exchange) for one in found[-limit:]]


def _seen(desk: Desk) -> Iterator[OrderList]:
    return (one for one in desk.exchange.shelf.lists() if one.symbol in desk.exchange.lanes)


_S = Security.SIGNED
LISTS = {
    ("POST", "/api/v3/orderList/oco"): Endpoint(oco, 1, _S, orders=2, free=True),
    ("POST", "/api/v3/orderList/oto"): Endpoint(oto, 1, _S, orders=2, free=True),
    ("POST", "/api/v3/orderList/opo"): Endpoint(opo, 1, _S, orders=2, free=True),
    ("POST", "/api/v3/orderList/otoco"): Endpoint(otoco, 1, _S, orders=3, free=True),
    ("POST", "/api/v3/orderList/opoco"): Endpoint(opoco, 1, _S, orders=3, free=True),
    ("DELETE", "/api/v3/orderList"): Endpoint(cancel_list, 1, _S, free=True),
    ("GET", "/api/v3/orderList"): Endpoint(get_list, 4, _S),
    ("GET", "/api/v3/openOrderList"): Endpoint(open_lists, 6, _S),
    ("GET", "/api/v3/allOrderList"): Endpoint(all_lists, 20, _S),
}
