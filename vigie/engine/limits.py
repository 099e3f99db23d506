"""What the account is worth, what its limits remember, and the latches they fall into."""

from __future__ import annotations

import math
from collections.abc import Mapping

from vigie.decision.marks import Marks, remembered
from vigie.decision.policies import NOISE
from vigie.domain import events as e
from vigie.domain.portfolio import Latch, Portfolio
from vigie.domain.timeframe import DAY_MS
from vigie.domain.trading_mode import TradingMode
from vigie.engine.books import Books
from vigie.engine.desk import Desk
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock
from vigie.ports.controls import Controls

DAILY_LOSS, DRAWDOWN = "daily_loss", "drawdown"


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
        before = Marks(-1, 0.0, 0.0, float(account.capital), 0.0)
        if last is not None:
            before = Marks(last.day, last.day_first, last.day_low, last.peak, last.worst)
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
            )
        )
        self._check(marks)

    def expire(self) -> None:
        """Lift the latches whose time is over."""
        now = self._clock.now_ms()
        for name, latch in list(self._books.portfolio.latches.items()):
            if latch.until is not None and latch.until <= now:
                self.lift(name, "its time is over")

    def latch(self, name: str, mode: TradingMode, reason: str, until: int | None = None) -> None:
        """Latch new exposure off; durable before this returns. A latch that is there already stays as it is."""
        if name in self._books.portfolio.latches:
            return
        self._controls.latch(name, Latch(mode.value, reason, self._clock.now_ms(), until))
        self._books.write(
            e.Halted(name, mode.value, reason, until),
            e.AlertRaised(name, f"{name}: {reason}", urgent=mode is TradingMode.HALTED),
        )
        self._books.sync()

    def adopt(self, name: str, latch: Latch) -> None:
        """Take over a latch that others have put on the disk; it stays as they wrote it, its instant included."""
        self._books.write(
            e.Halted(name, latch.mode, latch.reason, latch.until),
            e.AlertRaised(name, f"{name}: {latch.reason}", urgent=latch.mode == TradingMode.HALTED.value),
        )
        self._books.sync()

    def lift(self, name: str, reason: str) -> None:
        """Lift a latch; written down first."""
        self._books.write(e.Resumed(name, reason))
        self._books.sync()
        self._controls.lift(name)

    def _check(self, marks: Marks) -> None:
        limits = self._setup.plan.limits
        loss, fall = limits[DAILY_LOSS], limits[DRAWDOWN]
        if marks.day_first > 0.0 and not math.isnan(loss) and DAILY_LOSS not in self._books.portfolio.latches:
            lost = 1.0 - marks.day_low / marks.day_first
            if not marks.day_low > marks.day_first * (1.0 - loss) * (1.0 + NOISE):
                self._books.write(e.LimitReached(DAILY_LOSS, lost, loss, marks.day_first))
                reason = f"{lost:.2%} of the day's first equity lost, limit {loss:.2%}"
                self.latch(DAILY_LOSS, TradingMode.REDUCE_ONLY, reason, (marks.day + 1) * DAY_MS)
        fallen = not math.isnan(fall) and not marks.worst < fall * (1.0 - NOISE)
        if fallen and DRAWDOWN not in self._books.portfolio.latches:
            self._books.write(e.LimitReached(DRAWDOWN, marks.worst, fall, marks.peak))
            self.latch(DRAWDOWN, TradingMode.HALTED, f"{marks.worst:.2%} below the peak, limit {fall:.2%}")
