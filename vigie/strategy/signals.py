"""What a strategy says: one row per closed candle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vigie.domain.candles import BoolArray, FloatArray

IntCodes: TypeAlias = NDArray[np.int8]

COLUMNS = ("entry", "exit", "stop_distance", "volatility", "target_distance", "confidence", "reason")
"""Arrays of `Signals`, one value per candle each."""


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Wishes of a strategy, row by row, each from the candles up to and including that row only.

    Attributes:
        entry: direction wanted at the close: +1 long, 0 nothing, -1 short; shape (n,).
        exit: True where an open position should be left, shape (n,).
        stop_distance: distance of the initial stop below the fill, in quote; NaN: unknown, no entry; shape (n,).
        volatility: what trailing and volatility sizing are measured in (usually ATR), in quote; shape (n,).
        warm_up: leading candles whose indicators are not ready; no entry among them.
        target_distance: distance of a profit target above the fill, in quote; NaN: none; shape (n,).
        confidence: who goes first when several pairs want to enter at one instant; shape (n,).
        reason: index into ``reasons`` for each entry, shape (n,).
        reasons: what the codes of ``reason`` mean.
    """

    entry: IntCodes
    exit: BoolArray
    stop_distance: FloatArray
    volatility: FloatArray
    warm_up: int
    target_distance: FloatArray
    confidence: FloatArray
    reason: IntCodes
    reasons: tuple[str, ...]

    @classmethod
    def of(
        cls,
        *,
        entry: BoolArray | IntCodes,
        exit: BoolArray,  # noqa: A002 - the field's own word
        stop_distance: FloatArray,
        volatility: FloatArray,
        warm_up: int,
        target_distance: FloatArray | None = None,
        confidence: FloatArray | None = None,
        reason: IntCodes | None = None,
        reasons: tuple[str, ...] = ("entry",),
    ) -> Signals:
        """Build signals, filling in what a simple strategy does not say.

        Raises:
            ValueError: arrays of different length, or values that mean nothing in their column.
        """
        rows = len(entry)
        signals = cls(
            entry=np.asarray(_whole("entry", entry, -1, 1), dtype=np.int8),
            exit=np.asarray(_whole("exit", exit, 0, 1), dtype=np.bool_),
            stop_distance=np.asarray(stop_distance, dtype=np.float64),
            volatility=np.asarray(volatility, dtype=np.float64),
            warm_up=int(warm_up),
            target_distance=_constant(rows, np.nan) if target_distance is None else np.asarray(target_distance, float),
            confidence=_constant(rows, 1.0) if confidence is None else np.asarray(confidence, dtype=np.float64),
            reason=_no_reason(rows) if reason is None else np.asarray(_whole("reason", reason, 0, 127), dtype=np.int8),
            reasons=reasons,
        )
        for name in COLUMNS:
            shape = getattr(signals, name).shape
            if shape != (rows,):
                raise ValueError(f"signals column '{name}' has shape {shape}, expected ({rows},)")
        if confidence is not None and not np.isfinite(signals.confidence).all():
            raise ValueError("signals column 'confidence' must be finite: it decides who goes first")
        return signals

    def __len__(self) -> int:
        return len(self.entry)


def _whole(name: str, given: ArrayLike, low: int, high: int) -> NDArray[Any]:
    """The flags or codes as given, once looked at: a NaN would silently become True, and 300 would become 44."""
    column = np.asarray(given)
    if column.dtype != np.bool_ and not np.isin(column, np.arange(low, high + 1)).all():
        raise ValueError(f"signals column '{name}' must hold whole numbers from {low} to {high} only, and no NaN")
    return column


@lru_cache(maxsize=8)
def _constant(rows: int, value: float) -> FloatArray:
    """A read-only column of one value; the same for every strategy that does not say more."""
    column = np.full(rows, value)
    column.flags.writeable = False
    return column


@lru_cache(maxsize=8)
def _no_reason(rows: int) -> IntCodes:
    column = np.zeros(rows, dtype=np.int8)
    column.flags.writeable = False
    return column
