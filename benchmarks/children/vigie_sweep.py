"""The combinations in vigie, on two threads; started in vigie's own environment.

What is done with them is said by ``rule["job"]``: ``sweep`` (from the text of the points to ranked metrics) or
``walk_forward`` (four anchored folds: choosing, four tests, and the statistics, which are timed apart).
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from serve import Columns, Prepared, serve

from benchmarks import vigie_sweep
from vigie.domain.candles import Candles
from vigie.domain.timeframe import Timeframe


def prepare(columns: Columns, rule: dict[str, Any]) -> Prepared:
    step = Timeframe(int(columns["opens_at"][1] - columns["opens_at"][0]))
    candles = Candles(timeframe=step, **columns)
    if rule["job"] == "walk_forward":
        return lambda: vigie_sweep.run_walk_forward(candles, rule["tried"]), vigie_sweep.describe_walk_forward
    return lambda: vigie_sweep.run(candles, rule["tried"]), vigie_sweep.describe


if __name__ == "__main__":
    serve(prepare, {name: version(name) for name in ("vigie", "numba", "numpy", "pandas")})
