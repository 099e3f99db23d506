"""What a start costs: ``uv run python -m benchmarks.start [--json]``.

- ``compile_s``: compiling everything a backtest needs, once after an installation or an upgrade, imports not counted;
- ``load_s``: loading the compiled code in a later process, imports not counted;
- ``backtest_s``, ``help_s``: whole processes of `vigie backtest` on the sample market and `vigie --help`, caches warm;
- ``backtest_mb``: peak memory of the former.

Medians of several runs; bytecode is compiled first, as after a normal installation.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

RUNS = 5

# A short run reaches all compiled code; what is timed begins after the imports.
_FIRST_CALL = """
import time
import numba
import ta.momentum
from benchmarks.candles import synthetic
from benchmarks.vigie_w1 import run
candles = synthetic(300, 1)
numba.njit(lambda x: x)(1)  # the compiler imports the rest of itself in its first call
started = time.perf_counter()
run(candles)
print(time.perf_counter() - started)
"""


def first_call_s(environment: Mapping[str, str]) -> float:
    """Seconds of the first backtest in a new process, after its imports."""
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_CALL], env=dict(environment), check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def process_s(words: list[str], environment: Mapping[str, str]) -> float:
    """Wall seconds of a whole process."""
    started = time.perf_counter()
    subprocess.run(words, env=dict(environment), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure() -> dict[str, float]:
    """All numbers."""
    vigie = str(Path(sys.executable).with_name("vigie"))
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        home.mkdir()
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"VIGIE_HOME": str(home), "VIGIE_CACHE": str(Path(folder, "first"))}
        first_call_s(environment)  # bytecode
        compiled = []
        for turn in range(3):
            environment["VIGIE_CACHE"] = str(Path(folder, f"cache{turn}"))
            compiled.append(first_call_s(environment))
        loaded = [first_call_s(environment) for _ in range(RUNS)]
        process_s([vigie, "backtest"], environment)  # the sample market and what is left of bytecode
        backtests = [process_s([vigie, "backtest"], environment) for _ in range(RUNS)]
        peak_kb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        helps = [process_s([vigie, "--help"], environment) for _ in range(RUNS)]
    return {
        "compile_s": statistics.median(compiled),
        "load_s": statistics.median(loaded),
        "backtest_s": statistics.median(backtests),
        "help_s": statistics.median(helps),
        "backtest_mb": peak_kb / 1024,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    as_json = parser.parse_args().json
    found = measure()
    if as_json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:12s} {value:8.2f}")


if __name__ == "__main__":
    main()
