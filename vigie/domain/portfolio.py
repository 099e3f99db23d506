"""The account as a fold over events: whatever is known can be told again from the journal.

Money is Decimal. What the position rules look at (stops, highest price) stays the floats they were decided with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext

from vigie.domain import events as e
from vigie.domain.changes import CHANGES
from vigie.domain.coverage import Gaps
from vigie.domain.errors import InvariantBroken
from vigie.domain.holdings import EXACT, ZERO, Holding, Latch, OrderRecord
from vigie.domain.order import Leg
from vigie.domain.samples import Sample
from vigie.domain.tallies import Tallies


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
        change = CHANGES.get(type(event))
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
