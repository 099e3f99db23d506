"""Ratios of return to risk, from returns per candle.

Every function gives a float, or a sentence saying why the number is undefined: never 0, 999 or infinity in its place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.metrics.loops import return_sums

Measured: TypeAlias = float | str
"""A number, or the reason why there is none."""

NO_CANDLES = "no candles"
NO_VARIATION = "returns do not vary"
NO_LOSS = "no candle lost anything"
TOO_FEW = "fewer than two returns"

NOISE = 1e-12
"""Sums that agree to this share of themselves leave noise, not spread."""
_TAIL = 0.05


@dataclass(frozen=True, slots=True)
class Moments:
    """What the ratios need to know of a series of returns.

    Attributes:
        count: number of returns.
        mean: of the returns above the risk-free rate, per candle.
        deviation: sample standard deviation (n - 1), per candle; 0 with fewer than two returns.
        downside: root mean square, over all candles, of the part of each excess return that is below zero.
    """

    count: int
    mean: float
    deviation: float
    downside: float


def moments(equity: FloatArray, start: float, risk_free: float = 0.0) -> Moments:
    """The moments of the simple returns of a curve, the first return being that from ``start``.

    Args:
        equity: in quote, positive, shape (n,).
        start: value before the first point, in quote, positive.
        risk_free: risk-free return per candle.
    """
    total, squares, losses = return_sums(equity, start, risk_free)
    return moments_of_sums(len(equity), total, squares, losses)


def moments_of_sums(count: int, total: float, squares: float, losses: float) -> Moments:
    """The moments from sums over the excess returns: of them, of their squares, of the squares of the losses."""
    if count == 0:
        return Moments(0, 0.0, 0.0, 0.0)
    mean = total / count
    spread = squares - total * mean
    deviation = math.sqrt(spread / (count - 1)) if count > 1 and spread > NOISE * squares else 0.0
    return Moments(count, mean, deviation, math.sqrt(losses / count))


def per_candle(annual_rate: float, per_year: float) -> float:
    """A yearly rate (fraction) as the equal compound rate of one candle: (1 + rate) ** (1 / per_year) - 1."""
    return float((1.0 + annual_rate) ** (1.0 / per_year) - 1.0)


def volatility(of: Moments, per_year: float) -> Measured:
    """Annual volatility: sample standard deviation of returns x sqrt(candles per year), a fraction.

    Source: Hull, Options, Futures and Other Derivatives, "Estimating volatility from historical data"
    (here with simple returns).
    """
    if of.count < 2:
        return TOO_FEW
    return of.deviation * math.sqrt(per_year)


def sharpe(of: Moments, per_year: float) -> Measured:
    """Mean excess return / sample standard deviation x sqrt(candles per year).

    Source: Sharpe, The Sharpe Ratio, Journal of Portfolio Management 21(1), 1994, the ex-post form. The square-root
    scaling assumes returns without serial correlation (Lo, The Statistics of Sharpe Ratios, 2002).
    """
    if of.count < 2:
        return TOO_FEW
    if of.deviation == 0.0:
        return NO_VARIATION
    return of.mean / of.deviation * math.sqrt(per_year)


def sortino(of: Moments, per_year: float) -> Measured:
    """Mean excess return / downside deviation x sqrt(candles per year).

    The downside deviation is the root mean square of min(excess, 0) over all candles, not only over the losing ones.
    Source: Sortino and Price, Performance Measurement in a Downside Risk Framework, Journal of Investing 3(3), 1994.
    """
    if of.count < 2:
        return TOO_FEW
    if of.downside == 0.0:
        return NO_LOSS
    return of.mean / of.downside * math.sqrt(per_year)


def cagr(growth: float, years: float) -> Measured:
    """Compound annual growth rate: growth ** (1 / years) - 1, a fraction.

    Args:
        growth: last equity / first capital.
        years: calendar length of the run, of 365.25 days.
    """
    if growth <= 0.0:
        return "nothing is left"
    if years < 1.0 / 365.25:
        return "the run is shorter than a day"
    exponent = math.log(growth) / years
    return math.expm1(exponent) if exponent < 700.0 else "too large for a number: the run is too short to annualise"


def calmar(growth_rate: Measured, depth: float) -> Measured:
    """Compound annual growth rate / maximum drawdown, both over the whole run.

    Source: Young, Calmar Ratio: A Smoother Tool, Futures 20(1), 1991 (there over 36 months).
    """
    if isinstance(growth_rate, str):
        return growth_rate
    return growth_rate / depth if depth > 0.0 else "no drawdown"


def value_at_risk(daily: FloatArray) -> tuple[Measured, Measured]:
    """One-day value at risk and conditional value at risk at 95 %, historical, as losses (positive fractions).

    With k = ceil(5 % of the days): the k-th worst daily return, and the mean of the k worst, sign turned.
    Source: Acerbi and Tasche, On the coherence of expected shortfall, Journal of Banking and Finance 26, 2002.

    Args:
        daily: simple returns per UTC day, shape (n,).
    """
    if len(daily) < 1.0 / _TAIL:
        reason = "fewer than 20 days"
        return reason, reason
    count = math.ceil(_TAIL * len(daily))
    tail = np.partition(daily, count - 1)[:count]
    # Subtracting from zero, not negating: no loss is 0.0, not -0.0.
    return 0.0 - float(tail[-1]), 0.0 - float(np.add.reduce(tail)) / count
