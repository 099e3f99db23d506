from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from vigie.adapters.market_data.files import read_series
from vigie.adapters.market_data.resample import resample
from vigie.domain.candles import Candles
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.timeframe import DAY_MS, HOUR_MS, Timeframe

H1, H4 = Timeframe(HOUR_MS), Timeframe(4 * HOUR_MS)
MIDNIGHT = 1_700_006_400_000  # 2023-11-15 00:00 UTC, a Wednesday


def candles(hours: list[int]) -> Candles:
    opened = np.array([100.0 + hour for hour in hours])
    return Candles(
        H1,
        MIDNIGHT + np.array(hours, dtype=np.int64) * HOUR_MS,
        opened,
        opened + 2,
        opened - 2,
        opened + 1,
        np.ones(len(hours)),
    )


def test_four_hours_make_one_candle_on_the_utc_grid() -> None:
    longer, left_out = resample(candles(list(range(8))), H4)
    assert left_out == 0
    assert longer.opens_at.tolist() == [MIDNIGHT, MIDNIGHT + 4 * HOUR_MS]
    assert longer.open.tolist() == [100, 104]
    assert longer.high.tolist() == [105, 109]
    assert longer.low.tolist() == [98, 102]
    assert longer.close.tolist() == [104, 108]
    assert longer.volume.tolist() == [4, 4]


def test_a_last_candle_that_is_not_over_is_left_out() -> None:
    longer, left_out = resample(candles(list(range(7))), H4)
    assert (len(longer), left_out) == (1, 3)


def test_a_candle_with_missing_parts_is_made_from_the_parts_there_are() -> None:
    longer, left_out = resample(candles([1, 3, 12, 13, 14, 15]), H4)
    assert left_out == 0
    assert longer.opens_at.tolist() == [MIDNIGHT, MIDNIGHT + 12 * HOUR_MS]
    assert longer.open[0] == 101
    assert longer.close[0] == 104


def test_weeks_begin_on_monday() -> None:
    longer, _ = resample(candles(list(range(24 * 14))), Timeframe(7 * DAY_MS))
    days = [dt.datetime.fromtimestamp(at / 1000, tz=dt.UTC).weekday() for at in longer.opens_at]
    assert days == [0, 0]


@pytest.mark.parametrize("minutes", [30, 60, 90])
def test_only_whole_multiples_can_be_made(minutes: int) -> None:
    with pytest.raises(ConfigError, match="whole multiples"):
        resample(candles([0, 1]), Timeframe(minutes * 60_000))


def test_too_few_candles_make_none() -> None:
    with pytest.raises(DataError, match="do not fill one 4h candle"):
        resample(candles([0, 1]), H4)


@pytest.mark.real_candles
def test_recorded_minutes_add_up_to_the_recorded_hours(candle_folder: Path) -> None:
    made, _ = resample(read_series(candle_folder / "binance_ETH-USDT_5m.csv.gz").candles, H1)
    hours = read_series(candle_folder / "binance_ETH-USDT_1h.csv.gz").candles
    hours = hours.between(int(made.opens_at[0]), int(made.closes_at[-1]))
    for name in ("opens_at", "open", "high", "low", "close"):
        assert np.array_equal(getattr(made, name), getattr(hours, name)), name
    assert np.allclose(made.volume, hours.volume, rtol=1e-9)
