"""Does a strategy see the future? Cut the candles and ask again: every earlier wish must be unchanged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vigie.domain.candles import Candles, IntArray, Series
from vigie.domain.instants import as_text
from vigie.research.compile import use_compiled_loops
from vigie.strategy.params import Params
from vigie.strategy.signals import COLUMNS, Signals

LEAST_LEFT = 50
"""Candles that a cut leaves at least: the first system refused shorter histories. Every cut compares the early rows."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A wish that changed when later candles were taken away.

    Attributes:
        column: which array of the signals.
        decided_at: closing time of the candle whose wish changed, UTC text.
        cut_after: opening time of the last candle that was left, UTC text.
        with_future, without: the two values.
    """

    pair: str
    column: str
    decided_at: str
    cut_after: str
    with_future: float
    without: float


@dataclass(frozen=True, slots=True)
class LookAheadReport:
    """What the check did.

    Attributes:
        cuts: how often the candles were cut.
        after_fills: how many of the cuts stood right after a fill.
        rows_compared: wishes held against each other.
        leaks: one per column and pair at most, the first found.
    """

    cuts: int
    after_fills: int
    rows_compared: int
    leaks: tuple[Leak, ...]


def check(
    signals: Callable[[Candles, Params], Signals],
    parameters: Params,
    series: Sequence[Series],
    fills: Sequence[IntArray],
    *,
    cuts: int = 200,
    seed: int = 7,
    progress: Callable[[int], None] = lambda _: None,
) -> LookAheadReport:
    """Truncate the candles after fills and at random places, and compare.

    A leak of a few candles shows only where something was decided, so half of the cuts stand right after fills (all
    of them if there are fewer), the others anywhere. Cuts at random places alone missed a real leak (lesson 70).

    Args:
        signals: the strategy's function.
        parameters: its parameters.
        series: candles of each pair.
        fills: for each pair, rows in which something was filled.
        cuts: cuts per pair.
        seed: of the random places.
        progress: told after each cut.
    """
    use_compiled_loops()
    random = np.random.default_rng(seed)
    leaks: dict[tuple[str, str], Leak] = {}
    done, after_fills, compared = 0, 0, 0
    for one, filled in zip(series, fills, strict=True):
        whole = signals(one.candles, parameters)
        places, near = _places(len(one.candles), filled, cuts, random)
        after_fills += near
        for last in places:
            part = signals(one.candles[: last + 1], parameters)
            for leak in _differences(one, whole, part, last):
                leaks.setdefault((leak.pair, leak.column), leak)
            done += 1
            compared += last + 1
            progress(1)
    return LookAheadReport(done, after_fills, compared, tuple(leaks.values()))


def _places(rows: int, filled: IntArray, cuts: int, random: np.random.Generator) -> tuple[list[int], int]:
    """Last rows of the truncated candles, and how many of them stand at a fill."""
    # The wish that led to a fill was made at the close before it; cut there and at the fill itself.
    around = np.unique(np.concatenate([filled - 1, filled, filled + 1]))
    first = LEAST_LEFT - 1
    around = around[(around >= first) & (around < rows - 1)]
    near = around if len(around) <= cuts // 2 else random.choice(around, cuts // 2, replace=False)
    room = np.arange(first, max(rows - 1, first))
    anywhere = random.choice(room, min(cuts - len(near), len(room)), replace=False) if len(room) else room
    return sorted({int(row) for row in (*near, *anywhere)}), len(near)


def _differences(one: Series, whole: Signals, part: Signals, last: int) -> list[Leak]:
    found = []
    for column in COLUMNS:
        then, now = getattr(part, column), getattr(whole, column)[: last + 1]
        same = (then == now) | ((then != then) & (now != now))
        if not same.all():
            row = int(np.argmin(same))
            found.append(
                Leak(
                    pair=str(one.pair),
                    column=column,
                    decided_at=as_text(one.candles.closes_at[row]),
                    cut_after=as_text(one.candles.opens_at[last]),
                    with_future=float(now[row]),
                    without=float(then[row]),
                )
            )
    return found
