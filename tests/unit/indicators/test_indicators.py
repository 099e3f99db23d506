"""Every indicator against its oracle, against ``ta``, and in the corners: warm-up, short series, flat prices."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ta.momentum import StochRSIIndicator
from ta.trend import ADXIndicator, EMAIndicator, SMAIndicator
from ta.volatility import AverageTrueRange

from tests.oracles import markets
from tests.oracles.every_indicator import INDICATORS, Indicator
from vigie.domain.candles import Candles
from vigie.domain.timeframe import Timeframe
from vigie.indicators.averages import ema, ema_pair, sma
from vigie.indicators.channels import highest_before, lowest_before
from vigie.indicators.momentum import rsi, stochastic_rsi, trix_histogram
from vigie.indicators.trend import adx, higher_timeframe_uptrend
from vigie.indicators.volatility import atr, true_range

each_indicator = pytest.mark.parametrize("indicator", INDICATORS, ids=lambda one: one.name)
each_market = pytest.mark.parametrize("maker", markets.MAKERS.values(), ids=markets.MAKERS.keys())

MAKER = type(markets.random_walk)


def agree(indicator: Indicator, candles: Candles) -> None:
    scale = float(candles.close.mean()) if indicator.name in {"macd_histogram", "atr", "true_range"} else 1.0
    expected = np.array(indicator.oracle(markets.from_candles(candles)), dtype=np.float64)
    np.testing.assert_allclose(
        indicator.ours(candles), expected, rtol=indicator.tolerance, atol=indicator.tolerance * scale
    )


@each_indicator
@each_market
def test_an_indicator_equals_its_oracle(indicator: Indicator, maker: MAKER) -> None:
    agree(indicator, markets.as_candles(maker(700, 11)))


@each_indicator
def test_an_indicator_equals_its_oracle_across_holes(indicator: Indicator) -> None:
    agree(indicator, markets.as_candles(markets.with_holes(markets.fat_tails(700, 12), 3)))


@each_indicator
def test_an_indicator_is_undefined_until_it_is_ready_and_never_after(indicator: Indicator) -> None:
    values = indicator.ours(markets.as_candles(markets.trending(400, 13)))
    assert np.isnan(values[: indicator.ready]).all()
    assert np.isfinite(values[indicator.ready :]).all()


@each_indicator
@pytest.mark.parametrize("rows", [0, 1, 2, 5, 12])
def test_a_series_shorter_than_the_window_is_all_undefined(indicator: Indicator, rows: int) -> None:
    values = indicator.ours(markets.as_candles(markets.trending(40, 14))[:rows])
    assert len(values) == rows
    assert values.dtype == np.float64
    assert np.isnan(values[: indicator.ready]).all()
    assert np.isfinite(values[indicator.ready :]).all()


@each_indicator
def test_a_series_one_row_short_of_the_window_is_all_undefined(indicator: Indicator) -> None:
    candles = markets.as_candles(markets.trending(100, 15))
    assert np.isnan(indicator.ours(candles[: indicator.ready])).all()
    assert np.isfinite(indicator.ours(candles[: indicator.ready + 1])[-1])


FLAT = {
    "ema": 100.0,
    "sma": 100.0,
    "highest": 100.0,
    "lowest": 100.0,
    "rsi": 100.0,
    "stochastic_rsi": 0.5,
    "macd_histogram": 0.0,
    "trix_histogram": 0.0,
    "adx": 0.0,
    "uptrend": 0.0,
    "true_range": 0.0,
    "atr": 0.0,
    "volatility_z_score": 0.0,
}


@each_indicator
def test_prices_that_never_move_give_a_defined_value(indicator: Indicator) -> None:
    candles = markets.as_candles(markets.assemble([(0.0, 0.0, 0.0, 0.0, 0.0)] * 120))
    assert (indicator.ours(candles)[indicator.ready :] == FLAT[indicator.name]).all()


@each_indicator
def test_repeated_runs_are_identical_to_the_bit__lesson_69(indicator: Indicator) -> None:
    candles = markets.as_candles(markets.gap_heavy(300, 16))
    seen = set()
    for left_behind in (np.nan, 1e300, -7.0, 0.0):
        # Whatever an array without a first value would find in memory.
        dirt = [np.full(300, left_behind) for _ in range(50)]
        del dirt
        seen.add(indicator.ours(candles).tobytes())
    assert len(seen) == 1


@each_indicator
def test_an_indicator_leaves_the_candles_alone(indicator: Indicator) -> None:
    candles = markets.as_candles(markets.trending(100, 17))
    before = candles.content_hash
    indicator.ours(candles)
    assert markets.as_candles(markets.from_candles(candles)).content_hash == before


def test_what_an_indicator_gives_can_be_changed_by_nobody_in_a_search_or_not() -> None:
    candles = markets.as_candles(markets.trending(100, 17))
    for given_ in (ema(candles.close, 5), *ema_pair(candles.close, 5, 9), atr(candles), sma(candles.close, 4)):
        with pytest.raises(ValueError, match="read-only"):
            given_[:] = -1.0


def test_the_first_rows_by_hand() -> None:
    close = np.array([10.0, 12.0, 13.0, 4.0])
    # span 3: alpha 1/2. 10; 11; 12; 8.
    assert ema(close, 3).tolist() == [10.0, 11.0, 12.0, 8.0]
    assert sma(close, 2)[1:].tolist() == [11.0, 12.5, 8.5]
    assert highest_before(close, 2)[2:].tolist() == [12.0, 13.0]
    assert lowest_before(close, 2)[2:].tolist() == [10.0, 12.0]


@each_market
def test_two_averages_at_once_are_the_two_to_the_bit(maker: MAKER) -> None:
    close = markets.as_candles(maker(300, 19)).close
    fast, slow = ema_pair(close, 7, 50)
    assert fast.tobytes() == ema(close, 7).tobytes()
    assert slow.tobytes() == ema(close, 50).tobytes()


def test_a_stochastic_rsi_that_does_not_move_is_undefined_unless_told_otherwise() -> None:
    strength = np.array([np.nan, 20.0, 40.0, 30.0, 30.0])
    np.testing.assert_array_equal(stochastic_rsi(strength, 2), [np.nan, np.nan, 1.0, 0.0, np.nan])
    np.testing.assert_array_equal(stochastic_rsi(strength, 2, flat=0.0), [np.nan, np.nan, 1.0, 0.0, 0.0])


def test_undefined_warm_up_stays_undefined_and_is_no_middle_value__lesson_67() -> None:
    close = markets.as_candles(markets.trending(60, 18)).close
    assert np.isnan(stochastic_rsi(rsi(close))[:26]).all()
    assert np.isnan(trix_histogram(close)[:15]).all()


def test_one_undefined_value_does_not_poison_the_running_extremes__lesson_68() -> None:
    values = np.array([np.nan, 3.0, 1.0, 2.0, 5.0, 4.0])
    np.testing.assert_array_equal(lowest_before(values, 2)[3:], [1.0, 1.0, 2.0])
    np.testing.assert_array_equal(stochastic_rsi(values, 3)[3:], [0.5, 1.0, 2 / 3])


def test_the_higher_timeframe_is_shifted_by_one_completed_candle__lesson_73() -> None:
    # Hourly closes; four-hour candles close at 1, 2, 3 ... so that EMA(2) > EMA(3) from the second one on.
    market = markets.assemble([(0.0, 0.01, 0.0, 0.0, 1.0)] * 16)
    seen = higher_timeframe_uptrend(markets.as_candles(market), Timeframe.parse("4h"), 2, 3)
    # Candles 0-3 have nothing before them; 4-7 see the first, where both averages are equal; 8-11 the second.
    assert seen.tolist() == [False] * 8 + [True] * 8


# --- ta ---------------------------------------------------------------------------------------------------------------


def _frame(candles: Candles) -> pd.DataFrame:
    return pd.DataFrame({name: getattr(candles, name).copy() for name in ("high", "low", "close")})


def agree_with_ta(candles: Candles) -> None:
    """ATR and ADX to 1e-12 from the first defined row to the last; ``ta`` has zeros before."""
    frame = _frame(candles)
    theirs = AverageTrueRange(frame.high, frame.low, frame.close, window=14).average_true_range().to_numpy()
    assert (theirs[:13] == 0.0).all()
    np.testing.assert_allclose(atr(candles)[13:], theirs[13:], rtol=1e-12, atol=0)
    theirs = ADXIndicator(frame.high, frame.low, frame.close, window=14).adx().to_numpy()
    assert (theirs[:27] == 0.0).all()
    np.testing.assert_allclose(adx(candles)[27:], theirs[27:], rtol=1e-12, atol=1e-12)


@each_market
def test_atr_and_adx_equal_ta(maker: MAKER) -> None:
    agree_with_ta(markets.as_candles(maker(1500, 21)))


@pytest.mark.parametrize("rows", [29, 30, 31, 57])
def test_adx_equals_ta_in_the_last_row_of_short_series_too(rows: int) -> None:
    agree_with_ta(markets.as_candles(markets.random_walk(rows, 22)))


@pytest.mark.parametrize("period", [2, 5, 30])
def test_other_periods_equal_ta(period: int) -> None:
    candles = markets.as_candles(markets.fat_tails(300, 23))
    frame = _frame(candles)
    theirs = AverageTrueRange(frame.high, frame.low, frame.close, window=period).average_true_range().to_numpy()
    np.testing.assert_allclose(atr(candles, period)[period - 1 :], theirs[period - 1 :], rtol=1e-12)
    theirs = ADXIndicator(frame.high, frame.low, frame.close, window=period).adx().to_numpy()
    np.testing.assert_allclose(adx(candles, period)[2 * period - 1 :], theirs[2 * period - 1 :], rtol=1e-12, atol=1e-12)


def test_averages_and_the_stochastic_rsi_equal_ta() -> None:
    candles = markets.as_candles(markets.random_walk(500, 24))
    close = pd.Series(candles.close.copy())
    np.testing.assert_allclose(ema(candles.close, 20)[19:], EMAIndicator(close, 20).ema_indicator()[19:], rtol=1e-12)
    np.testing.assert_allclose(sma(candles.close, 20)[19:], SMAIndicator(close, 20).sma_indicator()[19:], rtol=1e-12)
    theirs = StochRSIIndicator(close, window=14).stochrsi()
    np.testing.assert_allclose(stochastic_rsi(rsi(candles.close))[26:], theirs[26:], rtol=1e-9, atol=1e-12)


def test_the_first_true_range_is_the_range_of_the_candle() -> None:
    candles = markets.as_candles(markets.gap_heavy(50, 25))
    assert true_range(candles)[0] == candles.high[0] - candles.low[0]


# --- recorded candles -------------------------------------------------------------------------------------------------


def recorded(folder: Path, name: str, rows: slice) -> Candles:
    with gzip.open(folder / name, "rt") as lines:
        table = np.genfromtxt(lines, delimiter=",", skip_header=1)[rows]
    columns = dict(zip(("open", "high", "low", "close", "volume"), table[:, 1:].T, strict=True))
    return Candles(timeframe=Timeframe.parse("1h"), opens_at=table[:, 0].astype(np.int64), **columns)


@pytest.mark.real_candles
@pytest.mark.parametrize("pair", ["BTC", "DOGE"])
def test_recorded_candles_give_the_same_as_the_oracles_and_as_ta(candle_folder: Path, pair: str) -> None:
    candles = recorded(candle_folder, f"binance_{pair}-USDT_1h.csv.gz", slice(0, 4000))
    assert (np.diff(candles.opens_at) > 3_600_000).any()
    for indicator in INDICATORS:
        agree(indicator, candles)
        assert np.isnan(indicator.ours(candles)[: indicator.ready]).all()
    agree_with_ta(candles)
