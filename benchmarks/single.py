"""Rule W1 on one series, side by side: ``uv run python -m benchmarks.single [--json] [--candles N] [--repeats N]``.

Times are warm medians in milliseconds, from candles in memory to trades, equity and metrics. All participants run in
turn, in the same minutes on the same machine. The exit code is 3 if somebody disagrees with the judge.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import agreement, machine, w1_rule
from benchmarks.candles import synthetic
from benchmarks.participants import Participant
from tests.oracles import w1
from vigie.domain.candles import Candles

NAMES = ("vigie", "vectorbt", "backtesting")
SEED = 1
"""With its 50,000 candles no stop is hit in the bar of its entry, the one thing that vectorbt's form cannot say."""
COLUMNS = ("opens_at", "open", "high", "low", "close", "volume")


def measure(candles: Candles, repeats: int) -> dict[str, Any]:
    """Run everybody ``repeats`` turns and compare what they found."""
    started = time.perf_counter()
    judge = w1.run({name: getattr(candles, name).tolist() for name in COLUMNS}, w1_rule.RULE)
    judge_ms = (time.perf_counter() - started) * 1e3
    everybody: list[Participant] = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "candles.npz"
        np.savez(file, **{name: getattr(candles, name) for name in COLUMNS})
        try:
            everybody += [Participant.start(name, file, w1_rule.numbers()) for name in NAMES]
            for one in everybody:
                one.warm_up()
            for _ in range(repeats):
                for one in everybody:
                    one.take_turn()
            reports = {one.name: one.report() for one in everybody}
        finally:
            for one in everybody:
                one.stop()
    return _result(candles, repeats, judge, judge_ms, everybody, reports)


def _result(
    candles: Candles,
    repeats: int,
    judge: w1.W1Run,
    judge_ms: float,
    everybody: list[Participant],
    reports: dict[str, dict[str, Any]],
) -> dict[str, Any]:
    ms = {one.name: one.median_ms for one in everybody}
    errors = {one.name: one.error for one in everybody if one.error}
    found = {name: agreement.disagreements(judge.trades, report.get("trades", [])) for name, report in reports.items()}
    found = {name: [errors[name]] if name in errors else found[name] for name in found}
    details = {
        one.name: {
            "first_ms": one.first_ms,
            "runs": len(one.times_ms),
            "fastest_ms": min(one.times_ms, default=None),
            "trades": len(reports[one.name].get("trades", [])),
            "final_equity": reports[one.name].get("final_equity"),
            "peak_mb": reports[one.name].get("peak_mb"),
            "metrics": reports[one.name].get("metrics"),
            "versions": reports[one.name].get("versions"),
        }
        for one in everybody
    }
    return {
        **{f"{name}_ms": ms[name] for name in NAMES},
        "ratio_vectorbt": _ratio(ms["vectorbt"], ms["vigie"]),
        "ratio_backtesting": _ratio(ms["backtesting"], ms["vigie"]),
        "trades_agree": not any(found.values()),
        "disagreements": found,
        "candles": len(candles.close),
        "repeats": repeats,
        "judge": {
            "ms": judge_ms,
            "trades": len(judge.trades),
            "final_equity": judge.final_equity,
            "entry_bar_stops": judge.entry_bar_stops,
        },
        "participants": details,
        "machine": machine.describe(),
    }


def _ratio(peer: float | None, ours: float | None) -> float | None:
    return peer / ours if peer and ours else None


def main() -> int:
    """Parse, measure, show."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.single", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument("--candles", type=int, default=50_000, help="how many (default 50000)")
    parser.add_argument("--repeats", type=int, default=7, help="turns of each participant (default 7)")
    parser.add_argument("--seed", type=int, default=SEED, help=f"of the candles (default {SEED})")
    options = parser.parse_args()
    result = measure(synthetic(options.candles, options.seed), options.repeats) | {"seed": options.seed}
    if options.json:
        print(json.dumps(result, indent=2))
    else:
        from benchmarks.report import show

        show(result)
    return 0 if result["trades_agree"] else 3


if __name__ == "__main__":
    sys.exit(main())
