"""What may leave for a venue, and who sees the keys."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping

import pytest

from tests.fakes.clock import FakeClock
from vigie.adapters.exchanges.ccxt_gate import Endpoint, Gate, parameter_names
from vigie.adapters.exchanges.secrets import Secrets
from vigie.adapters.exchanges.venue_time import VenueTime
from vigie.adapters.storage.request_budget import BudgetInMemory
from vigie.domain.errors import RefusalCode, VenueRefused, VenueUnavailable
from vigie.reliability.rate_budget import Limit, RateBudget

URL = "https://venue.invalid"


def gate(**limits: int) -> Gate:
    endpoints = {
        ("GET", "/a"): Endpoint(frozenset({"x"}), {"calls": 1}),
        ("GET", "/orders/*"): Endpoint(frozenset(), {"calls": 1}),
        ("POST", "/order"): Endpoint(frozenset({"x", "deep.size"}), {"calls": 1}, write=True),
    }
    budget = RateBudget("there", [Limit("calls", 1000, limits.get("calls", 100))], BudgetInMemory(), FakeClock())
    return Gate("there", endpoints, budget, {"X-USED": "calls"})


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", "/b", None),
        ("DELETE", "/a", None),
        ("GET", "/a/b", None),
        ("GET", "/orders/1/2", None),
        ("GET", "/a?y=1", None),
        ("GET", "/a?y=", None),
        ("GET", "/a?x=1", "y=2"),
        ("POST", "/order", json.dumps({"deep": {"other": 1}})),
        ("POST", "/order", json.dumps([{"x": 1}, {"y": 1}])),
        ("POST", "/order?quoteOrderQty=5", "x=1"),
    ],
)
def test_what_was_never_tried_out_is_not_sent(method: str, url: str, body: str | None) -> None:
    one = gate()
    one.begin(write=True, protective=True)
    with pytest.raises(VenueRefused, match="nothing was sent") as refused:
        one.admit(method, URL + url, body)
    assert refused.value.code is RefusalCode.PARAMETERS
    assert not one.sent


@pytest.mark.parametrize(("method", "url", "body"), [
    ("GET", "/a?x=1", None),
    ("GET", "/orders/17", None),
    ("POST", "/order", "x=1"),
    ("POST", "/order", json.dumps({"x": 1, "deep": {"size": "1"}})),
])  # fmt: skip
def test_what_was_tried_out_is_sent(method: str, url: str, body: str | None) -> None:
    one = gate()
    one.begin(write=True, protective=True)
    one.admit(method, URL + url, body)
    assert one.sent
    assert one.wrote is (method == "POST")


def test_a_write_leaves_once_and_only_from_who_means_to() -> None:
    one = gate()
    one.begin(write=True, protective=True)
    one.admit("POST", f"{URL}/order", None)
    with pytest.raises(VenueRefused, match="a second time"):
        one.admit("POST", f"{URL}/order", None)
    one.begin(write=False, protective=True)
    with pytest.raises(VenueRefused, match="unasked"):
        one.admit("POST", f"{URL}/order", None)
    assert not one.sent


def test_what_the_budget_does_not_admit_is_not_sent() -> None:
    one = gate(calls=1)
    one.begin(write=False, protective=True)
    one.admit("GET", f"{URL}/a", None)
    one.begin(write=True, protective=True)
    with pytest.raises(VenueUnavailable):
        one.admit("POST", f"{URL}/order", None)
    assert not one.wrote


@pytest.mark.parametrize(("header", "sent"), [({"X-USED": "99"}, False), ({"X-USED": "nine"}, True), ({}, True)])
def test_the_venues_own_count_is_listened_to(header: Mapping[str, str], sent: bool) -> None:
    one = gate()
    one.begin(write=False, protective=False)
    one.heard(200, header, "{}")
    if sent:
        one.admit("GET", f"{URL}/a", None)
    else:
        with pytest.raises(VenueUnavailable):
            one.admit("GET", f"{URL}/a", None)


def test_names_of_parameters_in_address_and_body() -> None:
    assert list(parameter_names(f"{URL}/a?x=1&y=", "z=1&z=2")) == ["x", "y", "z", "z"]
    assert list(parameter_names(f"{URL}/a", json.dumps({"a": {"b": [1, {"c": 2}]}, "d": None}))) == [
        "a.b",
        "a.b.c",
        "d",
    ]


def test_secrets_are_shown_to_nobody() -> None:
    one = Secrets("key-1", "secret-2", "word-3")
    assert f"{one} {one!r} {[one]} {one!s}" == "Secrets(***) Secrets(***) [Secrets(***)] Secrets(***)"
    assert one.hidden_in("a key-1 b secret-2 c word-3") == "a *** b *** c ***"
    assert Secrets("key-1", "s").hidden_in("x") == "x"
    with pytest.raises(TypeError, match="not sent to other processes"):
        pickle.dumps(one)
    assert not hasattr(one, "__dict__")


def test_an_offset_is_measured_in_the_middle_of_the_question() -> None:
    clock = FakeClock(1_000_000)
    time = VenueTime("there", clock)
    assert time.due

    def ask() -> int:
        clock.sleep(0.4)
        return 1_005_200

    time.measure(ask)
    assert time.offset_ms == 5000
    assert time.now_ms() == 1_005_400
    assert not time.due
    clock.sleep(1800)
    assert time.due


def test_a_clock_that_goes_back_is_due_to_be_measured() -> None:
    clock = FakeClock(1_000_000)
    time = VenueTime("there", clock)
    time.measure(clock.now_ms)
    clock.at_ms -= 1
    assert time.due


@pytest.mark.parametrize("offset", [60_001, -60_001])
def test_an_offset_that_cannot_be_right_changes_nothing(offset: int) -> None:
    clock = FakeClock(1_000_000)
    time = VenueTime("there", clock)
    with pytest.raises(VenueUnavailable, match="set the clock"):
        time.measure(lambda: 1_000_000 + offset)
    assert time.offset_ms == 0
    assert time.due


def test_the_clock_of_this_machine_is_not_to_blame_for_the_time_of_a_simulated_exchange() -> None:
    time = VenueTime("http://127.0.0.1:8080", FakeClock(1_000_000), simulated=True)
    with pytest.raises(VenueUnavailable, match="--control-url URL") as told:
        time.measure(lambda: 76_543_286_000)
    assert "127.0.0.1:8080 are 76,542,286 s apart" in str(told.value)
    assert "set the clock" not in str(told.value)


def test_where_time_numbers_the_requests_no_instant_comes_twice() -> None:
    clock = FakeClock(1_000_000)
    time = VenueTime("there", clock, increasing=True)
    assert [time.now_ms() for _ in range(3)] == [1_000_000, 1_000_001, 1_000_002]
    clock.sleep(-1)
    assert time.now_ms() == 1_000_003
    clock.sleep(10)
    assert time.now_ms() == clock.now_ms()
