"""A thousand combinations of rule W1, side by side: ``uv run python -m benchmarks.sweep [--json] [--candles N]``.

Timed for vigie: from candles in memory and the points of the grid as text to ranked metrics: plans, indicators,
signals, runs, thirteen metrics each. Not in it: reading candles, the store of results and the ledger of trials. Timed
for vectorbt: from arrays in memory to final equity and Sharpe ratio. vigie runs on two threads of one process, vectorbt
in two processes with half of the combinations each; both take turns of eight seconds at
least, warm, and a time is the median of all runs.
The exit code is 3 if the final equity of any combination differs by more than 1e-9.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import machine, w1_grid, w1_rule
from benchmarks.candles import synthetic
from benchmarks.participants import Participant
from vigie.domain.candles import Candles

COLUMNS = ("opens_at", "open", "high", "low", "close", "volume")
CHUNK = 50
"""Columns that vectorbt is given at once; it is quickest with 10 to 100."""
TOLERANCE = 1e-9
TURN_MS = 8_000.0


def measure(candles: Candles, tried: Sequence[Sequence[float]], turns: int) -> dict[str, Any]:
    """Run everybody and compare what they found."""
    rule = w1_rule.numbers()
    everybody: list[Participant] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "candles.npz"
        np.savez(file, **{name: getattr(candles, name) for name in COLUMNS})

        def start(name: str, part: Sequence[Sequence[float]], job: str) -> Participant:
            extra = {"tried": part, "job": job, "columns": CHUNK}
            everybody.append(Participant.start(name, file, {**rule, **extra}, script="sweep"))
            return everybody[-1]

        try:
            sides = {
                "vigie": [start("vigie", tried, "sweep")],
                "walk_forward": [start("vigie", tried, "walk_forward")],
                "vectorbt": [start("vectorbt", part, "sweep") for part in _halves(tried)],
            }
            first = {name: _together(side) for name, side in sides.items()}
            times: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(turns):
                for name, side in sides.items():
                    times[name] += _turn(side)
            reports = {name: [one.report() for one in side] for name, side in sides.items()}
        finally:
            for one in everybody:
                one.stop()
        errors = [f"{one.name}: {one.error}" for one in everybody if one.error]
    return _result(candles, tried, times, reports, errors) | {"first_ms": first}


def _halves(tried: Sequence[Sequence[float]]) -> list[Sequence[Sequence[float]]]:
    middle = (len(tried) + 1) // 2
    return [tried[:middle], tried[middle:]]


def _turn(side: Sequence[Participant]) -> list[float]:
    """Milliseconds of each run of a side, for as long as one of the slowest takes: all are equally warm."""
    took: list[float] = []
    while sum(took) < TURN_MS and not any(one.error for one in side):
        took.append(_together(side))
    return took


def _together(side: Sequence[Participant]) -> float:
    """Milliseconds of one run of all processes of a side at once: those of the slowest."""
    for one in side:
        one.tell("run")
    return max(sum(one.hear().get("ms", [float("nan")])) for one in side)


def _result(
    candles: Candles,
    tried: Sequence[Sequence[float]],
    times: dict[str, list[float]],
    reports: dict[str, list[dict[str, Any]]],
    errors: Sequence[str],
) -> dict[str, Any]:
    ms = {name: statistics.median(took) if took else float("nan") for name, took in times.items()}
    final = {name: [value for one in found for value in one.get("final_equity", [])] for name, found in reports.items()}
    peaks = {name: sum(one.get("peak_mb", float("nan")) for one in found) for name, found in reports.items()}
    different = differences(tried, final["vigie"], final["vectorbt"])
    return {
        "combinations_per_s": len(tried) / ms["vigie"] * 1e3,
        "vectorbt_combinations_per_s": len(tried) / ms["vectorbt"] * 1e3,
        "ratio_vectorbt": ms["vectorbt"] / ms["vigie"],
        "memory_ratio": peaks["vigie"] / peaks["vectorbt"],
        "equity_agrees": not different and not errors,
        "walk_forward_ratio": ms["walk_forward"] / ms["vigie"],
        "combinations": len(tried),
        "candles": len(candles),
        "ms": ms,
        "runs": times,
        "peak_mb": peaks,
        "statistics_ms": reports["walk_forward"][0].get("statistics_ms"),
        "overfitting_probability": reports["walk_forward"][0].get("overfitting_probability"),
        "differences": [*errors, *different],
        "versions": {name: found[0].get("versions") for name, found in reports.items()},
        "machine": machine.describe(),
    }


def differences(tried: Sequence[Sequence[float]], ours: Sequence[float], theirs: Sequence[float]) -> list[str]:
    """One sentence for each combination whose final equity differs."""
    if not len(tried) == len(ours) == len(theirs):
        return [f"{len(ours)} and {len(theirs)} results of {len(tried)} combinations"]
    return [
        f"fast, slow, stop, trail {tuple(one)}: final equity {own:.10g} and {other:.10g}"
        for one, own, other in zip(tried, ours, theirs, strict=True)
        if not abs(own - other) <= TOLERANCE * abs(other)
    ]


def main() -> int:
    """Parse, measure, show."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweep", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--candles", type=int, default=50_000, help="how many (default 50000)")
    parser.add_argument("--turns", type=int, default=3, help="of each (default 3)")
    options = parser.parse_args()
    result = measure(synthetic(options.candles, w1_grid.SEED), w1_grid.combinations(), options.turns)
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        show(result)
    return 0 if result["equity_agrees"] else 3


def show(result: dict[str, Any]) -> None:
    """For people."""
    print(f"{result['combinations']:,} combinations of rule W1 on {result['candles']:,} candles")
    for name, speed in (("vigie", "combinations_per_s"), ("vectorbt", "vectorbt_combinations_per_s")):
        means = "two threads" if name == "vigie" else "two processes"
        print(f"{name:10} {result[speed]:9,.0f} a second {result['peak_mb'][name]:7,.0f} MB ({means})")
    print(f"ratio {result['ratio_vectorbt']:,.0f}, memory {result['memory_ratio']:.2f}")
    print(f"walk-forward with 4 anchored folds: {result['walk_forward_ratio']:.2f} sweeps")
    print(f"its statistics, apart: {result['statistics_ms'] or float('nan'):,.0f} ms")
    for sentence in result["differences"]:
        print(sentence)
    print("The final equity of all agrees." if result["equity_agrees"] else "The final equity does NOT agree.")


if __name__ == "__main__":
    sys.exit(main())
