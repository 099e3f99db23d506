"""Running points of a search in another process; what runs was counted where it was sent from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigie.adapters.workers.luggage import Luggage, packed, unpacked
from vigie.ports.workers import Told
from vigie.research.job import Job, run_points
from vigie.research.space import Point
from vigie.research.sweep import Score
from vigie.strategy.strategy import load


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


def run_far(trip: Trip, points: Sequence[Point], told: Told) -> list[Score]:
    """Run points where they were sent to, in one thread: a worker runs several chunks at a time.

    Raises:
        ConfigError: this process would compute something else.
    """
    return run_points(trip.job, unpacked(trip.luggage), points, 1, told)
