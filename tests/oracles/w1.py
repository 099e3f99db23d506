"""Rule W1, the benchmark rule, bar by bar.

*Long only; EMA(20) crosses above EMA(50) at a close (recursive EMAs seeded with the first close, first 200 bars
blocked) -> buy at the next open x (1 + 5 bps); stop = fill - 3 x ATR(14, Wilder) of the signal bar; once a bar's high
reached fill + 5.5 ATR, at that bar's close stop = max(stop, highest high since entry - 5.5 ATR), effective from the
next bar; every bar held, the entry bar included: low <= stop -> exit at min(open, stop) x (1 - 5 bps); cross down ->
exit at the next open, looked at before that bar's stop; fee 10 bps each side; units = min(2 % of equity /
(fill - stop), equity / (fill x 1.001)); start 100,000; an open position is marked to the last close.*
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.oracles.indicators import atr, ema


@dataclass(frozen=True, slots=True)
class W1Settings:
    """Every number of the rule. Multiples are of the ATR of the signal bar."""

    fast: int = 20
    slow: int = 50
    blocked: int = 200
    atr_window: int = 14
    stop_atr: float = 3.0
    activation_atr: float = 5.5
    trail_atr: float = 5.5
    fee: float = 0.001
    slippage: float = 0.0005
    risk: float = 0.02
    capital: float = 100_000.0


class Trade(NamedTuple):
    """A round trip; rows are those in which the fills happened, profit is net of both fees."""

    entry_row: int
    exit_row: int
    entry_price: float
    exit_price: float
    quantity: float
    profit: float


@dataclass(frozen=True, slots=True)
class W1Run:
    """What the rule did. ``entry_bar_stops``: trades whose stop was hit in the very bar of their entry."""

    trades: list[Trade]
    equity: list[float]
    final_equity: float
    entry_bar_stops: int


@dataclass(slots=True)
class _Position:
    row: int
    fill: float
    units: float
    stop: float
    atr: float
    highest: float
    activated: bool = False


def _units(equity: float, fill: float, stop: float, settings: W1Settings) -> float:
    affordable = equity / (fill * (1 + settings.fee))
    # A market that has not moved for long has no ATR, hence no distance: what can be bought is the only bound.
    return min(settings.risk * equity / (fill - stop), affordable) if fill > stop else affordable


def run(candles: Mapping[str, Sequence[float]], settings: W1Settings | None = None) -> W1Run:
    """Follow the rule over ``candles`` (open, high, low, close: lists of equal length)."""
    s = settings or W1Settings()
    opens, highs, lows, closes = (list(candles[name]) for name in ("open", "high", "low", "close"))
    fast, slow = ema(closes, s.fast), ema(closes, s.slow)
    ranges = atr(highs, lows, closes, s.atr_window)

    cash, position = s.capital, None
    trades: list[Trade] = []
    equity: list[float] = []
    for row in range(len(closes)):
        before = row - 1  # the signal bar
        crossed_up = (
            before >= max(1, s.blocked) and fast[before - 1] <= slow[before - 1] and fast[before] > slow[before]
        )
        crossed_down = before >= 1 and fast[before - 1] >= slow[before - 1] and fast[before] < slow[before]
        exit_price = math.nan

        if position is not None and crossed_down:
            exit_price = opens[row] * (1 - s.slippage)
        elif position is None and crossed_up and not math.isnan(ranges[before]):
            fill = opens[row] * (1 + s.slippage)
            stop = fill - s.stop_atr * ranges[before]
            units = _units(cash, fill, stop, s)
            cash -= units * fill * (1 + s.fee)
            position = _Position(row, fill, units, stop, ranges[before], highs[row])

        if position is not None and math.isnan(exit_price) and lows[row] <= position.stop:
            exit_price = min(opens[row], position.stop) * (1 - s.slippage)

        if position is not None and not math.isnan(exit_price):
            cash += position.units * exit_price * (1 - s.fee)
            paid = position.units * position.fill * (1 + s.fee)
            profit = position.units * exit_price * (1 - s.fee) - paid
            trades.append(Trade(position.row, row, position.fill, exit_price, position.units, profit))
            position = None

        if position is not None:
            position.highest = max(position.highest, highs[row])
            if highs[row] >= position.fill + s.activation_atr * position.atr:
                position.activated = True
            if position.activated:
                position.stop = max(position.stop, position.highest - s.trail_atr * position.atr)
        equity.append(cash + (position.units * closes[row] if position is not None else 0.0))

    return W1Run(trades, equity, equity[-1] if equity else cash, sum(t.entry_row == t.exit_row for t in trades))
