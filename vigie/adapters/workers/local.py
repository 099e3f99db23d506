"""Points run in this process; the work itself brings its threads."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from vigie.ports.clock import Clock
from vigie.ports.workers import A, Chunk, J, P, Told, Work

LEAST = 64
"""Points of the smallest chunk: fewer share too little."""

PACE_MS = 1500
"""How long a chunk should take, milliseconds: what an interrupt can lose."""

_STEEPEST = 16
"""A chunk is at most so many times as large as the one before: the first ones measure little."""


@dataclass(frozen=True, slots=True)
class LocalWorkers:
    """Fulfils :class:`vigie.ports.workers.Workers`: chunk after chunk, each as large as its time allows.

    Attributes:
        clock: measures the chunks.
    """

    clock: Clock

    @property
    def far(self) -> bool:
        """No: threads share what is in memory."""
        return False

    def run(self, work: Work[J, P, A], job: J, points: Sequence[P], told: Told) -> Generator[Chunk[A], None, None]:
        """Run all points. See the port."""
        first, size = 0, LEAST
        while first < len(points):
            begun = self.clock.now_ms()
            part = points[first : first + size]
            yield Chunk(first, work(job, part, told))
            first += len(part)
            size = next_size(len(part), self.clock.now_ms() - begun)


def next_size(size: int, took_ms: int) -> int:
    """Points of the next chunk, after one of so many took so long (its way to the store included)."""
    wanted = size * PACE_MS // max(1, took_ms)
    return max(LEAST, min(wanted, size * _STEEPEST))
