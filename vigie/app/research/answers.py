"""Scores of many points: out of the store where they are known, else run by workers and kept as they come.

Nothing here counts trials: whoever asks has counted what it asks for (`tests/architecture/test_trials_are_counted.py`
watches the callers).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from vigie.app.research.far import run_far, score_of, trip_of
from vigie.ports.results import ResultStore, StoredResult
from vigie.ports.workers import Told, Workers
from vigie.research.job import Job, Made, run_made
from vigie.research.sweep import Score


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was asked for.

    Attributes:
        scores: one for each point, in their order.
        from_store: how many of them had been computed before.
    """

    scores: list[Score]
    from_store: int


def answered(
    job: Job,
    made: Sequence[Made],
    keys: Sequence[Sequence[str]],
    *,
    store: ResultStore,
    workers: Workers,
    progress: Callable[[int], None],
) -> Answers:
    """Answer for every point at every date of a job; only what the store does not know is run.

    A point at a date is one result with a key of its own: it answers whoever asks for the same candles, in whatever
    company. What is finished is kept at once; an interrupt loses the chunks that are not.

    Args:
        job: what the points share.
        made: points with their plans.
        keys: for each date of the job the keys of all points, in their order.
        store: of results.
        workers: who runs what is missing.
        progress: told how many more points are done.
    """
    known = store.get([key for line in keys for key in line])
    lacking = _lacking(job, keys, known)
    done = lacking.pop((), [])
    progress(len(done))
    for dates, members in lacking.items():
        order = _neighbours(members, made)
        part = replace(
            job,
            ends_ms=tuple(job.ends_ms[at] for at in dates),
            daily=job.daily and dates[-1] == len(job.ends_ms) - 1,
        )
        for first, scores in _run(workers, part, [made[index] for index in order], progress):
            chunk = zip(order[first : first + len(scores)], scores, strict=True)
            fresh = {
                keys[at][index]: StoredResult(metrics, score.daily if at == dates[-1] else None)
                for index, score in chunk
                for at, metrics in zip(dates, score.measured, strict=True)
            }
            store.put(fresh)
            known |= fresh
    scores = []
    for index, (point, _) in enumerate(made):
        results = [known[line[index]] for line in keys]
        returns = results[-1].daily_returns if job.daily else None
        scores.append(Score(point, tuple(one.metrics for one in results), returns))
    return Answers(scores, len(done))


def threads() -> int:
    """Cores to use."""
    return os.cpu_count() or 1


def _lacking(
    job: Job, keys: Sequence[Sequence[str]], known: Mapping[str, StoredResult]
) -> dict[tuple[int, ...], list[int]]:
    """Points by the dates at which they are not known yet; those that are known at all of them under ()."""
    last = len(keys) - 1
    found: dict[tuple[int, ...], list[int]] = {}
    for index in range(len(keys[0])):
        dates = []
        for at, line in enumerate(keys):
            kept = known.get(line[index])
            if kept is None or (job.daily and at == last and kept.daily_returns is None):
                dates.append(at)
        found.setdefault(tuple(dates), []).append(index)
    return found


def _neighbours(members: Sequence[int], made: Sequence[Made]) -> list[int]:
    """The same points, those that share their strategy's parameters side by side: they share their signals."""
    groups: dict[object, list[int]] = {}
    for index in members:
        groups.setdefault(made[index][1].parameters, []).append(index)
    return [index for group in groups.values() for index in group]


def _run(workers: Workers, job: Job, made: Sequence[Made], told: Told) -> Iterator[tuple[int, list[Score]]]:
    if not workers.far:
        with closing(workers.run(_here, job, made, told)) as chunks:
            for chunk in chunks:
                yield chunk.first, chunk.answers
        return
    points = [point for point, _ in made]
    with closing(workers.run(run_far, trip_of(job), points, told)) as parcels:
        for came in parcels:
            sent = points[came.first : came.first + len(came.answers)]
            yield came.first, [score_of(point, one) for point, one in zip(sent, came.answers, strict=True)]


def _here(job: Job, made: Sequence[Made], told: Told) -> list[Score]:
    return run_made(job, made, threads(), told)
