"""The protocol of a participant: a process of its own that loads the candles once and runs when it is told to.

Started with two arguments: a file of candles (.npz) and the numbers of the rule (JSON). Each line on standard input is
a request, each line on standard output an answer in JSON: ``run`` (once) or ``turn`` (for a while) -> {"ms": [...]};
``report`` -> what the last run found. An exception is answered with {"error": ...}. Only the standard library and
numpy in here: it runs in foreign environments.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

SECONDS_PER_TURN = 0.25
LEAST_RUNS = 3
"""A turn lasts as long for everybody: a process is as warm as one that does nothing else, whatever a run takes."""

Columns = dict[str, np.ndarray]
Prepared = tuple[Callable[[], Any], Callable[[Any], dict[str, Any]]]
"""What is timed, and how to describe what it returned."""


def peak_mb() -> float:
    """The largest resident size of this process so far (Linux counts in kB, macOS in bytes)."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def serve(prepare: Callable[[Columns, dict[str, float]], Prepared], versions: dict[str, str]) -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    with np.load(sys.argv[1]) as stored:
        columns = {name: stored[name] for name in stored.files}
    run, describe = prepare(columns, json.loads(sys.argv[2]))
    outcome: Any = None
    for line in sys.stdin:
        try:
            word = line.strip()
            if word in ("run", "turn"):
                took, until = [], time.perf_counter() + (SECONDS_PER_TURN if word == "turn" else 0.0)
                while not took or (word == "turn" and (time.perf_counter() < until or len(took) < LEAST_RUNS)):
                    outcome = None
                    started = time.perf_counter()
                    outcome = run()
                    took.append((time.perf_counter() - started) * 1e3)
                answer: dict[str, Any] = {"ms": took}
            else:
                answer = describe(outcome) | {"peak_mb": peak_mb(), "versions": versions}
        except Exception as error:  # noqa: BLE001 - told to the parent, which decides
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
