"""What the account is worth, what its limits remember, and the latches they fall into."""

from __future__ import annotations

import math
from collections.abc import Mapping

from vigie.decision.facts import Facts
from vigie.decision.marks import Marks, remembered, unmarked
from vigie.decision.registry import gate_rules
from vigie.domain import events as e
from vigie.domain.holdings import Latch
from vigie.domain.portfolio import Portfolio
from vigie.domain.tallies import streak_of, trades_of
from vigie.domain.timeframe import DAY_MS
from vigie.domain.trading_mode import TradingMode
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.drift import drifted
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock
from vigie.ports.controls import Controls

DRIFT = "drift"
DAILY_LOSS, DRAWDOWN, TOTAL_LOSS = "daily_loss", "drawdown", "total_loss"
LOSING_STREAK, TRADES_PER_DAY = "losing_streak", "trades_per_day"
LATCHING = (DAILY_LOSS, DRAWDOWN, TOTAL_LOSS, LOSING_STREAK, TRADES_PER_DAY)
"""Rules of the gate that are latches too; the others are asked about each entry alone."""
FRACTIONS = frozenset({DAILY_LOSS, DRAWDOWN, TOTAL_LOSS})
HALTING = frozenset({DRAWDOWN, TOTAL_LOSS})
"""A person must lift them; the others end with the UTC day."""
SELLING = frozenset({DAILY_LOSS, TOTAL_LOSS})
"""Where the settings say so (`limits_sell`) these sell all that is held, and halt until a person lifts them."""


def equity_of(account: Portfolio, prices: Mapping[str, float]) -> float:
    """Cash plus coins at the prices given, quote; NaN if the price of a coin is not known."""
    equity = float(account.cash)
    for pair, held in account.holdings.items():
        equity += float(held.quantity) * prices.get(pair, math.nan)
    return equity


class Limits:
    """Marks the account at each close and latches what has gone too far."""

    def __init__(self, setup: Setup, books: Books, desk: Desk, controls: Controls, clock: Clock) -> None:
        self._setup, self._books, self._desk = setup, books, desk
        self._controls, self._clock = controls, clock

    def mark(self, candle_at: int, prices: Mapping[str, float]) -> None:
        """Remember the account at the close of a candle of the common timeline.

        Args:
            candle_at: its opening instant, epoch milliseconds.
            prices: close of each pair, quote.
        """
        account = self._books.portfolio
        equity = equity_of(account, prices)
        day = (candle_at + self._setup.timeframe.milliseconds) // DAY_MS
        last = account.cycle
        # A mark needs a number: without a price of a coin the last one stands, and the gate refuses by its own rules.
        if math.isnan(equity):
            equity = last.equity if last is not None else float(account.capital)
        before = unmarked(account.start_equity)
        if last is not None:
            before = Marks(last.day, last.day_first, last.day_low, last.peak, last.worst, last.lowest)
        marks = remembered(before, equity, day)
        self._books.write(
            e.CycleDone(
                candle_at=candle_at,
                equity=equity,
                cash=account.cash,
                day=marks.day,
                day_first=marks.day_first,
                day_low=marks.day_low,
                peak=marks.peak,
                worst=marks.worst,
                mode=self._desk.mode.value,
                held=len(account.holdings),
                lowest=marks.lowest,
            )
        )
        self._check(marks)

    def expire(self) -> None:
        """Lift the latches whose time is over."""
        now = self._clock.now_ms()
        for name, latch in list(self._books.portfolio.latches.items()):
            if latch.until is not None and latch.until <= now:
                self.lift(name, "its time is over")

    def latch(
        self, name: str, mode: TradingMode, reason: str, until: int | None = None, *, sells: bool = False
    ) -> None:
        """Latch new exposure off; durable before this returns. A latch that is there already stays as it is."""
        if name in self._books.portfolio.latches:
            return
        self._controls.latch(name, Latch(mode.value, reason, self._clock.now_ms(), until, sells))
        self._books.write(
            e.Halted(name, mode.value, reason, until, sells),
            e.AlertRaised(name, f"{name}: {reason}", urgent=mode is TradingMode.HALTED),
        )
        self._books.sync()

    def adopt(self, name: str, latch: Latch) -> None:
        """Take over a latch that others have put on the disk; it stays as they wrote it, its instant included."""
        self._books.write(
            e.Halted(name, latch.mode, latch.reason, latch.until, latch.sells),
            e.AlertRaised(name, f"{name}: {latch.reason}", urgent=latch.mode == TradingMode.HALTED.value),
        )
        self._books.sync()

    def lift(self, name: str, reason: str) -> None:
        """Lift a latch; written down first."""
        self._books.write(e.Resumed(name, reason))
        self._books.sync()
        self._controls.lift(name)

    def read(self, prices: Mapping[str, float]) -> None:
        """Look at the account between two closes; a limit that two readings in a row find it beyond is latched.

        What was read first stands in the journal: a restart between the two does not begin anew.

        Args:
            prices: live ones of the pairs that are held, quote.
        """
        account = self._books.portfolio
        last, equity = account.cycle, equity_of(account, prices)
        if last is None or math.isnan(equity):
            return
        day = self._clock.now_ms() // DAY_MS
        # A day that has had no close yet is held against the last equity of the one before.
        first, low = (last.day_first, last.day_low) if day == last.day else (last.equity, last.equity)
        marks = remembered(Marks(day, first, low, last.peak, last.worst, last.lowest), equity, day)
        beyond = tuple(name for name in self._reached(marks) if name not in account.latches)
        if beyond != account.beyond:
            self._books.write(e.EquityRead(equity, beyond))
        for name in beyond:
            if name in account.beyond:
                self._fall_into(name, marks)

    def watch_drift(self) -> None:
        """Latch entries off where orders surely cost more, or come later, than the plan assumes."""
        reasons = drifted(self._books.portfolio.samples, self._setup.plan.settings)
        if reasons:
            self.latch(DRIFT, TradingMode.REDUCE_ONLY, "; ".join(reasons))

    def _check(self, marks: Marks) -> None:
        for name in self._reached(marks):
            if name not in self._books.portfolio.latches:
                self._fall_into(name, marks)

    def _reached(self, marks: Marks) -> list[str]:
        return reached(self._books.portfolio, marks, self._setup.plan.limits)

    def _fall_into(self, name: str, marks: Marks) -> None:
        account, limit = self._books.portfolio, self._setup.plan.limits[name]
        value, base, words = _told(name, account, marks)
        self._books.write(e.LimitReached(name, value, limit, base))
        sells = self._setup.plan.settings.limits_sell and name in SELLING
        halts = sells or name in HALTING
        tomorrow = None if halts else (marks.day + 1) * DAY_MS
        mode = TradingMode.HALTED if halts else TradingMode.REDUCE_ONLY
        shown = f"{limit:.2%}" if name in FRACTIONS else f"{limit:g}"
        self.latch(name, mode, f"{words}, limit {shown}{'; all is sold' if sells else ''}", tomorrow, sells=sells)


def reached(account: Portfolio, marks: Marks, limits: Mapping[str, float]) -> list[str]:
    """Names of the limits that an account has reached: the gate's own rules say so.

    Args:
        account: for what it counts.
        marks: of its equity.
        limits: number of each rule of the gate by rule name; NaN: off.
    """
    facts = _facts(account, marks)
    names = [name for name in LATCHING if not math.isnan(limits[name])]
    if not marks.day_first > 0.0 and DAILY_LOSS in names:
        names.remove(DAILY_LOSS)
    rules = {rule.name: rule for rule in gate_rules()}
    return [name for name in names if rules[name].refuses(facts, limits[name])]


def _facts(account: Portfolio, marks: Marks) -> Facts:
    """What the rules of the limits look at; the rest is unknown."""
    known = {
        "day_first_equity": marks.day_first,
        "day_lowest_equity": marks.day_low,
        "worst_drawdown": marks.worst,
        "start_equity": account.start_equity,
        "lowest_equity": marks.lowest,
        "trades_today": trades_of(account.tallies, marks.day),
        "losing_streak": streak_of(account.tallies, marks.day),
    }
    return Facts(**{**dict.fromkeys(Facts._fields, math.nan), **known})  # type: ignore[arg-type]


def _told(name: str, account: Portfolio, marks: Marks) -> tuple[float, float, str]:
    """How far a limit was reached, of what, and in words."""
    if name == DAILY_LOSS:
        lost = 1.0 - marks.day_low / marks.day_first
        return lost, marks.day_first, f"{lost:.2%} of the day's first equity lost"
    if name == DRAWDOWN:
        return marks.worst, marks.peak, f"{marks.worst:.2%} below the peak"
    if name == TOTAL_LOSS:
        lost = 1.0 - marks.lowest / account.start_equity
        return lost, account.start_equity, f"{lost:.2%} of the first equity lost"
    if name == LOSING_STREAK:
        run = streak_of(account.tallies, marks.day)
        return float(run), float(run), f"{run} trades lost in a row"
    count = trades_of(account.tallies, marks.day)
    return float(count), float(count), f"{count} entries today"
