"""What each event changes in the read model. The same events give the same rows, in one go or one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

from vigie.domain import events as e
from vigie.domain.holdings import EXACT
from vigie.domain.order_status import OrderStatus, after
from vigie.ports.journal import Entry


def project(connection: sqlite3.Connection, entry: Entry) -> None:
    """Add one entry.

    Raises:
        InvariantBroken: an order learnt something that does not go with its status.
        sqlite3.Error: it cannot be written.
    """
    change = _CHANGES.get(type(entry.event))
    if change is not None:
        with localcontext(EXACT):
            change(connection, entry, entry.event)


def _insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    # Names come from this module, values are bound.
    marks = ", ".join("?" * len(values))
    query = f"insert into {table} ({', '.join(values)}) values ({marks})"  # noqa: S608
    connection.execute(query, [_stored(value) for value in values.values()])


def _stored(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value


def _intent(connection: sqlite3.Connection, entry: Entry, event: e.IntentPlanned) -> None:
    intent = event.intent
    _insert(
        connection,
        "orders",
        client_id=intent.client_id,
        seq=entry.seq,
        planned_at=entry.at,
        pair=intent.pair,
        leg=intent.leg.value,
        side=intent.side.value,
        type=intent.type.value,
        quantity=intent.quantity,
        limit_price=intent.limit,
        trigger_price=intent.trigger,
        candle_at=intent.candle_at,
        attempt=intent.attempt,
        reason=intent.reason,
        status=OrderStatus.PLANNED.value,
        venue_id="",
        executed="0",
        executed_value="0",
        fees="0",
        changed_at=entry.at,
        message="",
    )


def _order(connection: sqlite3.Connection, entry: Entry, event: e.OrderLearnt) -> None:
    found = connection.execute("select status from orders where client_id = ?", [event.client_id]).fetchone()
    if found is None:
        return  # the account's own fold is where this is an error
    status = after(OrderStatus(found[0]), event.learnt)
    connection.execute(
        "update orders set status = ?, venue_id = coalesce(nullif(?, ''), venue_id), changed_at = ?,"
        " message = coalesce(nullif(?, ''), message) where client_id = ?",
        [status.value, event.venue_id, entry.at, event.message, event.client_id],
    )


def _fill(connection: sqlite3.Connection, entry: Entry, event: e.FillSeen) -> None:
    fill = event.fill
    told = "select 1 from fills where client_id = ? and trade_id = ?"
    if connection.execute(told, [event.client_id, fill.trade_id]).fetchone():
        return  # the same fill told twice counts once
    _insert(
        connection,
        "fills",
        seq=entry.seq,
        filled_at=fill.filled_at,
        client_id=event.client_id,
        trade_id=fill.trade_id,
        pair=event.pair,
        price=fill.price,
        quantity=fill.quantity,
        fee=fill.fee,
        fee_asset=fill.fee_asset,
        fee_value=event.fee_value,
    )
    sums = "select executed, executed_value, fees from orders where client_id = ?"
    found = connection.execute(sums, [event.client_id]).fetchone()
    if found is not None:
        executed, value, fees = (Decimal(one) for one in found)
        connection.execute(
            "update orders set executed = ?, executed_value = ?, fees = ?, changed_at = ? where client_id = ?",
            [
                str(executed + fill.quantity),
                str(value + fill.price * fill.quantity),
                str(fees + event.fee_value),
                entry.at,
                event.client_id,
            ],
        )


def _trade(connection: sqlite3.Connection, entry: Entry, event: e.TradeClosed) -> None:
    names = "pair entry_at exit_at entry_price exit_price quantity fees profit code dust stop_at_entry"
    names += " slippage fees_elsewhere bare_ms longest_bare_ms"
    _insert(connection, "trades", seq=entry.seq, **{name: getattr(event, name) for name in names.split()})


def _cycle(connection: sqlite3.Connection, entry: Entry, event: e.CycleDone) -> None:
    names = "candle_at day equity cash peak worst mode held"
    _insert(connection, "cycles", seq=entry.seq, at=entry.at, **{name: getattr(event, name) for name in names.split()})


def _decided(connection: sqlite3.Connection, entry: Entry, event: e.Decided) -> None:
    _insert(
        connection,
        "decisions",
        seq=entry.seq,
        at=entry.at,
        candle_at=event.candle_at,
        pair=event.pair,
        action=event.action,
        reason=event.reason,
        refused_by=",".join(rule for rule, verdict in event.verdicts.items() if verdict == "refuse"),
    )


def _flow(connection: sqlite3.Connection, entry: Entry, event: e.FlowSeen) -> None:
    _insert(connection, "flows", seq=entry.seq, at=entry.at, value=event.value, reason=event.reason)


def _adopted(connection: sqlite3.Connection, entry: Entry, event: e.CoinsAdopted) -> None:
    value = event.price * event.quantity
    _insert(connection, "flows", seq=entry.seq, at=entry.at, value=value, reason=f"{event.pair}: {event.basis}")


def _gone(connection: sqlite3.Connection, entry: Entry, event: e.CoinsGone) -> None:
    _insert(connection, "flows", seq=entry.seq, at=entry.at, value=-event.cost, reason=event.reason)


def _sold_elsewhere(connection: sqlite3.Connection, entry: Entry, event: e.SoldElsewhere) -> None:
    # Of no order of ours; a trade's number is one of its pair's.
    _fill(connection, entry, e.FillSeen(f"elsewhere {event.pair}", event.pair, event.fill, event.fee_value))


def _reversed(connection: sqlite3.Connection, entry: Entry, event: e.FillReversed) -> None:
    key = [event.client_id, event.fill.trade_id]
    connection.execute("delete from fills where client_id = ? and trade_id = ?", key)
    found = connection.execute("select executed, executed_value, fees from orders where client_id = ?", key[:1])
    sums = found.fetchone()
    if sums is not None:
        executed, value, fees = (Decimal(one) for one in sums)
        fill = event.fill
        connection.execute(
            "update orders set executed = ?, executed_value = ?, fees = ?, changed_at = ? where client_id = ?",
            [
                str(executed - fill.quantity),
                str(value - fill.price * fill.quantity),
                str(fees - event.fee_value),
                entry.at,
                event.client_id,
            ],
        )


def _halted(connection: sqlite3.Connection, entry: Entry, event: e.Halted) -> None:
    _lift(connection, entry, event.name)
    _insert(
        connection,
        "halts",
        seq=entry.seq,
        at=entry.at,
        name=event.name,
        mode=event.mode,
        reason=event.reason,
        until=event.until,
    )


def _resumed(connection: sqlite3.Connection, entry: Entry, event: e.Resumed) -> None:
    _lift(connection, entry, event.name)


def _lift(connection: sqlite3.Connection, entry: Entry, name: str) -> None:
    """A latch of a name ends when it is lifted, or set anew."""
    connection.execute("update halts set lifted_at = ? where name = ? and lifted_at is null", [entry.at, name])


_CHANGES: dict[type[e.Event], Callable[[sqlite3.Connection, Entry, Any], None]] = {
    e.IntentPlanned: _intent,
    e.OrderLearnt: _order,
    e.FillSeen: _fill,
    e.TradeClosed: _trade,
    e.CycleDone: _cycle,
    e.Decided: _decided,
    e.FlowSeen: _flow,
    e.Halted: _halted,
    e.Resumed: _resumed,
    e.CoinsAdopted: _adopted,
    e.CoinsGone: _gone,
    e.SoldElsewhere: _sold_elsewhere,
    e.FillReversed: _reversed,
}
