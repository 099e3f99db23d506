"""Searching: the points of a space, counted before they are run, kept when they are done."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.results import SqliteResults
from vigie.app.backtest import Prepared, Request, prepare
from vigie.app.data import Report
from vigie.app.trials import ledger_of
from vigie.decision.profile import Plan
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError
from vigie.domain.point import Ground
from vigie.domain.trial import Market, TrialEvent, TrialKind
from vigie.metrics.summary import Metrics
from vigie.ports.results import StoredResult
from vigie.ports.trials import TrialLedger
from vigie.research.compile import source_hash
from vigie.research.points import filters_text
from vigie.research.space import Point, Space, plans, space_of
from vigie.research.sweep import metric_of, sweep

BATCH = 64
"""Points that are run between two visits to the store: what an interrupt can lose."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search.

    Attributes:
        base: strategy, candles, range and what is fixed.
        grid: axes as text; empty: the strategy's own grids.
        samples: how many points to draw; None: the whole grid.
        seed: of the drawing.
        objective: a name of `sweep.OBJECTIVES`.
        least_trades: points with fewer closed trades are not ranked.
    """

    base: Request
    grid: Sequence[str] = ()
    samples: int | None = None
    seed: int = 7
    objective: str = "sharpe"
    least_trades: int = 30


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
        ground: what all points stand on.
    """

    prepared: Prepared
    space: Space
    points: tuple[Point, ...]
    made: tuple[tuple[Point, Plan], ...]
    senseless: int
    keys: tuple[str, ...]
    ground: Ground

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


def searched(request: SearchRequest, report: Report) -> Searched:
    """Understand a search: candles, space, points, plans.

    Raises:
        ConfigError: a name, number, path, pair or axis is wrong.
        DataError: the candles cannot be used.
    """
    metric_of(request.objective)
    prepared = prepare(request.base, report)
    if prepared.plan.settings.wallet == "per-pair" and len(prepared.series) > 1:
        raise ConfigError("a search runs in one wallet: test one pair, or say --wallet shared")
    strategy = prepared.plan.strategy
    space = space_of(strategy, request.base.overrides, request.grid)
    points = tuple(space.points() if request.samples is None else space.drawn(request.samples, request.seed))
    made, senseless = plans(strategy, request.base.profile, request.base.overrides, points)
    ground = _ground(request.base, prepared)
    keys = tuple(ground.key(one.parameters.as_dict(), dict(one.numbers)) for _, one in made)
    return Searched(prepared, space, points, tuple(made), senseless, keys, ground)


def run_sweep(
    request: SearchRequest,
    task: Searched,
    *,
    report: Report = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> SweepResult:
    """Run every point that the store does not know yet.

    Args:
        request: what is searched.
        task: the same, understood (`searched`).
        report: told what happened on the way.
        progress: told how many more points are done.

    Raises:
        ConfigError: the ledger cannot be written.
        DataError: the ledger is damaged.
    """
    home = request.base.home
    trials = count(ledger_of(home, report), task, TrialKind.SWEEP, task.keys)
    store = SqliteResults.of(home, SystemClock(), report)
    known = store.get(task.keys)
    progress(len(known))
    missing = [index for index, key in enumerate(task.keys) if key not in known]
    for first in range(0, len(missing), BATCH):
        batch = missing[first : first + BATCH]
        found = _run(task, [task.made[index] for index in batch], request.base, progress)
        fresh = {task.keys[index]: StoredResult(metrics, None) for index, metrics in zip(batch, found, strict=True)}
        store.put(fresh)
        known |= fresh
    return SweepResult(task, tuple(known[key] for key in task.keys), len(task.keys) - len(missing), trials)


def count(ledger: TrialLedger, task: Searched, kind: TrialKind, keys: Sequence[str]) -> int:
    """Put points into the ledger and tell how many there are now for this strategy and these pairs.

    A search is counted when it begins: whoever begins it has chosen what to try.

    Raises:
        ConfigError: the ledger cannot be written.
        DataError: the ledger is damaged.
    """
    strategy = task.prepared.plan.strategy
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


def threads() -> int:
    """Cores to use."""
    return os.cpu_count() or 1


def end_of(series: Sequence[Series], end_ms: int | None) -> int:
    """The instant after the last candle that is traded, epoch milliseconds."""
    last = max(int(one.candles.closes_at[-1]) for one in series)
    return last if end_ms is None else min(last, end_ms)


def _run(
    task: Searched, made: Sequence[tuple[Point, Plan]], base: Request, progress: Callable[[int], None]
) -> list[Metrics]:
    series = task.prepared.series
    scores = sweep(
        made,
        series,
        instruments=task.prepared.instruments,
        start_ms=base.start_ms,
        ends_ms=[end_of(series, base.end_ms)],
        daily=False,
        jobs=threads(),
        progress=progress,
    )
    return [score.measured[0] for score in scores]


def _ground(base: Request, prepared: Prepared) -> Ground:
    # What can be looked at: a plan that warms up inside its range knows nothing before it.
    first_ms = None if prepared.plan.settings.warm_up_from_past else base.start_ms
    known = [replace(one, candles=one.candles.between(first_ms, base.end_ms)) for one in prepared.series]
    traded = {str(one.pair): one.candles.between(base.start_ms, None) for one in known}
    return Ground(
        code_hash=source_hash(),
        strategy=prepared.plan.strategy.name,
        strategy_hash=prepared.plan.strategy.code_hash,
        data_hashes={str(one.pair): one.candles.content_hash for one in known},
        ranges={pair: (int(one.opens_at[0]), int(one.opens_at[-1])) for pair, one in traded.items()},
        filters=filters_text(prepared.instruments),
    )
