"""Running points of a search in another process; what runs was counted where it was sent from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from vigie.adapters.workers.luggage import Luggage, packed, unpacked
from vigie.domain.candles import FloatArray
from vigie.metrics.summary import Metrics
from vigie.ports.workers import Told
from vigie.research.job import Job, run_points
from vigie.research.lanes import NAMES
from vigie.research.space import Point
from vigie.research.sweep import Score
from vigie.strategy.strategy import load

Parcel: TypeAlias = tuple[tuple[tuple[tuple[float | None, ...], dict[str, str]], ...], FloatArray | None]
"""A score on its way back, without what is known here: for each date the numbers of `NAMES` in order, and why some are
undefined; daily returns. Packing and opening it takes half the time of a pickled score."""


@dataclass(frozen=True, slots=True)
class Trip:
    """A job and what it needs where it goes."""

    job: Job
    luggage: Luggage


def trip_of(job: Job) -> Trip:
    """A job, ready to be sent.

    Raises:
        ConfigError: its strategy cannot be sent.
    """
    return Trip(job, packed(load(job.strategy)))


def run_far(trip: Trip, points: Sequence[Point], told: Told) -> list[Parcel]:
    """Run points where they were sent to, in one thread: a worker runs several chunks at a time.

    Raises:
        ConfigError: this process would compute something else.
    """
    return [_parcel(score) for score in run_points(trip.job, unpacked(trip.luggage), points, 1, told)]


def score_of(point: Point, parcel: Parcel) -> Score:
    """What came back for a point."""
    measured, daily = parcel
    metrics = (Metrics(dict(zip(NAMES, values, strict=True)), undefined) for values, undefined in measured)
    return Score(point, tuple(metrics), daily)


def _parcel(score: Score) -> Parcel:
    measured = tuple((tuple(one.values[name] for name in NAMES), dict(one.undefined)) for one in score.measured)
    return measured, score.daily
