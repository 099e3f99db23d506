"""What is run for a search, wherever it is run: everything that its points share, and their running."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from vigie.decision.profile import Plan, Planner
from vigie.domain.candles import Series
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.research.lean_sweep import can_be_lean
from vigie.research.space import Point
from vigie.research.sweep import Score, sweep
from vigie.strategy.strategy import Strategy

Made = tuple[Point, Plan]


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """What all points of a search share; it can be sent to another process, points are sent as text beside it.

    Attributes:
        strategy: its name; it is found by it wherever the job is run.
        profile: name of the profile.
        fixed: settings that are not searched, as text.
        series: candles of each pair, one timeframe.
        instruments: venue filters where they are known.
        start_ms: start of what is traded, epoch milliseconds; None: the first candle.
        ends_ms: dates to measure at, increasing; candles that open before a date belong to it.
        daily: whether daily returns up to the last date are wanted.
    """

    strategy: str
    profile: str
    fixed: Mapping[str, str]
    series: tuple[Series, ...]
    instruments: Mapping[Pair, Instrument]
    start_ms: int | None
    ends_ms: tuple[int, ...]
    daily: bool


def run_points(
    job: Job,
    strategy: Strategy,
    points: Sequence[Point],
    jobs: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Score]:
    """Run points that came as text.

    Args:
        job: what they share.
        strategy: the job's own, as it was found here.
        points: what is run; each makes sense.
        jobs: threads.
        progress: told how many more points are done.

    Returns:
        one score for each, in their order.

    Raises:
        ConfigError: a point that makes no sense, or a name that is unknown here.
    """
    planner = Planner(strategy, job.profile)
    made = [(point, planner.plan({**job.fixed, **point})) for point in points]
    return run_made(job, made, jobs, progress)


def run_made(
    job: Job, made: Sequence[Made], jobs: int = 1, progress: Callable[[int], None] = lambda _: None
) -> list[Score]:
    """The same for points whose plans were made already.

    Which loop runs a point hangs on the point alone: whoever stands beside it in a chunk changes no bit of it.
    """
    lean = [can_be_lean([one], len(job.series)) for _, one in made]
    if not any(lean) or all(lean):
        return _run(job, made, jobs, progress)
    scores: dict[int, Score] = {}
    for kind in (True, False):
        members = [index for index, one in enumerate(lean) if one is kind]
        found = _run(job, [made[index] for index in members], jobs, progress)
        scores |= dict(zip(members, found, strict=True))
    return [scores[index] for index in range(len(made))]


def _run(job: Job, made: Sequence[Made], jobs: int, progress: Callable[[int], None]) -> list[Score]:
    return sweep(
        made,
        job.series,
        instruments=job.instruments,
        start_ms=job.start_ms,
        ends_ms=job.ends_ms,
        daily=job.daily,
        jobs=jobs,
        progress=progress,
    )
