"""What several changes need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from vigie.domain.errors import InvariantBroken
from vigie.domain.holdings import Holding, OrderRecord
from vigie.domain.tallies import Tallies

if TYPE_CHECKING:
    from vigie.domain.portfolio import Portfolio

T = TypeVar("T")

KEPT_ORDERS = 50
"""Ended orders that are remembered, beside the last of each leg of a pair: a late word about one still finds it."""


def counted(account: Portfolio, tallies: Tallies) -> Portfolio:
    """The account with other counts of entries and lost trades."""
    return replace(
        account,
        trades_today=tallies.trades,
        trades_day=tallies.trades_day,
        losing_streak=tallies.streak,
        worst_streak=tallies.worst_streak,
        streak_day=tallies.streak_day,
    )


def holding_of(account: Portfolio, pair: str) -> Holding:
    """What is held of a pair.

    Raises:
        InvariantBroken: nothing is.
    """
    held = account.holdings.get(pair)
    if held is None:
        raise InvariantBroken(f"{pair} is not held")
    return held


def known_order(account: Portfolio, client_id: str) -> OrderRecord:
    """An order of ours.

    Raises:
        InvariantBroken: it was never planned.
    """
    record = account.orders.get(client_id)
    if record is None:
        raise InvariantBroken(f"order {client_id} is not known")
    return record


def with_holding(account: Portfolio, held: Holding) -> Portfolio:
    """The account with a holding as it is now."""
    return replace(account, holdings={**account.holdings, held.pair: held})


def with_order(account: Portfolio, record: OrderRecord) -> Portfolio:
    """The account with an order as it is now; of those that ended only the last are kept."""
    client_id = record.intent.client_id
    orders = {**account.orders, client_id: record}
    if record.status.final and not account.orders[client_id].status.final:
        # The newest of the ended: a stop that rested for long is still known when its last fill comes in.
        orders[client_id] = orders.pop(client_id)
    ended = [one for one, order in orders.items() if order.status.final]
    if len(ended) > KEPT_ORDERS:
        # The last of each leg says how often it was tried: without it an id would be given twice.
        last = {(order.intent.pair, order.intent.leg): one for one, order in orders.items()}
        for old in set(ended[:-KEPT_ORDERS]) - set(last.values()):
            del orders[old]
    return replace(account, orders=orders)


def without(mapping: Mapping[str, T], key: str) -> dict[str, T]:
    """A copy without one key."""
    return {name: value for name, value in mapping.items() if name != key}


Change: TypeAlias = "Callable[[Portfolio, Any, int], Portfolio]"
"""The account, what happened and its instant (epoch milliseconds): the account after it."""
