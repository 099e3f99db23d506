"""What is looked at when something is decided: closed candles of each pair and the strategy's wishes there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from vigie.decision.correlation import highest_correlation
from vigie.domain.candles import Candles, FloatArray, IntArray
from vigie.domain.pair import Pair
from vigie.engine.plans import Plans
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock
from vigie.ports.feed import CandleFeed
from vigie.strategy.signals import Signals

LEAST_WINDOW = 500
WARM_UPS = 10
"""A recursive indicator that is ready after its warm-up has forgotten its seed to the last digits after ten."""
HASH_DIGITS = 16


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One pair, up to its last closed candle.

    Attributes:
        pair: what it is of.
        candles: the last closed ones.
        signals: one row per candle.
    """

    pair: Pair
    candles: Candles
    signals: Signals

    @property
    def inputs_hash(self) -> str:
        """SHA-256 of the candles that were looked at, 16 digits."""
        return self.candles.content_hash[:HASH_DIGITS]

    def row_of(self, candle_at: int) -> int | None:
        """The row of the candle that opened at an instant; None: the pair has none."""
        row = int(np.searchsorted(self.candles.opens_at, candle_at))
        found = row < len(self.candles) and int(self.candles.opens_at[row]) == candle_at
        return row if found else None

    def close_before(self, instant: int) -> float:
        """The last close of a candle that opened at or before an instant, quote; NaN: none is known."""
        row = int(np.searchsorted(self.candles.opens_at, instant, side="right")) - 1
        return float(self.candles.close[row]) if row >= 0 else float("nan")


class Looker:
    """Reads candles and asks the strategy, long enough a window for recursive indicators to have converged."""

    def __init__(self, setup: Setup, plans: Plans, feed: CandleFeed, clock: Clock) -> None:
        self._plans, self._feed, self._clock = plans, feed, clock
        self.spent_ms = 0
        """How long the strategy took over the last look, milliseconds; asking for candles not counted."""
        cooldown = setup.plan.limits["cooldown"]
        looked_back = [int(setup.plan.settings.correlation_window), 0 if math.isnan(cooldown) else int(cooldown)]
        self._window = max(LEAST_WINDOW, *(one + 2 for one in looked_back))

    def look(self, pair: Pair) -> View | None:
        """The candles of a pair and what the strategy wants; None: it has no candle yet.

        Raises:
            VenueUnavailable: no usable answer.
            DataError: candles that cannot be.
        """
        while True:
            candles = self._feed.closed(pair, self._window)
            if not len(candles):
                return None
            plan = self._plans.of(str(pair))
            began = self._clock.now_ms()
            signals = plan.strategy.signals(candles, plan.parameters)
            self.spent_ms = self._clock.now_ms() - began
            if self._window >= WARM_UPS * signals.warm_up or len(candles) < self._window:
                return View(pair, candles, signals)
            self._window = WARM_UPS * signals.warm_up


def rows_after(views: dict[str, View], instant: int | None) -> list[int]:
    """Opening instants of the closed candles of any pair after an instant; only the last one if there is none."""
    every: IntArray = np.unique(np.concatenate([one.candles.opens_at for one in views.values()]))
    if instant is None:
        return [int(every[-1])] if len(every) else []
    return [int(one) for one in every[every > instant]]


def rows_between(views: dict[str, View], after: int, until: int) -> int:
    """How many candles of the common timeline opened after one instant, up to another."""
    every = np.unique(np.concatenate([one.candles.opens_at for one in views.values()]))
    return int(np.count_nonzero((every > after) & (every <= until)))


def correlation_with_held(
    views: dict[str, View], pair: str, held: dict[str, Decimal], candle_at: int, window: int
) -> float:
    """Highest absolute correlation of a pair with those that are held; NaN where it is unknown, 0 without any."""
    others = [name for name in held if name != pair]
    if not others:
        return 0.0
    if any(name not in views for name in [pair, *others]):
        return float("nan")
    names = sorted({pair, *others})
    instants = np.unique(np.concatenate([views[name].candles.opens_at for name in views]))
    instants = instants[instants <= candle_at]
    returns = np.array([_returns_on(views[name].candles, instants) for name in names])
    coins = np.array([float(held.get(name, Decimal(0))) for name in names])
    return float(highest_correlation(returns, names.index(pair), coins, len(instants) - 1, window))


def _returns_on(candles: Candles, instants: IntArray) -> FloatArray:
    line: FloatArray = np.full(len(instants), np.nan)
    own = candles.opens_at <= (instants[-1] if len(instants) else 0)
    returns = np.full(int(own.sum()), np.nan)
    returns[1:] = np.diff(np.log(candles.close[own]))
    line[np.searchsorted(instants, candles.opens_at[own])] = returns
    return line
