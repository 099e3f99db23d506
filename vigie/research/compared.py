"""What a comparison of two results found, and what is not the same in both of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vigie.domain.canonical import Scalar
from vigie.domain.instants import as_text
from vigie.domain.saved_result import SavedResult
from vigie.research.common_days import CommonDays, DayMetrics
from vigie.research.paired_bootstrap import Comparison

ABSENT = "-"
"""Stands for what only the other one has."""

COSTS = ("fee_fraction", "fee_in_base", "slippage_fraction", "partial_slippage")
"""Settings that say what trading costs."""


@dataclass(frozen=True, slots=True)
class Differing:
    """One thing that is not the same in both.

    Attributes:
        what: for instance ``candles of BTC/USDT``.
        first, second: as each has it.
    """

    what: str
    first: str
    second: str


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What a comparison found; A is first, B second.

    Attributes:
        paths: the files.
        results: what they hold.
        common: the days that both have.
        measured: each over the common days.
        difference: A minus B over the common days with its resampled intervals, or why there are none.
        seed: of the resampling.
        differing: what is not the same in both, what weighs most first.
    """

    paths: tuple[Path, Path]
    results: tuple[SavedResult, SavedResult]
    common: CommonDays
    measured: tuple[DayMetrics, DayMetrics]
    difference: Comparison | str
    seed: int
    differing: tuple[Differing, ...]

    @property
    def identical(self) -> bool:
        """Whether every return of the common days is the same in both."""
        return bool(np.array_equal(self.common.first, self.common.second))


def differing(first: SavedResult, second: SavedResult) -> Iterator[Differing]:
    """What is not the same in both: who, when, where, at what cost, with which numbers, on which candles and code."""
    yield from _tables(_head(first), _head(second))
    yield from _tables(*(_chosen(one.settings, costs=True) for one in (first, second)))
    yield from _tables(first.parameters, second.parameters)
    yield from _tables(*(_chosen(one.settings, costs=False) for one in (first, second)))
    shared = sorted(set(first.venues) & set(second.venues))
    for name in ("venues", "data_hashes"):
        tables = [getattr(one, name) for one in (first, second)]
        word = "venue" if name == "venues" else "candles"
        yield from _tables(*({f"{word} of {pair}": table.get(pair, ABSENT) for pair in shared} for table in tables))
    # Two strategies have two files: that they differ is nothing to be told.
    if first.strategy == second.strategy:
        yield from _tables({"strategy file": first.strategy_hash}, {"strategy file": second.strategy_hash})
    yield from _tables(*({"decision code": one.code_hash, "vigie": one.version} for one in (first, second)))


def _head(one: SavedResult) -> dict[str, str]:
    return {
        "kind": one.kind.value,
        "strategy": one.strategy,
        "profile": one.profile,
        "timeframe": one.timeframe,
        "pairs": " ".join(sorted(one.venues)),
        "period": f"{as_text(one.start_at)} to {as_text(one.end_at)}",
        "synthetic candles": "yes" if one.synthetic else "no",
    }


def _chosen(settings: Mapping[str, Scalar], *, costs: bool) -> dict[str, Scalar]:
    return {name: value for name, value in settings.items() if (name in COSTS) == costs}


def _tables(first: Mapping[str, Scalar], second: Mapping[str, Scalar]) -> Iterator[Differing]:
    for name in (*first, *(name for name in second if name not in first)):
        one, two = first.get(name, ABSENT), second.get(name, ABSENT)
        if one != two:
            yield Differing(name, _text(one), _text(two))


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
