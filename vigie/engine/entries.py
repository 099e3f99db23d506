"""At the next price: what was wished for at the close is sized, asked through the gate, and sent."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Context, Decimal

from vigie.decision.intents import Refusal
from vigie.decision.pipeline import Account, Entry, Verdict, weigh
from vigie.decision.position_rules import effective_stop
from vigie.decision.weighing import planned_loss
from vigie.domain import events as e
from vigie.domain.holdings import OrderRecord
from vigie.domain.instrument import Instrument, exact
from vigie.domain.order import Intent, Leg
from vigie.domain.pair import Pair
from vigie.domain.tallies import streak_of, trades_of
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.governance.evidence import Proposal
from vigie.engine.governance.governor import Governor
from vigie.engine.limits import equity_of
from vigie.engine.positions import position_of
from vigie.engine.protection import Guardian
from vigie.engine.setup import Setup
from vigie.engine.views import View, correlation_with_held, rows_between
from vigie.ports.broker import Broker
from vigie.ports.clock import Clock
from vigie.ports.feed import CandleFeed
from vigie.simulation.fills import buy_price

_MONEY = Context(prec=15, rounding=ROUND_FLOOR)
"""A quantity that takes the whole wallet can miss it by the last bit of a float: cut there, never rounded up."""
_CRUMB = Decimal("1e-11")
"""Share of the wallet that is left in it: a venue may count a price to twelve digits only."""


def due_at(candle_at: int, length_ms: int, now_ms: int) -> int | None:
    """When a backtest fills what a candle decided: at its close; None: candles are missing since then.

    Args:
        candle_at: opening instant of the candle, epoch milliseconds.
        length_ms: of a candle.
        now_ms: epoch milliseconds.
    """
    close = candle_at + length_ms
    return close if now_ms - close < length_ms else None


class EntryDesk:
    """Tries the entries that wait, by confidence, then pair name."""

    def __init__(
        self,
        setup: Setup,
        books: Books,
        desk: Desk,
        guardian: Guardian,
        broker: Broker,
        feed: CandleFeed,
        clock: Clock,
        governor: Governor,
    ) -> None:
        self._setup, self._books, self._desk = setup, books, desk
        self._guardian, self._broker, self._feed, self._clock = guardian, broker, feed, clock
        self._governor = governor

    def enter(self, views: dict[str, View]) -> None:
        """Try every entry whose pair trades now.

        Raises:
            VenueUnavailable: the venue does not answer.
        """
        waiting = sorted(self._books.portfolio.wishes.values(), key=lambda wish: (-wish.confidence, wish.pair))
        for wish in waiting:
            view = views.get(wish.pair)
            if view is None or self._underway(wish):
                continue
            if self._stale(wish, view):
                self._books.write(e.WishDone(wish.pair, "stale"))
                continue
            price = self._feed.price(Pair.parse(wish.pair))
            if price is not None:
                self._try(wish, price, view, views)

    def finish(self) -> None:
        """Let go of wishes whose order has ended."""
        account = self._books.portfolio
        for pair, wish in account.wishes.items():
            orders = self._orders_of(wish)
            if orders and all(one.status.final for one in orders):
                bought = any(one.executed > 0 for one in orders)
                self._books.write(e.WishDone(pair, "entered" if bought else "refused"))

    def _orders_of(self, wish: e.Wished) -> list[OrderRecord]:
        return [
            one
            for one in self._books.portfolio.orders.values()
            if one.intent.pair == wish.pair and one.intent.leg is Leg.ENTRY and one.intent.candle_at == wish.candle_at
        ]

    def _underway(self, wish: e.Wished) -> bool:
        """An order was made of it: never a second one, whatever became of the first."""
        return bool(self._orders_of(wish))

    def _stale(self, wish: e.Wished, view: View) -> bool:
        """Whether the price that it was meant to meet has gone by."""
        if len(view.candles) and int(view.candles.opens_at[-1]) > wish.candle_at:
            return True
        late_ms = self._clock.now_ms() - wish.candle_at - self._setup.timeframe.milliseconds
        return self._setup.gives_up_after is not None and late_ms > self._setup.gives_up_after * 1000

    def _try(self, wish: e.Wished, reference: float, view: View, views: dict[str, View]) -> None:
        pair = wish.pair
        instrument = self._broker.instrument(view.pair)
        costs = self._setup.plan.settings.costs()
        price = buy_price(reference, costs.slippage_fraction)
        limit = self._cap(reference, instrument)
        verdict = weigh(
            self._entry(wish, views),
            price,
            plan=self._setup.plan,
            pairs=len(self._setup.pairs),
            warm_up=view.signals.warm_up,
            filters=self._setup.filters(instrument),
            account=self._account(views),
        )
        quantity = self._affordable(verdict.quantity, price if limit is None else float(limit), instrument)
        # With the facts all that the sizes hang on: `vigie journal explain` counts them again from this line alone.
        numbers = {
            "reference": reference,
            "wanted": verdict.wanted,
            "sized": verdict.quantity,
            "quantity": float(quantity),
            "cash": float(self._books.portfolio.cash),
            "step": float(instrument.step),
            "volatility": wish.volatility,
            "target_distance": wish.target_distance,
            "warm_up": float(view.signals.warm_up),
        }
        intent = self._desk.intent(
            pair,
            Leg.ENTRY,
            quantity,
            candle_at=wish.candle_at,
            reason=wish.reason,
            limit=limit,
            reference=reference,
            due_at=self._due_at(wish.candle_at),
        )

        def decided(action: str, reason: str) -> e.Decided:
            return self._decided(action, reason, wish, verdict, view, numbers)

        refusing = verdict.refusing or (() if wish.direction > 0 else ("direction",))
        if refusing or not quantity > 0:
            reasons = refusing or ("nothing to buy",)
            self._books.write(decided("refuse", ", ".join(reasons)), e.WishDone(pair, "refused"))
            return
        breaches = self._governor.refusing(self._proposal(intent, verdict, instrument, view))
        if breaches:
            reason = "; ".join(f"R{one.number} {one.text}" for one in breaches)
            self._books.write(decided("refuse", reason), e.WishDone(pair, "refused"))
            return
        self._books.write(decided("enter", wish.reason))
        sent = self._desk.send(intent, refusing)
        if isinstance(sent, Refusal):
            self._books.write(decided("refuse", ", ".join(sent.reasons)), e.WishDone(pair, "blocked"))
            return
        self.finish()
        self._guardian.tend(pair)

    def _cap(self, reference: float, instrument: Instrument) -> Decimal | None:
        """The most that an entry may cost, quote, on the tick; None: what the market asks."""
        settings = self._setup.plan.settings
        if settings.entry_order != "limit_ioc":
            return None
        cap = instrument.price_down(exact(reference) * (1 + exact(float(settings.entry_cap_fraction))))
        return max(cap, instrument.price_down(reference))

    def _due_at(self, candle_at: int) -> int | None:
        return due_at(candle_at, self._setup.timeframe.milliseconds, self._clock.now_ms())

    def _proposal(self, intent: Intent, verdict: Verdict, instrument: Instrument, view: View) -> Proposal:
        return Proposal(
            intent=intent,
            facts=verdict.facts,
            verdicts=verdict.verdicts,
            account=self._books.portfolio,
            setup=self._setup,
            instrument=instrument,
            newest_at=int(view.candles.opens_at[-1]) if len(view.candles) else None,
            price=self._feed.price(view.pair),
            mode=self._desk.mode,
            now_ms=self._clock.now_ms(),
        )

    def _entry(self, wish: e.Wished, views: dict[str, View]) -> Entry:
        account = self._books.portfolio
        stopped = account.stopped_at.get(wish.pair)
        since_stop = float("inf")
        if stopped is not None:
            # The stop belongs to the candle in which it happened: that one is not counted.
            since_stop = float(rows_between(views, stopped, wish.candle_at))
        held = {name: one.quantity for name, one in account.holdings.items()}
        window = int(self._setup.plan.settings.correlation_window)
        return Entry(
            direction=wish.direction,
            stop_distance=wish.stop_distance,
            target_distance=wish.target_distance,
            volatility=wish.volatility,
            correlation=correlation_with_held(views, wish.pair, held, wish.candle_at, window),
            candles_in_row=wish.candles_in_row,
            bars_since_stop=since_stop,
        )

    def _account(self, views: dict[str, View]) -> Account:
        portfolio = self._books.portfolio
        cycle = portfolio.cycle
        unknown = float("nan")
        return Account(
            cash=float(portfolio.cash),
            equity=equity_of(portfolio, {name: one.close_before(2**62) for name, one in views.items()}),
            open_positions=len(portfolio.holdings),
            day_first_equity=unknown if cycle is None else cycle.day_first,
            day_lowest_equity=unknown if cycle is None else cycle.day_low,
            worst_drawdown=unknown if cycle is None else cycle.worst,
            start_equity=portfolio.start_equity,
            lowest_equity=unknown if cycle is None else cycle.lowest,
            heat=self._heat(),
            trades_today=trades_of(portfolio.tallies, portfolio.day),
            losing_streak=streak_of(portfolio.tallies, portfolio.day),
        )

    def _heat(self) -> float:
        """Planned losses of all that is held, quote; NaN while a stop is not known."""
        heat = 0.0
        for pair, held in self._books.portfolio.holdings.items():
            tick = float(self._broker.instrument(Pair.parse(pair)).tick)
            position = None if held.rules is None else position_of(held, held.rules)
            if position is None:
                return float("nan")
            heat += planned_loss(position.quantity, position.entry_price, effective_stop(position, tick))
        return heat

    def _affordable(self, quantity: float, price: float, instrument: Instrument) -> Decimal:
        """The quantity to send: on the step, and never more than the wallet pays for."""
        if not quantity > 0.0:
            return Decimal(0)
        wanted = instrument.quantity_down(quantity)
        costs = self._setup.plan.settings.costs()
        per_unit = Decimal(repr(price))
        if not costs.fee_in_base:
            per_unit *= 1 + Decimal(repr(costs.fee_fraction))
        cash = self._books.portfolio.cash
        if instrument.step and wanted * per_unit <= cash:
            # On a step that costs the whole wallet to the last digit nothing is lost to floating point.
            return wanted
        most = _MONEY.divide(cash * (1 - _CRUMB), per_unit)
        return wanted if wanted <= most else instrument.quantity_down(most)

    @staticmethod
    def _decided(
        action: str, reason: str, wish: e.Wished, verdict: Verdict, view: View, numbers: dict[str, float]
    ) -> e.Decided:
        return e.Decided(
            pair=wish.pair,
            candle_at=wish.candle_at,
            action=action,
            reason=reason,
            inputs_hash=view.inputs_hash,
            numbers=numbers,
            facts={name: float(value) for name, value in verdict.facts._asdict().items()},
            verdicts=dict(verdict.verdicts),
        )
