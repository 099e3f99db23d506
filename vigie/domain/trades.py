"""Round trips and events of a run, as parallel columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.exit_reason import ExitReason as ExitReason  # noqa: PLC0414 - part of this module's words

SmallInts: TypeAlias = NDArray[np.int16]


class EventKind(IntEnum):
    """What happened to a position."""

    BUY = 0
    PARTIAL = 1
    SELL = 2

    @property
    def label(self) -> str:
        """The kind in exports: ``buy``."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def __getitem__(self, rows: slice | NDArray[np.bool_] | IntArray) -> Self:
        return type(self)(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})


@dataclass(frozen=True, slots=True, eq=False)
class Trades(_Columns):
    """Entry to exit, one row per closed trade, in order of exit.

    Times: a fill at a candle's open carries that candle's opening time; a stop inside a candle carries the opening
    time of that candle (when exactly is not known); a fill at a close carries the closing time.

    Attributes:
        pair: index into the run's pairs.
        entry_at, exit_at: epoch milliseconds, UTC.
        entry_price: fill price, slippage included, in quote.
        exit_price: fill price of the last part, slippage included, in quote.
        quantity: base bought, net of fees taken in base.
        fees: all fees of the trade, in quote.
        slippage: cost of slippage of the trade, in quote (already inside the prices).
        profit: quote received minus quote spent, fees and partial sales included.
        profit_fraction: profit / quote spent.
        exit_reason: ExitReason codes.
        stop_at_entry: first stop, in quote.
        bars_held: candles of the run between entry and exit.
    """

    pair: SmallInts
    entry_at: IntArray
    exit_at: IntArray
    entry_price: FloatArray
    exit_price: FloatArray
    quantity: FloatArray
    fees: FloatArray
    slippage: FloatArray
    profit: FloatArray
    profit_fraction: FloatArray
    exit_reason: SmallInts
    stop_at_entry: FloatArray
    bars_held: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Events(_Columns):
    """One row per buy, partial sale or sale, in the order in which they happened.

    Attributes:
        pair: index into the run's pairs.
        kind: EventKind codes.
        at: epoch milliseconds, UTC; the same convention as in Trades.
        price: fill price, slippage included, in quote.
        quantity: base bought (net of fees taken in base) or sold.
        fee: in quote.
        profit: for a sale, the profit of the whole trade; for a partial sale, its proceeds net of fee; NaN for a buy.
        reason: ExitReason codes; NONE for a buy.
    """

    pair: SmallInts
    kind: SmallInts
    at: IntArray
    price: FloatArray
    quantity: FloatArray
    fee: FloatArray
    profit: FloatArray
    reason: SmallInts
