"""Why a request came to nobody, under the errors that ccxt, requests and urllib3 make of it."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest
import requests
import urllib3

from tests.fakes.mail_servers import free_port
from vigie.reliability.unreached import causes, why


def asked(url: str) -> None:
    requests.get(url, timeout=0.2)


def test_a_port_where_nobody_listens() -> None:
    with pytest.raises(requests.ConnectionError) as told:
        asked(f"http://127.0.0.1:{free_port()}/")
    assert why(told.value) == "the connection is refused"


def test_a_listener_that_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(requests.Timeout) as told:
        asked(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert why(told.value) == "no answer in time"


def test_a_name_that_nobody_knows() -> None:
    under = socket.gaierror(-3, "Temporary failure in name resolution")
    pool = urllib3.exceptions.MaxRetryError(urllib3.HTTPConnectionPool("a.test"), "/", under)
    assert why(requests.ConnectionError(pool)) == "no network, or no name server: its name cannot be looked up"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (lambda: OSError(101, "Network is unreachable"), "Network is unreachable"),
        (lambda: ValueError("what else"), ""),
    ],
)
def test_what_the_system_says_is_repeated_and_nothing_is_made_up(error: Callable[[], Exception], words: str) -> None:
    assert why(error()) == words


def test_errors_that_lead_to_themselves_come_to_an_end() -> None:
    loop = ValueError()
    loop.__cause__ = loop
    assert len(list(causes(loop))) < 20
