"""At the close of a candle: stops move, parts are sold, exits are decided, entries are wished for."""

from __future__ import annotations

from decimal import Decimal

from vigie.decision.position_rules import Bar, advance, await_sale
from vigie.domain import events as e
from vigie.domain.holdings import Holding
from vigie.domain.order import Leg
from vigie.domain.trades import ExitReason
from vigie.domain.trading_mode import permits
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.plans import Plans
from vigie.engine.positions import moved, position_of
from vigie.engine.protection import Guardian
from vigie.engine.setup import Setup
from vigie.engine.views import View
from vigie.ports.broker import Broker


class CloseDesk:
    """What is decided when a candle has closed."""

    def __init__(
        self, setup: Setup, plans: Plans, books: Books, desk: Desk, guardian: Guardian, broker: Broker
    ) -> None:
        self._setup, self._plans, self._books, self._desk = setup, plans, books, desk
        self._guardian, self._broker = guardian, broker

    def decide(self, view: View, candle_at: int, *, newest: bool) -> None:
        """Decide about one pair at one of its candles.

        Args:
            view: of the pair.
            candle_at: opening instant of the candle.
            newest: the last closed one; entries are wished for at no other.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        row = view.row_of(candle_at)
        if row is None:
            return
        pair = str(view.pair)
        held = self._books.portfolio.holdings.get(pair)
        if held is not None:
            self._manage(view, row, candle_at, held)
        elif newest:
            self._wish(view, row, candle_at)

    def _manage(self, view: View, row: int, candle_at: int, held: Holding) -> None:
        pair, candles, signals = str(view.pair), view.candles, view.signals
        if held.rules is None or held.rules.candle_at >= candle_at:
            # Not looked at yet, or this candle was looked at before a crash.
            return
        filters = self._setup.filters(self._broker.instrument(view.pair))
        bar = Bar(
            high=float(candles.high[row]),
            close=float(candles.close[row]),
            volatility=float(signals.volatility[row]),
            wants_exit=bool(signals.exit[row]),
        )
        position, rules = position_of(held, held.rules), self._plans.rules(pair)
        if self._guardian.was_jumped_over(held):
            actions = await_sale(position, bar, rules)
        else:
            position, actions = advance(position, bar, rules, filters)
        leaving = actions.exit if held.leaving == 0 else 0
        parts = {Leg.PARTIAL_1: actions.partial_1, Leg.PARTIAL_2: actions.partial_2}
        stops = {"stop": position.fixed_stop, "trailing": position.trailing}
        # What was decided stands before the line that says the candle was looked at: whatever part of this is on the
        # disk after a crash, nothing is forgotten, and the rest is decided again.
        self._books.write(
            e.Decided(
                pair=pair,
                candle_at=candle_at,
                action="leave" if leaving else "sell-part" if any(parts.values()) else "hold",
                reason=ExitReason(actions.exit).label if actions.exit else "",
                inputs_hash=view.inputs_hash,
                numbers={**_numbers(view, row), **{leg.value: one for leg, one in parts.items()}, **stops},
            ),
            *(
                e.PartDecided(pair, leg, Decimal(repr(float(one))), candle_at)
                for leg, one in parts.items()
                if one > 0.0
            ),
            *([e.LeaveDecided(pair, int(leaving), candle_at)] if leaving else []),
            moved(pair, candle_at, position),
        )
        self.sell_parts(pair)
        self._guardian.tend(pair)

    def sell_parts(self, pair: str) -> None:
        """Send the partial sales of a pair that were decided and not yet sent.

        Raises:
            VenueUnavailable: the venue does not answer; they wait for the next tick.
        """
        held = self._books.portfolio.holdings.get(pair)
        looked_at = 0 if held is None or held.rules is None else held.rules.candle_at
        for part in () if held is None else held.parts:
            if looked_at < part.candle_at:
                # Whoever decided it died before the line that says the candle was looked at: it is decided again.
                continue
            if pair in self._books.portfolio.holdings and permits(self._desk.mode, part.leg.act):
                self._guardian.sell(pair, part.leg, part.quantity, candle_at=part.candle_at, reason=part.leg.value)

    def _wish(self, view: View, row: int, candle_at: int) -> None:
        pair, signals = str(view.pair), view.signals
        warm = row >= signals.warm_up
        wants = warm and int(signals.entry[row]) != 0
        reason = signals.reasons[int(signals.reason[row])] if wants else "no entry signal" if warm else "warming up"
        self._books.write(
            e.Decided(
                pair=pair,
                candle_at=candle_at,
                action="wish" if wants else "none",
                reason=reason,
                inputs_hash=view.inputs_hash,
                numbers=_numbers(view, row),
            )
        )
        if wants and not self._books.portfolio.unsettled(pair):
            self._books.write(
                e.Wished(
                    pair=pair,
                    candle_at=candle_at,
                    direction=int(signals.entry[row]),
                    stop_distance=float(signals.stop_distance[row]),
                    target_distance=float(signals.target_distance[row]),
                    volatility=float(signals.volatility[row]),
                    confidence=float(signals.confidence[row]),
                    candles_in_row=int(view.candles.rows_without_hole[row]),
                    reason=reason,
                )
            )


def _numbers(view: View, row: int) -> dict[str, float]:
    """What the strategy said at a row, and the candle."""
    candles, signals = view.candles, view.signals
    return {
        "open": float(candles.open[row]),
        "high": float(candles.high[row]),
        "low": float(candles.low[row]),
        "close": float(candles.close[row]),
        "entry": float(signals.entry[row]),
        "exit": float(signals.exit[row]),
        "stop_distance": float(signals.stop_distance[row]),
        "target_distance": float(signals.target_distance[row]),
        "volatility": float(signals.volatility[row]),
        "confidence": float(signals.confidence[row]),
    }
