"""Rule W1 in vigie, as a participant like the others; started in vigie's own environment."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from serve import Columns, Prepared, serve

from benchmarks import vigie_w1
from vigie.domain.candles import Candles
from vigie.domain.timeframe import Timeframe


def prepare(columns: Columns, rule: dict[str, float]) -> Prepared:
    del rule  # vigie takes it from benchmarks.w1_rule itself
    step = Timeframe(int(columns["opens_at"][1] - columns["opens_at"][0]))
    candles = Candles(timeframe=step, **columns)

    def describe(outcome: Any) -> dict[str, Any]:
        return vigie_w1.describe(candles, outcome)

    return lambda: vigie_w1.run(candles), describe


if __name__ == "__main__":
    serve(prepare, {name: version(name) for name in ("vigie", "numba", "numpy", "pandas")})
