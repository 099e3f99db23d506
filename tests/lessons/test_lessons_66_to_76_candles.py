"""Lessons of the first system about warm-up, the future, and the candles themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.files import FIRST_MS, lines, write_csv
from tests.fakes.scripted import series_of
from tests.lessons.runs import HOUR_MS, candles_of, first_system, flat, made_up
from vigie.adapters.market_data.download import merge
from vigie.app.data.candles import load_series
from vigie.app.research.backtest import Request, backtest
from vigie.decision.profile import plan
from vigie.domain.candles import Candles, FloatArray
from vigie.domain.errors import DataError
from vigie.domain.timeframe import Timeframe
from vigie.domain.trades import EventKind
from vigie.indicators.averages import ema, sma
from vigie.indicators.channels import highest_before, lowest_before
from vigie.indicators.momentum import macd_histogram, rsi, stochastic_rsi, trix_histogram
from vigie.indicators.trend import adx, higher_timeframe_uptrend
from vigie.indicators.volatility import atr, volatility_z_score
from vigie.research.backtest import run
from vigie.research.look_ahead import check
from vigie.strategy.strategy import load

H1, H4 = Timeframe(HOUR_MS), Timeframe(4 * HOUR_MS)
Indicator = Callable[[Candles], FloatArray]
INDICATORS: dict[str, tuple[int, Indicator]] = {
    "rsi": (13, lambda c: rsi(c.close)),
    "stochastic_rsi": (26, lambda c: stochastic_rsi(rsi(c.close), flat=0.5)),
    "atr": (13, atr),
    "adx": (27, adx),
    "trix_histogram": (15, lambda c: trix_histogram(c.close)),
    "macd_histogram": (33, lambda c: macd_histogram(c.close)),
    "volatility_z_score": (69, lambda c: volatility_z_score(c.close)),
    "sma": (199, lambda c: sma(c.close, 200)),
    "highest_before": (20, lambda c: highest_before(c.high, 20)),
    "lowest_before": (20, lambda c: lowest_before(c.low, 20)),
    "ema": (0, lambda c: ema(c.close, 26)),
    "higher_timeframe_uptrend": (0, lambda c: higher_timeframe_uptrend(c, H4, 3, 9).astype(np.float64)),
}


def rising(rows: int) -> Candles:
    """Up, with small steps back, so that the fast EMA is above the slow one from the second candle on."""
    close = 100.0 * np.exp(np.cumsum(np.where(np.arange(rows) % 3 == 2, -0.002, 0.002)))
    open_ = np.append(100.0, close[:-1])
    return candles_of({"open": open_, "high": np.maximum(open_, close) * 1.001,
                       "low": np.minimum(open_, close) * 0.999, "close": close})  # fmt: skip


def test_lesson_66_an_undefined_stochrsi_buys_nothing() -> None:
    """It was 0 while warming up, which is below every upper bound: the first bar bought."""
    candles = rising(400)
    asked = plan(load("ema_stochrsi"), "standard", {"stoch_min": "-1", "rsi_filter": "off", "volatility_filter": "off",
                                                    "macd_filter": "off"})  # fmt: skip
    signals = asked.strategy.signals(candles, asked.parameters)
    assert not signals.entry[:26].any(), "NaN must block without the help of the warm-up"
    assert signals.entry[26:].any()
    assert signals.warm_up >= 27
    result = run(asked, [series_of(candles)])
    assert len(result.events) > 0
    assert result.events.at[0] >= candles.opens_at[signals.warm_up]
    original = first_system(candles, "classic-a")
    assert int(original.events.at[0]) == int(candles.closes_at[13]), "the classic profile keeps the original's zeros"


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_lesson_67_warm_up_is_nan_and_never_a_number(name: str) -> None:
    """NaN compared unequal to itself and became 0.5."""
    first, indicator = INDICATORS[name]
    values = indicator(made_up(600))
    assert np.isnan(values[:first]).all()
    assert np.isfinite(values[first:]).all()


def test_lesson_68_nan_at_the_start_does_not_poison_a_running_extreme() -> None:
    """The first system's compiled indicator gave no row at all, and a fallback took over in silence."""
    values = np.concatenate([np.full(40, np.nan), np.arange(100.0, 160.0)])
    assert lowest_before(values, 5)[45:].tolist() == list(np.arange(100.0, 155.0))
    assert highest_before(values, 5)[45:].tolist() == list(np.arange(104.0, 159.0))
    strength = np.concatenate([np.full(30, np.nan), rsi(made_up(500).close)])
    assert np.isfinite(stochastic_rsi(strength, flat=0.5)).sum() == 500 - 26


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_lesson_69_no_value_comes_from_memory_that_was_never_written(name: str) -> None:
    """The first element of TRIX was whatever the memory held."""
    ready, indicator = INDICATORS[name]
    # Arrays this small are handed out again with what was in them.
    candles = made_up(120)
    first = indicator(candles)
    assert np.isnan(first[:ready]).all()
    for rubbish in (1e300, -7.0, 0.3):
        litter = [np.full(120, rubbish) for _ in range(40)]
        del litter
        assert indicator(candles).tobytes() == first.tobytes()


@pytest.mark.parametrize("name", sorted(INDICATORS))
def test_lesson_70_no_indicator_changes_when_later_candles_are_cut(name: str) -> None:
    candles, indicator = made_up(600), INDICATORS[name][1]
    whole = indicator(candles)
    for last in (90, 211, 212, 213, 214, 402, 599):
        assert np.array_equal(indicator(candles[:last]), whole[:last], equal_nan=True)


@pytest.mark.parametrize("profile", ["standard", "classic-a", "classic-b", "classic-c"])
@pytest.mark.parametrize("scenario", ["adx", "trix"])
def test_lesson_70_no_filter_and_no_decision_changes_when_candles_are_cut_after_fills(
    profile: str, scenario: str
) -> None:
    """Centred averages in its ADX saw seven candles of the future; only cuts at the fills showed it."""
    candles = made_up(900)
    filters = {"trend_filter": "on", "trend_fast": "3", "trend_slow": "9", "volume_filter": "on"}
    made = plan(load("ema_stochrsi"), profile, {"scenario": scenario, **filters})
    whole = run(made, [series_of(candles)])
    assert len(whole.events) >= 4
    rows = np.searchsorted(candles.opens_at, whole.events.at)
    assert check(made.strategy.signals, made.parameters, [series_of(candles)], [rows], cuts=60).leaks == ()
    for row in np.unique(rows)[:25]:
        part = run(made, [series_of(candles[: row + 1])])
        count = int((whole.events.at < candles.closes_at[row]).sum())
        assert part.events.price[:count].tolist() == whole.events.price[:count].tolist()
        assert part.events.quantity[:count].tolist() == whole.events.quantity[:count].tolist()


def test_lesson_73_a_longer_timeframe_is_seen_when_its_candle_is_complete() -> None:
    """Without the shift by one completed candle the first hour knew the close of the fourth."""
    columns = flat(48)
    for row in range(48):
        price = 100.0 - row // 4 if row < 23 else 200.0  # the jump is the last hour of the sixth 4-hour candle
        for column in columns.values():
            column[row] = price
    seen = higher_timeframe_uptrend(candles_of(columns), H4, 2, 3)
    assert not seen[:24].any(), "until the candle that jumped is complete"
    assert seen[24:28].all(), "and then from the first hour after it"


def test_lesson_74_the_forming_candle_is_left_out_and_a_refresh_overwrites(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "binance_BTC-USDT_1h.csv", lines(10))
    clock = FakeClock(FIRST_MS + 9 * HOUR_MS + 60_000)
    (series,) = load_series(path, tmp_path, None, H1, clock=clock)
    assert len(series.candles) == 9
    stored = series.candles
    doubled = (getattr(stored, name)[-1:] * 2 for name in ("open", "high", "low", "close", "volume"))
    fresh = Candles(H1, stored.opens_at[-1:], *doubled)
    merged, _, revised = merge(stored, fresh)
    assert merged is not None
    assert merged.close[-1] == 2 * stored.close[-1], "what was stored too early must not stay for ever"
    assert len(revised) == 1


def test_lesson_75_a_hole_of_years_stops_the_run(tmp_path: Path) -> None:
    """Holes of 455 and of 706 days passed the validation."""
    rows = [*lines(60), *lines(60, first_ms=FIRST_MS + 455 * 24 * HOUR_MS)]
    path = write_csv(tmp_path / "binance_BTC-USDT_1h.csv", rows)
    request = Request(tmp_path, "ema_cross", "standard", H1, data=path)
    with pytest.raises(DataError, match=r"BTC/USDT has no candles for 45\d days"):
        backtest(request)


def test_lesson_76_a_range_is_warmed_up_by_the_candles_before_it() -> None:
    """A slice that computed its own SMA could not trade in its first 199 candles."""
    candles = made_up(1200)
    start = int(candles.opens_at[600])
    made = plan(load("ema_stochrsi"), "standard", {"scenario": "sma", "candles_in_row": "24"})
    series = [series_of(candles)]
    bought = run(made, series, start_ms=start).events
    early = bought.at[(bought.kind == EventKind.BUY) & (bought.at < candles.opens_at[799])]
    assert len(early) > 0
    assert early[0] >= start
    cold = plan(load("ema_stochrsi"), "standard", {"scenario": "sma", "warm_up_from_past": "off"})
    late = run(cold, series, start_ms=start).events.at
    assert (late >= candles.opens_at[799]).all()
