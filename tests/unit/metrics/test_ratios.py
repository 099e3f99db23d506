from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from vigie.metrics import ratios
from vigie.metrics.ratios import Moments

RETURNS = (0.02, -0.01, 0.03, -0.02, 0.01)


def curve(returns: tuple[float, ...], start: float = 100.0) -> np.ndarray:
    return start * np.cumprod(1.0 + np.array(returns))


def test_moments_agree_with_the_statistics_module() -> None:
    found = ratios.moments(curve(RETURNS), 100.0)
    assert found.mean == pytest.approx(statistics.mean(RETURNS), rel=1e-12)
    assert found.deviation == pytest.approx(statistics.stdev(RETURNS), rel=1e-12)
    # Two losing candles, but five in the mean: sqrt((0.01^2 + 0.02^2) / 5).
    assert found.downside == pytest.approx(math.sqrt(0.0005 / 5), rel=1e-12)


def test_the_risk_free_rate_lowers_the_mean_and_not_the_deviation() -> None:
    plain, above = ratios.moments(curve(RETURNS), 100.0), ratios.moments(curve(RETURNS), 100.0, 0.001)
    assert above.mean == pytest.approx(plain.mean - 0.001)
    assert above.deviation == pytest.approx(plain.deviation)
    assert above.downside == pytest.approx(math.sqrt((0.011**2 + 0.021**2) / 5))


def test_a_yearly_rate_compounds_to_itself_over_the_candles_of_a_year() -> None:
    assert (1.0 + ratios.per_candle(0.04, 8766.0)) ** 8766.0 == pytest.approx(1.04)


def test_sharpe_sortino_and_volatility_grow_with_the_root_of_the_candles_per_year() -> None:
    of = Moments(100, 0.001, 0.02, 0.01)
    assert ratios.sharpe(of, 400.0) == pytest.approx(1.0)
    assert ratios.sortino(of, 400.0) == pytest.approx(2.0)
    assert ratios.volatility(of, 400.0) == pytest.approx(0.4)


@pytest.mark.parametrize("ratio", [ratios.sharpe, ratios.sortino, ratios.volatility])
def test_a_single_return_has_no_ratio_and_says_why(ratio: object) -> None:
    assert callable(ratio)
    assert ratio(ratios.moments(np.array([101.0]), 100.0), 365.0) == "fewer than two returns"


def test_no_return_at_all_gives_moments_of_nothing() -> None:
    assert ratios.moments(np.array([]), 100.0) == Moments(0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("growth", [0.0, 0.001, -0.002])
def test_a_steady_curve_has_no_sharpe_although_rounding_makes_it_vary(growth: float) -> None:
    found = ratios.moments(curve((growth,) * 3000), 100.0)
    assert ratios.sharpe(found, 365.0) == "returns do not vary"


def test_without_a_losing_candle_there_is_no_sortino() -> None:
    assert ratios.sortino(ratios.moments(curve((0.01, 0.0, 0.02)), 100.0), 365.0) == "no candle lost anything"


def test_doubling_in_two_years_is_41_percent_a_year() -> None:
    assert ratios.cagr(2.0, 2.0) == pytest.approx(math.sqrt(2.0) - 1.0)


@pytest.mark.parametrize(
    ("growth", "years", "reason"),
    [
        (0.0, 1.0, "nothing is left"),
        (1.1, 0.002, "the run is shorter than a day"),
        (1e5, 0.003, "too large for a number: the run is too short to annualise"),
    ],
)
def test_a_growth_rate_that_means_nothing_is_a_reason(growth: float, years: float, reason: str) -> None:
    assert ratios.cagr(growth, years) == reason


def test_calmar_is_growth_over_depth_and_needs_both() -> None:
    assert ratios.calmar(0.3, 0.1) == pytest.approx(3.0)
    assert ratios.calmar(0.3, 0.0) == "no drawdown"
    assert ratios.calmar("nothing is left", 0.5) == "nothing is left"


def test_value_at_risk_is_the_worst_of_twenty_days_with_its_sign_turned() -> None:
    daily = np.array([0.01] * 19 + [-0.05])
    assert ratios.value_at_risk(daily) == (pytest.approx(0.05), pytest.approx(0.05))


def test_conditional_value_at_risk_is_the_mean_of_the_tail() -> None:
    daily = np.array([0.01] * 57 + [-0.05, -0.03, -0.01])
    assert ratios.value_at_risk(daily) == (pytest.approx(0.01), pytest.approx(0.03))


def test_a_curve_that_stands_still_risks_zero_and_not_minus_zero() -> None:
    at_risk, beyond = ratios.value_at_risk(np.zeros(30))
    assert (str(at_risk), str(beyond)) == ("0.0", "0.0")


def test_nineteen_days_are_too_few_for_a_value_at_risk() -> None:
    assert ratios.value_at_risk(np.zeros(19)) == ("fewer than 20 days", "fewer than 20 days")
