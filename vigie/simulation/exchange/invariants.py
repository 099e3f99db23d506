"""What holds of the exchange after every event."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext

from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.kinds import State
from vigie.simulation.exchange.orders import Order
from vigie.simulation.ledger import Account
from vigie.simulation.terms import EXACT, ZERO


def broken(exchange: Exchange) -> tuple[str, ...]:
    """What does not hold, a sentence each; empty: everything does."""
    with localcontext(EXACT):
        return (*_balances(exchange), *_locked(exchange), *_traded(exchange), *_orders(exchange))


def _balances(exchange: Exchange) -> Iterator[str]:
    for asset, one in exchange.custody.accounts().items():
        came, is_there = one.deposited - one.withdrawn, one.free + one.locked + one.fees + one.traded
        if came != is_there:
            yield f"{came} {asset} came in, {is_there} are accounted for"
        if min(one.free, one.locked, one.deposited, one.withdrawn, one.fees) < 0:
            yield f"an amount of {asset} is negative"


def _locked(exchange: Exchange) -> Iterator[str]:
    needed: dict[str, Decimal] = {}

    def need(asset: str, amount: Decimal) -> None:
        needed[asset] = needed.get(asset, ZERO) + amount

    pairs: dict[int, list[Order]] = {}
    for order in exchange.shelf.all_open():
        one = exchange.shelf.list(order.list_number) if order.list_number >= 0 else None
        if one is not None and order.number in one.pair:
            pairs.setdefault(one.number, []).append(order)
        else:
            need(_asset(exchange, order), order.needs)
    for orders in pairs.values():
        need(_asset(exchange, orders[0]), max(order.needs for order in orders))
    for one in exchange.shelf.open_lists.values():
        need(exchange.lane(one.symbol).symbol.pair.base, one.held)
    for asset in sorted({*needed, *exchange.custody.accounts()}):
        locked = exchange.custody.accounts().get(asset, Account()).locked
        if locked != needed.get(asset, ZERO):
            yield f"{locked} {asset} are locked, open orders need {needed.get(asset, ZERO)}"


def _asset(exchange: Exchange, order: Order) -> str:
    pair = exchange.lane(order.ticket.symbol).symbol.pair
    return pair.quote if order.ticket.buys else pair.base


def _traded(exchange: Exchange) -> Iterator[str]:
    """The ledger's trades and fees are those of the trades that stand."""
    traded: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    for symbol in exchange.shelf.symbols():
        if symbol not in exchange.lanes:
            return  # delisted: its assets are not known any more
        pair = exchange.lane(symbol).symbol.pair
        for trade in exchange.trades(symbol, exchange.now):
            sign = 1 if trade.side.value == "buy" else -1
            traded[pair.base] = traded.get(pair.base, ZERO) - sign * trade.quantity
            traded[pair.quote] = traded.get(pair.quote, ZERO) + sign * trade.value
            fees[trade.fee_asset] = fees.get(trade.fee_asset, ZERO) + trade.fee
    for asset, one in exchange.custody.accounts().items():
        if one.traded != traded.get(asset, ZERO):
            yield f"{one.traded} {asset} were traded away, the trades say {traded.get(asset, ZERO)}"
        if one.fees != fees.get(asset, ZERO):
            yield f"{one.fees} {asset} were paid as fees, the trades say {fees.get(asset, ZERO)}"


def _orders(exchange: Exchange) -> Iterator[str]:
    for symbol in exchange.shelf.symbols():
        ids: set[str] = set()
        for order in exchange.shelf.of(symbol):
            name = f"order {order.number} of {symbol}"
            if order.executed != sum((one.quantity for one in order.trades), ZERO):
                yield f"{name}: {order.executed} executed is not the sum of its trades"
            if order.executed_value != sum((one.value for one in order.trades), ZERO):
                yield f"{name}: {order.executed_value} executed value is not the sum of its trades"
            if not _fits(order):
                yield f"{name} is {order.state} with {order.executed} of {order.quantity} executed"
            if order.is_open and order.ticket.client_id in ids:
                yield f"two open orders of {symbol} have the id {order.ticket.client_id}"
            if order.is_open:
                ids.add(order.ticket.client_id)
    for one in exchange.shelf.lists():
        if one.done == any(order.is_open for order in exchange.shelf.orders_of(one)):
            yield f"list {one.number} is {'done' if one.done else 'open'}, its orders say otherwise"


def _fits(order: Order) -> bool:
    if order.state is State.FILLED:
        return order.executed == order.quantity
    if order.state in (State.NEW, State.PENDING_NEW):
        return order.executed == 0
    if order.state is State.PARTIALLY_FILLED:
        return 0 < order.executed < order.quantity
    return 0 <= order.executed < order.quantity or not order.quantity
