"""Reads are tried again, never earlier than the venue wants."""

from __future__ import annotations

import pytest

from tests.fakes.clock import FakeClock
from vigie.domain.errors import VenueRefused, VenueUnavailable
from vigie.reliability.retry import LONGEST_WAIT_S, retry_read


class Read:
    """Fails as often as it is told to, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


def test_a_read_that_fails_is_tried_again_with_growing_waits() -> None:
    clock, read = FakeClock(), Read(*[VenueUnavailable("down")] * 4)
    assert retry_read(read, clock) == "answer"
    assert clock.waits == [1, 2, 4, 8]


def test_the_wait_that_the_venue_asks_for_is_kept() -> None:
    clock, read = FakeClock(), Read(VenueUnavailable("busy", 7))
    assert retry_read(read, clock) == "answer"
    assert clock.waits == [7]


def test_who_is_sent_away_for_long_neither_waits_inside_the_call_nor_comes_too_early() -> None:
    clock, read = FakeClock(), Read(VenueUnavailable("banned", LONGEST_WAIT_S + 1))
    with pytest.raises(VenueUnavailable, match="banned"):
        retry_read(read, clock)
    assert (clock.waits, read.calls) == ([], 1)


def test_a_refusal_is_not_asked_again() -> None:
    clock, read = FakeClock(), Read(VenueRefused("no"))
    with pytest.raises(VenueRefused):
        retry_read(read, clock)
    assert read.calls == 1


def test_the_last_failure_is_told() -> None:
    clock, read = FakeClock(), Read(*[VenueUnavailable("down")] * 2)
    with pytest.raises(VenueUnavailable):
        retry_read(read, clock, attempts=2)
    assert (clock.waits, read.calls) == ([1], 2)
