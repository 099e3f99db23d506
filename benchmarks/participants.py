"""Whoever takes part: a child process that is asked to run, again and again."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.environments import PEERS, python_of

CHILDREN = Path(__file__).parent / "children"


@dataclass(slots=True)
class Participant:
    """One child. ``error`` is what it said instead of running; nothing is asked of it after that."""

    name: str
    process: subprocess.Popen[str]
    first_ms: float = 0.0
    times_ms: list[float] = field(default_factory=list)
    error: str = ""

    @classmethod
    def start(cls, name: str, candles: Path, rule: Mapping[str, Any], *, script: str = "w1") -> Participant:
        """Start a child of ``name`` on a file of candles."""
        python = python_of(name) if name in PEERS else Path(sys.executable)
        hidden = {"PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME"}
        environment = {key: value for key, value in os.environ.items() if key not in hidden}
        if name not in PEERS:
            environment["PYTHONPATH"] = str(CHILDREN.parents[1])
        command = [str(python), str(CHILDREN / f"{name}_{script}.py"), str(candles), json.dumps(rule)]
        pipe = subprocess.PIPE
        return cls(name, subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1, env=environment))

    def tell(self, request: str) -> None:
        """One request, whose answer is heard later."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(request + "\n")

    def hear(self) -> dict[str, Any]:
        """The answer to the oldest request; a dead child is an error like any other."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process ended without an answer"}
        self.error = self.error or answer.get("error", "")
        return answer

    def ask(self, request: str) -> dict[str, Any]:
        """One request, one answer."""
        self.tell(request)
        return self.hear()

    def warm_up(self) -> None:
        """The first run, compilation included."""
        self.first_ms = sum(self.ask("run").get("ms", []))

    def take_turn(self) -> None:
        """Runs in a row, for as long as everybody else's."""
        if not self.error:
            self.times_ms += self.ask("turn").get("ms", [])

    def report(self) -> dict[str, Any]:
        """What its last run found, and what it needed."""
        return {} if self.error else self.ask("report")

    @property
    def median_ms(self) -> float | None:
        """Median of the warm runs; None if there is none."""
        return statistics.median(self.times_ms) if self.times_ms else None

    def stop(self) -> None:
        """End the child: its input ends, so it does."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
