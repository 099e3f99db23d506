"""Walk-forward as a use case: counted, judged, and certified if somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.certificates import CertificateFolder
from vigie.app.data.candles import Report
from vigie.app.research.answers import answered
from vigie.app.research.search import Searched, SearchRequest, count, end_of, job_of, keys_of, up_to, with_points
from vigie.app.research.studies import Means, means_of, study
from vigie.decision.profile import plan
from vigie.domain.certificate import Certificate, CertifiedCandles, CertifiedFold, GateResult
from vigie.domain.errors import ConfigError
from vigie.domain.instants import as_text
from vigie.domain.trial import TrialKind
from vigie.research.folds import Fold, boundaries_of, folds_of
from vigie.research.gates import GateSettings
from vigie.research.overfitting import Overfitting
from vigie.research.pieces import absent
from vigie.research.sharpe_tests import DeflatedSharpe
from vigie.research.space import Point
from vigie.research.sweep import Score, best
from vigie.research.walk_forward import Choices, Task, WalkForward, judged, require_candles, walk_forward


@dataclass(frozen=True, slots=True)
class WalkForwardRequest:
    """A walk-forward.

    Attributes:
        search: what is searched on each training part.
        folds: how many, if no boundaries are given.
        boundaries: end of the first training part, then the end of each test, epoch milliseconds; empty: by count.
        rolling: training parts of equal length instead of growing ones.
        purge, embargo: candles left out before and after each boundary.
        gates: what the tests must show.
    """

    search: SearchRequest
    folds: int = 4
    boundaries: Sequence[int] = ()
    rolling: bool = False
    purge: int = 0
    embargo: int = 0
    gates: GateSettings = field(default_factory=GateSettings)


@dataclass(frozen=True, slots=True, eq=False)
class WalkedForward:
    """What was asked and what came out.

    Attributes:
        searched: what was tried.
        folds: the dates.
        outcome: what was chosen, tested and judged.
        points: how many were swept, over all passes (`points_to_run`).
        from_store: how many of them had been computed before.
        proposed: points that a study proposed for each fold, and at last for all candles; empty: there was no study.
    """

    searched: Searched
    folds: tuple[Fold, ...]
    outcome: WalkForward
    points: int = 0
    from_store: int = 0
    proposed: tuple[tuple[Point, ...], ...] = ()


def points_to_run(request: WalkForwardRequest, task: Searched) -> int:
    """How many points will be run: anchored folds are prefixes of one pass, rolling ones are swept one by one.

    A study proposes points for each fold and for all candles; what it proposed is then run over all candles.
    """
    if task.study:
        return 2 * (request.search.samples or 0) * (len(folds_between(request, task)) + 1)
    return len(task.made) * (len(folds_between(request, task)) + 1 if request.rolling else 1)


def run_walk_forward(
    request: WalkForwardRequest,
    task: Searched,
    *,
    report: Report = lambda _: None,
    progress: Callable[[int], None] = lambda _: None,
) -> WalkedForward:
    """Choose on training candles, judge on candles never seen.

    A training part is a sweep that ends at its date: what is in the store of it, by whatever command, is not run again.
    The tests always are.

    Args:
        request: what is searched and how it is judged.
        task: its search, understood (`searched`).
        report: told what happened on the way.
        progress: told how many more points are done.

    Raises:
        ConfigError: dates that make no folds, a ledger that cannot be written, or an engine that cannot be used.
        DataError: the ledger is damaged.
        VenueUnavailable: the engine cannot be reached.
    """
    folds = folds_between(request, task)
    with means_of(request.search, report, progress) as means:
        return _studied(request, task, folds, means) if task.study else _listed(request, task, folds, means)


def _listed(request: WalkForwardRequest, task: Searched, folds: tuple[Fold, ...], means: Means) -> WalkedForward:
    """The same points for every fold."""
    # What lies after the last test is not looked at: it is no part of what is counted.
    task = up_to(task, request.search.base, folds[-1].test_end)
    trials = count(means.ledger, task, TrialKind.FOLD, task.keys)
    from_store: list[int] = []

    def _swept(start: int, ends: Sequence[int], *, daily: bool) -> list[Score]:
        job = job_of(task, request.search.base, start, ends, daily=daily)
        keys = [keys_of(task.prepared, task.made, start, end) for end in ends]
        found = answered(job, task.made, keys, store=means.store, workers=means.workers, progress=means.progress)
        from_store.append(found.from_store)
        return found.scores

    outcome = walk_forward(
        _task(request, task),
        task.prepared.series,
        folds,
        instruments=task.prepared.instruments,
        swept=_swept,
        trials=trials,
        senseless=task.senseless,
    )
    return WalkedForward(task, folds, outcome, points_to_run(request, task), sum(from_store))


def _studied(request: WalkForwardRequest, task: Searched, folds: tuple[Fold, ...], means: Means) -> WalkedForward:
    """A study for each fold that hears of its training candles alone, and one of all candles for the final choice.

    Every point that any of them proposed is then run over all candles: the probability of overfitting needs the same
    points on all days. Nothing is chosen by that pass.
    """
    start, end = folds[0].train_start, folds[-1].test_end
    # What lies after the last test is not looked at: it is no part of what is counted.
    search = replace(request.search, base=replace(request.search.base, end_ms=end))
    cell = [(search, task)]
    studies = [study(cell, fold.train_start, fold.train_end, TrialKind.FOLD, means)[0] for fold in folds]
    studies += study(cell, start, end, TrialKind.FOLD, means, daily=True)
    proposed = {tuple(point.values()): point for one in studies for point in one.searched.points}
    union = with_points(search, task, list(proposed.values()))
    means.progress(len(studies) * (search.samples or 0) - len(union.made))
    trials = count(means.ledger, union, TrialKind.FOLD, ())
    whole = answered(
        job_of(union, search.base, start, [end], daily=True),
        union.made,
        [keys_of(union.prepared, union.made, start, end)],
        store=means.store,
        workers=means.workers,
        progress=means.progress,
    )
    judging = _task(request, task)
    chosen = [best(one.scores, judging.objective, 0, judging.least_trades) for one in studies]
    outcome = judged(
        judging,
        task.prepared.series,
        folds,
        Choices([(one, 0) for one in chosen[:-1]], chosen[-1], whole.scores),
        instruments=task.prepared.instruments,
        trials=trials,
        senseless=union.senseless,
    )
    points = sum(len(one.scores) for one in studies) + len(union.made)
    from_store = whole.from_store + sum(one.from_store for one in studies)
    return WalkedForward(union, folds, outcome, points, from_store, tuple(one.searched.points for one in studies))


def _task(request: WalkForwardRequest, task: Searched) -> Task:
    search = request.search
    return Task(
        strategy=task.prepared.plan.strategy,
        profile=search.base.profile,
        fixed=search.base.overrides,
        objective=search.objective,
        least_trades=search.least_trades,
        gates=request.gates,
    )


def folds_between(request: WalkForwardRequest, task: Searched) -> tuple[Fold, ...]:
    """The folds of a request, by its dates or by count.

    Raises:
        ConfigError: too few candles, dates that make no folds, or dates after the last candle of the time range.
        DataError: a part of a fold without candles of any pair.
    """
    base = request.search.base
    candle_ms = task.prepared.series[0].candles.timeframe.milliseconds
    instants = np.unique(np.concatenate([one.candles.opens_at for one in task.prepared.series]))
    start = int(instants[0]) if base.start_ms is None else max(int(instants[0]), base.start_ms)
    end = end_of(task.prepared.series, base.end_ms)
    inside = instants[(instants >= start) & (instants < end)]
    if not len(inside):
        raise ConfigError("there are no candles in the time range")
    boundaries = tuple(request.boundaries) or boundaries_of(inside, candle_ms, request.folds)
    if max(boundaries) > end:
        # A test over candles that were set aside, or over fewer than its dates say, is not what was asked for.
        raise ConfigError(f"the boundary {as_text(max(boundaries))} lies after the last candle, {as_text(end)}")
    folds = folds_of(
        start, boundaries, candle_ms, rolling=request.rolling, purge=request.purge, embargo=request.embargo
    )
    require_candles(task.prepared.series, folds)
    return folds


def require_real(task: Searched) -> None:
    """Refuse to certify candles that never happened.

    Raises:
        ConfigError: some of them are made up; says with which word they can be practised on.
    """
    made_up = [str(one.pair) for one in task.prepared.series if one.synthetic]
    if made_up:
        raise ConfigError(
            f"nothing is promoted: the candles of {', '.join(made_up)} are synthetic, no market ever traded them; "
            "--practice certifies them for a simulated exchange alone"
        )


def promote(done: WalkedForward, home: Path, *, proposed: bool = False, practice: bool = False) -> Certificate:
    """Write a certificate for what passed.

    Args:
        done: judged.
        home: the user's folder.
        proposed: nothing goes by it until somebody takes it (`vigie.app.research.certificates.take`).
        practice: certify made-up candles too; live trading takes that at a simulated exchange alone.

    Raises:
        ConfigError: a gate was not passed, there is nothing to certify, or the candles never happened and it is no
            practice.
    """
    outcome = done.outcome
    if not outcome.passed or outcome.final is None:
        raise ConfigError("nothing is promoted: not every gate was passed")
    prepared = done.searched.prepared
    if not practice:
        require_real(done.searched)
    unseen = absent(prepared.series, None, done.folds[-1].test_end)
    if unseen:
        raise ConfigError(f"nothing is promoted: no candle of {', '.join(map(str, unseen))} was looked at")
    looked_at = {one.pair: one.candles.between(None, done.folds[-1].test_end) for one in prepared.series}
    final = plan(prepared.plan.strategy, prepared.plan.profile, {**prepared.plan.overrides, **outcome.final.point})
    certificate = Certificate(
        strategy=final.strategy.name,
        profile=final.profile,
        timeframe=str(prepared.series[0].candles.timeframe),
        parameters=final.parameters.as_dict(),
        settings=dict(final.numbers),
        candles={
            str(one.pair): CertifiedCandles(
                venue=one.venue,
                first_at=int(looked_at[one.pair].opens_at[0]),
                last_at=int(looked_at[one.pair].opens_at[-1]),
                rows=len(looked_at[one.pair]),
                content_hash=looked_at[one.pair].content_hash,
            )
            for one in prepared.series
        },
        code_hash=done.searched.ground.code_hash,
        strategy_hash=final.strategy.code_hash,
        folds=tuple(
            CertifiedFold(
                train_start_at=one.fold.train_start,
                train_end_at=one.fold.train_end,
                test_start_at=one.fold.test_start,
                test_end_at=one.fold.test_end,
                parameters=dict(one.chosen or {}),
                in_sample=dict(one.in_sample.values) if one.in_sample is not None else {},
                out_of_sample=dict(one.tested.measured.values) if one.tested is not None else {},
            )
            for one in outcome.folds
        ),
        gates=tuple(GateResult(gate.name, gate.value, gate.limit, gate.passed) for gate in outcome.verdict.gates),
        deflated_sharpe=(
            outcome.deflated_sharpe.probability if isinstance(outcome.deflated_sharpe, DeflatedSharpe) else None
        ),
        overfitting_probability=(
            outcome.overfitting.probability if isinstance(outcome.overfitting, Overfitting) else None
        ),
        trials=outcome.trials,
        created_at=SystemClock().now_ms(),
        version=version("vigie"),
    )
    (CertificateFolder.proposed(home) if proposed else CertificateFolder.of(home)).save(certificate)
    return certificate
