"""The look-ahead check finds what sees the future, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.leaky import LEAKS, honest
from tests.fakes.scripted import series_of, strategy_of
from tests.oracles import markets
from vigie.adapters.market_data.files import read_series
from vigie.adapters.market_data.sample import sample_series
from vigie.decision.profile import plan
from vigie.domain.candles import Candles, IntArray, Series
from vigie.research.backtest import run
from vigie.research.look_ahead import LookAheadReport, check
from vigie.strategy.params import Params
from vigie.strategy.signals import Signals
from vigie.strategy.strategy import Strategy, load

FROM_2024 = 1_704_067_200_000
NOTHING = np.zeros(0, dtype=np.int64)
BUILT_IN = [
    ("ema_cross", "standard", {}),
    ("donchian", "standard", {"entry_window": "20"}),
    ("rsi_reversion", "standard", {}),
    ("ema_stochrsi", "standard", {"scenario": "adx", "trend_filter": "on", "volume_filter": "on"}),
    ("ema_stochrsi", "standard", {"scenario": "sma"}),
    ("ema_stochrsi", "classic-a", {"scenario": "adx"}),
    ("ema_stochrsi", "classic-b", {"scenario": "trix"}),
    ("ema_stochrsi", "classic-c", {"scenario": "adx", "volume_filter": "on"}),
]


def checked(
    strategy: Strategy, series: Sequence[Series], profile: str = "standard", cuts: int = 30, **params: str
) -> LookAheadReport:
    """The check as the command makes it: with the fills of a backtest."""
    made = plan(strategy, profile, params)
    result = run(made, series)
    fills = [
        np.searchsorted(one.candles.opens_at, result.events.at[result.events.pair == index])
        for index, one in enumerate(result.series)
    ]
    return check(strategy.signals, made.parameters, result.series, fills, cuts=cuts)


def market(rows: int = 1200, seed: int = 3) -> Series:
    return series_of(markets.as_candles(markets.gap_heavy(rows, seed)))


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_caught_and_named(leak: str) -> None:
    report = checked(strategy_of(LEAKS[leak]), [market()])
    assert report.after_fills > 0
    assert {"entry"} <= {found.column for found in report.leaks}
    first = report.leaks[0]
    assert first.pair == "BTC/USDT"
    assert first.with_future != first.without


def test_the_honest_twin_of_the_leaks_passes() -> None:
    report = checked(strategy_of(honest), [market()])
    assert report.leaks == ()
    assert report.cuts == 30
    assert report.rows_compared > 10_000


def test_cuts_right_after_fills_find_what_cuts_anywhere_miss() -> None:
    """Lesson 70: a leak of one candle shows only where something was decided."""
    leaky, one = LEAKS["decided by what follows"], market(3000)
    assert check(leaky, Params(), [one], [NOTHING], cuts=30).leaks == ()
    assert checked(strategy_of(leaky), [one], cuts=30).leaks != ()


@pytest.mark.parametrize("column", ["exit", "stop_distance", "volatility", "confidence", "target_distance"])
def test_a_leak_into_any_column_is_found(column: str) -> None:
    def leaky(candles: Candles, parameters: Params) -> Signals:
        made = honest(candles, parameters)
        values = getattr(made, column).copy()
        values[:-1] = values[1:] if column == "exit" else candles.close[1:]
        return replace(made, **{column: values})

    report = check(leaky, Params(), [market()], [NOTHING], cuts=10)
    assert {found.column for found in report.leaks} == {column}


def test_every_pair_is_cut_and_the_leak_of_one_is_its_own() -> None:
    def leaky(candles: Candles, parameters: Params) -> Signals:
        made = LEAKS["forming candle"] if candles.close[0] > 1000 else honest
        return made(candles, parameters)

    expensive = series_of(markets.as_candles(markets.gap_heavy(600, 1, start=50_000.0)), "ETH/USDT")
    told: list[int] = []
    fills: list[IntArray] = [NOTHING, NOTHING]
    report = check(leaky, Params(), [market(600), expensive], fills, cuts=10, progress=told.append)
    assert {found.pair for found in report.leaks} == {"ETH/USDT"}
    assert report.cuts == len(told) == 20


@pytest.mark.parametrize(("rows", "cuts"), [(1, 0), (2, 0), (50, 0), (51, 1), (55, 5), (90, 10)])
def test_a_handful_of_candles_is_cut_as_often_as_it_can_be(rows: int, cuts: int) -> None:
    report = check(honest, Params(), [market(rows)], [np.arange(rows)[:1]], cuts=10)
    assert (report.cuts, report.leaks) == (cuts, ())


@pytest.fixture(scope="module")
def sample() -> list[Series]:
    return [Series(one.pair, one.venue, one.candles[-2000:], one.origin) for one in sample_series()]


def passes(strategy: str, profile: str, params: dict[str, str], series: Sequence[Series]) -> None:
    report = checked(load(strategy), series, profile, cuts=20, **params)
    assert report.leaks == ()
    assert report.after_fills > 0


@pytest.mark.parametrize(("strategy", "profile", "params"), BUILT_IN)
def test_the_built_in_strategies_pass_on_the_sample_market(
    strategy: str, profile: str, params: dict[str, str], sample: list[Series]
) -> None:
    passes(strategy, profile, params, sample)


@pytest.mark.real_candles
@pytest.mark.parametrize(("strategy", "profile", "params"), BUILT_IN)
def test_the_built_in_strategies_pass_on_real_candles(
    candle_folder: Path, strategy: str, profile: str, params: dict[str, str]
) -> None:
    names = [f"binance_{coin}-USDT_1h.csv.gz" for coin in ("BTC", "SOL")]
    series = [read_series(candle_folder / name) for name in names]
    cut = [Series(one.pair, one.venue, one.candles.between(FROM_2024, None)[:3000], one.origin) for one in series]
    passes(strategy, profile, params, cut)


@pytest.mark.parametrize("profile", ["standard", "classic-a"])
def test_decisions_too_are_unchanged_when_the_candles_after_a_fill_are_cut(profile: str, sample: list[Series]) -> None:
    """Not only the wishes: sizing, gate and stops of a shorter run are those of the longer one."""
    made = plan(load("ema_stochrsi"), profile, {"scenario": "adx"})
    whole = run(made, sample)
    instants = np.unique(whole.events.at)[::4][:20]
    assert len(instants) >= 8
    for instant in instants:
        last = int(instant) + 1
        part = run(made, sample, end_ms=last)
        count = int((whole.events.at < last).sum())
        # A stop inside the candle that opens at the instant is stamped with its opening: it is there in both.
        assert len(part.events) >= count
        assert np.array_equal(part.events.price[:count], whole.events.price[:count])
        assert np.array_equal(part.events.quantity[:count], whole.events.quantity[:count])
