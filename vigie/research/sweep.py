"""Many points of a search over the same candles, each measured at one or more dates of one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import repeat

import numpy as np

from vigie.decision.profile import Plan
from vigie.domain.candles import FloatArray, Series
from vigie.domain.errors import ConfigError
from vigie.domain.instrument import Instrument
from vigie.domain.names import suggestion
from vigie.domain.pair import Pair
from vigie.metrics.returns import last_of_each_day, simple_returns
from vigie.metrics.summary import Metrics, measure
from vigie.metrics.sums import kept
from vigie.research import ledger
from vigie.research.compile import compiled_walk, use_compiled_loops
from vigie.research.folds import rows_before
from vigie.research.inputs import Piece, loop_inputs
from vigie.research.kernel.records import T_EXIT_ROW
from vigie.research.lean_sweep import AtDates, can_be_lean, lean_sweep
from vigie.research.memo import Memo
from vigie.research.pieces import piece_in, ranges_of
from vigie.research.space import Point
from vigie.research.timeline import Timeline
from vigie.strategy.params import Params

OBJECTIVES = {
    "sharpe": "sharpe",
    "sortino": "sortino",
    "calmar": "calmar",
    "profit_factor": "profit_factor",
    "return": "total_return",
}
"""What a search may look for, and the metric behind it; more is better."""


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """What one point did.

    Attributes:
        point: its values.
        measured: its numbers over the candles before each date that was asked for, exactly those of `lanes.NAMES`.
        daily: returns per UTC day over all candles, fractions, shape (days,); None if nobody asked for them.
    """

    point: Point
    measured: Sequence[Metrics]
    daily: FloatArray | None

    def number(self, at: int, name: str) -> float | None:
        """One number at a date; None where it is not defined."""
        measured = self.measured
        return measured.number(at, name) if isinstance(measured, AtDates) else measured[at].values[name]


def metric_of(objective: str) -> str:
    """The metric behind an objective.

    Raises:
        ConfigError: no such objective, with a suggestion.
    """
    if objective not in OBJECTIVES:
        raise ConfigError(f"unknown objective '{objective}'{suggestion(objective, OBJECTIVES)}")
    return OBJECTIVES[objective]


def sweep(
    plans: Sequence[tuple[Point, Plan]],
    series: Sequence[Series],
    *,
    instruments: Mapping[Pair, Instrument],
    start_ms: int | None,
    ends_ms: Sequence[int],
    daily: bool = True,
    jobs: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Score]:
    """Run every point once over all candles before the last date, and measure it at each date.

    One pair is run by the loop that only adds up (`lean_sweep`) if that knows all that the plans ask for, else by the
    one that keeps books: the numbers are the same, equity to the bit, sums to 1e-12. A date is a prefix of the same
    pass: what happens later cannot change it. Only where a plan does something special at the last candle
    (``last_at_close``, ``close_at_end``) each date is a pass of its own. Signals are computed once for all points that
    share their strategy's parameters.

    Args:
        plans: points with their plans.
        series: candles of each pair, one timeframe.
        instruments: venue filters where they are known.
        start_ms: start of what is traded, epoch milliseconds.
        ends_ms: dates to measure at, increasing; candles that open before a date belong to it.
        daily: whether daily returns are wanted.
        jobs: threads.
        progress: told how many more points are done.

    Returns:
        one score per plan, in their order.
    """
    if not plans:
        return []
    if can_be_lean([made for _, made in plans], len(series)):
        return _lean(plans, series[0], instruments, start_ms, ends_ms, jobs, progress, daily=daily)
    scores = _full(plans, series, instruments, start_ms, ends_ms, jobs, progress)
    return scores if daily else [replace(score, daily=None) for score in scores]


def _lean(
    plans: Sequence[tuple[Point, Plan]],
    one: Series,
    instruments: Mapping[Pair, Instrument],
    start_ms: int | None,
    ends_ms: Sequence[int],
    jobs: int,
    progress: Callable[[int], None],
    *,
    daily: bool,
) -> list[Score]:
    measured, returns = lean_sweep(
        [plan for _, plan in plans],
        one,
        instruments=instruments,
        start_ms=start_ms,
        ends_ms=ends_ms,
        daily=daily,
        jobs=jobs,
        progress=progress,
    )
    days = returns if daily else repeat(None)
    return [Score(point, found, line) for (point, _), found, line in zip(plans, measured, days, strict=False)]


def _full(
    plans: Sequence[tuple[Point, Plan]],
    series: Sequence[Series],
    instruments: Mapping[Pair, Instrument],
    start_ms: int | None,
    ends_ms: Sequence[int],
    jobs: int,
    progress: Callable[[int], None],
) -> list[Score]:
    use_compiled_loops()
    compiled_walk()
    series = tuple(sorted(series, key=lambda one: one.pair))
    groups: dict[tuple[Params, bool], list[int]] = {}
    for index, (_, made) in enumerate(plans):
        groups.setdefault((made.parameters, made.settings.warm_up_from_past), []).append(index)
    scores: list[Score | None] = [None] * len(plans)

    special = any(_acts_at_the_end(made) for _, made in plans)
    places = {
        (from_past, end): ranges_of(made, series, start_ms, end)
        for from_past, made in {made.settings.warm_up_from_past: made for _, made in plans}.items()
        for end in (ends_ms if special else ends_ms[-1:])
    }
    memo = Memo([there.known.candles for ranges in places.values() for there in ranges])

    def work(members: list[int]) -> None:
        first = plans[members[0]][1]

        @cache
        def pieces(end: int) -> list[Piece]:
            with memo.used():
                return [piece_in(there, first) for there in places[first.settings.warm_up_from_past, end]]

        for index in members:
            point, made = plans[index]
            score = _score(point, made, pieces(ends_ms[-1]), instruments, ends_ms, len(series))
            if _acts_at_the_end(made):
                earlier = [
                    _score(point, made, pieces(end), instruments, [end], len(series)).measured[0]
                    for end in ends_ms[:-1]
                ]
                score = replace(score, measured=(*earlier, score.measured[-1]))
            scores[index] = score
            progress(1)

    pool = ThreadPoolExecutor(max_workers=max(1, jobs))
    try:
        for done in [pool.submit(work, members) for members in groups.values()]:
            done.result()
    finally:
        # After an interrupt or an error nothing is begun any more.
        pool.shutdown(cancel_futures=True)
    return [score for score in scores if score is not None]


def _acts_at_the_end(plan: Plan) -> bool:
    """Whether the last candle is not traded like the others: then a prefix of a longer run is another run."""
    return plan.settings.last_at_close or plan.settings.close_at_end


def best(scores: Sequence[Score], objective: str, at: int, least_trades: int) -> Score | None:
    """The point with the highest objective at a date, the first of the grid among equals.

    Args:
        scores: what was tried.
        objective: a name of `OBJECTIVES`.
        at: index of the date.
        least_trades: points with fewer closed trades are not looked at; a ratio from three trades is luck.

    Returns:
        None if no point has a number.
    """
    metric = metric_of(objective)
    found: Score | None = None
    highest = -np.inf
    for score in scores:
        value = score.number(at, metric)
        if value is not None and value > highest and (score.number(at, "trades") or 0) >= least_trades:
            found, highest = score, value
    return found


def _score(
    point: Point,
    plan: Plan,
    pieces: Sequence[Piece],
    instruments: Mapping[Pair, Instrument],
    ends_ms: Sequence[int],
    shares: int,
) -> Score:
    if plan.settings.wallet == "per-pair" and shares > 1:
        raise ConfigError("a search runs in one wallet: test one pair, or say --wallet shared")
    candles = [one.traded.candles for one in pieces]
    timeline = Timeline.of(candles)
    inputs = loop_inputs(plan, timeline, pieces, instruments, shares)
    compiled_walk()(*inputs)
    book = inputs.book
    lines = book.trades[: book.counts[0]]
    capital = float(plan.settings.capital)
    timeframe = candles[0].timeframe
    measured = tuple(
        kept(
            measure(
                equity=book.equity[:rows],
                invested=book.invested[:rows],
                closes_at=timeline.closes_at[:rows],
                capital=capital,
                timeframe=timeframe,
                trades=ledger.trades(lines[lines[:, T_EXIT_ROW] < rows], timeline),
            )
        )
        for rows in rows_before(timeline.opens_at, ends_ms)
    )
    daily = simple_returns(book.equity[last_of_each_day(timeline.closes_at, timeframe.milliseconds)], capital)
    return Score(point, measured, daily)
