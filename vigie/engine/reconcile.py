"""Our books against the venue: a pure comparison that reports and never invents a fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from vigie.domain.events import FillSeen
from vigie.domain.holdings import EXACT, OrderRecord
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance, Leg, OrderReport, OwnTrade, Side
from vigie.domain.portfolio import Portfolio

ZERO = Decimal(0)
_NOISE = Decimal("1e-12")
"""Share of a sum below which two of them differ by the digits that somebody cut, and by nothing that was traded."""


class DifferenceKind(StrEnum):
    """What does not agree."""

    ORPHAN_POSITION = "orphan-position"
    """Coins in a pair that we do not hold: bought by hand, or paid in."""
    QUANTITY_DRIFT = "quantity-drift"
    """Of a pair that we hold there are more coins, or fewer, and nothing tells why."""
    MANUAL_CLOSE = "manual-close"
    """Coins that we hold are gone: sold by hand, or withdrawn."""
    BUST = "bust"
    """The venue took a trade of ours back."""
    DUST = "dust"
    """Less than can be traded."""
    LEFT_ALONE = "left-alone"
    """Fewer of the coins that were there before us, and that are not ours."""
    MISSING_QUOTE = "missing-quote"
    """There is less money than we count with."""
    FOREIGN_ORDER = "foreign-order"
    """An order rests in a pair of ours that we never sent."""
    LOST_ORDER = "lost-order"
    """An order rests that only this account can have made, and the journal does not know it."""
    MISSING_STOP = "missing-stop"
    """A position without a stop at the venue."""
    UNBOOKED = "unbooked"
    """The venue knows more of an order of ours than the journal does."""
    VANISHED_ORDER = "vanished-order"
    """An open order of ours that the venue does not know."""
    UNKNOWN_ORDER = "unknown-order"
    """Nobody knows yet whether an order of ours exists."""
    STATE = "state-and-journal"
    """The snapshot of the account does not follow from its journal."""
    FROZEN_PAIR = "frozen-pair"
    """A pair that we hold is not listed any more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree.

    Attributes:
        kind: what.
        subject: asset, pair or client id.
        ours, theirs: what each side says; quantities, or order ids in the text.
        text: a sentence.
        trades: the venue's trades that explain it.
        order: the venue's order that it is about.
        fill: our fill that the venue does not know any more.
        made: what an order that only we can have made was for.
    """

    kind: DifferenceKind
    subject: str
    ours: Decimal
    theirs: Decimal
    text: str
    trades: tuple[OwnTrade, ...] = ()
    order: OrderReport | None = None
    fill: FillSeen | None = None
    made: Made | None = None

    @property
    def grave(self) -> bool:
        """Nothing new may be opened while it stands. Coins too many take nothing from what we count with."""
        if self.kind in (DifferenceKind.ORPHAN_POSITION, DifferenceKind.DUST):
            return False
        return self.kind is not DifferenceKind.QUANTITY_DRIFT or self.theirs < self.ours


@dataclass(frozen=True, slots=True)
class Made:
    """What a client id of this account was computed from. See `vigie.engine.authorship`."""

    leg: Leg
    candle_at: int | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What else is known; without it kinds are told less finely.

    Attributes:
        instruments: filters by pair.
        trades: by pair, the venue's own list since `fills` begin; a pair that is missing: it does not tell.
        fills: of ours in the same stretch.
        certain_until: fills up to this instant must be in the list, epoch milliseconds; lists can be behind.
        explained: trades of others that the books know already, pair and id.
        order_ids: the venue's ids of orders of ours, by pair.
        made: by client id, orders that only this account can have made.
        stops_found: client ids of stops that rest, found by asking for each: a list can be behind.
        deep: all of this was looked for.
    """

    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    trades: Mapping[str, tuple[OwnTrade, ...]] = field(default_factory=dict)
    fills: Sequence[FillSeen] = ()
    certain_until: int = 0
    explained: frozenset[tuple[str, str]] = frozenset()
    order_ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    made: Mapping[str, Made] = field(default_factory=dict)
    stops_found: frozenset[str] = frozenset()
    deep: bool = False


NOTHING = Evidence()


def compare(
    account: Portfolio,
    balances: Mapping[str, Balance],
    orders: Sequence[OrderReport],
    pairs: Sequence[str],
    evidence: Evidence = NOTHING,
) -> tuple[Difference, ...]:
    """What the account and the venue do not agree on.

    Args:
        account: as the journal has it; nothing in it may be unsettled.
        balances: of the venue, by asset.
        orders: that rest at the venue.
        pairs: that are ours to trade.
        evidence: what else is known.
    """
    busted = _busted(account, evidence)
    return (
        *busted,
        *_coins(account, balances, pairs, evidence, {one.subject for one in busted}),
        *_quote(account, balances, busted),
        *_foreign(account, orders, pairs, evidence),
        *(_unprotected(account, orders, evidence) if evidence.deep else ()),
    )


def _coins(
    account: Portfolio,
    balances: Mapping[str, Balance],
    pairs: Sequence[str],
    evidence: Evidence,
    busted: set[str],
) -> list[Difference]:
    found = []
    for pair in sorted(set(pairs) | set(account.holdings)):
        base = pair.split("/")[0]
        held = account.holdings[pair].quantity if pair in account.holdings else ZERO
        ours = EXACT.add(EXACT.add(held, account.dust.get(pair, ZERO)), account.left_alone.get(base, ZERO))
        theirs = balances[base].total if base in balances else ZERO
        if _agree(ours, theirs) or pair in busted:
            continue
        found.append(_coin(account, pair, ours, theirs, evidence))
    return found


def _coin(account: Portfolio, pair: str, ours: Decimal, theirs: Decimal, evidence: Evidence) -> Difference:
    kind, trades, words = _diagnosis(account, pair, ours, theirs, evidence)
    base = pair.split("/", maxsplit=1)[0]
    first, second = f"{ours} in our books", f"{theirs} at the venue"
    sides = f"{first}, {second}" if theirs < ours else f"{second}, {first}"
    return Difference(kind, pair, ours, theirs, f"{base}: {sides}{words}", trades)


def _diagnosis(
    account: Portfolio, pair: str, ours: Decimal, theirs: Decimal, evidence: Evidence
) -> tuple[DifferenceKind, tuple[OwnTrade, ...], str]:
    """Kind of a difference in coins, the trades that explain it, and more words about it."""
    held, base = account.holdings.get(pair), pair.split("/", maxsplit=1)[0]
    if _is_dust(account, pair, ours, theirs, evidence):
        return DifferenceKind.DUST, (), ", which cannot be traded"
    side = Side.SELL if theirs < ours else Side.BUY
    trades = tuple(one for one in foreign_trades(pair, evidence) if one.side is side)
    if theirs > ours:
        if held is None:
            return DifferenceKind.ORPHAN_POSITION, trades, ", and we do not hold the pair"
        return DifferenceKind.QUANTITY_DRIFT, trades, ""
    if held is None:
        return DifferenceKind.LEFT_ALONE, (), f": fewer than the {account.left_alone.get(base, ZERO)} we leave alone"
    sold = sum((one.fill.quantity for one in trades), ZERO)
    if sold > 0:
        return DifferenceKind.MANUAL_CLOSE, trades, f": {sold} sold by an order that is not ours"
    if ours - theirs >= held.quantity:
        return DifferenceKind.MANUAL_CLOSE, (), ": the whole position is gone"
    return DifferenceKind.QUANTITY_DRIFT, (), ""


def _is_dust(account: Portfolio, pair: str, ours: Decimal, theirs: Decimal, evidence: Evidence) -> bool:
    """Less than a step, and what is held can be sold all the same."""
    instrument = evidence.instruments.get(pair)
    if instrument is None or instrument.quantity_down(abs(theirs - ours)) > 0:
        return False
    if theirs > ours or pair not in account.holdings:
        return True
    held = account.holdings[pair].quantity
    return instrument.quantity_down(held) == instrument.quantity_down(max(held - (ours - theirs), ZERO))


def foreign_trades(pair: str, evidence: Evidence) -> list[OwnTrade]:
    """Trades of a pair that no order of ours made and that the books do not know yet, newest first."""
    known = {one.fill.trade_id for one in evidence.fills if one.pair == pair}
    orders = evidence.order_ids.get(pair, frozenset())
    return [
        one
        for one in reversed(evidence.trades.get(pair, ()))
        if one.fill.trade_id not in known
        and one.order_id not in orders
        and (pair, one.fill.trade_id) not in evidence.explained
    ]


def _busted(account: Portfolio, evidence: Evidence) -> list[Difference]:
    """Fills of ours that are not in the venue's list any more."""
    found = []
    for one in evidence.fills:
        told = evidence.trades.get(one.pair)
        if told is None or one.fill.filled_at > evidence.certain_until:
            continue
        if any(trade.fill.trade_id == one.fill.trade_id for trade in told):
            continue
        record = account.orders.get(one.client_id)
        if record is None or one.fill.trade_id not in record.trade_ids:
            continue
        text = (
            f"{one.pair}: the venue does not know trade {one.fill.trade_id} any more "
            f"({record.intent.side} {one.fill.quantity} at {one.fill.price})"
        )
        found.append(Difference(DifferenceKind.BUST, one.pair, one.fill.quantity, ZERO, text, fill=one))
    return found


def _quote(account: Portfolio, balances: Mapping[str, Balance], busted: Sequence[Difference]) -> list[Difference]:
    theirs = balances[account.quote].total if account.quote in balances else ZERO
    if theirs >= account.cash or _agree(theirs, account.cash) or busted:
        # More is no concern of ours: only the allocated capital is traded.
        return []
    text = f"{account.quote}: {account.cash} in our books, {theirs} at the venue"
    return [Difference(DifferenceKind.MISSING_QUOTE, account.quote, account.cash, theirs, text)]


def _agree(first: Decimal, second: Decimal) -> bool:
    return abs(first - second) <= _NOISE * max(first, second)


def _foreign(
    account: Portfolio, orders: Sequence[OrderReport], pairs: Sequence[str], evidence: Evidence
) -> list[Difference]:
    found = []
    for order in orders:
        if order.pair not in pairs or order.client_id in account.orders:
            continue
        made = evidence.made.get(order.client_id)
        if made is not None:
            text = f"{order.pair}: order {order.client_id} is ours ({made.leg}), and the journal does not know it"
            found.append(
                Difference(DifferenceKind.LOST_ORDER, order.pair, ZERO, order.quantity, text, order=order, made=made)
            )
        elif f"{order.pair} {order.venue_id}" not in account.ignored_orders:
            text = f"{order.pair}: order {order.client_id or order.venue_id} rests at the venue, and is not ours"
            found.append(Difference(DifferenceKind.FOREIGN_ORDER, order.pair, ZERO, order.quantity, text, order=order))
    return found


def _unprotected(account: Portfolio, orders: Sequence[OrderReport], evidence: Evidence) -> list[Difference]:
    """Positions for all of which no stop of ours rests."""
    resting = {one.client_id for one in orders} | evidence.stops_found
    found = []
    for pair, held in sorted(account.holdings.items()):
        instrument = evidence.instruments.get(pair)
        wanted = held.quantity if instrument is None else instrument.quantity_down(held.quantity)
        covered = sum((_open(one) for one in account.open_orders(pair) if _is_stop_at(one, resting)), ZERO)
        if wanted == 0 or covered >= wanted:
            continue
        words = "no stop rests" if covered == 0 else f"a stop for {covered} rests"
        text = f"{pair}: {held.quantity} held, and {words} at the venue"
        found.append(Difference(DifferenceKind.MISSING_STOP, pair, wanted, covered, text))
    return found


def _is_stop_at(record: OrderRecord, resting: frozenset[str] | set[str]) -> bool:
    return record.intent.leg is Leg.STOP and record.intent.client_id in resting


def _open(record: OrderRecord) -> Decimal:
    return record.intent.quantity - record.executed
