"""The account as a fold over events: whatever is known can be told again from the journal.

Money is Decimal. What the position rules look at (stops, highest price) stays the floats they were decided with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal, localcontext
from typing import Any, TypeVar

from vigie.domain import events as e
from vigie.domain.coverage import Gaps
from vigie.domain.errors import InvariantBroken
from vigie.domain.exit_reason import ExitReason
from vigie.domain.order import Fill, Intent, Leg, Side
from vigie.domain.order_status import Learnt, OrderStatus, after
from vigie.domain.samples import KEPT_SAMPLES, Sample, sample_of
from vigie.domain.tallies import Tallies, was_lost, with_entry, with_trade

ZERO = Decimal(0)
EXACT = Context(prec=100)
"""Money is not rounded: our books and a venue's have to agree to the last digit."""
KEPT_ORDERS = 50
"""Ended orders that are remembered, beside the last of each leg of a pair: a late word about one still finds it."""

KEPT_STARTS = 10
KEPT_IGNORED = 200

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as far as we know it.

    Attributes:
        intent: what we wanted.
        status: what became of it.
        venue_id: the venue's id; empty: not known.
        executed, executed_value, fees: base, quote, quote; sums of its fills.
        trade_ids: of its fills; the same fill told twice counts once.
        triggered: a stop that rests at its limit.
        wish: the signal that an entry came from, as it was when the entry was planned: a newer one may take its place
            before a late fill; None: no entry.
        triggered_at: when that was learnt, epoch milliseconds; 0: it was not.
        filled_at: its last fill, epoch milliseconds; 0: none.
        run: in which it was planned, a key of `Portfolio.runs`.
    """

    intent: Intent
    status: OrderStatus = OrderStatus.PLANNED
    venue_id: str = ""
    executed: Decimal = ZERO
    executed_value: Decimal = ZERO
    fees: Decimal = ZERO
    trade_ids: tuple[str, ...] = ()
    triggered: bool = False
    wish: e.Wished | None = None
    triggered_at: int = 0
    filled_at: int = 0
    run: str = ""

    @property
    def rests(self) -> bool:
        """The venue has taken it, and it has not ended."""
        return self.status in (OrderStatus.ACCEPTED, OrderStatus.PARTIAL)


@dataclass(frozen=True, slots=True)
class Holding:
    """A position that is ours.

    Attributes:
        pair: ``BTC/USDT``.
        wish: the signal that it came from.
        entered_at: first fill, epoch milliseconds.
        bought: base bought, net of fees taken in coin.
        quantity: base held now.
        gross: base bought, gross of fees: what the average price is over.
        value: quote paid for it, fees not counted.
        spent: quote paid, fees in quote included.
        received: quote received for parts sold, net of fees.
        sold, sold_value: base and quote of all sales, gross.
        fees: quote.
        exited_at: last sale, epoch milliseconds; None: none.
        rules: what the position rules know; None until the first fill was looked at.
        stop_id: client id of the stop that protects it at the venue; None: it has none.
        leaving: `ExitReason` code of a sale that waits for the next price; 0: none.
        leaving_at: the candle that decided it.
        parts: partial sales that were decided and not yet sent.
        stop_at_entry: first stop, quote.
        run: in which its entry was planned, a key of `Portfolio.runs`: what was decided then holds until it is closed.
        bare_since: since when no stop rests for all of it, epoch milliseconds; None: one does.
        gaps: the times without a stop that are over.
        slippage: quote that its fills cost beyond what they were decided with.
        fees_elsewhere: quote, the part of its fees that was taken in a third asset.
        unpriced: base that went at a price that nobody tells.
    """

    pair: str
    wish: e.Wished
    entered_at: int
    bought: Decimal = ZERO
    quantity: Decimal = ZERO
    gross: Decimal = ZERO
    value: Decimal = ZERO
    spent: Decimal = ZERO
    received: Decimal = ZERO
    sold: Decimal = ZERO
    sold_value: Decimal = ZERO
    fees: Decimal = ZERO
    exited_at: int | None = None
    rules: e.RulesMoved | None = None
    stop_id: str | None = None
    leaving: int = 0
    leaving_at: int = 0
    parts: tuple[e.PartDecided, ...] = ()
    stop_at_entry: float = 0.0
    run: str = ""
    bare_since: int | None = None
    gaps: Gaps = field(default_factory=Gaps)
    slippage: Decimal = ZERO
    fees_elsewhere: Decimal = ZERO
    unpriced: Decimal = ZERO

    @property
    def average_price(self) -> Decimal:
        """Quote paid per base bought, fees not counted."""
        return self.value / self.gross


@dataclass(frozen=True, slots=True)
class Latch:
    """Why new exposure is off.

    Attributes:
        mode: ``reduce-only`` or ``halted``.
        reason: for people.
        since, until: epoch milliseconds; until None: a person must lift it.
        sells: everything held is sold.
    """

    mode: str
    reason: str
    since: int
    until: int | None = None
    sells: bool = False


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything that is known of an account.

    Attributes:
        seq: of the last event in here; 0: none.
        quote: what money is counted in; empty before the account began.
        capital: quote allocated, flows included.
        cash: quote that is free to use.
        left_alone: coins that are not ours, by asset.
        holdings, wishes: by pair.
        orders: by client id: those that live, and the last that ended.
        stopped_at: by pair, opening instant of the candle of its last stop-out.
        dust: base left over, by pair.
        latches: by name.
        cycle: the last cycle; None: none yet.
        starts: of processes that have not ended on purpose since the last that did, epoch milliseconds; the newest.
        beyond: limits that the last reading between two closes was beyond.
        ignored_orders: of others, by pair and the venue's id; a person said to let them be.
        start_equity: equity at the start, moved with deposits and withdrawals as a share of the account, quote.
        trades_today, trades_day, losing_streak, worst_streak, streak_day: as in `vigie.domain.tallies.Tallies`.
        run: the last one that began, a key of ``runs``.
        runs: that one and those in which something was planned that is still held or under way.
        gaps: times without a stop, of all positions there ever were.
        samples: of the last orders at the market that were filled.
        fees_elsewhere: by asset, what was taken of assets that are no business of this account.
        fees_elsewhere_value: quote, what that was worth at each time.
    """

    seq: int = 0
    quote: str = ""
    capital: Decimal = ZERO
    cash: Decimal = ZERO
    left_alone: Mapping[str, Decimal] = field(default_factory=dict)
    holdings: Mapping[str, Holding] = field(default_factory=dict)
    wishes: Mapping[str, e.Wished] = field(default_factory=dict)
    orders: Mapping[str, OrderRecord] = field(default_factory=dict)
    stopped_at: Mapping[str, int] = field(default_factory=dict)
    dust: Mapping[str, Decimal] = field(default_factory=dict)
    latches: Mapping[str, Latch] = field(default_factory=dict)
    cycle: e.CycleDone | None = None
    start_equity: float = 0.0
    losing_streak: int = 0
    trades_today: int = 0
    trades_day: int = 0
    worst_streak: int = 0
    streak_day: int = 0
    starts: tuple[int, ...] = ()
    beyond: tuple[str, ...] = ()
    run: str = ""
    runs: Mapping[str, e.RunStarted] = field(default_factory=dict)
    gaps: Gaps = field(default_factory=Gaps)
    samples: tuple[Sample, ...] = ()
    fees_elsewhere: Mapping[str, Decimal] = field(default_factory=dict)
    fees_elsewhere_value: Decimal = ZERO
    ignored_orders: tuple[str, ...] = ()

    @property
    def day(self) -> int:
        """UTC day since 1970 of the last mark of the account; -1 before the first."""
        return -1 if self.cycle is None else self.cycle.day

    @property
    def tallies(self) -> Tallies:
        """What is counted of entries and lost trades."""
        return Tallies(self.trades_today, self.trades_day, self.losing_streak, self.worst_streak, self.streak_day)

    def open_orders(self, pair: str | None = None) -> tuple[OrderRecord, ...]:
        """Orders that have not ended, of one pair or of all."""
        return tuple(
            one for one in self.orders.values() if not one.status.final and (pair is None or one.intent.pair == pair)
        )

    def unsettled(self, pair: str | None = None) -> tuple[OrderRecord, ...]:
        """Orders of which nobody knows whether they exist."""
        return tuple(one for one in self.open_orders(pair) if one.status.unsettled)

    def attempts(self, pair: str, leg: Leg, candle_at: int | None) -> int:
        """How many orders have been planned for a leg of a candle; None: for a leg that no candle decided, 0.

        Orders without a candle are told apart by their line of the journal.
        """
        if candle_at is None:
            return 0
        same = [
            one.intent.attempt
            for one in self.orders.values()
            if (one.intent.pair, one.intent.leg, one.intent.candle_at) == (pair, leg, candle_at)
        ]
        return max(same, default=-1) + 1

    def apply(self, event: e.Event, seq: int, at: int) -> Portfolio:
        """The account after one more event.

        Args:
            event: what happened.
            seq: its number in the journal; it follows ours.
            at: its instant, epoch milliseconds.

        Raises:
            InvariantBroken: the event does not fit: a number that is missing, a fill without an order, more sold than
                was held.
        """
        if seq != self.seq + 1:
            raise InvariantBroken(f"event {seq} cannot follow event {self.seq}")
        change = _CHANGES.get(type(event))
        with localcontext(EXACT):
            changed = self if change is None else change(self, event, at)
        return replace(changed, seq=seq)


def folded(entries: Iterable[tuple[int, int, e.Event]], start: Portfolio | None = None) -> Portfolio:
    """The account after many events, each a number, an instant and what happened.

    Raises:
        InvariantBroken: as `Portfolio.apply`.
    """
    account = start or Portfolio()
    for seq, at, event in entries:
        account = account.apply(event, seq, at)
    return account


Change = Callable[[Portfolio, Any, int], Portfolio]


def _started(account: Portfolio, event: e.RunStarted, at: int) -> Portfolio:
    run = str(account.seq + 1)
    wanted = {one.run for one in account.holdings.values()} | {one.run for one in account.open_orders()}
    runs = {key: one for key, one in account.runs.items() if key in wanted}
    # Which process it was is no part of what was decided.
    kept = replace(event, process=0)
    return replace(account, starts=(*account.starts, at)[-KEPT_STARTS:], run=run, runs={**runs, run: kept})


def _ended(account: Portfolio, _: e.RunEnded, __: int) -> Portfolio:
    return replace(account, starts=())


def _baseline(account: Portfolio, event: e.BaselineTaken, _: int) -> Portfolio:
    if account.quote:
        raise InvariantBroken("an account begins once")
    return replace(
        account,
        quote=event.quote,
        capital=event.capital,
        cash=event.capital,
        left_alone=dict(event.left_alone),
        start_equity=float(event.capital),
    )


def _flow(account: Portfolio, event: e.FlowSeen, _: int) -> Portfolio:
    """Limits move with the flow: what came in was not earned."""
    cycle = account.cycle
    if cycle is not None and cycle.equity > 0.0:
        value = float(event.value)
        scale = max(0.0, 1.0 + value / cycle.equity)
        cycle = replace(
            cycle,
            equity=cycle.equity + value,
            day_first=cycle.day_first * scale,
            day_low=cycle.day_low * scale,
            peak=cycle.peak * scale,
            lowest=cycle.lowest * scale,
        )
        start = account.start_equity * scale
    else:
        start = account.start_equity + float(event.value)
    return replace(
        account,
        capital=account.capital + event.value,
        cash=account.cash + event.value,
        start_equity=start,
        cycle=cycle,
    )


def _wished(account: Portfolio, event: e.Wished, _: int) -> Portfolio:
    return replace(account, wishes={**account.wishes, event.pair: event})


def _wish_done(account: Portfolio, event: e.WishDone, _: int) -> Portfolio:
    return replace(account, wishes=_without(account.wishes, event.pair))


def _leave(account: Portfolio, event: e.LeaveDecided, _: int) -> Portfolio:
    held = _holding(account, event.pair)
    return _with_holding(account, replace(held, leaving=event.code, leaving_at=event.candle_at))


def _part(account: Portfolio, event: e.PartDecided, _: int) -> Portfolio:
    held = _holding(account, event.pair)
    others = tuple(one for one in held.parts if one.leg is not event.leg)
    return _with_holding(account, replace(held, parts=(*others, event)))


def _rules_moved(account: Portfolio, event: e.RulesMoved, _: int) -> Portfolio:
    held = _holding(account, event.pair)
    first = held.stop_at_entry if held.rules is not None else event.fixed_stop
    # A part that was not sold at its own close is not sold at a later one.
    parts = tuple(one for one in held.parts if one.candle_at >= event.candle_at)
    return _with_holding(account, replace(held, rules=event, stop_at_entry=first, parts=parts))


def _intent(account: Portfolio, event: e.IntentPlanned, _: int) -> Portfolio:
    intent = event.intent
    if intent.client_id in account.orders:
        raise InvariantBroken(f"order {intent.client_id} is planned twice")
    held = account.holdings.get(intent.pair)
    if held is not None and held.parts:
        account = _with_holding(
            account, replace(held, parts=tuple(one for one in held.parts if one.leg is not intent.leg))
        )
    wish = account.wishes.get(intent.pair) if intent.leg is Leg.ENTRY else None
    record = OrderRecord(intent, wish=wish, run=account.run)
    return replace(account, orders={**account.orders, intent.client_id: record})


def _order(account: Portfolio, event: e.OrderLearnt, at: int) -> Portfolio:
    known = _known_order(account, event.client_id)
    record = replace(
        known,
        status=after(known.status, event.learnt),
        venue_id=event.venue_id or known.venue_id,
        triggered=known.triggered or event.triggered,
        triggered_at=at if event.triggered and not known.triggered else known.triggered_at,
    )
    intent = record.intent
    if event.learnt is Learnt.SENT and intent.leg is Leg.ENTRY:
        account = _counted(account, with_entry(account.tallies, account.day))
    if record.status.final and not known.status.final:
        account = _sampled(account, record)
    account = _with_order(account, record)
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
    return _with_holding(account, held if held.bare_since is not None else replace(held, bare_since=at))


def _covered(account: Portfolio, held: Holding, at: int) -> Portfolio:
    """A stop rests for all of a holding, or it is over: a time without one has ended."""
    if held.bare_since is None:
        return _with_holding(account, held)
    gap = at - held.bare_since
    held = replace(held, bare_since=None, gaps=held.gaps.with_one(gap))
    return _with_holding(replace(account, gaps=account.gaps.with_one(gap)), held)


def _fill(account: Portfolio, event: e.FillSeen, at: int) -> Portfolio:
    record, fill = _known_order(account, event.client_id), event.fill
    if fill.trade_id in record.trade_ids:
        return account
    intent = record.intent
    if event.pair != intent.pair:
        raise InvariantBroken(f"order {intent.client_id} of {intent.pair} cannot be filled with {event.pair}")
    value = fill.price * fill.quantity
    executed = record.executed + fill.quantity
    if executed > intent.quantity:
        raise InvariantBroken(f"order {intent.client_id} was filled with {executed}, more than its {intent.quantity}")
    account = _with_order(
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
        account = _sold(account, event, value, fee_in_coin, fee_in_quote)
    held = account.holdings[event.pair]
    account = _with_holding(account, replace(held, slippage=held.slippage + _slipped(intent, fill)))
    return account if fill.fee_asset in (base, account.quote) else _paid_elsewhere(account, event)


def _slipped(intent: Intent, fill: Fill) -> Decimal:
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
    account = _with_holding(account, replace(held, fees_elsewhere=held.fees_elsewhere + event.fee_value))
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
    return _with_holding(replace(account, cash=account.cash - value - in_quote), held)


def _sold(account: Portfolio, event: e.FillSeen, value: Decimal, in_coin: Decimal, in_quote: Decimal) -> Portfolio:
    held = _holding(account, event.pair)
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
    return _with_holding(replace(account, cash=account.cash + value - in_quote), held)


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
        return _with_holding(account, held)
    return _bare(account, held, at)


def _swept(account: Portfolio, event: e.DustSwept, _: int) -> Portfolio:
    held = _holding(account, event.pair)
    if account.dust.get(event.pair, ZERO) != event.quantity:
        raise InvariantBroken(f"{event.pair}: {event.quantity} dust swept, {account.dust.get(event.pair, ZERO)} there")
    account = replace(account, dust=_without(account.dust, event.pair))
    return _with_holding(account, replace(held, quantity=held.quantity + event.quantity))


def _trade(account: Portfolio, event: e.TradeClosed, at: int) -> Portfolio:
    held = _holding(account, event.pair)
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
    account = _counted(account, with_trade(account.tallies, lost, account.day))
    return replace(account, holdings=_without(account.holdings, event.pair), stopped_at=stopped, dust=dust)


def _adopted(account: Portfolio, event: e.CoinsAdopted, at: int) -> Portfolio:
    """As if their worth had been paid in, and the coins bought with it: cash stays as it is."""
    value, cash = event.price * event.quantity, account.cash
    account = replace(_flow(account, e.FlowSeen(value, event.basis), at), cash=cash)
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
    return _with_holding(account, held)


def _sold_elsewhere(account: Portfolio, event: e.SoldElsewhere, _: int) -> Portfolio:
    fill = event.fill
    in_coin = fill.fee if fill.fee_asset == event.pair.split("/")[0] else ZERO
    in_quote = fill.fee if fill.fee_asset == account.quote else ZERO
    seen = e.FillSeen("", event.pair, fill, event.fee_value)
    account = _sold(account, seen, fill.price * fill.quantity, in_coin, in_quote)
    held = _holding(account, event.pair)
    leaving = int(ExitReason.PERSON) if held.quantity == 0 else held.leaving
    return _with_holding(account, replace(held, leaving=leaving))


def _gone(account: Portfolio, event: e.CoinsGone, at: int) -> Portfolio:
    held = account.holdings.get(event.pair)
    if held is None:
        left = account.dust.get(event.pair, ZERO) - event.quantity
        if left < 0:
            raise InvariantBroken(f"{event.pair}: {event.quantity} are gone, and there was no more than dust")
        rest = _without(account.dust, event.pair)
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
    return replace(_flow(_with_holding(account, held), e.FlowSeen(-event.cost, event.reason), at), cash=cash)


def _reversed(account: Portfolio, event: e.FillReversed, _: int) -> Portfolio:
    """A fill and its money taken back; of a holding that was nothing else nothing is left, and no trade."""
    record, fill = _known_order(account, event.client_id), event.fill
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
    held = _holding(account, event.pair)
    held = replace(held, slippage=held.slippage - _slipped(record.intent, fill))
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
        return _with_holding(replace(account, cash=account.cash - value + in_quote), held)
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
        return replace(account, holdings=_without(account.holdings, event.pair))
    return _with_holding(account, held)


def _left_alone(account: Portfolio, event: e.LeftAlone, _: int) -> Portfolio:
    rest = _without(account.left_alone, event.asset)
    return replace(account, left_alone={**rest, event.asset: event.quantity} if event.quantity else rest)


def _foreign(account: Portfolio, event: e.ForeignOrder, _: int) -> Portfolio:
    if event.outcome != "ignored":
        return account
    known = (*account.ignored_orders, f"{event.pair} {event.venue_id}")
    return replace(account, ignored_orders=known[-KEPT_IGNORED:])


def _cycle(account: Portfolio, event: e.CycleDone, _: int) -> Portfolio:
    return replace(account, cycle=event)


def _halted(account: Portfolio, event: e.Halted, at: int) -> Portfolio:
    latch = Latch(event.mode, event.reason, at, event.until, event.sells)
    return replace(account, latches={**account.latches, event.name: latch})


def _read(account: Portfolio, event: e.EquityRead, _: int) -> Portfolio:
    return replace(account, beyond=event.beyond)


def _resumed(account: Portfolio, event: e.Resumed, at: int) -> Portfolio:
    """What a limit counted from begins anew when a person lifts it: else it would latch again at the next candle."""
    latch = account.latches.get(event.name)
    account = replace(account, latches=_without(account.latches, event.name))
    if latch is not None and latch.until is not None and latch.until <= at:
        # Nobody lifted it: its time was over.
        return account
    return _REBASED.get(event.name, _unchanged)(account)


def _unchanged(account: Portfolio) -> Portfolio:
    return account


def _peak_anew(account: Portfolio) -> Portfolio:
    cycle = account.cycle
    return account if cycle is None else replace(account, cycle=replace(cycle, peak=cycle.equity, worst=0.0))


def _day_anew(account: Portfolio) -> Portfolio:
    cycle = account.cycle
    if cycle is None:
        return account
    return replace(account, cycle=replace(cycle, day_first=cycle.equity, day_low=cycle.equity))


def _start_anew(account: Portfolio) -> Portfolio:
    cycle = account.cycle
    if cycle is None:
        return account
    return replace(account, start_equity=cycle.equity, cycle=replace(cycle, lowest=cycle.equity))


def _streak_anew(account: Portfolio) -> Portfolio:
    return replace(account, losing_streak=0, worst_streak=0)


def _trades_anew(account: Portfolio) -> Portfolio:
    return replace(account, trades_today=0)


def _samples_anew(account: Portfolio) -> Portfolio:
    return replace(account, samples=())


_REBASED: dict[str, Callable[[Portfolio], Portfolio]] = {
    "drawdown": _peak_anew,
    "daily_loss": _day_anew,
    "total_loss": _start_anew,
    "losing_streak": _streak_anew,
    "trades_per_day": _trades_anew,
    "drift": _samples_anew,
}


_CHANGES: dict[type[e.Event], Change] = {
    e.RunStarted: _started,
    e.RunEnded: _ended,
    e.BaselineTaken: _baseline,
    e.FlowSeen: _flow,
    e.Wished: _wished,
    e.WishDone: _wish_done,
    e.LeaveDecided: _leave,
    e.PartDecided: _part,
    e.RulesMoved: _rules_moved,
    e.IntentPlanned: _intent,
    e.OrderLearnt: _order,
    e.FillSeen: _fill,
    e.StopMarked: _stop,
    e.DustSwept: _swept,
    e.TradeClosed: _trade,
    e.CycleDone: _cycle,
    e.Halted: _halted,
    e.EquityRead: _read,
    e.Resumed: _resumed,
    e.CoinsAdopted: _adopted,
    e.SoldElsewhere: _sold_elsewhere,
    e.CoinsGone: _gone,
    e.FillReversed: _reversed,
    e.LeftAlone: _left_alone,
    e.ForeignOrder: _foreign,
}


def _counted(account: Portfolio, tallies: Tallies) -> Portfolio:
    return replace(
        account,
        trades_today=tallies.trades,
        trades_day=tallies.trades_day,
        losing_streak=tallies.streak,
        worst_streak=tallies.worst_streak,
        streak_day=tallies.streak_day,
    )


def _holding(account: Portfolio, pair: str) -> Holding:
    held = account.holdings.get(pair)
    if held is None:
        raise InvariantBroken(f"{pair} is not held")
    return held


def _known_order(account: Portfolio, client_id: str) -> OrderRecord:
    record = account.orders.get(client_id)
    if record is None:
        raise InvariantBroken(f"order {client_id} is not known")
    return record


def _with_holding(account: Portfolio, held: Holding) -> Portfolio:
    return replace(account, holdings={**account.holdings, held.pair: held})


def _with_order(account: Portfolio, record: OrderRecord) -> Portfolio:
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


def _without(mapping: Mapping[str, T], key: str) -> dict[str, T]:
    return {name: value for name, value in mapping.items() if name != key}
