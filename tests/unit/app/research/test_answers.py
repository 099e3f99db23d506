"""Points are run once, in whatever company, and kept as they come."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.fakes.searching import FakeResults, FakeWorkers
from tests.unit.research.search_cases import at, points, series
from tests.unit.research.test_sweep import bits
from vigie.app.research.answers import Answers, answered
from vigie.research.job import Job
from vigie.research.lanes import NAMES
from vigie.research.space import plans
from vigie.research.sweep import Score
from vigie.strategy.strategy import load

GRID = ("fast=5,12", "slow=30,60", "trail_atr=3,6", "warm_up=50")


def job(*rows: int, daily: bool = False) -> Job:
    return Job("ema_cross", "standard", {}, (series(),), {}, None, tuple(at(row) for row in rows), daily)


def ask(
    asked: Job,
    store: FakeResults | None = None,
    workers: FakeWorkers | None = None,
    grid: Sequence[str] = GRID,
    told: list[int] | None = None,
) -> Answers:
    """Keys are made of words: what is asked, at which date."""
    made, _ = plans(load(asked.strategy), asked.profile, asked.fixed, points(grid))
    keys = [[f"{' '.join(point.values())} to {end}" for point, _ in made] for end in asked.ends_ms]
    store, workers = store or FakeResults(), workers or FakeWorkers()
    progress = (told if told is not None else []).append
    return answered(asked, made, keys, store=store, workers=workers, progress=progress)


def everything(scores: Sequence[Score]) -> list[object]:
    """Scores to the last bit."""
    return [
        (dict(one.point), list(map(bits, one.measured)), None if one.daily is None else one.daily.tobytes())
        for one in scores
    ]


def test_chunks_that_come_in_any_order_and_size_give_the_same_bits_in_the_order_of_the_grid() -> None:
    one = ask(job(801, 1500, daily=True), workers=FakeWorkers(size=1000)).scores
    assert [dict(score.point) for score in one] == points(GRID)
    for size in (1, 3, 5):
        assert everything(ask(job(801, 1500, daily=True), workers=FakeWorkers(size=size)).scores) == everything(one)


def test_every_point_has_exactly_the_numbers_that_a_search_keeps() -> None:
    for asked in (job(1500), job(801, 1500, daily=True)):
        for score in ask(asked).scores:
            assert all(tuple(one.values) == NAMES for one in score.measured)
            assert (score.daily is not None) == asked.daily


def test_what_is_known_is_not_run_and_is_the_same_to_the_bit() -> None:
    store, workers, told = FakeResults(), FakeWorkers(), list[int]()
    first = ask(job(801, 1500, daily=True), store, workers)
    again = ask(job(801, 1500, daily=True), store, workers, told=told)
    assert (first.from_store, again.from_store) == (0, 8)
    assert everything(again.scores) == everything(first.scores)
    assert len(workers.jobs) == 1, "nothing was run"
    assert told == [8]


def test_only_dates_that_are_not_known_are_run() -> None:
    store, workers = FakeResults(), FakeWorkers()
    ask(job(801, 1500, daily=True), store, workers)
    found = ask(job(400, 801, 1500, daily=True), store, workers)
    (_, (asked, count)) = workers.jobs
    assert isinstance(asked, Job)
    assert (asked.ends_ms, asked.daily, count) == ((at(400),), False, 8)
    assert everything(found.scores) == everything(ask(job(400, 801, 1500, daily=True)).scores)


def test_points_that_lack_different_dates_are_run_apart() -> None:
    store, workers = FakeResults(), FakeWorkers()
    ask(job(801), store, workers, ("fast=5", *GRID[1:]))
    found = ask(job(801, 1500), store, workers)
    assert found.from_store == 0
    assert sorted((one.ends_ms, count) for one, count in workers.jobs[1:] if isinstance(one, Job)) == [
        ((at(801), at(1500)), 4),
        ((at(1500),), 4),
    ]


def test_a_result_without_its_daily_returns_does_not_answer_who_wants_them() -> None:
    store = FakeResults()
    ask(job(1500), store)
    assert all(one.daily_returns is None for one in store.kept.values())
    wanted = ask(job(1500, daily=True), store)
    assert wanted.from_store == 0
    assert all(one.daily_returns is not None for one in store.kept.values())
    plain = ask(job(1500), store)
    assert plain.from_store == 8
    assert all(one.daily is None for one in plain.scores), "nobody asked for them"


def test_an_interrupt_keeps_the_chunks_that_came_and_ends_the_workers() -> None:
    store, workers = FakeResults(), FakeWorkers(lost=2)
    with pytest.raises(KeyboardInterrupt):
        ask(job(1500), store, workers)
    assert (store.visits, len(store.kept), workers.closed) == ([2, 3], 5, 1)
    assert ask(job(1500), store).from_store == 5


def test_workers_are_ended_if_the_store_fails() -> None:
    class Full(FakeResults):
        def put(self, results: object) -> None:
            raise OSError("no space left")

    workers = FakeWorkers()
    with pytest.raises(OSError, match="no space"):
        ask(job(1500), Full(), workers)
    assert workers.closed == 1


def test_neighbours_in_a_chunk_share_their_signals() -> None:
    """The searched rule varies slowest here: without a sorting each chunk would ask for all signals again."""
    store, workers = FakeResults(), FakeWorkers(size=2)
    seen: list[set[str]] = []

    class Watched(FakeResults):
        def put(self, results: object) -> None:
            assert isinstance(results, dict)
            seen.append({key.split()[1] for key in results})

    ask(job(1500), Watched(), workers, ("trail_atr=3,6", "fast=5,8,12,15", "warm_up=50"))
    assert [len(one) for one in seen] == [1, 1, 1, 1]
    assert store.visits == []


def test_points_of_both_loops_in_one_search_do_not_change_each_other() -> None:
    """Fills at the close are run by the loop that keeps books, fills at the next open by the lean one."""
    # Points whose fees the two loops add up to different last bits.
    mixed = ("fill_at=next_open,close", "fast=3", "slow=30", "trail_atr=3", "stop_atr=1,2", "warm_up=50")
    both = ask(job(1500), grid=mixed, workers=FakeWorkers(size=100)).scores
    alone = ask(job(1500), grid=mixed, workers=FakeWorkers(size=1)).scores
    assert everything(both) == everything(alone)
    assert [dict(one.point) for one in both] == points(mixed)
