"""What has to be asked before books and venue can be compared in depth. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.errors import RefusalCode, VenueRefused
from vigie.domain.holdings import OrderRecord
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance, OrderReport, OwnTrade
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.domain.timeframe import DAY_MS
from vigie.engine.authorship import authorship
from vigie.engine.reconcile import Difference, DifferenceKind, Evidence, compare
from vigie.engine.setup import Setup
from vigie.ports.broker import Broker, TradeHistory
from vigie.ports.journal import Entry, Journal

BACK_MS = 7 * DAY_MS
"""So far back trades are looked at in a pair that we do not hold."""
LAG_MS = 60_000
"""For so long a venue's list of trades may be behind its engine."""
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Testimony:
    """What the venue says, and what does not agree.

    Attributes:
        differences: all of them, in the order in which they are to be put right.
        evidence: what they were told from.
        balances: of the venue.
    """

    differences: tuple[Difference, ...]
    evidence: Evidence
    balances: Mapping[str, Balance]


class Witness:
    """Asks the venue and the journal."""

    def __init__(self, setup: Setup, broker: Broker, journal: Journal) -> None:
        self._setup, self._broker, self._journal = setup, broker, journal

    def hear(self, account: Portfolio, now_ms: int) -> Testimony:
        """Compare an account of which nothing is unsettled.

        Raises:
            VenueUnavailable: no usable answer.
            VenueRefused: the venue does not let us ask.
            InvariantBroken: the journal is damaged.
        """
        broker, names = self._broker, [str(pair) for pair in self._setup.pairs]
        instruments, frozen = self._instruments(account, names)
        balances, orders = broker.balances(), broker.open_orders()
        first = compare(account, balances, orders, names)
        evidence = self._evidence(account, first, orders, instruments, now_ms)
        found = compare(account, balances, orders, names, evidence)
        return Testimony((*frozen, *found), evidence, balances)

    def _instruments(self, account: Portfolio, names: Sequence[str]) -> tuple[dict[str, Instrument], list[Difference]]:
        found, frozen = dict[str, Instrument](), list[Difference]()
        for name in sorted({*names, *account.holdings}):
            try:
                found[name] = self._broker.instrument(Pair.parse(name))
            except VenueRefused as refusal:
                if refusal.code is not RefusalCode.UNKNOWN_PAIR:
                    raise
                held = account.holdings[name].quantity if name in account.holdings else ZERO
                text = f"{name}: {held} held, and the venue does not list the pair any more"
                frozen.append(Difference(DifferenceKind.FROZEN_PAIR, name, held, ZERO, text))
        return found, frozen

    def _evidence(
        self,
        account: Portfolio,
        first: Iterable[Difference],
        orders: Sequence[OrderReport],
        instruments: Mapping[str, Instrument],
        now_ms: int,
    ) -> Evidence:
        names = {str(pair) for pair in self._setup.pairs}
        unknown = {one.client_id: one.pair for one in orders if one.pair in names} if orders else {}
        unknown = {own: pair for own, pair in unknown.items() if own not in account.orders}
        candles = {at for held in account.holdings.values() for at in _candles_of(held.wish, held.rules)}
        made = authorship(self._setup, unknown, now_ms, account.seq, sorted(candles)) if unknown else {}
        pairs = self._doubtful(first, names | set(account.holdings))
        since = {pair: _since(account, pair, now_ms) for pair in pairs}
        trades = self._trades(since)
        fills, explained, order_ids = self._known(since) if trades else ((), frozenset(), {})
        return Evidence(
            instruments=instruments,
            trades=trades,
            fills=fills,
            certain_until=now_ms - LAG_MS,
            explained=explained,
            order_ids=order_ids,
            made=made,
            stops_found=self._stops(account, orders, instruments),
            deep=True,
        )

    @staticmethod
    def _doubtful(first: Iterable[Difference], names: Iterable[str]) -> list[str]:
        """Pairs whose trades may tell why something differs; of money that is missing any of them may."""
        subjects = {one.subject for one in first if one.kind is not DifferenceKind.FOREIGN_ORDER}
        every = any(one.kind is DifferenceKind.MISSING_QUOTE for one in first)
        return sorted(pair for pair in names if every or pair in subjects)

    def _trades(self, since: Mapping[str, int]) -> dict[str, tuple[OwnTrade, ...]]:
        broker = self._broker
        if not isinstance(broker, TradeHistory):
            return {}
        told = {pair: broker.trades(Pair.parse(pair), at) for pair, at in since.items()}
        return {pair: trades for pair, trades in told.items() if trades is not None}

    def _known(
        self, since: Mapping[str, int]
    ) -> tuple[tuple[e.FillSeen, ...], frozenset[tuple[str, str]], dict[str, frozenset[str]]]:
        """What the journal knows of trades: our fills, those of others that were booked, and our orders' numbers."""
        fills, explained, numbers = list[e.FillSeen](), set[tuple[str, str]](), dict[str, set[str]]()
        for entry in self._journal.read():
            match entry.event:
                case e.FillSeen(pair=pair, fill=fill) if fill.filled_at >= since.get(pair, fill.filled_at + 1):
                    fills.append(entry.event)
                case e.FillReversed(pair=pair, fill=fill):
                    fills = [one for one in fills if (one.pair, one.fill.trade_id) != (pair, fill.trade_id)]
                case e.SoldElsewhere(pair=pair, fill=fill):
                    explained.add((pair, fill.trade_id))
                case e.CoinsAdopted(pair=pair, trade_ids=ids):
                    explained |= {(pair, one) for one in ids}
                case e.OrderLearnt(pair=pair, venue_id=number) if number:
                    numbers.setdefault(pair, set()).add(number)
                case _:
                    pass
        return tuple(fills), frozenset(explained), {pair: frozenset(ids) for pair, ids in numbers.items()}

    def _stops(
        self, account: Portfolio, orders: Sequence[OrderReport], listed: Mapping[str, Instrument]
    ) -> frozenset[str]:
        """Stops that the list of open orders does not show, and that rest all the same."""
        shown = {one.client_id for one in orders}
        found = set()
        for pair, held in account.holdings.items():
            if held.stop_id is None or held.stop_id in shown or pair not in listed:
                continue
            report = self._broker.find(Pair.parse(pair), held.stop_id)
            if report is not None and not report.status.final:
                found.add(held.stop_id)
        return frozenset(found)


def unbooked(before: Portfolio, after: Portfolio, lines: Sequence[Entry]) -> list[Difference]:
    """What asking about open orders has brought to light.

    Args:
        before: the account as the journal has it.
        after: the same after the venue was asked about each open order.
        lines: that were written by asking.
    """
    vanished = {
        one.event.client_id for one in lines if isinstance(one.event, e.OrderLearnt) and "vanished" in one.event.message
    }
    found = []
    for own, was in before.orders.items():
        now = after.orders.get(own, was)
        kind, text = _of_order(was, now, own in vanished)
        if kind is not None:
            found.append(Difference(kind, own, was.executed, now.executed, f"{was.intent.pair}: {text}"))
    return found


def _of_order(was: OrderRecord, now: OrderRecord, vanished: bool) -> tuple[DifferenceKind | None, str]:
    leg = was.intent.leg
    if not now.status.final and now.status.unsettled:
        return DifferenceKind.UNKNOWN_ORDER, f"nobody knows whether the {leg} order of {was.intent.quantity} exists"
    if vanished:
        return DifferenceKind.VANISHED_ORDER, f"the {leg} order of {was.intent.quantity} is not known at the venue"
    if (was.status, was.executed) == (now.status, now.executed):
        return None, ""
    words = f"the {leg} order is {was.status} with {was.executed} filled in our books"
    return DifferenceKind.UNBOOKED, f"{words}, {now.status} with {now.executed} at the venue"


def _since(account: Portfolio, pair: str, now_ms: int) -> int:
    held = account.holdings.get(pair)
    return now_ms - BACK_MS if held is None else held.entered_at


def _candles_of(wish: e.Wished, rules: e.RulesMoved | None) -> tuple[int, ...]:
    return (wish.candle_at,) if rules is None else (wish.candle_at, rules.candle_at)
