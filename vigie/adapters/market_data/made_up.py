"""What made-up markets are made of: coins, shocks, and candles around a path of closes.

Every draw comes from NumPy's frozen legacy generator, so a seed gives the same candles in every version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.domain.instrument import Instrument
from vigie.domain.names import SYNTHETIC
from vigie.domain.pair import Pair

VENUE = SYNTHETIC


@dataclass(frozen=True, slots=True)
class Coin:
    """A coin that does not exist.

    Attributes:
        base: its name.
        price: first one, quote.
        decimals: of its prices.
        loading: of the market's shocks in its own, 0 to 1.
        sigma: its volatility, times that of the market.
        growth: last price / first price, about.
        turnover: quote per hour, about.
        step: of its quantities.
    """

    base: str
    price: float
    decimals: int
    loading: float
    sigma: float
    growth: float
    turnover: float
    step: str


def pairs_of(coins: Sequence[Coin]) -> tuple[Pair, ...]:
    """Quoted in SIM, a currency that does not exist."""
    return tuple(Pair(coin.base, "SIM") for coin in coins)


def instruments_of(coins: Sequence[Coin]) -> tuple[Instrument, ...]:
    """Filters like those of a large exchange; minimum order value 5 SIM."""
    return tuple(
        Instrument(pair, Decimal(1).scaleb(-coin.decimals), Decimal(coin.step), Decimal(coin.step), Decimal(5))
        for pair, coin in zip(pairs_of(coins), coins, strict=True)
    )


def shocks_of(dice: np.random.RandomState, hours: int) -> FloatArray:
    """Fat-tailed shocks of unit variance, shape (hours,)."""
    shocks: FloatArray = np.clip(dice.standard_t(5, hours) * np.sqrt(3 / 5), -8, 8)
    return shocks


def columns_of(
    dice: np.random.RandomState, coin: Coin, drift: FloatArray, sigma: FloatArray, shocks: FloatArray
) -> tuple[FloatArray, ...]:
    """Open, high, low, close, volume of one coin, each of shape (hours,).

    Args:
        dice: what is drawn.
        coin: whose candles.
        drift: log return of an hour, shape (hours,), and a constant for the growth.
        sigma: volatility of an hour, shape (hours,).
        shocks: an hour's log return is ``drift + sigma * shock``, shape (hours,).
    """
    hours = len(shocks)
    returns = drift + sigma * shocks
    growth = np.log(coin.growth) + 0.3 * dice.standard_normal()
    closes = np.log(coin.price) + np.cumsum(returns + (growth - returns.sum()) / hours)
    before = np.concatenate([[np.log(coin.price)], closes[:-1]])
    opens = before + 0.01 * sigma * dice.standard_normal(hours)
    move = closes - opens
    above, below = (
        (np.sqrt(move**2 - 2 * sigma**2 * np.log(1 - dice.random_sample(hours))) - sign * move) / 2
        for sign in (-1.0, 1.0)
    )
    prices = [np.round(np.exp(log), coin.decimals) for log in (opens, opens + above, opens - below, closes)]
    busy = (sigma / sigma.mean()) ** 0.8 * (0.4 + np.abs(shocks)) * np.exp(0.4 * dice.standard_normal(hours))
    volume = np.round(coin.turnover * busy / prices[3], 3)
    return (*prices, volume)
