from __future__ import annotations

from tests.fakes.clock import FakeClock
from vigie.reliability.circuit_breaker import CircuitBreaker, State


def opened() -> tuple[CircuitBreaker, FakeClock]:
    clock = FakeClock()
    breaker = CircuitBreaker(clock)
    assert [breaker.failed() for _ in range(3)] == [False, False, True]
    return breaker, clock


def test_three_failures_in_a_row_open_it_and_say_so_once() -> None:
    breaker, _ = opened()
    assert breaker.state is State.OPEN
    assert not breaker.admits()
    assert not breaker.failed()


def test_a_success_between_failures_begins_the_count_anew() -> None:
    breaker = CircuitBreaker(FakeClock())
    assert not breaker.failed()
    assert not breaker.failed()
    assert not breaker.succeeded()
    assert not breaker.failed()
    assert not breaker.failed()
    assert breaker.admits()


def test_after_the_pause_one_try_is_admitted_and_its_success_closes_it() -> None:
    breaker, clock = opened()
    clock.sleep(299)
    assert not breaker.admits()
    clock.sleep(1)
    assert breaker.state is State.HALF_OPEN
    assert breaker.admits()
    assert breaker.succeeded()
    assert breaker.state is State.CLOSED
    assert not breaker.succeeded()


def test_a_try_that_fails_opens_it_for_another_pause_without_a_word() -> None:
    breaker, clock = opened()
    clock.sleep(300)
    assert not breaker.failed()
    assert breaker.state is State.OPEN
    assert breaker.opens_again_at == clock.now_ms() + 300_000


def test_a_clock_that_was_set_back_keeps_it_open_for_no_day() -> None:
    breaker, clock = opened()
    clock.at_ms -= 86_400_000
    assert breaker.admits()
