"""What a supervisor hears, read by a socket."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vigie.adapters.systemd import Supervisor

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets")


@pytest.fixture(params=["a file", "no file"])
def listening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """An address as systemd writes it, and the socket behind it."""
    if request.param == "no file" and not sys.platform.startswith("linux"):
        pytest.skip("only Linux has names without files")
    address = str(tmp_path / "notify") if request.param == "a file" else f"@vigie-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        heard.settimeout(5.0)
        yield address, heard


def test_ready_alive_and_stopping_are_one_datagram_each(listening: tuple[str, socket.socket]) -> None:
    address, heard = listening
    supervisor = Supervisor.of({"NOTIFY_SOCKET": address})
    supervisor.ready("paper runs")
    supervisor.alive("active;\n in order")
    supervisor.stopping("SIGTERM")
    assert [heard.recv(4096) for _ in range(3)] == [
        b"READY=1\nSTATUS=paper runs", b"WATCHDOG=1\nSTATUS=active; in order", b"STOPPING=1\nSTATUS=SIGTERM",
    ]  # fmt: skip


def test_a_supervisor_that_does_not_read_holds_nothing_up(listening: tuple[str, socket.socket]) -> None:
    supervisor = Supervisor.of({"NOTIFY_SOCKET": listening[0]})
    for _ in range(10_000):
        supervisor.alive("x" * 400)


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "@nobody-listens", "\0", "/" + "x" * 300])
def test_where_nobody_listens_nothing_is_said_and_nothing_breaks(address: str) -> None:
    Supervisor.of({"NOTIFY_SOCKET": address}).ready("up")
    Supervisor.of({}).alive("up")


def test_a_system_without_such_sockets_says_nothing() -> None:
    source = (
        "import socket; del socket.AF_UNIX\n"
        "from vigie.adapters.systemd import Supervisor\n"
        "Supervisor('@anything').ready('up'); print('silent')\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "silent\n"
