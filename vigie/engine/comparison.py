"""Our books against the venue at each tick: what differs is written down, holds entries back, and halts if it stays."""

from __future__ import annotations

from collections.abc import Sequence

from vigie.domain import events as e
from vigie.domain.errors import VigieError
from vigie.domain.order import OrderReport
from vigie.domain.pair import Pair
from vigie.domain.trading_mode import TradingMode
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.gauges import Gauges
from vigie.engine.limits import Limits
from vigie.engine.protection import Guardian
from vigie.engine.reconcile import Difference, Evidence, compare
from vigie.engine.setup import Setup
from vigie.ports.broker import Broker

CONFIRMED = 2
"""Ticks in a row that must see a difference before it latches: a fill can be on its way."""


class Comparison:
    """Remembers what differed, and for how long.

    Attributes:
        differences: of the last comparison, sentences.
        missed: ticks that count since the last one; nothing is compared while an order's fate is unknown.
    """

    def __init__(
        self, setup: Setup, books: Books, desk: Desk, guardian: Guardian, limits: Limits, broker: Broker, gauges: Gauges
    ) -> None:
        self._setup, self._books, self._desk, self._guardian = setup, books, desk, guardian
        self._limits, self._broker, self._gauges = limits, broker, gauges
        self.differences: tuple[str, ...] = ()
        self.missed = 0
        self._grave_for = 0

    @property
    def confirmed(self) -> tuple[str, ...]:
        """What differs, if it is grave and was seen long enough."""
        return self.differences if self._grave_for >= CONFIRMED else ()

    def look(self, resting: tuple[OrderReport, ...] | None, *, counts: bool) -> None:
        """Compare, unless an order's fate is unknown.

        Args:
            resting: orders that the venue has just shown; None: it is asked.
            counts: False: a look out of turn, which confirms nothing.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        if self._books.portfolio.unsettled():
            return
        pairs = [str(pair) for pair in self._setup.pairs]
        resting = self._broker.open_orders() if resting is None else resting
        balances = self._broker.balances()
        self._guardian.heard = True
        found = compare(self._books.portfolio, balances, resting, pairs)
        if tuple(one.text for one in found) not in ((), self.differences) and self._something_filled():
            found = compare(self._books.portfolio, balances, resting, pairs)
        if found:
            # What is less than a step of the pair halts nobody: it cannot be traded.
            found = compare(self._books.portfolio, balances, resting, pairs, self._filters_of(found))
        self._gauges.compared(found)
        self._guardian.found_again({one.subject for one in found})
        self.missed = 0
        texts = tuple(one.text for one in found)
        if texts != self.differences:
            self._books.write(e.Reconciled(texts))
            self.differences = texts
        self._judge([one for one in found if one.grave], counts=counts)

    def _filters_of(self, found: Sequence[Difference]) -> Evidence:
        instruments = {}
        for pair in {one.subject for one in found} & {str(pair) for pair in self._setup.pairs}:
            try:
                instruments[pair] = self._broker.instrument(Pair.parse(pair))
            except VigieError:
                # Told less finely: nothing counts as dust there.
                continue
        return Evidence(instruments=instruments)

    def _something_filled(self) -> bool:
        """Whether an order of ours was filled since the venue showed what rests: then coins have moved."""
        seq = self._books.portfolio.seq
        self._desk.settle()
        return self._books.portfolio.seq != seq

    def _judge(self, grave: list[Difference], *, counts: bool) -> None:
        self._grave_for = self._grave_for + counts if grave else 0
        if grave:
            self._desk.hold_back(TradingMode.REDUCE_ONLY)
        if self._grave_for >= CONFIRMED:
            self._limits.latch("reconcile", TradingMode.HALTED, "; ".join(one.text for one in grave))
