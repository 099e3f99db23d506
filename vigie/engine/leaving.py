"""Between two closes: what was decided to be sold is sold at the next price, and so is what jumped over its stop."""

from __future__ import annotations

from vigie.decision.policies import GapPolicy
from vigie.domain import events as e
from vigie.domain.holdings import Holding
from vigie.domain.order import Leg
from vigie.domain.pair import Pair
from vigie.domain.trades import ExitReason
from vigie.domain.trading_mode import permits
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.entries import due_at
from vigie.engine.plans import Plans
from vigie.engine.protection import Guardian
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock
from vigie.ports.feed import CandleFeed


class Leaver:
    """Sells what waits to be sold."""

    def __init__(
        self, setup: Setup, plans: Plans, books: Books, desk: Desk, guardian: Guardian, feed: CandleFeed, clock: Clock
    ) -> None:
        self._setup, self._plans, self._books, self._desk = setup, plans, books, desk
        self._guardian, self._feed, self._clock = guardian, feed, clock

    def leave(self, pair: str, between: int | None) -> None:
        """Sell one pair, if it waits for that and its price is known.

        Args:
            pair: that is held.
            between: instant at which a guard tick began: a stop that it found jumped over has until the next one to be
                filled; None: a candle has closed.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        held = self._books.portfolio.holdings[pair]
        leg = self._leg(pair, held, between)
        price = None if leg is None else self._feed.price(Pair.parse(pair))
        if leg is None or price is None:
            return
        candle_at = held.leaving_at if held.leaving else None if held.rules is None else held.rules.candle_at
        if leg is Leg.CHASE and not held.leaving and candle_at is not None:
            # Once its stop is lifted nothing else tells that it was jumped over.
            self._books.write(e.LeaveDecided(pair, ExitReason.GAP.value, candle_at))
        due = None
        if leg is Leg.EXIT and candle_at is not None:
            due = due_at(candle_at, self._setup.timeframe.milliseconds, self._clock.now_ms())
        self._guardian.sell(pair, leg, candle_at=candle_at, reason=leg.value, reference=price, due_at=due)

    def _leg(self, pair: str, held: Holding, between: int | None) -> Leg | None:
        waits = held.leaving not in (ExitReason.NONE, ExitReason.GAP)
        # A person who has the wheel holds back what a signal wanted, never what protects.
        if waits and permits(self._desk.mode, Leg.EXIT.act):
            return Leg.EXIT
        jumped_over_at = self._guardian.jumped_over_at(held)
        late = jumped_over_at is not None and (between is None or jumped_over_at < between)
        chased = late and self._plans.rules(pair).gap_policy == GapPolicy.CHASE
        return Leg.CHASE if held.leaving == ExitReason.GAP or chased else None
