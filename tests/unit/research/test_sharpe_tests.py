from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.oracles import statistics_of_honesty as oracle
from vigie.domain.errors import ConfigError, DataError
from vigie.research.independent_trials import average_correlation, effective_trials
from vigie.research.sharpe_tests import (
    DeflatedSharpe,
    SharpeEstimate,
    annualised,
    deflated_sharpe,
    estimate,
    expected_maximum_sharpe,
    minimum_track_record,
    probabilistic_sharpe,
    sharpe_variance,
)

DAYS = 250
"""Trading days in a year of the 2014 paper."""


def estimated(returns: np.ndarray) -> SharpeEstimate:
    found = estimate(returns)
    assert isinstance(found, SharpeEstimate)
    return found


def deflated(best: SharpeEstimate, trials: float, variance: float) -> DeflatedSharpe:
    found = deflated_sharpe(best, trials, variance)
    assert isinstance(found, DeflatedSharpe)
    return found


def skewed_returns(count: int = 400) -> np.ndarray:
    return 0.01 - 0.009 * np.random.default_rng(4).gamma(1.0, 1.0, count)


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis", "published"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_example_of_bailey_and_lopez_de_prado_2014_is_reproduced(
    trials: int, skewness: float, kurtosis: float, published: float
) -> None:
    # "The Deflated Sharpe Ratio", section "A numerical example": annual SR 2.5 over 1250 days, V = 1/2 (annual).
    best = SharpeEstimate(2.5 / math.sqrt(DAYS), 1250, skewness, kurtosis)
    assert deflated(best, trials, 0.5 / DAYS).probability == pytest.approx(published, abs=5e-5)


def test_the_expected_maximum_of_the_2014_example_is_reproduced() -> None:
    assert expected_maximum_sharpe(100, 0.5 / DAYS) == pytest.approx(0.1132, abs=5e-5)


def test_the_monthly_track_record_of_bailey_and_lopez_de_prado_2012_is_reproduced() -> None:
    # "The Sharpe Ratio Efficient Frontier", section on the PSR: 24 months, monthly SR 0.458 (1.59 a year), skewness
    # -2.448, kurtosis 10.164: 0.982 under a normal law falls to 0.913, below the 95 % wanted.
    assert annualised(0.458, 12) == pytest.approx(1.59, abs=0.005)
    assert probabilistic_sharpe(SharpeEstimate(0.458, 24)) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe(SharpeEstimate(0.458, 24, -2.448, 10.164)) == pytest.approx(0.913, abs=5e-4)


@pytest.mark.parametrize(
    ("per_year", "skewness", "kurtosis", "published_years"),
    [(252, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_the_track_records_of_bailey_and_lopez_de_prado_2012_are_reproduced(
    per_year: int, skewness: float, kurtosis: float, published_years: float
) -> None:
    # Same paper, section on the minimum track record length: an annual SR of 2 against 1 at 95 %, daily, weekly and
    # monthly normal returns, and monthly returns with the moments of a hedge fund index.
    scale = math.sqrt(per_year)
    needed = minimum_track_record(SharpeEstimate(2 / scale, 999, skewness, kurtosis), 1 / scale)
    assert isinstance(needed, float)
    assert needed / per_year == pytest.approx(published_years, abs=0.005)


@pytest.mark.parametrize("benchmark", [0.0, 0.05, -0.1])
def test_the_probabilistic_sharpe_agrees_with_loops_and_an_integral(benchmark: float) -> None:
    returns = skewed_returns()
    found = estimated(returns)
    assert found.per_period == pytest.approx(oracle.sharpe(returns.tolist()), rel=1e-12)
    assert found.skewness == pytest.approx(oracle.standardised_moment(returns.tolist(), 3), rel=1e-10)
    assert found.kurtosis == pytest.approx(oracle.standardised_moment(returns.tolist(), 4), rel=1e-10)
    wanted = oracle.probabilistic_sharpe(returns.tolist(), benchmark)
    assert probabilistic_sharpe(found, benchmark) == pytest.approx(wanted, rel=1e-9)


def test_the_standard_error_is_the_spread_of_the_estimates_of_many_skewed_samples() -> None:
    rng = np.random.default_rng(8)
    samples = 0.6 - rng.gamma(4.0, 0.1, (4000, 300))
    ratios = samples.mean(axis=1) / samples.std(axis=1, ddof=1)
    # A gamma law of shape 4 turned round: standard deviation 0.2, mean 0.2, skewness -1, kurtosis 3 + 6 / 4.
    assert SharpeEstimate(1.0, 300, -1.0, 4.5).standard_error == pytest.approx(ratios.std(), rel=0.04)
    assert SharpeEstimate(1.0, 300).standard_error < 0.8 * ratios.std()


def test_the_minimum_track_record_is_the_first_count_that_convinces() -> None:
    counted = oracle.first_count_that_convinces(0.2, -1.0, 6.0, 0.05, 0.95)
    needed = minimum_track_record(SharpeEstimate(0.2, 10, -1.0, 6.0), 0.05)
    assert isinstance(needed, float)
    assert math.ceil(needed) == counted


def test_a_higher_confidence_needs_a_longer_record() -> None:
    of = SharpeEstimate(0.1, 100)
    lengths = [minimum_track_record(of, confidence=level) for level in (0.9, 0.95, 0.99)]
    assert lengths == sorted(lengths, key=float)
    assert len(set(lengths)) == 3


def test_no_record_is_long_enough_for_a_ratio_below_the_benchmark() -> None:
    assert "no length of record" in str(minimum_track_record(SharpeEstimate(0.1, 100), 0.1))


@pytest.mark.parametrize(
    ("trials", "tolerance"), [(2, 0.08), (3, 0.03), (5, 0.03), (20, 0.03), (100, 0.01), (2000, 0.01)]
)
def test_the_expected_maximum_is_as_near_to_the_exact_one_as_it_says(trials: int, tolerance: float) -> None:
    assert expected_maximum_sharpe(trials, 1.0) == pytest.approx(oracle.expected_maximum(trials), rel=tolerance)


def test_a_single_trial_has_no_luck_to_deduct() -> None:
    of = SharpeEstimate(0.1, 100)
    assert expected_maximum_sharpe(1, 0.3) == 0.0
    assert expected_maximum_sharpe(1.05, 0.3) == 0.0
    assert deflated(of, 1, 0.3).probability == probabilistic_sharpe(of)


@given(trials=some.floats(1.0, 1e6), more=some.floats(1.0, 1e3), variance=some.floats(1e-6, 1.0))
@settings(max_examples=100)
def test_more_trials_never_make_a_ratio_more_probable(trials: float, more: float, variance: float) -> None:
    of = SharpeEstimate(0.1, 500, -0.5, 5.0)
    assert deflated(of, trials * more, variance).probability <= deflated(of, trials, variance).probability + 1e-12


def test_the_best_of_many_trials_of_noise_looks_good_and_is_not_believed() -> None:
    rng = np.random.default_rng(12)
    naive, deflations = [], []
    for _ in range(150):
        returns = rng.normal(0.0, 0.01, (250, 50))
        ratios = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
        best = estimated(returns[:, int(ratios.argmax())])
        variance = sharpe_variance(ratios)
        assert isinstance(variance, float)
        naive.append(float(probabilistic_sharpe(best)))
        deflations.append(deflated(best, 50, variance).probability)
    assert np.mean(np.array(naive) > 0.95) > 0.9
    assert np.mean(np.array(deflations) > 0.95) <= 0.05
    assert 0.4 < float(np.mean(deflations)) < 0.6


def test_one_trial_of_noise_gives_every_probability_alike() -> None:
    rng = np.random.default_rng(3)
    found = np.sort([float(probabilistic_sharpe(estimated(rng.normal(0, 0.01, 250)))) for _ in range(400)])
    # Kolmogorov's distance from the uniform law; its 99.9 % bound is 1.95 / sqrt(400).
    assert np.abs(found - (np.arange(400) + 0.5) / 400).max() < 1.95 / 20


def test_a_good_strategy_among_noise_is_believed() -> None:
    rng = np.random.default_rng(5)
    returns = rng.normal(0.0, 0.01, (1500, 100))
    returns[:, 7] += 0.002
    ratios = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
    variance = sharpe_variance(ratios)
    assert isinstance(variance, float)
    assert int(ratios.argmax()) == 7
    assert deflated(estimated(returns[:, 7]), 100, variance).probability > 0.99


def test_a_daily_ratio_grows_with_the_root_of_the_days_of_a_year() -> None:
    assert annualised(0.1, 400.0) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("returns", "reason"),
    [([], "fewer than two returns"), ([0.01], "fewer than two returns"), ([0.01] * 9, "returns do not vary")],
)
def test_without_variation_there_is_a_reason_and_no_ratio(returns: list[float], reason: str) -> None:
    assert estimate(np.array(returns)) == reason


def test_two_valued_returns_at_the_edge_leave_no_error_to_judge_by() -> None:
    # Skewness 2, kurtosis 1 + 2^2: the spread of the estimate is (1 - SR)^2.
    of = SharpeEstimate(1.0, 50, 2.0, 5.0)
    assert of.standard_error == 0.0
    assert "two values" in str(probabilistic_sharpe(of))
    assert "two values" in str(deflated_sharpe(of, 10, 0.01))


def test_a_nan_return_is_refused_with_its_row() -> None:
    with pytest.raises(DataError, match="row 2: nan is not a return"):
        estimate(np.array([0.01, 0.02, math.nan]))


def test_a_table_where_a_series_belongs_is_refused() -> None:
    with pytest.raises(DataError, match="1 axes, not 2"):
        estimate(np.zeros((3, 3)))


@pytest.mark.parametrize(
    "made",
    [
        lambda: SharpeEstimate(0.1, 1),
        lambda: SharpeEstimate(math.nan, 10),
        lambda: SharpeEstimate(0.1, 10, -3.0, 9.0),
        lambda: SharpeEstimate(0.1, 10, 0.0, math.nan),
        lambda: minimum_track_record(SharpeEstimate(0.1, 10), confidence=0.5),
        lambda: minimum_track_record(SharpeEstimate(0.1, 10), confidence=1.0),
        lambda: expected_maximum_sharpe(0.5, 0.1),
        lambda: expected_maximum_sharpe(10, -0.1),
        lambda: expected_maximum_sharpe(10, math.nan),
        lambda: effective_trials(0, 0.1),
        lambda: effective_trials(10, 1.1),
    ],
)
def test_impossible_arguments_are_refused(made: object) -> None:
    assert callable(made)
    with pytest.raises(ConfigError):
        made()


def test_the_variance_of_one_trial_is_undefined() -> None:
    assert sharpe_variance(np.array([0.1])) == "fewer than two trials"
    assert sharpe_variance(np.array([0.1, 0.3])) == pytest.approx(0.02)


def test_the_average_correlation_agrees_with_the_one_pair_by_pair() -> None:
    rng = np.random.default_rng(2)
    returns = rng.normal(0, 0.01, (200, 12)) + rng.normal(0, 0.01, (200, 1)) * np.linspace(-1, 2, 12)
    wanted = oracle.average_correlation(returns.T.tolist())
    assert average_correlation(returns) == pytest.approx(wanted, rel=1e-10)


def test_a_trial_that_never_traded_has_no_correlation() -> None:
    returns = np.random.default_rng(2).normal(0, 0.01, (50, 3))
    beside = np.column_stack([returns, np.zeros(50)])
    assert average_correlation(beside) == pytest.approx(average_correlation(returns))
    assert "fewer than two trials" in str(average_correlation(beside[:, 2:]))
    assert average_correlation(returns[:1]) == "fewer than two returns"


def test_independent_trials_count_in_full_and_equal_ones_as_one() -> None:
    rng = np.random.default_rng(6)
    apart, same = rng.normal(0, 0.01, (2000, 40)), np.repeat(rng.normal(0, 0.01, (2000, 1)), 40, axis=1)
    for returns, wanted, tolerance in ((apart, 40.0, 0.5), (same, 1.0, 1e-6)):
        correlation = average_correlation(returns)
        assert isinstance(correlation, float)
        assert effective_trials(40, correlation) == pytest.approx(wanted, abs=tolerance)


def test_a_variance_measured_on_correlated_trials_goes_with_all_of_them() -> None:
    rng = np.random.default_rng(9)
    best, all_of_them, effective = [], [], []
    for _ in range(300):
        returns = rng.normal(0, 1, (250, 60)) * math.sqrt(0.4) + rng.normal(0, 1, (250, 1)) * math.sqrt(0.6)
        ratios = returns.mean(axis=0) / returns.std(axis=0, ddof=1)
        variance, correlation = sharpe_variance(ratios), average_correlation(returns)
        assert isinstance(variance, float)
        assert isinstance(correlation, float)
        best.append(ratios.max())
        all_of_them.append(expected_maximum_sharpe(60, variance))
        effective.append(expected_maximum_sharpe(effective_trials(60, correlation), variance))
    assert np.mean(all_of_them) == pytest.approx(np.mean(best), rel=0.08)
    assert np.mean(effective) < 0.9 * np.mean(best)


def test_correlation_below_zero_does_not_make_more_trials_than_there_are() -> None:
    assert effective_trials(10, -0.1) == 10.0
