"""How many independent trials a family of similar ones amounts to."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import FloatArray
from vigie.domain.errors import ConfigError
from vigie.metrics.ratios import Measured
from vigie.research.samples import deviations, finite


def average_correlation(returns: FloatArray) -> Measured:
    """Mean Pearson correlation over all pairs of trials, -1 to 1, or why there is none.

    Computed as (|sum of the standardised columns|^2 - N) / (N (N - 1)), which needs no N x N matrix. Trials that do
    not vary have no correlation and are left out.

    Args:
        returns: one row per period, one column per trial, shape (n, N).

    Raises:
        DataError: a return is not a finite number.
    """
    trials = np.ascontiguousarray(finite(returns, 2).T)
    if trials.shape[1] < 2:
        return "fewer than two returns"
    trials = trials[deviations(trials) > 0.0]
    count = len(trials)
    if count < 2:
        return "fewer than two trials whose returns vary"
    trials -= trials.mean(axis=1, keepdims=True)
    trials /= np.sqrt(np.einsum("ij,ij->i", trials, trials))[:, np.newaxis]
    together = trials.sum(axis=0)
    mean = (float(together @ together) - count) / (count * (count - 1))
    return min(1.0, max(-1.0, mean))


def effective_trials(trials: int, correlation: float) -> float:
    """Independent trials that correlated ones amount to: rho + (1 - rho) M.

    Source: Bailey and Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio Management 40(5), 2014, appendix
    on the number of independent trials. It interpolates between M (no correlation) and 1 (all the same). Its limits:
    it knows the average only, so two tight clusters of 500 trials that have nothing to do with each other count as
    about 500, not 2; and correlation measured on trials that were kept says nothing of those that were thrown away.
    The first error counts too many trials rather than too few, which makes the deflated Sharpe ratio stricter. A
    negative average counts as none: there are never more independent trials than trials.

    Mind the variance that goes with it. The Sharpe ratios of equally correlated trials differ less, by the factor
    1 - rho, and with that measured variance the number to deflate by is M, exactly; this smaller number would deduct
    the correlation twice. It belongs with the variance that independent trials would show, about 1 / (returns).

    Args:
        trials: M, all trials made, at least 1; not only those whose returns were kept.
        correlation: rho, the mean correlation between trials, -1 to 1.

    Raises:
        ConfigError: an argument is out of range.
    """
    if trials < 1 or not -1.0 <= correlation <= 1.0:
        raise ConfigError(f"need at least one trial and a correlation, not {trials} trials and {correlation:g}")
    rho = max(0.0, correlation)
    return rho + (1.0 - rho) * trials
