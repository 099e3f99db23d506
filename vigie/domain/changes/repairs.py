"""What a person decided about differences makes of an account: nothing in here was traded by us."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from vigie.domain import events as e
from vigie.domain.changes.common import Change, holding_of, known_order, with_holding, without
from vigie.domain.changes.orders import slipped, sold
from vigie.domain.changes.runs import flowed
from vigie.domain.errors import InvariantBroken
from vigie.domain.exit_reason import ExitReason
from vigie.domain.holdings import ZERO, Holding
from vigie.domain.order import Side

if TYPE_CHECKING:
    from vigie.domain.portfolio import Portfolio

KEPT_IGNORED = 200


def _adopted(account: Portfolio, event: e.CoinsAdopted, at: int) -> Portfolio:
    """As if their worth had been paid in, and the coins bought with it: cash stays as it is."""
    value, cash = event.price * event.quantity, account.cash
    account = replace(flowed(account, e.FlowSeen(value, event.basis), at), cash=cash)
    held = account.holdings.get(event.pair)
    if held is None:
        unknown = math.nan
        wish = e.Wished(event.pair, event.candle_at, 1, event.stop_distance, unknown, unknown, 0.0, 0, "adopted")
        held = Holding(event.pair, wish, at, run=account.run)
    held = replace(
        held,
        bare_since=at if held.bare_since is None else held.bare_since,
        bought=held.bought + event.quantity,
        quantity=held.quantity + event.quantity,
        gross=held.gross + event.quantity,
        value=held.value + value,
        spent=held.spent + value,
    )
    return with_holding(account, held)


def _sold_elsewhere(account: Portfolio, event: e.SoldElsewhere, _: int) -> Portfolio:
    fill = event.fill
    in_coin = fill.fee if fill.fee_asset == event.pair.split("/")[0] else ZERO
    in_quote = fill.fee if fill.fee_asset == account.quote else ZERO
    seen = e.FillSeen("", event.pair, fill, event.fee_value)
    account = sold(account, seen, fill.price * fill.quantity, in_coin, in_quote)
    held = holding_of(account, event.pair)
    leaving = int(ExitReason.PERSON) if held.quantity == 0 else held.leaving
    return with_holding(account, replace(held, leaving=leaving))


def _gone(account: Portfolio, event: e.CoinsGone, at: int) -> Portfolio:
    held = account.holdings.get(event.pair)
    if held is None:
        left = account.dust.get(event.pair, ZERO) - event.quantity
        if left < 0:
            raise InvariantBroken(f"{event.pair}: {event.quantity} are gone, and there was no more than dust")
        rest = without(account.dust, event.pair)
        return replace(account, dust={**rest, event.pair: left} if left else rest)
    left = held.quantity - event.quantity
    if left < 0:
        raise InvariantBroken(f"{event.pair}: {event.quantity} are gone, {held.quantity} were held")
    cash = account.cash
    held = replace(
        held,
        quantity=left,
        received=held.received + event.cost,
        unpriced=held.unpriced + event.quantity,
        exited_at=at,
        leaving=int(ExitReason.PERSON) if left == 0 else held.leaving,
    )
    return replace(flowed(with_holding(account, held), e.FlowSeen(-event.cost, event.reason), at), cash=cash)


def _reversed(account: Portfolio, event: e.FillReversed, _: int) -> Portfolio:
    """A fill and its money taken back; of a holding that was nothing else nothing is left, and no trade."""
    record, fill = known_order(account, event.client_id), event.fill
    if fill.trade_id not in record.trade_ids:
        raise InvariantBroken(f"order {event.client_id} has no trade {fill.trade_id} that could be taken back")
    value, base = fill.price * fill.quantity, event.pair.split("/")[0]
    in_coin = fill.fee if fill.fee_asset == base else ZERO
    in_quote = fill.fee if fill.fee_asset == account.quote else ZERO
    record = replace(
        record,
        executed=record.executed - fill.quantity,
        executed_value=record.executed_value - value,
        fees=record.fees - event.fee_value,
        trade_ids=tuple(one for one in record.trade_ids if one != fill.trade_id),
    )
    account = replace(account, orders={**account.orders, event.client_id: record})
    held = holding_of(account, event.pair)
    held = replace(held, slippage=held.slippage - slipped(record.intent, fill))
    if fill.fee_asset not in (base, account.quote):
        held = replace(held, fees_elsewhere=held.fees_elsewhere - event.fee_value)
    if record.intent.side is Side.SELL:
        held = replace(
            held,
            quantity=held.quantity + fill.quantity + in_coin,
            received=held.received - value + in_quote,
            sold=held.sold - fill.quantity,
            sold_value=held.sold_value - value,
            fees=held.fees - event.fee_value,
        )
        return with_holding(replace(account, cash=account.cash - value + in_quote), held)
    net = fill.quantity - in_coin
    if held.quantity < net:
        raise InvariantBroken(f"{event.pair}: the purchase of {net} is taken back, {held.quantity} are held")
    account = replace(account, cash=account.cash + value + in_quote)
    held = replace(
        held,
        bought=held.bought - net,
        quantity=held.quantity - net,
        gross=held.gross - fill.quantity,
        value=held.value - value,
        spent=held.spent - value - in_quote,
        fees=held.fees - event.fee_value,
    )
    if held.gross == 0:
        return replace(account, holdings=without(account.holdings, event.pair))
    return with_holding(account, held)


def _left_alone(account: Portfolio, event: e.LeftAlone, _: int) -> Portfolio:
    rest = without(account.left_alone, event.asset)
    return replace(account, left_alone={**rest, event.asset: event.quantity} if event.quantity else rest)


def _foreign(account: Portfolio, event: e.ForeignOrder, _: int) -> Portfolio:
    if event.outcome != "ignored":
        return account
    known = (*account.ignored_orders, f"{event.pair} {event.venue_id}")
    return replace(account, ignored_orders=known[-KEPT_IGNORED:])


CHANGES: dict[type[e.Event], Change] = {
    e.CoinsAdopted: _adopted,
    e.SoldElsewhere: _sold_elsewhere,
    e.CoinsGone: _gone,
    e.FillReversed: _reversed,
    e.LeftAlone: _left_alone,
    e.ForeignOrder: _foreign,
}
