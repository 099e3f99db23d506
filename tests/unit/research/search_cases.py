"""Markets and searches that the tests of sweeps and walk-forwards share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tests.fakes.scripted import series_of, strategy_of
from tests.oracles import markets
from vigie.domain.candles import Candles, FloatArray, Series
from vigie.domain.timeframe import Timeframe
from vigie.metrics.summary import Metrics
from vigie.research.folds import Fold, folds_of
from vigie.research.gates import GateSettings
from vigie.research.lanes import NAMES
from vigie.research.space import Point, plans, space_of
from vigie.research.sweep import Score, sweep
from vigie.research.walk_forward import Task, WalkForward, walk_forward
from vigie.strategy.params import Params, number
from vigie.strategy.signals import Signals
from vigie.strategy.strategy import Strategy, load

HOUR_MS = markets.HOUR_MS
START = markets.START_MS
NO_GATES = GateSettings(mean_sharpe=-1e9, win_rate=-1.0, trades=0, folds=0, out_in_ratio=-1e9)
GRID = ("fast=5,12", "slow=30,60", "trail_atr=3,6", "warm_up=50")


def series(maker: str = "trending", rows: int = 1500, seed: int = 3, pair: str = "BTC/USDT") -> Series:
    """A made-up market."""
    return series_of(markets.as_candles(markets.MAKERS[maker](rows, seed)), pair)


def at(row: int) -> int:
    """The instant at which a row of those markets opens."""
    return START + row * HOUR_MS


def points(grid: Sequence[str] = GRID, strategy: Strategy | None = None) -> list[Point]:
    """Every point of a grid."""
    return space_of(strategy or load("ema_cross"), {}, grid).points()


def walked(
    series: Sequence[Series],
    folds: Sequence[Fold],
    *,
    strategy: Strategy | None = None,
    tried: Sequence[Point] | None = None,
    fixed: Mapping[str, str] | None = None,
    jobs: int = 1,
    gates: GateSettings = NO_GATES,
    least_trades: int = 1,
) -> WalkForward:
    """A walk-forward with plain settings."""
    strategy = strategy or load("ema_cross")
    made, senseless = plans(strategy, "standard", fixed or {}, points(strategy=strategy) if tried is None else tried)

    def swept(start: int, ends: Sequence[int], *, daily: bool) -> list[Score]:
        return sweep(made, series, instruments={}, start_ms=start, ends_ms=ends, jobs=jobs)

    task = Task(
        strategy=strategy,
        profile="standard",
        fixed=fixed or {},
        objective="sharpe",
        least_trades=least_trades,
        gates=gates,
    )
    trials = len(made) + senseless
    return walk_forward(task, series, folds, instruments={}, swept=swept, trials=trials, senseless=senseless)


def folds(*rows: int, rolling: bool = False, purge: int = 0, embargo: int = 0) -> tuple[Fold, ...]:
    """Folds between rows."""
    return folds_of(START, [at(row) for row in rows], HOUR_MS, rolling=rolling, purge=purge, embargo=embargo)


@dataclass(frozen=True, slots=True)
class Hours(Params):
    """One number: the hour of the day at whose close a coin is bought; it is sold two candles later."""

    hour: int = number(3, low=0, high=23, grid=(3, 9, 15), help="UTC hour of the candle that wishes")


def clockwork(watch: Callable[[Candles], None] = lambda _: None) -> Strategy:
    """Buys after the candle of a certain hour and sells two candles later: what it earns is what is planted there."""

    def signals(candles: Candles, parameters: Params) -> Signals:
        watch(candles)
        hour = (candles.opens_at // HOUR_MS) % 24
        wanted = parameters.as_dict()["hour"]
        return Signals.of(
            entry=(hour == wanted).astype(np.int8),
            exit=hour == (int(wanted) + 2) % 24,
            stop_distance=candles.close * 0.5,
            volatility=candles.close * 0.5,
            warm_up=1,
        )

    return strategy_of(signals, Hours)


def planted(rows: int, seed: int, hours: Callable[[int], int | None]) -> Candles:
    """Noise, with a rise of 2 % in the two candles after a certain hour of the day.

    Args:
        rows: candles.
        seed: of the noise.
        hours: row to the hour after which prices rise there; None: nowhere.
    """
    dice = np.random.default_rng(seed)
    steps: FloatArray = dice.normal(0.0, 0.002, rows)
    for row in range(rows):
        hour = hours(row)
        if hour is not None and row % 24 in ((hour + 1) % 24, (hour + 2) % 24):
            steps[row] += 0.01
    close = 100.0 * np.exp(np.cumsum(steps - steps.mean() * 0.5))
    opened = np.concatenate(([100.0], close[:-1]))
    return Candles(
        Timeframe(HOUR_MS),
        START + HOUR_MS * np.arange(rows),
        opened,
        np.maximum(opened, close) * 1.0005,
        np.minimum(opened, close) * 0.9995,
        close,
        np.ones(rows),
    )


EXACT = ("final_equity", "total_return", "cagr", "max_drawdown", "calmar", "trades", "win_rate", "exposure_fraction")
"""What hangs on equity and on whole numbers only; all else is a sum, which may be added up in another order."""


def differences(found: Metrics, whole: Metrics, *, exact: bool = False) -> list[str]:
    """What a search says otherwise than a backtest: equity to the bit, sums to 1e-12 of themselves."""
    different = [] if tuple(found.values) == NAMES else [f"the names {tuple(found.values)}"]
    if found.undefined != {name: why for name, why in whole.undefined.items() if name in NAMES}:
        different.append(f"what is undefined: {found.undefined}")
    for name, ours in found.values.items():
        theirs = whole.values[name]
        tolerance = 0.0 if exact or name in EXACT else 1e-12
        if ours is None or theirs is None:
            if ours is not theirs:
                different.append(f"{name} {ours} instead of {theirs}")
        elif not math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=tolerance):
            different.append(f"{name} {ours!r} instead of {theirs!r}")
    return different
