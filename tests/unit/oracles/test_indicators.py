"""The indicator oracles on examples small enough to follow by hand, and against ``ta`` where ``ta`` is right."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from ta.momentum import RSIIndicator, StochRSIIndicator
from ta.trend import MACD, ADXIndicator
from ta.volatility import AverageTrueRange

from tests.oracles import indicators, markets

NAN = math.nan
HOUR = 3_600_000.0


def same(ours: Sequence[float], expected: Sequence[float], tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(ours, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


def test_an_ema_starts_at_the_first_close() -> None:
    # span 3: alpha = 1/2. 10; (10 + 12)/2 = 11; (11 + 13)/2 = 12; (12 + 4)/2 = 8.
    same(indicators.ema([10, 12, 13, 4], 3), [10, 11, 12, 8])


def test_an_ema_skips_leading_nan_and_counts_the_values_it_needs() -> None:
    same(indicators.ema([NAN, 10, 12, 13], 3, needed=2), [NAN, NAN, 11, 12])


def test_a_mean_is_nan_until_its_window_is_full_of_numbers() -> None:
    same(indicators.mean([NAN, 1, 2, 6], 2), [NAN, NAN, 1.5, 4])


def test_a_sample_deviation_divides_by_one_less() -> None:
    # 1, 2, 6: mean 3, squares 4 + 1 + 9 = 14, 14 / 2 = 7.
    same(indicators.sample_deviation([1, 2, 6], 3), [NAN, NAN, math.sqrt(7)])


def test_an_rsi_counts_the_first_bar_as_no_move() -> None:
    # window 2, alpha 1/2. Closes 10 11 10 12: gains 0 1 0 2 -> 0 .5 .25 1.125; losses 0 0 1 0 -> 0 0 .5 .25.
    # Index 1: no loss, 100. Index 2: 100 - 100/(1 + .5) = 33.3. Index 3: 100 - 100/(1 + 4.5) = 81.81.
    same(indicators.rsi([10, 11, 10, 12], 2), [NAN, 100, 100 - 100 / 1.5, 100 - 100 / 5.5])


def test_a_stoch_rsi_has_its_own_values_in_warm_up_and_in_a_flat_window() -> None:
    # window 2: [20, 40] top -> 1; [40, 30] bottom -> 0; [30, 30] does not move.
    strength = [NAN, 20, 40, 30, 30]
    same(indicators.stoch_rsi(strength, 2), [NAN, NAN, 1, 0, 0.5])
    same(indicators.stoch_rsi(strength, 2, warm_up=0, flat=0), [0, 0, 1, 0, 0])


def test_the_first_stoch_rsi_stands_at_index_26() -> None:
    strength = indicators.rsi(markets.random_walk(40, seed=1)["close"])
    values = indicators.stoch_rsi(strength)
    assert [math.isnan(value) for value in strength].index(False) == 13
    assert [math.isnan(value) for value in values].index(False) == 26


def test_a_true_range_reaches_back_to_the_previous_close() -> None:
    # 12 - 9 = 3; then |15 - 10| = 5 beats 1; then |6 - 14| = 8 beats 3.
    same(indicators.true_range([12, 15, 9], [9, 14, 6], [10, 14, 8]), [3, 5, 8])


def test_an_atr_starts_with_a_plain_mean_and_is_zero_or_nan_before() -> None:
    # window 2: mean(3, 5) = 4; (4 x 1 + 8)/2 = 6.
    bars = [12, 15, 9], [9, 14, 6], [10, 14, 8]
    same(indicators.atr(*bars, 2), [NAN, 4, 6])
    same(indicators.atr(*bars, 2, warm_up=0.0), [0, 4, 6])


def test_an_adx_is_the_mean_of_the_first_dx_then_wilders_average() -> None:
    # window 2. Highs 10 12 13 11 11, lows 8 9 11 10 7, closes 9 11 12 10 8.
    # +DM: - 2 1 0 0 (up moves 2 1 -2 0). -DM: - 0 0 1 3 (down moves -1 -2 1 3).
    # TR = max(high, previous close) - min(low, previous close): - 12-9=3, 13-11=2, 12-10=2, 11-7=4.
    # Sums, first at index 2: +DM 3, then 3 - 1.5 + 0 = 1.5, then .75. -DM 0, then 1, then 1 - .5 + 3 = 3.5.
    # DX = 100 |p - m| / (p + m), the TR cancels: index 2: 100; index 3: 100 x .5/2.5 = 20; index 4: 100 x 2.75/4.25.
    # ADX, index 3 = 2 x 2 - 1: (100 + 20)/2 = 60; index 4: (60 x 1 + 64.705...)/2.
    bars = [10, 12, 13, 11, 11], [8, 9, 11, 10, 7], [9, 11, 12, 10, 8]
    last = (60 + 100 * 2.75 / 4.25) / 2
    same(indicators.adx(*bars, 2), [NAN, NAN, NAN, 60, last])
    same(indicators.adx(*bars, 2, warm_up=0.0), [0, 0, 0, 60, last])


def test_an_adx_of_a_market_that_stands_still_is_zero() -> None:
    assert indicators.adx([5.0] * 40, [5.0] * 40, [5.0] * 40, warm_up=0.0) == [0.0] * 40


def test_a_trix_histogram_is_a_change_minus_its_mean() -> None:
    # window 1 leaves the close as it is. Changes: - 10 % 0 % 20 %. Means of 2: - - 5 10.
    same(indicators.trix_histogram([100, 110, 110, 132], 1, 2), [NAN, NAN, -5, 10])


def test_a_volatility_that_never_changes_has_a_z_score_of_zero() -> None:
    values = indicators.hv_z_score([100.0 if row % 2 else 101.0 for row in range(80)])
    assert [math.isnan(value) for value in values].index(False) == 69
    assert max(abs(value) for value in values[69:]) < 1e-6


def test_a_volatility_z_score_follows_its_formula() -> None:
    # windows of 2 and 2. Log returns 0 0 d: deviations of 2: 0, then |d|/sqrt(2). Annual: x sqrt(252): 0 and v.
    # Mean v/2, sample deviation |v - 0|/sqrt(2). z = (v/2) / (v/sqrt(2) + 1e-6).
    d = math.log(1.1)
    v = d / math.sqrt(2) * math.sqrt(252)
    same(indicators.hv_z_score([100, 100, 100, 110], 2, 2), [NAN, NAN, NAN, v / 2 / (v / math.sqrt(2) + 1e-6)])


def test_a_macd_histogram_starts_when_both_of_its_averages_have_seen_enough() -> None:
    # fast 1: the close. slow 3 from its third value on: alpha 1/2: 8 10 12 10 -> 8 9 10.5 10.25.
    # line: - - 1.5 -.25; signal 3 (alpha 1/2, needs 3 values): none in 4 candles; with signal 1 the line itself.
    assert all(math.isnan(value) for value in indicators.macd_histogram([8, 10, 12, 10], 1, 3, 3))
    same(indicators.macd_histogram([8, 10, 12, 10], 1, 3, 1), [NAN, NAN, 0, 0])
    # A fifth close 16: slow 13.125, line 2.875. Signal: 1.5, .625, 1.75 -> histogram 1.125.
    same(indicators.macd_histogram([8, 10, 12, 10, 16], 1, 3, 3), [NAN, NAN, NAN, NAN, 1.125])


def test_a_higher_trend_knows_completed_candles_only() -> None:
    # 2 h candles of 1 h closes, EMA(1) = close against EMA(3). Closes at the end of each pair: 10, 20, 5.
    # EMA(3): 10, 15, 10. Above: no, yes, no. Known one candle later; the first pair knows nothing.
    hours = [row * HOUR for row in range(8)]
    closes = [9.0, 10, 90, 20, 1, 5, 7, 7]
    same(indicators.higher_trend(hours, closes, 1, 3, hours=2), [0, 0, 0, 0, 1, 1, 0, 0])


def test_a_higher_trend_passes_over_a_hole_to_the_last_candle_that_exists() -> None:
    # The second pair is missing: the third one follows the first.
    hours = [0 * HOUR, 1 * HOUR, 4 * HOUR, 5 * HOUR, 6 * HOUR]
    same(indicators.higher_trend(hours, [10, 10, 12, 20, 1], 1, 3, hours=2), [0, 0, 0, 0, 1])


def test_volume_is_loud_above_its_own_mean() -> None:
    # window 2: means - 2 2; 3 > 2 yes, 1 > 2 no; before the window is full no.
    assert indicators.loud_volume([1, 3, 1], 2) == [False, True, False]


@pytest.mark.parametrize("kind", list(markets.MAKERS))
def test_the_oracles_agree_with_ta(kind: str) -> None:
    market = markets.MAKERS[kind](1500, 5)
    close, high, low = (pd.Series(market[name]) for name in ("close", "high", "low"))
    bars = market["high"], market["low"], market["close"]
    strength = indicators.rsi(market["close"])
    assert np.array_equal(strength, RSIIndicator(close).rsi(), equal_nan=True)
    same(indicators.stoch_rsi(strength, flat=NAN), StochRSIIndicator(close).stochrsi().to_list())
    same(indicators.atr(*bars, warm_up=0.0), AverageTrueRange(high, low, close).average_true_range().to_list())
    same(indicators.adx(*bars, warm_up=0.0), ADXIndicator(high, low, close).adx().to_list())
    same(indicators.macd_histogram(market["close"]), MACD(close).macd_diff().to_list())


@pytest.mark.parametrize("size", [0, 1, 13, 14, 26])
def test_a_series_shorter_than_the_window_has_one_undefined_value_per_candle(size: int) -> None:
    market = markets.random_walk(size, seed=2)
    bars = market["high"], market["low"], market["close"]
    for values in (
        indicators.adx(*bars),
        indicators.hv_z_score(market["close"]),
        indicators.mean(market["close"], 200),
        indicators.stoch_rsi(indicators.rsi(market["close"])),
        indicators.macd_histogram(market["close"]),
    ):
        assert len(values) == size
        assert all(math.isnan(value) for value in values)
    assert len(indicators.trix_histogram(market["close"])) == size
    assert len(indicators.atr(*bars)) == size
