"""The sample market: three pairs that never traded, for learning, demonstrations and tests.

One market factor and one factor per pair; the market's log return of an hour is ``drift + sigma * shock``:

- *regimes*: bull, bear, range, kept for 30 hours at least and 400 on average; their drifts are ``REGIME_DRIFT``
  (log return per hour of the market). This is what a trend follower can learn.
- *growth*: a constant is added so that each pair's five years end near its ``growth``; without it most seeds end at
  prices no market has.
- *volatility*: GARCH(1,1), ``h' = (1-a-b) + a h z^2 + b h`` around ``HOURLY_SIGMA``, times a daily wave. Clusters.
- *shocks*: Student t with five degrees of freedom, unit variance, cut at eight. Fat tails.
- *high and low*: the exact law of the extremes of a Brownian bridge between open and close (reflection principle).
- *gaps*: outages of some hours, the same for all pairs, as at a real exchange.

Every draw comes from NumPy's frozen legacy generator, so a seed gives the same candles in every version.
"""

from __future__ import annotations

import numpy as np

from vigie.adapters.market_data.made_up import VENUE, Coin, columns_of, instruments_of, pairs_of, shocks_of
from vigie.domain.candles import Candles, FloatArray, IntArray, Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import HOUR_MS, Timeframe

DEFAULT_SEED = 3
"""Chosen because the default strategy trades often enough there (139 times) to fill a report; it says nothing about
the strategy, which loses on about half of all seeds."""
FIRST_OPEN_MS = 1_593_561_600_000
"""2020-07-01 00:00 UTC."""
HOURS = 43_824
"""Five years: the last candle closes at 2025-07-01 00:00 UTC."""

REGIME_DRIFT = (0.00055, -0.0006, 0.0)
"""Bull, bear, range: log return of the market per hour; a bull regime of mean length gains 25 %."""
HOURLY_SIGMA = 0.0058
_NEXT_REGIME = ((0.0, 0.4, 0.6), (0.55, 0.0, 0.45), (0.6, 0.4, 0.0))
_SHORTEST_REGIME, _MEAN_REGIME = 30, 400
_GARCH_A, _GARCH_B = 0.06, 0.925
_OUTAGES = 9


_COINS = (
    Coin("ALPHA", 9_000.0, 2, 0.88, 1.0, 7.0, 60e6, "0.00001"),
    Coin("BETA", 240.0, 2, 0.84, 1.2, 5.0, 30e6, "0.0001"),
    Coin("GAMMA", 4.0, 4, 0.80, 1.5, 4.0, 8e6, "0.01"),
)


def sample_pairs() -> tuple[Pair, ...]:
    """The pairs of the sample market: quoted in SIM, a currency that does not exist."""
    return pairs_of(_COINS)


def sample_instruments() -> tuple[Instrument, ...]:
    """Filters like those of a large exchange; minimum order value 5 SIM."""
    return instruments_of(_COINS)


def sample_series(seed: int = DEFAULT_SEED) -> tuple[Series, ...]:
    """Five years of hourly candles of three correlated pairs, the same for the same seed, venue ``synthetic``.

    Args:
        seed: 0 to 2**32 - 1.

    Raises:
        ValueError: the seed is out of range.
    """
    dice = np.random.RandomState(seed)
    drift = np.asarray(REGIME_DRIFT)[_regimes(dice)]
    market = shocks_of(dice, HOURS)
    hours = np.arange(HOURS)
    # Busier when Europe and America are both awake; the mean square of the wave is near one.
    wave = 1.0 + 0.25 * np.sin(2 * np.pi * (hours % 24 - 10) / 24)
    sigma = HOURLY_SIGMA * np.sqrt(_variances(market)) * wave
    kept = _kept_hours(dice)
    series = []
    for coin, pair in zip(_COINS, sample_pairs(), strict=True):
        shocks = coin.loading * market + np.sqrt(1 - coin.loading**2) * shocks_of(dice, HOURS)
        own_sigma = coin.sigma * sigma
        columns = columns_of(dice, coin, drift, own_sigma, shocks)
        opens_at = FIRST_OPEN_MS + hours[kept].astype(np.int64) * HOUR_MS
        candles = Candles(Timeframe(HOUR_MS), opens_at, *(column[kept] for column in columns))
        series.append(Series(pair, VENUE, candles, f"sample market, seed {seed} (synthetic)"))
    return tuple(series)


def _regimes(dice: np.random.RandomState) -> IntArray:
    """Regime of each hour (index into REGIME_DRIFT), shape (HOURS,)."""
    regimes = np.empty(HOURS, dtype=np.int64)
    hour, regime = 0, 2
    while hour < HOURS:
        length = _SHORTEST_REGIME + int(dice.exponential(_MEAN_REGIME - _SHORTEST_REGIME))
        regimes[hour : hour + length] = regime
        hour += length
        regime = int(np.searchsorted(np.cumsum(_NEXT_REGIME[regime]), dice.random_sample(), side="right"))
    return regimes


def _variances(shocks: FloatArray) -> FloatArray:
    """GARCH(1,1) variance of each hour before its shock, mean one, shape (HOURS,)."""
    base = 1 - _GARCH_A - _GARCH_B
    variance, variances = 1.0, []
    for shock in shocks.tolist():
        variances.append(variance)
        variance = base + variance * (_GARCH_A * shock * shock + _GARCH_B)
    return np.array(variances)


def _kept_hours(dice: np.random.RandomState) -> IntArray:
    """The hours without those of the outages, in order."""
    kept = np.ones(HOURS, dtype=np.bool_)
    for start in dice.randint(500, HOURS - 500, _OUTAGES):
        kept[start : start + dice.randint(1, 10)] = False
    hours: IntArray = np.flatnonzero(kept)
    return hours
