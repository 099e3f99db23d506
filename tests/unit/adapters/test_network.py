"""Name first, then the venue; each has its own verdict, and nobody waits for either."""

from __future__ import annotations

import socket
import threading

import pytest

from vigie.adapters.network import NetworkCheck, Verdict, address_of, look


def test_somebody_who_takes_calls_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        found = look(server.getsockname())
    assert found.reached
    assert "is reached" in str(found)


def test_a_port_where_nobody_listens_is_the_venues_trouble_not_the_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    found = look(address)
    assert not found.dns
    assert "refused" in found.venue
    assert "127.0.0.1 is known" in str(found)


def test_a_name_that_does_not_exist_is_the_names_trouble() -> None:
    found = look(("nowhere.invalid", 443))
    assert found.dns
    assert not found.venue
    assert "nowhere.invalid cannot be looked up" in str(found)


def test_a_look_that_hangs_keeps_nobody_and_is_not_begun_twice() -> None:
    free, calls = threading.Event(), list[int]()

    def slow(address: tuple[str, int]) -> Verdict:
        calls.append(1)
        free.wait(10)
        return Verdict(*address, dns="nobody answers")

    check = NetworkCheck(lambda: ("a.test", 443), slow)
    check.begin()
    check.begin()
    assert check.verdict is None
    free.set()
    verdict = check.wait(10)
    assert verdict is not None
    assert verdict.dns == "nobody answers"
    assert len(calls) == 1


def test_a_venue_without_an_address_is_nothing_to_look_at() -> None:
    def nowhere() -> tuple[str, int]:
        raise ValueError("no address")

    check = NetworkCheck(nowhere)
    check.begin()
    assert check.wait(10) is None


@pytest.mark.parametrize(
    ("url", "address"),
    [("http://127.0.0.1:8080", ("127.0.0.1", 8080)), ("https://a.test", ("a.test", 443)), ("http://a", ("a", 80))],
)
def test_an_address_is_taken_from_the_url_that_was_given(url: str, address: tuple[str, int]) -> None:
    assert address_of("binance", url) == address


@pytest.mark.parametrize("venue", ["binance", "bitget", "bybit", "coinbase", "kraken", "okx"])
def test_every_venue_has_an_address(venue: str) -> None:
    host, port = address_of(venue)
    assert venue in host
    assert port == 443
