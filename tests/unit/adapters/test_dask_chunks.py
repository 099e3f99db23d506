"""Chunks for a cluster: large enough that handing them out costs little, and nobody waits long for the last one."""

from __future__ import annotations

import pytest

from vigie.adapters.workers.dask_cluster import FIRST, MOST, PACE_MS, balanced, next_size


@pytest.mark.parametrize(
    ("count", "took_ms", "before", "after"),
    [
        (8, 8000, 8, 1),
        (8, 80, 8, 100),
        (8, 0, 8, 128),
        (100, 500, 100, 200),
        (500, 100, 500, MOST),
        (1, 60_000, 1, 1),
        (8, -5, 8, 128),
    ],
)
def test_a_chunk_is_as_large_as_its_time_allows_and_grows_by_steps(
    count: int, took_ms: int, before: int, after: int
) -> None:
    assert next_size(count, took_ms, before) == after


@pytest.mark.parametrize(
    ("size", "left", "threads", "sent"),
    [(100, 10_000, 2, 100), (100, 200, 2, 50), (100, 30, 2, 12), (100, 5, 2, 5), (1, 1, 64, 1), (FIRST, 3, 1, 2)],
)
def test_the_last_chunks_are_fair_shares_but_no_crumbs(size: int, left: int, threads: int, sent: int) -> None:
    assert balanced(size, left, threads) == sent


@pytest.mark.parametrize("count", [1, 17, 600, 5000])
def test_every_point_is_sent_once(count: int) -> None:
    left, size, sizes = count, FIRST, list[int]()
    while left:
        sizes.append(balanced(size, left, 2))
        left -= sizes[-1]
        size = next_size(sizes[-1], sizes[-1], sizes[-1])  # one millisecond a point
    assert sum(sizes) == count
    assert max(sizes) <= PACE_MS
