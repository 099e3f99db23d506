"""The trending market: three pairs that never traded, made so that there is something to learn. For the demo.

A pair's log return of an hour is ``SIGMA * (sqrt(1 - SHARE) * shock + sqrt(SHARE) * trend)``:

- *trend*: each pair has its own, an autoregressive process of unit variance,
  ``trend' = PERSISTENCE * trend + sqrt(1 - PERSISTENCE**2) * draw``. Half of it is forgotten after 23 hours.
- *shock*: fat tails (Student t, five degrees of freedom), partly common to all pairs.

So returns ``k`` hours apart are correlated by ``SHARE * PERSISTENCE**k``: next to nothing from hour to hour (0.04), and
0.39 between the returns of one two-day stretch and the next. No real market is that kind. Whoever follows trends earns
here, on purpose; what a strategy earns here says nothing about what it would earn anywhere else.

``shuffled`` puts the same hours into another order: the same returns, and nothing left to learn.

Every draw comes from NumPy's frozen legacy generator, so a seed gives the same candles in every version.
"""

from __future__ import annotations

import numpy as np

from vigie.adapters.market_data.made_up import VENUE, Coin, columns_of, instruments_of, pairs_of, shocks_of
from vigie.domain.candles import Candles, FloatArray, Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import HOUR_MS, Timeframe

DEFAULT_SEED = 3
FIRST_OPEN_MS = 1_672_531_200_000
"""2023-01-01 00:00 UTC."""
HOURS = 17_544
"""Two years: the last candle closes at 2025-01-01 00:00 UTC."""
SIGMA = 0.005
"""Volatility of an hour, log return."""
SHARE, PERSISTENCE = 0.04, 0.97
"""Share of an hour's variance that is trend, and what is left of a trend after an hour."""
_COINS = (
    Coin("DRIFT", 2_000.0, 2, 0.5, 1.0, 1.5, 40e6, "0.0001"),
    Coin("SWELL", 90.0, 2, 0.5, 1.1, 1.2, 20e6, "0.001"),
    Coin("TIDE", 6.0, 4, 0.5, 1.2, 1.0, 10e6, "0.01"),
)


def trending_pairs() -> tuple[Pair, ...]:
    """The pairs of the trending market: quoted in SIM, a currency that does not exist."""
    return pairs_of(_COINS)


def trending_instruments() -> tuple[Instrument, ...]:
    """Filters like those of a large exchange; minimum order value 5 SIM."""
    return instruments_of(_COINS)


def autocorrelation(lag: int) -> float:
    """Between an hour's log return and that of ``lag`` hours later, as it was made."""
    return float(SHARE * PERSISTENCE**lag)


def trending_series(seed: int = DEFAULT_SEED, *, shuffled: bool = False) -> tuple[Series, ...]:
    """Two years of hourly candles of three pairs, the same for the same seed, venue ``synthetic``.

    Args:
        seed: 0 to 2**32 - 1.
        shuffled: the same hours in another order, the same order for all pairs.

    Raises:
        ValueError: the seed is out of range.
    """
    dice = np.random.RandomState(seed)
    common = shocks_of(dice, HOURS)
    order = np.random.RandomState(seed).permutation(HOURS) if shuffled else np.arange(HOURS)
    opens_at = FIRST_OPEN_MS + np.arange(HOURS, dtype=np.int64) * HOUR_MS
    origin = f"trending market{' shuffled' if shuffled else ''}, seed {seed} (synthetic)"
    series = []
    for coin, pair in zip(_COINS, trending_pairs(), strict=True):
        own = coin.loading * common + np.sqrt(1 - coin.loading**2) * shocks_of(dice, HOURS)
        moves = np.sqrt(1 - SHARE) * own + np.sqrt(SHARE) * _trend(dice)
        sigma = np.full(HOURS, SIGMA * coin.sigma)
        columns = columns_of(dice, coin, np.zeros(HOURS), sigma, moves[order])
        series.append(Series(pair, VENUE, Candles(Timeframe(HOUR_MS), opens_at, *columns), origin))
    return tuple(series)


def _trend(dice: np.random.RandomState) -> FloatArray:
    """One pair's trend, unit variance, shape (HOURS,)."""
    draws = dice.standard_normal(HOURS)
    draws[1:] *= np.sqrt(1 - PERSISTENCE**2)
    trend, trends = 0.0, []
    for draw in draws.tolist():
        trend = PERSISTENCE * trend + draw
        trends.append(trend)
    return np.array(trends)
