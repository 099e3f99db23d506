"""Searches that learn: batches of points proposed by a study, each counted before it is run."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.results import SqliteResults
from vigie.app.data.candles import Report
from vigie.app.research.answers import answered
from vigie.app.research.engines import workers_at
from vigie.app.research.search import Searched, SearchRequest, SweepResult, count, end_of, job_of, keys_of, with_points
from vigie.app.research.trials import ledger_of
from vigie.domain.trial import TrialKind
from vigie.ports.results import ResultStore, StoredResult
from vigie.ports.trials import TrialLedger
from vigie.ports.workers import Workers
from vigie.research.cells import median_worth
from vigie.research.proposers import Search, proposer_of, worth
from vigie.research.space import Point
from vigie.research.sweep import Score, metric_of


@dataclass(frozen=True, slots=True)
class Means:
    """What a study works with.

    Attributes:
        ledger: counts.
        store: keeps results.
        workers: run what the store does not know.
        progress: told how many more points are done, those that make no sense included.
    """

    ledger: TrialLedger
    store: ResultStore
    workers: Workers
    progress: Callable[[int], None] = lambda _: None


@contextmanager
def means_of(request: SearchRequest, report: Report, progress: Callable[[int], None]) -> Iterator[Means]:
    """Those of a request's home and engine, there until the end of the block.

    Raises:
        ConfigError: the engine cannot be used.
        VenueUnavailable: it cannot be reached.
    """
    home = request.base.home
    store = SqliteResults.of(home, SystemClock(), report)
    with workers_at(request.engine) as workers:
        yield Means(ledger_of(home, report), store, workers, progress)


@dataclass(frozen=True, slots=True, eq=False)
class Studied:
    """What a study tried in one cell.

    Attributes:
        searched: with all points that were proposed.
        scores: of those that make sense, in their order.
        from_store: how many of them had been computed before.
    """

    searched: Searched
    scores: tuple[Score, ...]
    from_store: int


def run_studies(
    cells: Sequence[tuple[SearchRequest, Searched]],
    together: Sequence[Hashable],
    *,
    report: Report = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[SweepResult]:
    """Sweep cells by studies.

    Args:
        cells: what is searched, and the same, understood; without points yet.
        together: for each cell a name; those of one name share a study.
        report: told what happened on the way.
        progress: told how many more points are done.

    Raises:
        ConfigError: as `study`, or the engine cannot be used.
        DataError: the ledger is damaged.
        VenueUnavailable: the engine cannot be reached.
    """
    found: dict[int, SweepResult] = {}
    with means_of(cells[0][0], report, progress) as means:
        for name in dict.fromkeys(together):
            members = [index for index, one in enumerate(together) if one == name]
            base = cells[members[0]][0].base
            mine = [cells[index] for index in members]
            studied = study(mine, base.start_ms, base.end_ms, TrialKind.SWEEP, means)
            for index, one in zip(members, studied, strict=True):
                results = tuple(StoredResult(score.measured[0], None) for score in one.scores)
                trials = count(means.ledger, one.searched, TrialKind.SWEEP, ())
                found[index] = SweepResult(one.searched, results, one.from_store, trials)
    return [found[index] for index in range(len(cells))]


def study(
    cells: Sequence[tuple[SearchRequest, Searched]],
    start_ms: int | None,
    end_ms: int | None,
    kind: TrialKind,
    means: Means,
    *,
    daily: bool = False,
) -> list[Studied]:
    """Let a study propose points, and try each of them in every cell, on one stretch of candles alone.

    A point is worth the median over the cells (`median_worth`): what shines in one of them only is not followed.

    Args:
        cells: searches that share space, number of points, seed and objective; their tasks have no points yet.
        start_ms: start of what is traded, epoch milliseconds; None: the first candle.
        end_ms: its end, excluded: nothing after it is looked at; None: after the last candle.
        kind: what the trials are counted as.
        means: what it works with.
        daily: whether daily returns are wanted too.

    Returns:
        what was tried, in the order of the cells.

    Raises:
        ConfigError: Optuna is missing, no point makes sense, or the ledger cannot be written.
        DataError: the ledger is damaged.
    """
    request, task = cells[0]
    proposer = proposer_of(Search.OPTUNA, task.space, request.samples, request.seed)
    points: list[Point] = []
    scores: list[list[Score]] = [[] for _ in cells]
    from_store = [0 for _ in cells]
    while batch := proposer.ask():
        parts = [with_points(each, one, batch) for each, one in cells]
        for part in parts:
            count(means.ledger, part, kind, part.keys)
        worths: list[list[float | None]] = []
        for at, ((each, _), part) in enumerate(zip(cells, parts, strict=True)):
            found = answered(
                job_of(part, each.base, start_ms, [end_of(part.prepared.series, end_ms)], daily=daily),
                part.made,
                [keys_of(part.prepared, part.made, start_ms, end_ms)],
                store=means.store,
                workers=means.workers,
                progress=means.progress,
            )
            means.progress(part.senseless)
            scores[at] += found.scores
            from_store[at] += found.from_store
            worths.append(_worths(batch, found.scores, request))
        proposer.tell([median_worth(of) for of in zip(*worths, strict=True)])
        points += batch
    whole = [with_points(each, one, points, some=True) for each, one in cells]
    return [Studied(one, tuple(mine), kept) for one, mine, kept in zip(whole, scores, from_store, strict=True)]


def _worths(batch: Sequence[Point], scores: Sequence[Score], request: SearchRequest) -> list[float | None]:
    metric = metric_of(request.objective)
    known = {tuple(one.point.values()): worth(one.measured[0], metric, request.least_trades) for one in scores}
    return [known.get(tuple(point.values())) for point in batch]
