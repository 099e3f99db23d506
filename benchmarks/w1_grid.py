"""The thousand combinations of rule W1 that a search tries, for everybody who takes part."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from benchmarks.w1_rule import RULE, fixed

FAST = tuple(range(5, 55, 5))
SLOW = tuple(range(60, 260, 20))
STOP_ATR = (4.0, 5.0)
"""With `SEED` no such stop is hit in the bar of its entry, the one thing that vectorbt's form cannot say."""
TRAIL_ATR = (3.0, 4.0, 5.0, 6.0, 7.0)
SEED = 9


def combinations(fast: Sequence[int] = FAST, slow: Sequence[int] = SLOW) -> list[tuple[int, int, float, float]]:
    """Fast span, slow span, stop multiple, trailing multiple; the last one varies fastest."""
    return list(itertools.product(fast, slow, STOP_ATR, TRAIL_ATR))


def points(tried: Sequence[Sequence[float]]) -> list[dict[str, str]]:
    """Combinations as points of a search."""
    return [
        {"fast": f"{fast:g}", "slow": f"{slow:g}", "stop_atr": f"{stop:g}", "trail_atr": f"{trail:g}"}
        for fast, slow, stop, trail in tried
    ]


def rest() -> dict[str, str]:
    """What is not searched."""
    searched = ("fast", "slow", "stop_atr", "trail_atr")
    return {name: value for name, value in fixed(RULE).items() if name not in searched}
