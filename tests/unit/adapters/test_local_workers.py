"""Chunks are as large as their time allows, so that an interrupt loses little and the store is seldom visited."""

from __future__ import annotations

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.workers.local import LEAST, PACE_MS, LocalWorkers, next_size


def sizes(count: int, ms_a_point: float, begin_ms: int = 0) -> list[int]:
    """Chunks of a run in which each point takes so long, and the first chunk so much longer."""
    clock, met = FakeClock(), list[int]()

    def work(job: str, points: object, told: object) -> list[int]:
        assert job == "job"
        assert isinstance(points, range)
        clock.at_ms += round(ms_a_point * len(points)) + (0 if met else begin_ms)
        met.append(len(points))
        return list(points)

    found = list(LocalWorkers(clock).run(work, "job", range(count), lambda _: None))
    assert [one for chunk in found for one in chunk.answers] == list(range(count))
    assert [chunk.first for chunk in found] == [sum(met[:index]) for index in range(len(met))]
    return met


def test_fast_points_come_in_chunks_that_grow_until_they_take_their_time() -> None:
    met = sizes(100_000, 0.1)
    assert met[:2] == [LEAST, 16 * LEAST]
    assert met[3] == pytest.approx(PACE_MS * 10, rel=0.01)


def test_slow_points_come_in_the_smallest_chunks() -> None:
    assert sizes(300, 1000.0) == [64, 64, 64, 64, 44]


def test_a_slow_start_is_forgotten() -> None:
    """The first chunk compiles the loop."""
    met = sizes(100_000, 0.1, begin_ms=6000)
    assert met[:3] == [LEAST, LEAST, 16 * LEAST]


def test_nothing_to_do_is_no_chunk() -> None:
    assert sizes(0, 1.0) == []


@pytest.mark.parametrize("took_ms", [0, -5_000])
def test_a_clock_that_stands_still_or_goes_back_does_no_harm(took_ms: int) -> None:
    assert next_size(100, took_ms) == 1600
