"""How far a Sharpe ratio can be believed: its error, the record it needs, and the luck of the best of many trials.

Every Sharpe ratio in here is **per period** (mean / standard deviation of the returns of one period, not annualised);
only `annualised` changes the unit. An undefined number is a sentence saying why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.domain.errors import ConfigError
from vigie.metrics.ratios import Measured
from vigie.research.samples import deviations, finite

NO_VARIATION = "returns do not vary"
TOO_FEW = "fewer than two returns"

_NORMAL = NormalDist()
_EULER = 0.5772156649015329
_NOISE = 1e-12
_PEARSON_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class SharpeEstimate:
    """A Sharpe ratio with what its error depends on.

    Attributes:
        per_period: mean / sample standard deviation (n - 1) of the returns of one period.
        count: number of returns.
        skewness: third standardised moment (biased, as in the papers); 0 for a normal law.
        kurtosis: fourth standardised moment, **not** excess (biased); 3 for a normal law.
    """

    per_period: float
    count: int
    skewness: float = 0.0
    kurtosis: float = 3.0

    def __post_init__(self) -> None:
        if self.count < 2:
            raise ConfigError(f"a Sharpe ratio needs at least two returns, not {self.count}")
        if not math.isfinite(self.per_period):
            raise ConfigError(f"{self.per_period} is not a Sharpe ratio")
        # Every law obeys this (Pearson, 1916), so the error below is the root of something not negative.
        if not (1.0 + self.skewness**2) * (1.0 - _PEARSON_SLACK) <= self.kurtosis < math.inf:
            raise ConfigError(f"no returns have skewness {self.skewness:g} and kurtosis {self.kurtosis:g}")

    @property
    def standard_error(self) -> float:
        """Standard error of the per-period ratio: sqrt((1 - skewness SR + (kurtosis - 1) / 4 SR^2) / (n - 1)).

        Source: Bailey and Lopez de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2), 2012
        (after Mertens, 2002). It assumes returns without serial correlation.
        """
        return math.sqrt(self.error_spread / (self.count - 1))

    @property
    def error_spread(self) -> float:
        """Squared standard error x (n - 1): 1 - skewness SR + (kurtosis - 1) / 4 SR^2; 0 if only rounding is left."""
        ratio = self.per_period
        spread = 1.0 - self.skewness * ratio + (self.kurtosis - 1.0) / 4.0 * ratio**2
        return spread if spread > _NOISE else 0.0


@dataclass(frozen=True, slots=True)
class DeflatedSharpe:
    """A Sharpe ratio measured against the luck of many trials.

    Attributes:
        probability: that the true Sharpe ratio is above zero although it is the best of the trials, 0 to 1.
        expected_maximum: the per-period Sharpe ratio that the best of as many trials without skill would show.
        trials: independent trials assumed.
    """

    probability: float
    expected_maximum: float
    trials: float


def estimate(returns: FloatArray) -> SharpeEstimate | str:
    """The Sharpe ratio of a series of returns, or why there is none.

    Args:
        returns: excess returns of one period each, fractions, shape (n,).

    Raises:
        DataError: a return is not a finite number.
    """
    values = finite(returns, 1)
    if len(values) < 2:
        return TOO_FEW
    deviation = float(deviations(values[np.newaxis])[0])
    if deviation == 0.0:
        return NO_VARIATION
    mean = float(values.mean())
    scaled = (values - mean) / math.sqrt(float(np.mean((values - mean) ** 2)))
    return SharpeEstimate(mean / deviation, len(values), float(np.mean(scaled**3)), float(np.mean(scaled**4)))


def sharpes(returns: FloatArray) -> FloatArray:
    """The per-period Sharpe ratios of many trials, those whose returns vary: `estimate` of each without its moments.

    Args:
        returns: excess returns, a trial per row, fractions, shape (trials, n); all finite.
    """
    if returns.ndim != 2 or returns.shape[1] < 2:
        return np.zeros(0)
    spread = deviations(returns)
    moving = spread > 0.0
    ratios: FloatArray = returns.mean(axis=1)[moving] / spread[moving]
    return ratios


def annualised(per_period: float, periods_per_year: float) -> float:
    """A per-period Sharpe ratio x sqrt(periods per year); it assumes returns without serial correlation (Lo, 2002).

    Args:
        per_period: of one period.
        periods_per_year: for example 365 for daily returns of a market that never closes.
    """
    return per_period * math.sqrt(periods_per_year)


def probabilistic_sharpe(of: SharpeEstimate, benchmark_per_period: float = 0.0) -> Measured:
    """Probability that the true Sharpe ratio is above a benchmark: Phi((SR - SR*) / standard error), 0 to 1.

    Source: Bailey and Lopez de Prado, The Sharpe Ratio Efficient Frontier, Journal of Risk 15(2), 2012.

    Args:
        of: the estimate.
        benchmark_per_period: SR*, in the same unit as the estimate (not annualised).
    """
    if of.standard_error == 0.0:
        return "the returns take two values only and leave no error to judge by"
    return _NORMAL.cdf((of.per_period - benchmark_per_period) / of.standard_error)


def minimum_track_record(
    of: SharpeEstimate, benchmark_per_period: float = 0.0, *, confidence: float = 0.95
) -> Measured:
    """Number of returns needed before the ratio can be called better than a benchmark, with the same moments.

    1 + (1 - skewness SR + (kurtosis - 1) / 4 SR^2) (z / (SR - SR*))^2, z the normal quantile of the confidence; the
    number is not rounded. Source: as in `probabilistic_sharpe`.

    Args:
        of: the estimate; its count plays no part.
        benchmark_per_period: SR*, not annualised.
        confidence: wanted probability, above 0.5 and below 1.

    Raises:
        ConfigError: the confidence is out of range.
    """
    if not 0.5 < confidence < 1.0:
        raise ConfigError(f"confidence must be above 0.5 and below 1, not {confidence:g}")
    if of.per_period <= benchmark_per_period:
        return "the Sharpe ratio is not above the benchmark, and no length of record will prove that it is"
    needed = _NORMAL.inv_cdf(confidence) / (of.per_period - benchmark_per_period)
    return 1.0 + of.error_spread * needed**2


def expected_maximum_sharpe(trials: float, variance: float) -> float:
    """The Sharpe ratio to expect of the best of N independent trials without skill (the False Strategy theorem).

    sqrt(V) ((1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e))), g = 0.5772... (Euler and Mascheroni), Z the normal quantile; 0 for
    a single trial. The theorem is asymptotic: against the exact expectation it is 8 % low at N = 2, at most 3 % high
    from N = 3 on, less than 1 % from N = 100 on. Source: Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal
    of Portfolio Management 40(5), 2014.

    Args:
        trials: N, at least 1; need not be whole.
        variance: V, of the per-period Sharpe ratios across trials, not negative.

    Raises:
        ConfigError: fewer than one trial, or a variance that is negative or no number.
    """
    if not (1.0 <= trials < math.inf and 0.0 <= variance < math.inf):
        raise ConfigError(f"need at least one trial and a variance, not {trials:g} trials and variance {variance:g}")
    if trials == 1.0:
        return 0.0
    typical = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    higher = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    # Between one trial and two the asymptotic formula falls below zero, which the best of any number cannot.
    return math.sqrt(variance) * max(0.0, (1.0 - _EULER) * typical + _EULER * higher)


def deflated_sharpe(best: SharpeEstimate, trials: float, variance: float) -> DeflatedSharpe | str:
    """The probabilistic Sharpe ratio of the best trial against the expected maximum of all of them.

    Source: Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), 2014.
    Among strategies without skill the best one's probability gathers around one half (it is not uniform: the maximum of
    many varies less than one estimate), and above 0.95 falls far less than one in twenty.

    Args:
        best: the trial that was chosen.
        trials: behind the choice, at least 1: all of them is the strict answer, and the right one where the variance
            was measured on the trials themselves (see `effective_trials` for the other).
        variance: of the per-period Sharpe ratios across trials (see `sharpe_variance`).

    Raises:
        ConfigError: as in `expected_maximum_sharpe`.
    """
    maximum = expected_maximum_sharpe(trials, variance)
    probability = probabilistic_sharpe(best, maximum)
    return probability if isinstance(probability, str) else DeflatedSharpe(probability, maximum, trials)


def sharpe_variance(sharpes_per_period: FloatArray) -> Measured:
    """Sample variance (n - 1) of the Sharpe ratios across trials.

    Args:
        sharpes_per_period: one per trial, not annualised, shape (n,); trials without a Sharpe ratio left out.

    Raises:
        DataError: a ratio is not a finite number.
    """
    values = finite(sharpes_per_period, 1)
    return float(np.var(values, ddof=1)) if len(values) > 1 else "fewer than two trials"
