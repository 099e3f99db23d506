"""One result record: every number with its definition, and a reason where a number is undefined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.timeframe import Timeframe
from vigie.domain.trades import Trades


@dataclass(frozen=True, slots=True)
class Metrics:
    """Measured numbers by name.

    Attributes:
        values: number, or None where it is undefined. Ratios are fractions.
        undefined: for each None, why.
    """

    values: Mapping[str, float | None]
    undefined: Mapping[str, str]


def measure(
    *,
    equity: FloatArray,
    invested: FloatArray,
    hold: FloatArray,
    closes_at: IntArray,
    capital: float,
    timeframe: Timeframe,
    trades: Trades,
) -> Metrics:
    """Measure a run."""
    raise NotImplementedError
