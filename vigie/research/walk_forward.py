"""Walk-forward: parameters chosen on training candles only, judged once on candles never seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from vigie.decision.profile import plan
from vigie.domain.candles import FloatArray, IntArray, Series
from vigie.domain.errors import DataError
from vigie.domain.instants import as_text
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.metrics.returns import last_of_each_day, simple_returns
from vigie.metrics.summary import Metrics
from vigie.research.backtest import run
from vigie.research.folds import Fold
from vigie.research.gates import GateSettings, Verdict, judge
from vigie.research.overfitting import Overfitting, overfitting
from vigie.research.pieces import absent
from vigie.research.result import BacktestResult
from vigie.research.sharpe_tests import (
    DeflatedSharpe,
    SharpeEstimate,
    deflated_sharpe,
    estimate,
    probabilistic_sharpe,
    sharpe_variance,
    sharpes,
)
from vigie.research.space import Point
from vigie.research.sweep import Score, best
from vigie.strategy.strategy import Strategy

TEST_OVERRIDES = {"close_at_end": "on", "warm_up_from_past": "on"}
"""A test starts flat, its indicators are warm from the past, and what it still holds at its edge is sold there."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is searched and how it is judged.

    Attributes:
        strategy, profile: what is traded.
        fixed: settings that are not searched, as text.
        objective: a name of `sweep.OBJECTIVES`.
        least_trades: training trades a point must have to be chosen.
        gates: what the tests must show.
    """

    strategy: Strategy
    profile: str
    fixed: Mapping[str, str]
    objective: str
    least_trades: int
    gates: GateSettings


class Swept(Protocol):
    """Scores of all points, in the order of the grid; from wherever they come."""

    def __call__(self, start: int, ends: Sequence[int], *, daily: bool) -> list[Score]:
        """Measure every point on the candles from a start to each of some dates, epoch milliseconds.

        Args:
            start: first instant that is traded.
            ends: increasing; candles that open before a date belong to it.
            daily: whether daily returns up to the last date are wanted.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FoldResult:
    """One fold: what was chosen on its training candles, and what that did on its test candles.

    Attributes:
        fold: its dates.
        chosen: the best point of the training part; None: no point had enough trades.
        in_sample: numbers of the chosen point on the training part; None without one.
        tested: the run on the test part; None without a chosen point.
        untrained, untested: pairs without a candle in the training or the test part: left out of it; their
            share of the wallet stays cash.
    """

    fold: Fold
    chosen: Point | None
    in_sample: Metrics | None
    tested: BacktestResult | None
    untrained: tuple[Pair, ...] = ()
    untested: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class WalkForward:
    """Everything a report needs.

    Attributes:
        folds: in order of time.
        closes_at, equity: stitched out-of-sample equity: each test continues with what the one before left,
            epoch milliseconds and quote, shape (n,).
        verdict: the gates.
        final: the point chosen by the same rule on all candles; what is promoted if the gates pass.
        scores: all points over all candles.
        senseless: points of the grid that made no sense and were not run.
        sharpe: of the stitched daily returns, or why there is none.
        probabilistic_sharpe: probability that the true Sharpe ratio is above 0, or why there is none.
        deflated_sharpe: the same against what as many trials reach by luck, or why there is none.
        overfitting: probability of backtest overfitting over all points, or why there is none.
        trials: how many trials stand behind the choice.
    """

    folds: tuple[FoldResult, ...]
    closes_at: IntArray
    equity: FloatArray
    verdict: Verdict
    final: Score | None
    scores: tuple[Score, ...]
    senseless: int
    sharpe: SharpeEstimate | str
    probabilistic_sharpe: float | str
    deflated_sharpe: DeflatedSharpe | str
    overfitting: Overfitting | str
    trials: int

    @property
    def passed(self) -> bool:
        """Whether every gate is passed."""
        return self.verdict.passed


@dataclass(frozen=True, slots=True, eq=False)
class Choices:
    """What was chosen before any test was run.

    Attributes:
        folds: for each fold the best point of its training part, and the index of the date it was measured at; None:
            no point had enough trades.
        final: the best point by the same rule on all candles; None: no point had enough trades.
        scores: every point that was tried for any of them, over all candles, with daily returns.
    """

    folds: Sequence[tuple[Score | None, int]]
    final: Score | None
    scores: Sequence[Score]


def choices_of(task: Task, folds: Sequence[Fold], swept: Swept) -> Choices:
    """Choose among points that are the same for every fold.

    Folds that are anchored at one start are asked for at once: prefixes of a single pass. Others are swept one by one.
    """
    start, end = folds[0].train_start, folds[-1].test_end
    if all(fold.train_start == start for fold in folds):
        scores = swept(start, [*(fold.train_end for fold in folds), end], daily=True)
        chosen = [(best(scores, task.objective, at, task.least_trades), at) for at in range(len(folds))]
        return Choices(chosen, best(scores, task.objective, len(folds), task.least_trades), scores)
    parts = (swept(fold.train_start, [fold.train_end], daily=False) for fold in folds)
    chosen = [(best(part, task.objective, 0, task.least_trades), 0) for part in parts]
    scores = swept(start, [end], daily=True)
    return Choices(chosen, best(scores, task.objective, 0, task.least_trades), scores)


def walk_forward(
    task: Task,
    series: Sequence[Series],
    folds: Sequence[Fold],
    *,
    instruments: Mapping[Pair, Instrument],
    swept: Swept,
    trials: int,
    senseless: int = 0,
) -> WalkForward:
    """Choose on each training part, test once after it, and judge (`choices_of`, `judged`).

    Args:
        task: what is searched and how it is judged.
        series: candles of each pair, one timeframe.
        folds: in order of time.
        instruments: venue filters where they are known.
        swept: gives the scores of all points.
        trials: how many were counted for this strategy and these pairs, these included.
        senseless: points of the grid that made no sense.

    Raises:
        DataError: a part of a fold without candles of any pair.
    """
    choices = choices_of(task, folds, swept)
    return judged(task, series, folds, choices, instruments=instruments, trials=trials, senseless=senseless)


def judged(
    task: Task,
    series: Sequence[Series],
    folds: Sequence[Fold],
    choices: Choices,
    *,
    instruments: Mapping[Pair, Instrument],
    trials: int,
    senseless: int = 0,
) -> WalkForward:
    """Test once what was chosen, and judge.

    Args:
        task: what is searched and how it is judged.
        series: candles of each pair, one timeframe.
        folds: in order of time.
        choices: made on training candles alone.
        instruments: venue filters where they are known.
        trials: how many were counted for this strategy and these pairs, these included.
        senseless: points that made no sense.
    """
    scores = choices.scores
    results = tested(task, series, folds, choices, instruments=instruments)
    closes_at, equity, daily = _stitched(results)
    found = statistics(daily, scores, trials)
    return WalkForward(
        folds=results,
        closes_at=closes_at,
        equity=equity,
        verdict=judge(
            [(one.in_sample, None if one.tested is None else one.tested.measured) for one in results], task.gates
        ),
        final=choices.final,
        scores=tuple(scores),
        senseless=senseless,
        sharpe=found.sharpe,
        probabilistic_sharpe=found.probabilistic_sharpe,
        deflated_sharpe=found.deflated_sharpe,
        overfitting=found.overfitting,
        trials=trials,
    )


def tested(
    task: Task,
    series: Sequence[Series],
    folds: Sequence[Fold],
    choices: Choices,
    *,
    instruments: Mapping[Pair, Instrument],
) -> tuple[FoldResult, ...]:
    """Each choice run once on the test part of its fold; arguments as of `judged`."""
    return tuple(
        _test(task, series, fold, score, at, instruments)
        for fold, (score, at) in zip(folds, choices.folds, strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """How far a walk-forward can be believed; fields as in `WalkForward`."""

    sharpe: SharpeEstimate | str
    probabilistic_sharpe: float | str
    deflated_sharpe: DeflatedSharpe | str
    overfitting: Overfitting | str


def statistics(tested: FloatArray, scores: Sequence[Score], trials: int) -> Statistics:
    """What the stitched daily returns of the tests and those of all points say.

    Args:
        tested: daily returns of the tests, fractions, shape (days,).
        scores: all points over all candles, with their daily returns.
        trials: how many stand behind the choice.
    """
    measured = estimate(tested)
    daily = np.array([score.daily for score in scores if score.daily is not None])
    return Statistics(
        sharpe=measured,
        probabilistic_sharpe=measured if isinstance(measured, str) else probabilistic_sharpe(measured),
        deflated_sharpe=measured if isinstance(measured, str) else _deflated(measured, daily, trials),
        overfitting=overfitting(daily.T) if scores else "nothing was tried",
    )


def require_candles(series: Sequence[Series], folds: Sequence[Fold]) -> None:
    """Refuse folds with a part in which no pair has a candle.

    Raises:
        DataError: names the fold, the part and its dates.
    """
    for number, fold in enumerate(folds, start=1):
        parts = {"training": (fold.train_start, fold.train_end), "test": (fold.test_start, fold.test_end)}
        for part, (start, end) in parts.items():
            if len(absent(series, start, end)) == len(series):
                raise DataError(f"fold {number}: no pair has candles in its {part}, {as_text(start)} to {as_text(end)}")


def _test(
    task: Task,
    series: Sequence[Series],
    fold: Fold,
    score: Score | None,
    at: int,
    instruments: Mapping[Pair, Instrument],
) -> FoldResult:
    untrained = absent(series, fold.train_start, fold.train_end)
    untested = absent(series, fold.test_start, fold.test_end)
    if score is None:
        return FoldResult(fold, None, None, None, untrained, untested)
    made = plan(task.strategy, task.profile, {**task.fixed, **score.point, **TEST_OVERRIDES})
    tested = run(made, series, instruments=instruments, start_ms=fold.test_start, end_ms=fold.test_end, leave_out=True)
    return FoldResult(fold, score.point, score.measured[at], tested, untrained, untested)


def _stitched(results: Sequence[FoldResult]) -> tuple[IntArray, FloatArray, FloatArray]:
    """Equity of the tests one after the other, starting from the first capital, and its daily returns.

    A fold for which nothing was chosen trades nothing: it has no candles here.
    """
    runs = [one.tested for one in results if one.tested is not None]
    if not runs:
        empty = np.zeros(0)
        return np.zeros(0, dtype=np.int64), empty, empty
    level, pieces, daily = runs[0].capital, [], []
    for one in runs:
        pieces.append(one.equity * (level / one.capital))
        days = last_of_each_day(one.closes_at, one.identity.timeframe.milliseconds)
        daily.append(simple_returns(one.equity[days], one.capital))
        level = float(pieces[-1][-1])
    return np.concatenate([one.closes_at for one in runs]), np.concatenate(pieces), np.concatenate(daily)


def _deflated(measured: SharpeEstimate, daily: FloatArray, trials: int) -> DeflatedSharpe | str:
    variance = sharpe_variance(sharpes(daily))
    return variance if isinstance(variance, str) else deflated_sharpe(measured, trials, variance)
