"""A store of results in memory, and workers that do as a test says."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field

from vigie.ports.results import StoredResult
from vigie.ports.workers import A, Chunk, J, P, Told, Work


@dataclass
class FakeResults:
    """Fulfils the ResultStore port.

    Attributes:
        kept: what is there.
        visits: how many results each call of `put` brought.
    """

    kept: dict[str, StoredResult] = field(default_factory=dict)
    visits: list[int] = field(default_factory=list)

    def get(self, keys: Collection[str]) -> dict[str, StoredResult]:
        """What is there of these keys."""
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, results: Mapping[str, StoredResult]) -> None:
        """Keep results."""
        self.visits.append(len(results))
        self.kept |= results


@dataclass
class FakeWorkers:
    """Fulfils the Workers port: chunks of a fixed size, the last one first.

    Attributes:
        size: points of a chunk.
        lost: chunks after which the workers are gone; None: they stay.
        jobs: every job, with its number of points.
        closed: how many runs were ended.
    """

    size: int = 3
    lost: int | None = None
    far: bool = False
    jobs: list[tuple[object, int]] = field(default_factory=list)
    closed: int = 0

    def run(self, work: Work[J, P, A], job: J, points: Sequence[P], told: Told) -> Generator[Chunk[A], None, None]:
        """Run all points, or as many as there are workers for."""
        self.jobs.append((job, len(points)))
        try:
            for done, first in enumerate(reversed(range(0, len(points), self.size))):
                if done == self.lost:
                    raise KeyboardInterrupt
                yield Chunk(first, work(job, points[first : first + self.size], told))
        finally:
            self.closed += 1
