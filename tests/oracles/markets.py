"""Candles that never happened, made from a seed, and hypothesis strategies that draw them.

A market is a dictionary of equally long lists: ``opens_at`` (epoch ms), ``open``, ``high``, ``low``, ``close``,
``volume``: what the oracles read. ``as_candles`` and ``from_candles`` go to and from the engine's own type.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable

import numpy as np
from hypothesis import strategies as st

from vigie.domain.candles import Candles
from vigie.domain.timeframe import Timeframe

Market = dict[str, list[float]]

HOUR_MS = 3_600_000
START_MS = 1_577_836_800_000
"""2020-01-01 00:00 UTC."""

Step = tuple[float, float, float, float, float]
"""Log gap to the open, log body, log reach of the wicks above and below the body, volume."""


def assemble(steps: Iterable[Step], start: float = 100.0, candle_ms: int = HOUR_MS) -> Market:
    """Candles from steps; high and low hold open and close by construction."""
    market: Market = {name: [] for name in ("opens_at", "open", "high", "low", "close", "volume")}
    close = start
    for row, (gap, body, above, below, volume) in enumerate(steps):
        opens = close * math.exp(gap)
        close = opens * math.exp(body)
        values = {
            "opens_at": START_MS + row * candle_ms,
            "open": opens,
            "high": max(opens, close) * math.exp(abs(above)),
            "low": min(opens, close) * math.exp(-abs(below)),
            "close": close,
            "volume": volume,
        }
        for name, value in values.items():
            market[name].append(value)
    return market


def _quiet_steps(draw: random.Random, size: int, move: Callable[[int], float], reach: float) -> Iterable[Step]:
    for row in range(size):
        yield 0.0, move(row), draw.gauss(0, reach), draw.gauss(0, reach), draw.lognormvariate(3, 1)


def random_walk(size: int, seed: int, start: float = 100.0, volatility: float = 0.01) -> Market:
    """Normal log returns, no gaps: each candle opens at the close before it."""
    draw = random.Random(seed)
    return assemble(_quiet_steps(draw, size, lambda _: draw.gauss(0, volatility), volatility / 2), start)


def fat_tails(size: int, seed: int, start: float = 100.0, volatility: float = 0.006) -> Market:
    """Student-t returns with three degrees of freedom, cut at 15 volatilities so that no price dies."""
    draw = random.Random(seed)

    def move(_: int) -> float:
        chi = sum(draw.gauss(0, 1) ** 2 for _ in range(3))
        return volatility * max(-15.0, min(15.0, draw.gauss(0, 1) / math.sqrt(chi / 3)))

    return assemble(_quiet_steps(draw, size, move, volatility / 2), start)


def trending(size: int, seed: int, start: float = 100.0, volatility: float = 0.008) -> Market:
    """Regimes of 30 to 300 candles, each with its own drift up or down."""
    draw = random.Random(seed)
    state = {"drift": 0.0, "left": 0}

    def move(_: int) -> float:
        if state["left"] == 0:
            state["left"] = draw.randint(30, 300)
            state["drift"] = draw.gauss(0, volatility / 10)
        state["left"] -= 1
        return draw.gauss(state["drift"], volatility)

    return assemble(_quiet_steps(draw, size, move, volatility / 2), start)


def gap_heavy(size: int, seed: int, start: float = 100.0, volatility: float = 0.01) -> Market:
    """One candle in three opens away from the close before it, one in fifty far away."""
    draw = random.Random(seed)

    def steps() -> Iterable[Step]:
        for _ in range(size):
            luck = draw.random()
            gap = draw.gauss(0, 8 * volatility if luck < 0.02 else 2 * volatility) if luck < 1 / 3 else 0.0
            wicks = draw.expovariate(3 / volatility), draw.expovariate(3 / volatility)
            yield gap, draw.gauss(0, volatility), *wicks, draw.lognormvariate(3, 1)

    return assemble(steps(), start)


def with_constant_stretches(size: int, seed: int, start: float = 100.0, volatility: float = 0.01) -> Market:
    """Stretches of 5 to 80 candles without a trade (all prices equal, volume 0) between stretches of a random walk."""
    draw = random.Random(seed)

    def steps() -> Iterable[Step]:
        made = 0
        while True:
            asleep = draw.random() < 0.4
            for _ in range(draw.randint(5, 80)):
                if made == size:
                    return
                made += 1
                if asleep:
                    yield 0.0, 0.0, 0.0, 0.0, 0.0
                else:
                    body, reach = draw.gauss(0, volatility), volatility / 2
                    yield 0.0, body, draw.gauss(0, reach), draw.gauss(0, reach), draw.lognormvariate(3, 1)

    return assemble(steps(), start)


def tiny_prices(size: int, seed: int) -> Market:
    """A coin worth 0.0001."""
    return trending(size, seed, start=0.0001)


def huge_prices(size: int, seed: int) -> Market:
    """A coin worth 50,000."""
    return trending(size, seed, start=50_000.0)


MAKERS: dict[str, Callable[[int, int], Market]] = {
    "random_walk": random_walk,
    "fat_tails": fat_tails,
    "trending": trending,
    "gap_heavy": gap_heavy,
    "with_constant_stretches": with_constant_stretches,
    "tiny_prices": tiny_prices,
    "huge_prices": huge_prices,
}


def with_holes(market: Market, seed: int, share: float = 0.02) -> Market:
    """The same market with candles missing, alone and in runs of up to 30."""
    draw = random.Random(seed)
    kept: list[int] = []
    row = 0
    while row < len(market["close"]):
        if row > 0 and draw.random() < share:
            row += draw.choice((1, 1, 1, 3, 30))
        else:
            kept.append(row)
            row += 1
    return {name: [column[i] for i in kept] for name, column in market.items()}


def as_candles(market: Market, candle_ms: int = HOUR_MS) -> Candles:
    """The market as the engine's candles."""
    columns = {name: np.array(market[name], dtype=np.float64) for name in ("open", "high", "low", "close", "volume")}
    return Candles(timeframe=Timeframe(candle_ms), opens_at=np.array(market["opens_at"], dtype=np.int64), **columns)


def from_candles(candles: Candles) -> Market:
    """The engine's candles as a market."""
    return {name: getattr(candles, name).tolist() for name in ("opens_at", "open", "high", "low", "close", "volume")}


def seeded(min_size: int = 250, max_size: int = 1200) -> st.SearchStrategy[Market]:
    """One of the makers, with a seed: realistic, quick to draw, shrinks to fewer candles."""
    makers = st.sampled_from([MAKERS[name] for name in MAKERS])
    return st.builds(
        lambda maker, size, seed: maker(size, seed), makers, st.integers(min_size, max_size), st.integers(0, 2**32 - 1)
    )


def drawn(min_size: int = 1, max_size: int = 120, start: float = 100.0) -> st.SearchStrategy[Market]:
    """Candle by candle, in whole basis points: hypothesis may make anything, and shrinks to flat candles."""
    basis_points = st.integers(-500, 500).map(lambda n: n / 10_000)
    wick = st.integers(0, 500).map(lambda n: n / 10_000)
    gap = st.one_of(st.just(0.0), basis_points)
    step = st.tuples(gap, basis_points, wick, wick, st.integers(0, 1000).map(float))
    return st.lists(step, min_size=min_size, max_size=max_size).map(lambda steps: assemble(steps, start))
