"""``vigie serve``: health and metrics of an account over HTTP, in a process that only reads files.

An engine that hangs, is stopped or is gone cannot keep it from answering; and nothing that is asked here reaches an
engine. ``--health`` of paper and live starts it beside the engine, as a child that ends when its parent does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from vigie.adapters.eyes.server import Page, Site, by_signals, serve
from vigie.app.logs.writing import logged
from vigie.app.program import without_keys
from vigie.app.serve.keeping import KeptChild
from vigie.app.serve.measures import measures
from vigie.app.serve.settings import HealthSettings
from vigie.app.serve.vitals import CRITICAL, SCHEMA, status_code, vitals
from vigie.domain.errors import VigieError
from vigie.domain.masking import for_people

Report = Callable[[str], None]
_START = "from vigie.app.serve.serving import main; main()"


def health_page(home: Path, account: str, settings: HealthSettings) -> Page:
    """The page of ``/health``."""
    document = vitals(home, account, settings)
    return Page(status_code(document), _json(document))


def metrics_page(home: Path, account: str, settings: HealthSettings) -> Page:
    """The page of ``/metrics``."""
    from vigie.reporting.exposition import CONTENT_TYPE, exposition

    return Page(200, exposition(measures(home, account, settings)), CONTENT_TYPE)


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2).encode() + b"\n"


def _nobody_knows(account: str, why: str) -> Page:
    reason = for_people(why)
    return Page(
        503,
        _json({"schema": SCHEMA, "status": CRITICAL, "reason": reason, "reasons": [reason], "account": account}),
    )


def sites(home: Path, account: str, settings: HealthSettings) -> tuple[Site, Site]:
    """What is answered where."""
    health = partial(health_page, home, account, settings)
    metrics = partial(metrics_page, home, account, settings)
    return (
        Site("health", settings.health_port, {"/": health, "/health": health}, partial(_nobody_knows, account)),
        Site(
            "metrics",
            settings.metrics_port,
            {"/metrics": metrics},
            lambda why: Page(503, f"{for_people(why)}\n".encode(), "text/plain; charset=utf-8"),
        ),
    )


def run_server(
    home: Path,
    account: str,
    settings: HealthSettings,
    *,
    report: Report,
    ready: Callable[[Mapping[str, int]], None] = lambda _: None,
    ending: Callable[[Callable[[], None]], None] = by_signals,
) -> None:
    """Serve until somebody wants an end.

    Args:
        home: the user's folder.
        account: that is looked at; it need not have begun.
        settings: where, and what counts as late.
        report: told where it answers.
        ready: told the ports by name.
        ending: given what ends this.

    Raises:
        VigieError: a port cannot be taken.
    """
    import asyncio

    with logged(home, "api", f"serve-{account}", report=report) as ears:

        def there(ports: Mapping[str, int]) -> None:
            paths = {"health": "/health", "metrics": "/metrics"}
            shown = " and ".join(f"http://{_host(settings.bind)}:{port}{paths[name]}" for name, port in ports.items())
            ears.report(f"account {account}: {shown}{' (bearer token)' if not settings.on_loopback else ''}")
            ready(ports)

        token = "" if settings.on_loopback else settings.token
        asyncio.run(
            serve(
                sites(home, account, settings),
                bind=settings.bind,
                token=token,
                ready=there,
                ending=ending,
                tell=ears.note,
            )
        )


def _host(bind: str) -> str:
    return f"[{bind}]" if ":" in bind else bind


# --- beside an engine -------------------------------------------------------------------------------------------------


@contextmanager
def watched_by_eyes(home: Path, account: str, settings: HealthSettings | None, report: Report) -> Iterator[None]:
    """Serve from a child process while the block runs. Whatever becomes of the child, the block goes on.

    Args:
        home: the user's folder.
        account: that is looked at.
        settings: where; None: nothing is served.
        report: told if it cannot be started, or ends before its time; then it is started again, later each time.
    """
    if settings is None:
        yield
        return
    child = KeptChild(lambda: _started(home, account, settings, report), report)
    child.start()
    try:
        yield
    finally:
        child.close()


def _started(home: Path, account: str, settings: HealthSettings, report: Report) -> subprocess.Popen[bytes] | None:
    # Keys are no business of who answers strangers.
    environment = without_keys(os.environ, home)
    try:
        child = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment
        )
    except OSError as error:
        report(f"health is not served ({error.strerror or error}); trading goes on")
        return None
    # The pipe stays open: when this process ends, however it ends, the system closes it.
    with suppress(OSError):
        if child.stdin is not None:
            told = {"home": str(home), "account": account, "settings": asdict(settings)}
            child.stdin.write(json.dumps(told).encode() + b"\n")
            child.stdin.flush()
    return child


def main() -> None:
    """The child: told by its first line what to serve; ends with the pipe that it came through."""
    import signal

    # A terminal's Ctrl-C goes to both; the engine is the one that decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = json.loads(sys.stdin.buffer.readline() or b"{}")
    if not told:
        return

    def with_the_pipe(end: Callable[[], None]) -> None:
        def wait() -> None:
            sys.stdin.buffer.read()
            end()

        threading.Thread(target=wait, name="parent", daemon=True).start()

    def say(sentence: str) -> None:
        sys.stderr.write(f"{sentence}\n")

    try:
        settings = HealthSettings(**told["settings"])
        run_server(Path(told["home"]), str(told["account"]), settings, report=say, ending=with_the_pipe)
    except VigieError as error:
        say(f"error: {error}")
        sys.stderr.flush()
        # Not sys.exit: the thread that waits for the pipe holds a lock that the interpreter's end would wait for.
        os._exit(error.exit_code)
    os._exit(0)
