"""The combinations in vigie: a sweep and a walk-forward from candles in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from benchmarks.w1_grid import points, rest
from vigie.domain.candles import Candles, Series
from vigie.domain.pair import Pair
from vigie.research.folds import boundaries_of, folds_of
from vigie.research.gates import GateSettings
from vigie.research.space import plans
from vigie.research.sweep import Score, sweep
from vigie.research.walk_forward import Choices, FoldResult, Task, choices_of, statistics, tested
from vigie.strategy.strategy import Strategy, load

THREADS = 2
FOLDS = 4
PAIR = Pair("W1", "USD")
Tried = Sequence[Sequence[float]]


@cache
def _strategy() -> Strategy:
    return load("ema_cross")


def run(candles: Candles, tried: Tried) -> list[Score]:
    """What is timed: points as text, their plans, indicators, signals, runs, metrics, and the ranking by Sharpe."""
    made, _ = plans(_strategy(), "standard", rest(), points(tried))
    scores = sweep(
        made,
        [Series(PAIR, "benchmark", candles, "memory")],
        instruments={},
        start_ms=None,
        ends_ms=[int(candles.closes_at[-1])],
        daily=False,
        jobs=THREADS,
    )
    # In the order of the grid for the judge; the ranking is done, as a sweep does it.
    sorted(scores, key=lambda one: -(one.measured[0].values["sharpe"] or 0.0))
    return scores


def describe(scores: Sequence[Score]) -> dict[str, Any]:
    """Final equity of each combination; not timed."""
    return {"final_equity": [score.measured[0].values["final_equity"] for score in scores]}


def run_walk_forward(candles: Candles, tried: Tried) -> tuple[Choices, tuple[FoldResult, ...]]:
    """What is timed: four anchored folds over the same points: plans, one pass, four choices, four tests."""
    step = candles.timeframe.milliseconds
    folds = folds_of(int(candles.opens_at[0]), boundaries_of(candles.opens_at, step, FOLDS), step)
    series = [Series(PAIR, "benchmark", candles, "memory")]
    task = Task(_strategy(), "standard", rest(), "sharpe", 30, GateSettings())
    made, _ = plans(task.strategy, task.profile, task.fixed, points(tried))

    def swept(start: int, ends: Sequence[int], *, daily: bool) -> list[Score]:
        return sweep(made, series, instruments={}, start_ms=start, ends_ms=ends, daily=daily, jobs=THREADS)

    choices = choices_of(task, folds, swept)
    return choices, tested(task, series, folds, choices, instruments={})


def describe_walk_forward(found: tuple[Choices, tuple[FoldResult, ...]]) -> dict[str, Any]:
    """The choices, and how long the statistics over all points take; not timed with the rest."""
    choices, results = found
    runs = [one.tested for one in results if one.tested is not None]
    daily = np.concatenate([np.diff(one.equity[::24]) / one.equity[:-24:24] for one in runs])
    started = time.perf_counter()
    stated = statistics(daily, choices.scores, len(choices.scores))
    return {
        "statistics_ms": (time.perf_counter() - started) * 1e3,
        "overfitting_probability": getattr(stated.overfitting, "probability", None),
        "chosen": [dict(one.chosen or {}) for one in results],
    }
