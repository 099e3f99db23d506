"""An engine in a process of its own with health served beside it, and what is answered."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATIENCE = 60.0
_RUN = """
import sys
from pathlib import Path
from vigie.app.serve.settings import health_settings
from vigie.app.trading.paper import PaperRequest, run_paper
from vigie.app.settings import account_settings
from vigie.app.trading.ticking import Pace
home, url = Path(sys.argv[1]), sys.argv[2]
import strategies
strategies.__path__.append(str(home / "strategies"))
request = PaperRequest(home, account_settings(home, "paper"), base_url=url, health=health_settings(home))
say = lambda sentence: print(sentence, file=sys.stderr, flush=True)
run_paper(request, report=say, pace=Pace(guard=0.5, soon=0.5, look=0.1))
"""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def get(url: str, token: str | None = None) -> tuple[int, bytes]:
    """Ask."""
    request = urllib.request.Request(url, headers={} if token is None else {"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


@dataclass
class Watched:
    """An engine and its ports."""

    process: subprocess.Popen[bytes]
    health_port: int
    metrics_port: int

    def health(self) -> tuple[int, Any]:
        """Code and document."""
        code, body = get(f"http://127.0.0.1:{self.health_port}/health")
        return code, json.loads(body)

    def metrics(self) -> str:
        """The page."""
        code, body = get(f"http://127.0.0.1:{self.metrics_port}/metrics")
        assert code == 200, body
        return body.decode()

    def until(self, holds: Callable[[int, Any], object], seconds: float = PATIENCE) -> Any:
        """The document, as soon as something can be said of the answer."""
        end, seen = time.monotonic() + seconds, None
        while time.monotonic() < end:
            try:
                seen = self.health()
            except (OSError, ValueError):
                seen = None
            if seen is not None and holds(*seen):
                return seen[1]
            time.sleep(0.1)
        raise AssertionError(seen)


@contextmanager
def watched(home: Path, url: str, settings: Mapping[str, object] | None = None, *, more: str = "") -> Iterator[Watched]:
    """Paper trading with the home's `eager` strategy, looked at every half second.

    Args:
        home: where it trades.
        url: of its venue.
        settings: of health.
        more: tables of ``vigie.toml``.
    """
    health, metrics = free_ports(2)
    lines = ['[accounts.paper]\nstrategy = "eager"\npairs = ["BTC/USDT"]\n[health]\n']
    lines += [f"{name} = {value}\n" for name, value in
              {"health_port": health, "metrics_port": metrics, **(settings or {})}.items()]  # fmt: skip
    (home / "vigie.toml").write_text("".join([*lines, more]))
    with (home / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", _RUN, str(home), url], stderr=said, env=os.environ | {"VIGIE_HOME": str(home)}
        )
    try:
        yield Watched(process, health, metrics)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
