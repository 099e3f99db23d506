"""Who runs the points of a search: threads of this process, or other machines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

J = TypeVar("J")
P = TypeVar("P")
A = TypeVar("A")

Told: TypeAlias = Callable[[int], None]
"""Told how many more points are done."""

Work: TypeAlias = Callable[[J, Sequence[P], Told], list[A]]
"""Runs some points of a job and gives one answer for each, in their order."""


@dataclass(frozen=True, slots=True)
class Chunk(Generic[A]):
    """A stretch of points that is done.

    Attributes:
        first: index of its first point.
        answers: one for each of its points, in their order.
    """

    first: int
    answers: list[A]


class Workers(Protocol):
    """Runs many points of one job. The real ones are in ``adapters/workers``.

    What is run is given and not known here: a port lies below the rooms that compute.
    """

    @property
    def far(self) -> bool:
        """Whether points are run in other processes: then work, job, points and answers must pickle."""
        ...

    def run(self, work: Work[J, P, A], job: J, points: Sequence[P], told: Told) -> Generator[Chunk[A], None, None]:
        """Run all points; every point is in exactly one of the chunks, which come in any order.

        Whoever closes the generator ends the work: what is not finished by then is not run.

        Args:
            work: run on stretches of the points, several at a time or one after the other.
            job: what all points share.
            points: what is to be run.
            told: told about every finished point, by any thread.

        Raises:
            ConfigError: the workers cannot be used as they are.
            VenueUnavailable: the workers cannot be reached.
            Exception: whatever the work itself raises.
        """
        ...
