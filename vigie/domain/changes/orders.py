"""What orders, fills, stops and the end of a trade make of an account."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from vigie.domain import events as e
from vigie.domain.changes.common import Change, counted, holding_of, known_order, with_holding, with_order, without
from vigie.domain.errors import InvariantBroken
from vigie.domain.holdings import ZERO, Holding, OrderRecord
from vigie.domain.order import Fill, Intent, Leg, Side
from vigie.domain.order_status import Learnt, OrderStatus, after
from vigie.domain.samples import KEPT_SAMPLES, sample_of
from vigie.domain.tallies import was_lost, with_entry, with_trade

if TYPE_CHECKING:
    from vigie.domain.portfolio import Portfolio


def _intent(account: Portfolio, event: e.IntentPlanned, _: int) -> Portfolio:
    intent = event.intent
    if intent.client_id in account.orders:
        raise InvariantBroken(f"order {intent.client_id} is planned twice")
    held = account.holdings.get(intent.pair)
    if held is not None and held.parts:
        account = with_holding(
            account, replace(held, parts=tuple(one for one in held.parts if one.leg is not intent.leg))
        )
    wish = account.wishes.get(intent.pair) if intent.leg is Leg.ENTRY else None
    record = OrderRecord(intent, wish=wish, run=account.run)
    return replace(account, orders={**account.orders, intent.client_id: record})


def _order(account: Portfolio, event: e.OrderLearnt, at: int) -> Portfolio:
    known = known_order(account, event.client_id)
    record = replace(
        known,
        status=after(known.status, event.learnt),
        venue_id=event.venue_id or known.venue_id,
        triggered=known.triggered or event.triggered,
        triggered_at=at if event.triggered and not known.triggered else known.triggered_at,
    )
    intent = record.intent
    if event.learnt is Learnt.SENT and intent.leg is Leg.ENTRY:
        account = counted(account, with_entry(account.tallies, account.day))
    if record.status.final and not known.status.final:
        account = _sampled(account, record)
    account = with_order(account, record)
    if intent.leg is Leg.STOP and record.rests is not known.rests:
        account = _covered_by(account, record, event.venue_at or at)
    return account


def _sampled(account: Portfolio, record: OrderRecord) -> Portfolio:
    sample = sample_of(record.intent, record.executed, record.executed_value, record.fees, record.filled_at)
    return account if sample is None else replace(account, samples=(*account.samples, sample)[-KEPT_SAMPLES:])


def _covered_by(account: Portfolio, stop: OrderRecord, at: int) -> Portfolio:
    """A stop has begun to rest, or has ended; one that was filled leaves nothing behind that wants another."""
    held = account.holdings.get(stop.intent.pair)
    if held is None or held.stop_id != stop.intent.client_id:
        return account
    if stop.rests:
        return _covered(account, held, at)
    return account if stop.status is OrderStatus.FILLED else _bare(account, held, at)


def _bare(account: Portfolio, held: Holding, at: int) -> Portfolio:
    return with_holding(account, held if held.bare_since is not None else replace(held, bare_since=at))


def _covered(account: Portfolio, held: Holding, at: int) -> Portfolio:
    """A stop rests for all of a holding, or it is over: a time without one has ended."""
    if held.bare_since is None:
        return with_holding(account, held)
    gap = at - held.bare_since
    held = replace(held, bare_since=None, gaps=held.gaps.with_one(gap))
    return with_holding(replace(account, gaps=account.gaps.with_one(gap)), held)


def _fill(account: Portfolio, event: e.FillSeen, at: int) -> Portfolio:
    record, fill = known_order(account, event.client_id), event.fill
    if fill.trade_id in record.trade_ids:
        return account
    intent = record.intent
    if event.pair != intent.pair:
        raise InvariantBroken(f"order {intent.client_id} of {intent.pair} cannot be filled with {event.pair}")
    value = fill.price * fill.quantity
    executed = record.executed + fill.quantity
    if executed > intent.quantity:
        raise InvariantBroken(f"order {intent.client_id} was filled with {executed}, more than its {intent.quantity}")
    account = with_order(
        account,
        replace(
            record,
            executed=executed,
            executed_value=record.executed_value + value,
            fees=record.fees + event.fee_value,
            trade_ids=(*record.trade_ids, fill.trade_id),
            filled_at=fill.filled_at,
        ),
    )
    base = intent.pair.split("/")[0]
    fee_in_coin = fill.fee if fill.fee_asset == base else ZERO
    fee_in_quote = fill.fee if fill.fee_asset == account.quote else ZERO
    if intent.side is Side.BUY:
        account = _bought(account, event, record, fee_in_coin, fee_in_quote)
        account = _bare(account, account.holdings[event.pair], min(at, fill.filled_at))
    else:
        account = sold(account, event, value, fee_in_coin, fee_in_quote)
    held = account.holdings[event.pair]
    account = with_holding(account, replace(held, slippage=held.slippage + slipped(intent, fill)))
    return account if fill.fee_asset in (base, account.quote) else _paid_elsewhere(account, event)


def slipped(intent: Intent, fill: Fill) -> Decimal:
    """Quote that a fill cost beyond the price that its order was decided with; a stop's is its trigger."""
    reference = intent.reference if intent.leg is not Leg.STOP else intent.trigger
    if reference is None:
        return ZERO
    dearer = (fill.price - reference) * fill.quantity
    return dearer if intent.side is Side.BUY else -dearer


def _paid_elsewhere(account: Portfolio, event: e.FillSeen) -> Portfolio:
    """A fee in a third asset: told with its value, and taken from coins that were never ours.

    Those were there before we came: where they are coins of another pair of ours, fewer of them are to be left alone.
    """
    asset, fee = event.fill.fee_asset, event.fill.fee
    held, left = account.holdings[event.pair], account.left_alone
    if asset in left:
        left = {**left, asset: max(ZERO, left[asset] - fee)}
    account = with_holding(account, replace(held, fees_elsewhere=held.fees_elsewhere + event.fee_value))
    return replace(
        account,
        left_alone=left,
        fees_elsewhere={**account.fees_elsewhere, asset: account.fees_elsewhere.get(asset, ZERO) + fee},
        fees_elsewhere_value=account.fees_elsewhere_value + event.fee_value,
    )


def _bought(
    account: Portfolio, event: e.FillSeen, record: OrderRecord, in_coin: Decimal, in_quote: Decimal
) -> Portfolio:
    held, value = account.holdings.get(event.pair), event.fill.price * event.fill.quantity
    if held is None:
        if record.wish is None:
            raise InvariantBroken(f"{event.pair} was bought and nothing had asked for it")
        held = Holding(event.pair, record.wish, event.fill.filled_at, run=record.run)
    held = replace(
        held,
        bought=held.bought + event.fill.quantity - in_coin,
        quantity=held.quantity + event.fill.quantity - in_coin,
        gross=held.gross + event.fill.quantity,
        value=held.value + value,
        spent=held.spent + value + in_quote,
        fees=held.fees + event.fee_value,
    )
    return with_holding(replace(account, cash=account.cash - value - in_quote), held)


def sold(account: Portfolio, event: e.FillSeen, value: Decimal, in_coin: Decimal, in_quote: Decimal) -> Portfolio:
    """The account after a sale; ``value``, and the fee in coin and in quote."""
    held = holding_of(account, event.pair)
    left = held.quantity - event.fill.quantity - in_coin
    if left < 0:
        raise InvariantBroken(f"{event.pair}: {event.fill.quantity} sold, {held.quantity} held")
    held = replace(
        held,
        quantity=left,
        received=held.received + value - in_quote,
        sold=held.sold + event.fill.quantity,
        sold_value=held.sold_value + value,
        fees=held.fees + event.fee_value,
        exited_at=event.fill.filled_at,
    )
    return with_holding(replace(account, cash=account.cash + value - in_quote), held)


def _stop(account: Portfolio, event: e.StopMarked, at: int) -> Portfolio:
    held = account.holdings.get(event.pair)
    if held is None:
        return account
    before = None if held.stop_id is None else account.orders.get(held.stop_id)
    stop = None if event.client_id is None else account.orders.get(event.client_id)
    held = replace(held, stop_id=event.client_id)
    if stop is not None and stop.rests:
        return _covered(account, held, at)
    if before is not None and before.status is OrderStatus.FILLED:
        return with_holding(account, held)
    return _bare(account, held, at)


def _swept(account: Portfolio, event: e.DustSwept, _: int) -> Portfolio:
    held = holding_of(account, event.pair)
    if account.dust.get(event.pair, ZERO) != event.quantity:
        raise InvariantBroken(f"{event.pair}: {event.quantity} dust swept, {account.dust.get(event.pair, ZERO)} there")
    account = replace(account, dust=without(account.dust, event.pair))
    return with_holding(account, replace(held, quantity=held.quantity + event.quantity))


def _trade(account: Portfolio, event: e.TradeClosed, at: int) -> Portfolio:
    held = holding_of(account, event.pair)
    if held.quantity != event.dust:
        raise InvariantBroken(f"{event.pair} is closed with {held.quantity} held and {event.dust} booked as dust")
    if held.bare_since is not None:
        # What was held without a stop was sold with its last fill.
        account = _covered(account, held, max(held.bare_since, at if held.exited_at is None else held.exited_at))
    stopped = account.stopped_at
    if event.stopped_at is not None:
        stopped = {**stopped, event.pair: event.stopped_at}
    dust = account.dust
    if event.dust > 0:
        dust = {**dust, event.pair: dust.get(event.pair, ZERO) + event.dust}
    lost = was_lost(float(event.profit), float(held.spent))
    account = counted(account, with_trade(account.tallies, lost, account.day))
    return replace(account, holdings=without(account.holdings, event.pair), stopped_at=stopped, dust=dust)


CHANGES: dict[type[e.Event], Change] = {
    e.IntentPlanned: _intent,
    e.OrderLearnt: _order,
    e.FillSeen: _fill,
    e.StopMarked: _stop,
    e.DustSwept: _swept,
    e.TradeClosed: _trade,
}
