"""What holds of a venue's books after every operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal, localcontext

from vigie.domain.order_status import OrderStatus
from vigie.simulation.ledger import Account
from vigie.simulation.orders import VenueOrder
from vigie.simulation.record import VenueRecord
from vigie.simulation.terms import EXACT, ZERO


def broken(record: VenueRecord) -> tuple[str, ...]:
    """What does not hold, a sentence each; empty: everything does."""
    with localcontext(EXACT):
        return (*_balances(record), *_locked(record), *_orders(record), *_numbers(record))


def _balances(record: VenueRecord) -> Iterator[str]:
    for asset, one in record.accounts.items():
        came, is_there = one.deposited - one.withdrawn, one.free + one.locked + one.fees + one.traded
        if came != is_there:
            yield f"{came} {asset} came in, {is_there} are accounted for"
        if min(one.free, one.locked, one.deposited, one.withdrawn, one.fees) < 0:
            yield f"an amount of {asset} is negative"


def _locked(record: VenueRecord) -> Iterator[str]:
    needed: dict[str, Decimal] = {}
    for order in record.open_orders:
        asset, amount = order.needs
        needed[asset] = needed.get(asset, ZERO) + amount
    for asset in sorted({*needed, *record.accounts}):
        locked = record.accounts.get(asset, Account()).locked
        if locked != needed.get(asset, ZERO):
            yield f"{locked} {asset} are locked, open orders need {needed.get(asset, ZERO)}"


def _orders(record: VenueRecord) -> Iterator[str]:
    ids = Counter(one.client_id for one in record.open_orders)
    yield from (f"{count} open orders have the id {client_id}" for client_id, count in ids.items() if count > 1)
    yield from (f"order {one.client_id} is open and {one.status}" for one in record.open_orders if one.status.final)
    for order in record.ended_orders:
        if not order.status.final:
            yield f"order {order.client_id} has ended and is {order.status}"
    for order in (*record.open_orders, *record.ended_orders):
        if _executed_wrongly(order):
            yield f"order {order.client_id} is {order.status} with {order.executed} of {order.quantity} executed"


def _executed_wrongly(order: VenueOrder) -> bool:
    if order.status is OrderStatus.FILLED:
        return order.executed != order.quantity
    return not 0 <= order.executed < order.quantity


def _numbers(record: VenueRecord) -> Iterator[str]:
    seen: set[tuple[str, str, str]] = set()
    for order in (*record.open_orders, *record.ended_orders):
        if order.number > record.last_order.get(order.pair, 0):
            yield f"order {order.number} of {order.pair} has a number that was not given yet"
        names = [("order", str(order.number)), *(("trade", one.trade_id) for one in order.fills)]
        for kind, number in names:
            if (order.pair, kind, number) in seen:
                yield f"{kind} {number} of {order.pair} is there twice"
            seen.add((order.pair, kind, number))
