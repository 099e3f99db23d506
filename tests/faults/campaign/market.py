"""A week of minutes drawn from a seed, jumps and spikes among them, and a strategy that is never content."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from tests.fakes.scripted import strategy_of
from vigie.domain.candles import Candles, FloatArray, Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.strategy.params import Params
from vigie.strategy.signals import Signals
from vigie.strategy.strategy import Strategy

MINUTE, HOUR = 60_000, 3_600_000
BEFORE, HOURS = 24, 168
"""Hours of candles before the week, and of the week."""
BTC, ETH = Pair("BTC", "USDT"), Pair("ETH", "USDT")
PAIRS = (BTC, ETH)
FIRST = {BTC: 25_000.0, ETH: 1_700.0}
FILTERS = {
    BTC: Instrument(BTC, Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(5)),
    ETH: Instrument(ETH, Decimal("0.01"), Decimal("0.0001"), Decimal("0.0001"), Decimal(5)),
}
_OLDEST = 1_704_067_200_000
"""2024-01-01, a Monday."""
_MIX = np.uint64(0x9E3779B97F4A7C15)


def start_of(seed: int) -> int:
    """When the candles of a seed begin, epoch milliseconds: a day of one of four years."""
    return _OLDEST + (seed * 7919 % 1461) * 24 * HOUR


def week_of(seed: int, hours: int = HOURS) -> list[Series]:
    """Minutes of all pairs, a day of them before the week, or however long it is."""
    return [_series(seed, pair, number, hours) for number, pair in enumerate(PAIRS)]


def _series(seed: int, pair: Pair, number: int, hours: int) -> Series:
    dice = np.random.default_rng([seed, number])
    count = (BEFORE + hours) * 60
    width = dice.uniform(0.0003, 0.0009)
    steps = dice.normal(0.0, width, count) + np.repeat(dice.normal(0.0, width / 6, count // 240 + 1), 240)[:count]
    # Between two minutes the price jumps, more often down: stops are jumped over.
    jumps = np.zeros(count)
    where = dice.choice(count, 12, replace=False)
    jumps[where] = dice.choice([-1.0, -1.0, 1.0], 12) * dice.uniform(0.005, 0.05, 12)
    close = FIRST[pair] * np.exp(np.cumsum(steps + jumps))
    opened = close * np.exp(-steps)
    high = np.maximum(opened, close) * (1 + np.abs(dice.normal(0.0, width / 3, count)))
    low = np.minimum(opened, close) * (1 - np.abs(dice.normal(0.0, width / 3, count)))
    # Within a minute the price falls, or rises, and comes back.
    for at in dice.choice(count, 8, replace=False):
        if dice.random() < 0.6:
            low[at] *= 1 - dice.uniform(0.005, 0.06)
        else:
            high[at] *= 1 + dice.uniform(0.005, 0.06)
    opens_at = start_of(seed) + MINUTE * np.arange(count, dtype=np.int64)
    rounded = [np.round(column, 2) for column in (opened, high, low, close)]
    candles = Candles(Timeframe.parse("1m"), opens_at, *rounded, np.full(count, 10.0))
    return Series(pair, "made-up", candles, f"seed {seed}")


def _drawn(candles: Candles, salt: int) -> FloatArray:
    """A number of 0..1 by candle, the same whenever it is looked at."""
    mixed = (candles.opens_at.astype(np.uint64) + np.uint64(salt)) * _MIX
    mixed ^= mixed >> np.uint64(29)
    mixed *= _MIX
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) / 2.0**53)


def _signals(candles: Candles, _: Params) -> Signals:
    first = int(candles.close[0] > 5000)
    close = candles.close
    return Signals.of(
        entry=(_drawn(candles, 1 + first) < 0.13).astype(np.int8),
        exit=_drawn(candles, 3 + first) < 0.05,
        stop_distance=close * (0.004 + 0.02 * _drawn(candles, 5 + first)),
        volatility=close * 0.004,
        warm_up=1,
        confidence=_drawn(candles, 7 + first),
    )


def restless() -> Strategy:
    """Wants to be in and out, by the clock and nothing else; what it says of a candle never changes."""
    return strategy_of(_signals)
