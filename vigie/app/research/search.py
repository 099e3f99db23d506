"""Searching: the points of a space, counted before they are run, kept when they are done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.results import SqliteResults
from vigie.app.data.candles import Report
from vigie.app.research.answers import answered
from vigie.app.research.backtest import Prepared, Request, prepare
from vigie.app.research.engines import LOCAL, address_of, workers_at
from vigie.app.research.trials import ledger_of
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError
from vigie.domain.point import Ground
from vigie.domain.trial import Market, TrialEvent, TrialKind
from vigie.ports.results import StoredResult
from vigie.ports.trials import TrialLedger
from vigie.research.compile import source_hash
from vigie.research.job import Job, Made
from vigie.research.pieces import require_all
from vigie.research.points import filters_text
from vigie.research.proposers import Search, listed, search_of
from vigie.research.space import Point, Space, sensible, space_of
from vigie.research.sweep import metric_of


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search.

    Attributes:
        base: strategy, candles, range and what is fixed.
        grid: axes as text; empty: the strategy's own grids.
        samples: how many points are drawn or proposed; None: the whole grid.
        seed: of what is drawn and proposed.
        objective: a name of `sweep.OBJECTIVES`.
        least_trades: points with fewer closed trades are not ranked.
        search: a word of `proposers.Search`; None: the grid, or a draw if there are samples.
        engine: where points are run: `engines.LOCAL` or ``dask://HOST:PORT``.
    """

    base: Request
    grid: Sequence[str] = ()
    samples: int | None = None
    seed: int = 7
    objective: str = "sharpe"
    least_trades: int = 30
    search: str | None = None
    engine: str = LOCAL

    @property
    def kind(self) -> Search:
        """How its points are chosen.

        Raises:
            ConfigError: no such search, or one that does not go with the number of samples.
        """
        return search_of(self.search, self.samples)


@dataclass(frozen=True, slots=True)
class Searched:
    """Candles and points, ready to be run.

    Attributes:
        prepared: plan of the fixed settings, candles, filters.
        space: all axes.
        points: what is tried.
        made: points that make sense, with their plans.
        senseless: how many do not.
        keys: of the points that make sense, in their order.
        ground: what the fixed settings stand on.
        study: the points are proposed on the way; before that there are none.
    """

    prepared: Prepared
    space: Space
    points: tuple[Point, ...]
    made: tuple[Made, ...]
    senseless: int
    keys: tuple[str, ...]
    ground: Ground
    study: bool = False

    @property
    def markets(self) -> tuple[Market, ...]:
        """What is traded."""
        return tuple(Market(one.venue, str(one.pair), str(one.candles.timeframe)) for one in self.prepared.series)


@dataclass(frozen=True, slots=True, eq=False)
class SweepResult:
    """What a sweep found.

    Attributes:
        searched: what was tried.
        results: numbers of each point that makes sense, in their order.
        from_store: how many of them had been computed before.
        trials: distinct trials counted for this strategy and these pairs, these included.
    """

    searched: Searched
    results: tuple[StoredResult, ...]
    from_store: int
    trials: int

    def ranked(self, objective: str, least_trades: int) -> list[tuple[Point, StoredResult]]:
        """Points with enough trades and a number, the best first, in the order of the grid among equals."""
        metric = metric_of(objective)
        found = [
            (point, result)
            for (point, _), result in zip(self.searched.made, self.results, strict=True)
            if result.metrics.values[metric] is not None and (result.metrics.values["trades"] or 0) >= least_trades
        ]
        return sorted(found, key=lambda one: -(one[1].metrics.values[metric] or 0.0))


def searched(request: SearchRequest, report: Report, series: Sequence[Series] | None = None) -> Searched:
    """Understand a search: candles, space, and its points if they are known beforehand, with their plans.

    Args:
        request: what is searched.
        report: told what was left out or made on the way.
        series: its candles, if they were read already.

    Raises:
        ConfigError: a name, number, path, pair or axis is wrong.
        DataError: the candles cannot be used.
    """
    metric_of(request.objective)
    search = request.kind
    address_of(request.engine)
    prepared = prepare(request.base, report, series)
    if prepared.plan.settings.wallet == "per-pair" and len(prepared.series) > 1:
        raise ConfigError("a search runs in one wallet: test one pair, or say --wallet shared")
    space = space_of(prepared.plan.strategy, request.base.overrides, request.grid)
    points = listed(search, space, request.samples, request.seed)
    start_ms, end_ms, warm = request.base.start_ms, request.base.end_ms, prepared.plan.settings.warm_up_from_past
    ground = ground_of(prepared, start_ms, end_ms, warm_up_from_past=warm)
    task = Searched(prepared, space, (), (), 0, (), ground, study=points is None)
    return task if points is None else with_points(request, task, points, some=True)


def with_points(request: SearchRequest, task: Searched, points: Sequence[Point], *, some: bool = False) -> Searched:
    """The same search over these points alone.

    Args:
        request: what is searched.
        task: the same, understood.
        points: what is tried.
        some: at least one of them must make sense.

    Raises:
        ConfigError: no point makes sense; says why of the first.
    """
    made, problem = sensible(task.prepared.plan.strategy, request.base.profile, request.base.overrides, points)
    if some and not made and problem is not None:
        raise problem
    keys = keys_of(task.prepared, made, request.base.start_ms, request.base.end_ms)
    return replace(task, points=tuple(points), made=tuple(made), senseless=len(points) - len(made), keys=keys)


def points_of(request: SearchRequest, task: Searched) -> int:
    """How many points the progress of a sweep is told of."""
    return (request.samples or 0) if task.study else len(task.made)


def run_sweep(
    request: SearchRequest,
    task: Searched,
    *,
    report: Report = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> SweepResult:
    """Run every point that the store does not know yet (`run_sweeps`)."""
    return run_sweeps([(request, task)], report=report, progress=progress)[0]


def run_sweeps(
    cells: Sequence[tuple[SearchRequest, Searched]],
    *,
    report: Report = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[SweepResult]:
    """Run every point of some searches that the store does not know yet; all are counted before the first is run.

    Args:
        cells: what is searched, and the same, understood (`searched`); their points are listed.
        report: told what happened on the way.
        progress: told how many more points are done.

    Raises:
        ConfigError: the ledger cannot be written, or the engine cannot be used.
        DataError: a pair has no candles in the range, or the ledger is damaged.
        VenueUnavailable: the engine cannot be reached.
    """
    first, _ = cells[0]
    ledger = ledger_of(first.base.home, report)
    store = SqliteResults.of(first.base.home, SystemClock(), report)
    found = []
    for request, task in cells:
        require_all(task.prepared.series, request.base.start_ms, request.base.end_ms)
    with workers_at(first.engine) as workers:
        trials = [count(ledger, task, TrialKind.SWEEP, task.keys) for _, task in cells]
        for (request, task), counted in zip(cells, trials, strict=True):
            end_ms = end_of(task.prepared.series, request.base.end_ms)
            job = job_of(task, request.base, request.base.start_ms, [end_ms], daily=False)
            answers = answered(job, task.made, [task.keys], store=store, workers=workers, progress=progress)
            results = tuple(StoredResult(score.measured[0], None) for score in answers.scores)
            found.append(SweepResult(task, results, answers.from_store, counted))
    return found


def count(ledger: TrialLedger, task: Searched, kind: TrialKind, keys: Sequence[str]) -> int:
    """Put points into the ledger and tell how many there are now for this strategy and these pairs.

    A search is counted when it begins: whoever begins it has chosen what to try.

    Raises:
        ConfigError: the ledger cannot be written.
        DataError: the ledger is damaged.
    """
    strategy = task.prepared.plan.strategy
    # A batch of a study may have no point that makes sense.
    if keys:
        ledger.record(
            TrialEvent(
                kind=kind,
                strategy=strategy.name,
                strategy_hash=strategy.code_hash,
                code_hash=task.ground.code_hash,
                timeframe=str(task.prepared.series[0].candles.timeframe),
                venues={str(one.pair): one.venue for one in task.prepared.series},
                data_hashes=task.ground.data_hashes,
                points=tuple(keys),
            )
        )
    return ledger.count(strategy.name, task.markets)


def end_of(series: Sequence[Series], end_ms: int | None) -> int:
    """The instant after the last candle that is traded, epoch milliseconds.

    A candle that opens in the range is traded to its close, wherever in it the range ends.
    """
    last = max(int(one.candles.closes_at[-1]) for one in series)
    length = series[0].candles.timeframe.milliseconds
    return last if end_ms is None else min(last, -(-end_ms // length) * length)


def up_to(task: Searched, base: Request, end_ms: int) -> Searched:
    """The same search standing on the candles before a date, and on no later ones."""
    warm = task.prepared.plan.settings.warm_up_from_past
    return replace(
        task,
        ground=ground_of(task.prepared, base.start_ms, end_ms, warm_up_from_past=warm),
        keys=keys_of(task.prepared, task.made, base.start_ms, end_ms),
    )


def job_of(task: Searched, base: Request, start_ms: int | None, ends_ms: Sequence[int], *, daily: bool) -> Job:
    """What the points of a search share, for some dates."""
    made = task.prepared.plan
    return Job(
        strategy=made.strategy.name,
        profile=base.profile,
        fixed=base.overrides,
        series=task.prepared.series,
        instruments=task.prepared.instruments,
        start_ms=start_ms,
        ends_ms=tuple(ends_ms),
        daily=daily,
    )


def keys_of(prepared: Prepared, made: Sequence[Made], start_ms: int | None, end_ms: int | None) -> tuple[str, ...]:
    """Keys of points on the candles of a range, in their order; the candles are hashed once."""
    ground = cache(lambda warm: ground_of(prepared, start_ms, end_ms, warm_up_from_past=warm))
    return tuple(
        ground(one.settings.warm_up_from_past).key(one.parameters.as_dict(), dict(one.numbers)) for _, one in made
    )


def ground_of(prepared: Prepared, start_ms: int | None, end_ms: int | None, *, warm_up_from_past: bool) -> Ground:
    """What points stand on that are run on a range.

    Args:
        prepared: strategy, candles, filters.
        start_ms: start of what is traded, epoch milliseconds; None: the first candle.
        end_ms: its end, excluded; None: after the last candle.
        warm_up_from_past: False: a point that warms up inside its range knows nothing before it.
    """
    known = [
        replace(one, candles=one.candles.between(None if warm_up_from_past else start_ms, end_ms))
        for one in prepared.series
    ]
    traded = {str(one.pair): one.candles.between(start_ms, None) for one in known}
    return Ground(
        code_hash=source_hash(),
        strategy=prepared.plan.strategy.name,
        strategy_hash=prepared.plan.strategy.code_hash,
        data_hashes={str(one.pair): one.candles.content_hash for one in known},
        # A pair that is listed later has no candles yet.
        ranges={pair: (int(one.opens_at[0]), int(one.opens_at[-1])) for pair, one in traded.items() if len(one)},
        filters=filters_text(prepared.instruments),
    )
