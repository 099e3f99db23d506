"""One budget of requests for all processes of a host."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.storage.request_budget import BudgetFile, BudgetInMemory
from vigie.domain.errors import VenueUnavailable
from vigie.ports.request_budget import Spent
from vigie.reliability.rate_budget import Limit, RateBudget

MINUTE = 60_000
START = 1_750_000_020_000
"""The beginning of a minute."""
LIMITS = (Limit("weight", MINUTE, 100), Limit("orders", 10_000, 5))


class BrokenStore:
    """A disk that is full."""

    def change(self, step: Callable[[Spent], Spent]) -> Spent:
        raise OSError(28, "No space left on device")


def budget(clock: FakeClock | None = None, store: object = None) -> RateBudget:
    return RateBudget("there", LIMITS, store or BudgetInMemory(), clock or FakeClock(START))  # type: ignore[arg-type]


def test_a_fifth_of_each_limit_is_kept_for_what_protects() -> None:
    one = budget()
    for _ in range(8):
        one.spend({"weight": 10}, protective=False)
    with pytest.raises(VenueUnavailable, match=r"80 of 100 weight are used.*kept for what protects"):
        one.spend({"weight": 1}, protective=False)
    for _ in range(2):
        one.spend({"weight": 10}, protective=True)
    with pytest.raises(VenueUnavailable, match="100 of 100 weight are used"):
        one.spend({"weight": 1}, protective=True)
    assert one.used()["weight"] == (100, 100)


def test_who_is_refused_is_told_when_the_next_window_begins_and_has_spent_nothing() -> None:
    clock = FakeClock(START + 15_000)
    one = budget(clock)
    one.spend({"weight": 80, "orders": 1}, protective=False)
    with pytest.raises(VenueUnavailable) as later:
        one.spend({"orders": 1, "weight": 1}, protective=False)
    assert later.value.retry_after == 45
    assert one.used() == {"weight": (80, 100), "orders": (1, 5)}
    assert clock.waits == [], "it never waits itself"
    clock.sleep(45)
    one.spend({"weight": 80}, protective=False)


def test_weights_are_counted_and_not_calls() -> None:
    one = budget()
    one.spend({"weight": 60}, protective=False)
    with pytest.raises(VenueUnavailable):
        one.spend({"weight": 60}, protective=False)


def test_each_limit_has_its_own_window() -> None:
    clock = FakeClock(START)
    one = budget(clock)
    for _ in range(4):
        one.spend({"orders": 1, "weight": 1}, protective=False)
    with pytest.raises(VenueUnavailable) as later:
        one.spend({"orders": 1, "weight": 1}, protective=False)
    assert later.value.retry_after == 10
    clock.sleep(10)
    one.spend({"orders": 1, "weight": 1}, protective=False)
    assert one.used() == {"weight": (5, 100), "orders": (1, 5)}


def test_the_venues_count_is_believed_where_it_is_higher_and_only_there() -> None:
    one = budget()
    one.spend({"weight": 10}, protective=False)
    one.heard({"weight": 70, "unknown": 7})
    assert one.used()["weight"] == (70, 100)
    one.heard({"weight": 3})
    assert one.used()["weight"] == (70, 100)


def test_limits_that_the_venue_tells_count_from_then_on() -> None:
    one = budget()
    one.learn({"weight": 50, "orders": 0, "unknown": 4})
    one.spend({"weight": 40}, protective=False)
    with pytest.raises(VenueUnavailable, match="40 of 50"):
        one.spend({"weight": 1}, protective=False)
    assert one.used()["orders"] == (0, 5)


def test_who_was_sent_away_stays_away_and_so_does_everybody_else() -> None:
    clock, store = FakeClock(START), BudgetInMemory()
    first, second = budget(clock, store), budget(clock, store)
    first.block(120, "banned")
    first.block(5, "a shorter one")
    for one in (first, second):
        with pytest.raises(VenueUnavailable, match="no request for 120 s: banned") as away:
            one.spend({"weight": 1}, protective=True)
        assert away.value.retry_after == 120
    clock.sleep(119.999)
    assert second.blocked_for() == pytest.approx(0.001)
    clock.sleep(0.001)
    second.spend({"weight": 1}, protective=False)


def test_a_ban_survives_the_process(tmp_path: Path) -> None:
    clock, path = FakeClock(START), tmp_path / "state" / "there.json"
    budget(clock, BudgetFile(path)).block(120, "banned")
    with pytest.raises(VenueUnavailable, match="banned"):
        budget(clock, BudgetFile(path)).spend({"weight": 1}, protective=True)


def test_a_disk_that_is_full_keeps_entries_away_and_lets_stops_through() -> None:
    one = budget(store=BrokenStore())
    one.spend({"weight": 1}, protective=True)
    with pytest.raises(VenueUnavailable, match=r"cannot be counted.*No space left"):
        one.spend({"weight": 1}, protective=False)
    one.heard({"weight": 5})
    one.block(10, "x")
    assert one.blocked_for() == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"counts": 7}', b'{"counts": {"weight": [1]}}', b"\xff\xfe"])
def test_a_file_that_somebody_damaged_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "there.json"
    path.write_bytes(content)
    one = budget(store=BudgetFile(path))
    one.spend({"weight": 1}, protective=False)
    assert one.used()["weight"] == (1, 100)


def test_a_file_keeps_what_was_spent(tmp_path: Path) -> None:
    path = tmp_path / "there.json"
    budget(store=BudgetFile(path)).spend({"weight": 7}, protective=False)
    assert budget(store=BudgetFile(path)).used()["weight"] == (7, 100)
    assert [one.name for one in sorted(tmp_path.iterdir())] == ["there.json", "there.json.lock"]


def spend_forty(path: str) -> int:
    """How many of forty requests were admitted."""
    one = RateBudget("there", (Limit("weight", MINUTE, 100),), BudgetFile(Path(path)), FakeClock(START))
    admitted = 0
    for _ in range(40):
        try:
            one.spend({"weight": 1}, protective=False)
        except VenueUnavailable:
            continue
        admitted += 1
    return admitted


def test_processes_together_never_spend_more_than_there_is(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        admitted = pool.map(spend_forty, [str(tmp_path / "there.json")] * 4)
        pool.close()
        pool.join()
    assert sum(admitted) == 80
