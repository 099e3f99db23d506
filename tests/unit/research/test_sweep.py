"""A sweep gives the numbers of a backtest, whatever is shared between its points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from types import MappingProxyType

import numpy as np
import pytest

from tests.fakes.scripted import series_of, strategy_of
from tests.unit.research.search_cases import at, differences, points, series
from vigie.adapters.market_data.files import read_series
from vigie.domain.candles import Candles, FloatArray, Series
from vigie.domain.errors import ConfigError
from vigie.indicators.averages import ema
from vigie.indicators.remembered import remembered
from vigie.metrics.returns import last_of_each_day, simple_returns
from vigie.metrics.summary import Metrics
from vigie.research.backtest import run
from vigie.research.space import Point, plans
from vigie.research.sweep import OBJECTIVES, Score, best, metric_of, sweep
from vigie.strategy.params import Params
from vigie.strategy.signals import Signals
from vigie.strategy.strategy import load

CUTS = (400, 801, 1500)
PROFILES = ("standard", "classic-a", "classic-b", "classic-c")


def bits(metrics: Metrics) -> dict[str, str]:
    """Every number, to the last bit."""
    return {name: "none" if value is None else float(value).hex() for name, value in metrics.values.items()}


def scores_of(
    traded: list[Series], profile: str = "standard", fixed: Mapping[str, str] | None = None, **how: object
) -> list[Score]:
    made, _ = plans(load("ema_cross"), profile, fixed or {}, points())
    asked: dict[str, object] = {"start_ms": None, "ends_ms": [at(row) for row in CUTS], **how}
    return sweep(made, traded, instruments={}, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("start_ms", [None, at(150)])
def test_measured_at_a_date_is_a_backtest_of_candles_that_end_there(profile: str, start_ms: int | None) -> None:
    traded = [series()]
    trades = 0
    for score, (_, made) in zip(
        scores_of(traded, profile, start_ms=start_ms),
        plans(load("ema_cross"), profile, {}, points())[0],
        strict=True,
    ):
        for row, measured in zip(CUTS, score.measured, strict=True):
            ended = [Series(one.pair, one.venue, one.candles.between(None, at(row)), one.origin) for one in traded]
            alone = run(made, ended, start_ms=start_ms)
            assert differences(measured, alone.measured) == [], (score.point, row)
            trades += len(alone.trades)
    assert trades > 50


@pytest.mark.parametrize("word", ["close_at_end", "last_at_close"])
def test_what_happens_only_at_the_last_candle_happens_at_each_date(word: str) -> None:
    traded = [series()]
    fixed = {word: "on"}
    for score, (_, made) in zip(
        scores_of(traded, fixed=fixed), plans(load("ema_cross"), "standard", fixed, points())[0], strict=True
    ):
        for row, measured in zip(CUTS, score.measured, strict=True):
            assert differences(measured, run(made, traded, end_ms=at(row)).measured, exact=True) == []


def test_pairs_of_different_age_in_one_wallet_are_measured_like_a_backtest_of_them() -> None:
    young = series("gap_heavy", seed=5, pair="SOL/USDT")
    young = series_of(young.candles.between(at(700), at(1400)), "SOL/USDT")
    traded = [young, series(pair="ETH/USDT"), series("fat_tails", seed=9)]
    made, _ = plans(load("ema_cross"), "standard", {}, points())
    for score, (_, one) in zip(scores_of(traded, ends_ms=[at(801), at(1500)]), made, strict=True):
        assert differences(score.measured[1], run(one, traded, end_ms=at(1500)).measured, exact=True) == []


def test_daily_returns_are_those_of_the_backtest() -> None:
    traded = [series()]
    (score, *_), ((_, made), *_) = scores_of(traded), plans(load("ema_cross"), "standard", {}, points())[0]
    alone = run(made, traded)
    days = last_of_each_day(alone.closes_at, traded[0].candles.timeframe.milliseconds)
    assert score.daily is not None
    assert score.daily.tobytes() == simple_returns(alone.equity[days], alone.capital).tobytes()


@pytest.mark.parametrize("jobs", [2, 8])
def test_threads_change_no_bit_and_no_order(jobs: int) -> None:
    traded = [series(), series("fat_tails", seed=9, pair="ETH/USDT")]
    for one, many in zip(scores_of(traded), scores_of(traded, jobs=jobs), strict=True):
        assert one.point == many.point
        assert list(map(bits, one.measured)) == list(map(bits, many.measured))
        assert one.daily is not None
        assert many.daily is not None
        assert one.daily.tobytes() == many.daily.tobytes()


def test_signals_are_asked_for_once_for_all_points_that_share_them() -> None:
    asked: list[Params] = []
    own = load("ema_cross")

    def watched(candles: Candles, parameters: Params) -> Signals:
        asked.append(parameters)
        return own.signals(candles, parameters)

    strategy = strategy_of(watched, own.parameters)
    made, _ = plans(strategy, "standard", {}, points(strategy=strategy))
    sweep(made, [series()], instruments={}, start_ms=None, ends_ms=[at(1500)])
    assert len(made) == 8
    assert len(asked) == len(set(asked)) == 4


@pytest.mark.parametrize("pairs", [1, 2])
def test_points_of_other_parameters_share_the_indicators_they_have_in_common(pairs: int) -> None:
    asked: list[float] = []

    @remembered
    def counted(values: FloatArray, span: int) -> FloatArray:
        asked.append(span)
        return ema(values, span)

    own = load("ema_cross")

    def watched(candles: Candles, parameters: Params) -> Signals:
        values = parameters.as_dict()
        for name in ("fast", "slow"):
            counted(candles.close, int(values[name]))
        return own.signals(candles, parameters)

    traded = [series(), series("fat_tails", seed=9, pair="ETH/USDT")][:pairs]
    strategy = strategy_of(watched, own.parameters)
    made, _ = plans(strategy, "standard", {}, points(strategy=strategy))
    sweep(made, traded, instruments={}, start_ms=None, ends_ms=[at(1500)])
    assert sorted(asked) == sorted([5, 12, 30, 60] * pairs)


def test_no_points_have_no_scores() -> None:
    assert sweep([], [series()], instruments={}, start_ms=None, ends_ms=[at(1500)]) == []


def test_progress_counts_every_point_once() -> None:
    told: list[int] = []
    scores = scores_of([series()], progress=told.append, jobs=2)
    assert sum(told) == len(scores)


def test_a_failing_strategy_fails_the_sweep_and_is_not_skipped() -> None:
    def broken(candles: Candles, parameters: Params) -> Signals:
        raise ZeroDivisionError("in a strategy")

    strategy = strategy_of(broken, load("ema_cross").parameters)
    made, _ = plans(strategy, "standard", {}, points(strategy=strategy))
    with pytest.raises(ZeroDivisionError):
        sweep(made, [series()], instruments={}, start_ms=None, ends_ms=[at(1500)], jobs=2)


def test_an_interrupt_does_not_wait_for_the_points_that_have_not_begun() -> None:
    begun: list[Params] = []
    own = load("ema_cross")

    def interrupted(candles: Candles, parameters: Params) -> Signals:
        begun.append(parameters)
        if len(begun) == 2:
            raise KeyboardInterrupt
        if len(begun) > 2:
            Event().wait(0.05)  # time for the one who waits to hear of it
        return own.signals(candles, parameters)

    strategy = strategy_of(interrupted, own.parameters)
    made, _ = plans(strategy, "standard", {}, points(("fast=2:40:1", "slow=60", "warm_up=50"), strategy))
    with pytest.raises(KeyboardInterrupt):
        sweep(made, [series()], instruments={}, start_ms=None, ends_ms=[at(1500)], jobs=1)
    assert len(made) == 39
    assert len(begun) < 10


def test_one_wallet_each_is_refused_for_several_pairs() -> None:
    with pytest.raises(ConfigError, match="one wallet"):
        scores_of([series(), series(pair="ETH/USDT")], fixed={"wallet": "per-pair"})


@pytest.mark.parametrize("pairs", [1, 2])
def test_daily_returns_that_nobody_asks_for_are_not_kept(pairs: int) -> None:
    traded = [series(), series(pair="ETH/USDT")][:pairs]
    assert [score.daily for score in scores_of(traded, daily=False)] == [None] * 8


def test_an_unknown_objective_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match=r"unknown objective 'sharp'.*sharpe"):
        metric_of("sharp")


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_is_a_metric_that_a_backtest_has(objective: str) -> None:
    (score, *_) = scores_of([series()])
    assert metric_of(objective) in score.measured[0].values


def a_score(point: str, **values: float | None) -> Score:
    metrics = Metrics(MappingProxyType({"sharpe": 1.0, "trades": 40, **values}), MappingProxyType({}))
    return Score({"fast": point}, (metrics,), np.zeros(0))


def test_among_equals_the_first_of_the_grid_is_chosen() -> None:
    scores = [a_score("5", sharpe=0.5), a_score("10"), a_score("15"), a_score("20", sharpe=0.9)]
    found = best(scores, "sharpe", 0, 30)
    assert found is not None
    assert found.point == {"fast": "10"}


def test_points_with_few_trades_or_without_a_number_are_not_chosen() -> None:
    few, none, good = a_score("5", sharpe=9.0, trades=29), a_score("6", sharpe=None), a_score("7", trades=30)
    found = best([few, none, good], "sharpe", 0, 30)
    assert found is good
    assert best([few, none], "sharpe", 0, 30) is None
    assert best([a_score("5", sharpe=math.nan)], "sharpe", 0, 30) is None


@pytest.mark.real_candles
def test_a_year_of_real_candles_gives_the_bits_of_a_backtest(candle_folder: Path) -> None:
    start, middle, end = 1_609_459_200_000, 1_625_097_600_000, 1_640_995_200_000
    traded = [read_series(candle_folder / f"binance_{coin}-USDT_1h.csv.gz") for coin in ("BTC", "ETH")]
    tried: list[Point] = points(("fast=12,26", "slow=50", "stop_atr=2,3"))
    made, _ = plans(load("ema_cross"), "standard", {}, tried)
    scores = sweep(made, traded, instruments={}, start_ms=start, ends_ms=[middle, end], jobs=2)
    for score, (_, one) in zip(scores, made, strict=True):
        for until, measured in zip((middle, end), score.measured, strict=True):
            whole = run(one, traded, start_ms=start, end_ms=until).measured
            assert differences(measured, whole, exact=True) == []
        assert (score.measured[1].values["trades"] or 0) > 20
