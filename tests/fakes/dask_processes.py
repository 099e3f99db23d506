"""A dask scheduler and workers on loopback: real processes, each of which can be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0


@dataclass
class DaskProcesses:
    """Started one by one, ended together.

    Attributes:
        folder: logs and what workers write.
        scheduler: its process.
        workers: theirs, in order of start.
    """

    folder: Path
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def engine(self) -> str:
        """What `--engine` takes."""
        return self._address().replace("tcp://", "dask://")

    def start_scheduler(self) -> None:
        """Start it on a free port."""
        words = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self._file()))
        self.scheduler = self._started("scheduler", *words)
        until(self._is_written)

    def start_worker(self, threads: int = 1, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start one and return when it is there."""
        name = f"worker{len(self.workers)}"
        words = (self._address(), "--nthreads", str(threads), "--no-nanny", "--no-dashboard", "--name", name)
        started = self._started("worker", *words, "--local-directory", str(self.folder), environment=environment)
        self.workers.append(started)
        log = self.folder / f"{name}.log"
        # A process that runs is no worker yet: a search that begins before it has joined does not meet it.
        until(lambda: "Registered to:" in log.read_text(encoding="utf-8") or started.poll() is not None)
        return started

    def end(self) -> None:
        """Kill what still runs."""
        for one in (*self.workers, *filter(None, [self.scheduler])):
            one.kill()
            one.wait()

    def _file(self) -> Path:
        return self.folder / "scheduler.json"

    def _is_written(self) -> bool:
        # It is there before it is whole.
        return self._file().exists() and self._file().read_text(encoding="utf-8").rstrip().endswith("}")

    def _address(self) -> str:
        address: str = json.loads(self._file().read_text(encoding="utf-8"))["address"]
        return address

    def _started(self, what: str, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        with (self.folder / f"{what}{len(self.workers)}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", what, *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                # A process that is killed leaves its temporary files behind: with the test's own.
                env={**os.environ, "TMPDIR": str(self.folder), **(environment or {})},
                start_new_session=True,
            )


def until(condition: object, patience: float = PATIENCE) -> None:
    """Wait for something to be so."""
    assert callable(condition)
    last = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < last, "it never happened"
        time.sleep(0.02)


def killed(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL, without a word."""
    process.send_signal(signal.SIGKILL)
    process.wait()


@contextmanager
def dask_processes(folder: Path, workers: int = 2) -> Iterator[DaskProcesses]:
    """A scheduler and its workers."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster = DaskProcesses(folder)
    try:
        cluster.start_scheduler()
        for _ in range(workers):
            cluster.start_worker()
        yield cluster
    finally:
        cluster.end()
