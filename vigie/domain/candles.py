"""Candles: closed intervals of trading, as parallel arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vigie.domain.errors import DataError
from vigie.domain.instants import as_text
from vigie.domain.names import SYNTHETIC
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS, Timeframe

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]

COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, eq=False)
class Candles:
    """A frozen set of parallel arrays, one row per closed candle.

    Impossible candles cannot be built: instants increase and lie on the grid of the timeframe, prices are finite
    and positive, ``low <= open, close <= high``, volume is finite and not negative. Missing candles are missing rows.

    Attributes:
        timeframe: length of a candle.
        opens_at: epoch milliseconds (UTC) at which each candle opens, shape (n,).
        open, high, low, close: prices in quote per base, shape (n,).
        volume: in base, shape (n,); NaN where the source has none.
    """

    timeframe: Timeframe
    opens_at: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __post_init__(self) -> None:
        opens_at = np.ascontiguousarray(self.opens_at, dtype=np.int64)
        object.__setattr__(self, "opens_at", opens_at)
        for name in COLUMNS:
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float64))
            if getattr(self, name).shape != opens_at.shape:
                raise DataError(f"column '{name}' has {len(getattr(self, name))} rows, the time column {len(opens_at)}")
        self._refuse_bad_times()
        self._refuse_bad_prices()
        for name in ("opens_at", *COLUMNS):
            getattr(self, name).flags.writeable = False

    def _refuse_bad_times(self) -> None:
        steps = np.diff(self.opens_at)
        if (steps <= 0).any():
            row = int(np.argmax(steps <= 0)) + 1
            what = "repeats the time of" if steps[row - 1] == 0 else "is earlier than"
            raise DataError(f"row {row + 1} ({as_text(self.opens_at[row])}) {what} the row before it")
        off_grid = steps % self.timeframe.milliseconds != 0
        if off_grid.any():
            row = int(np.argmax(off_grid)) + 1
            raise DataError(
                f"row {row + 1} ({as_text(self.opens_at[row])}) is not a whole number of {self.timeframe} candles "
                "after the row before it: mixed timeframes?"
            )

    def _refuse_bad_prices(self) -> None:
        for name in COLUMNS[:4]:
            self._refuse(~np.isfinite(getattr(self, name)), f"{name} is not a number")
            self._refuse(getattr(self, name) <= 0, f"{name} is not above zero")
        self._refuse(self.high < np.maximum(self.open, self.close), "high is below open or close")
        self._refuse(self.low > np.minimum(self.open, self.close), "low is above open or close")
        self._refuse(self.volume < 0, "volume is negative")
        self._refuse(np.isinf(self.volume), "volume is infinite")

    def _refuse(self, bad: BoolArray, reason: str) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            raise DataError(f"row {row + 1} ({as_text(self.opens_at[row])}): {reason}")

    def __len__(self) -> int:
        return len(self.opens_at)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickled as their columns: what was computed of them stays behind, and they are frozen again on arrival."""
        return Candles, (self.timeframe, self.opens_at, *(getattr(self, name) for name in COLUMNS))

    def __getitem__(self, rows: slice) -> Candles:
        """The candles of a row range; arrays are views, nothing is copied or checked again."""
        if range(len(self))[rows] == range(len(self)):
            return self
        part = object.__new__(Candles)
        object.__setattr__(part, "timeframe", self.timeframe)
        for name in ("opens_at", *COLUMNS):
            object.__setattr__(part, name, getattr(self, name)[rows])
        return part

    def between(self, start_ms: int | None, end_ms: int | None) -> Candles:
        """Candles that open at or after ``start_ms`` and before ``end_ms`` (epoch milliseconds, None: no bound)."""
        first = 0 if start_ms is None else int(np.searchsorted(self.opens_at, start_ms))
        last = len(self) if end_ms is None else int(np.searchsorted(self.opens_at, end_ms))
        return self if first == 0 and last == len(self) else self[first:last]

    @cached_property
    def closes_at(self) -> IntArray:
        """Epoch milliseconds at which each candle is closed, shape (n,)."""
        return self.opens_at + self.timeframe.milliseconds

    @cached_property
    def close_day(self) -> IntArray:
        """Number of the UTC day (since 1970) in which each candle closes; midnight opens the new day; shape (n,)."""
        return self.closes_at // DAY_MS

    @cached_property
    def rows_without_hole(self) -> IntArray:
        """For each candle, how many candles up to and including it follow each other without a hole, shape (n,)."""
        rows = np.arange(len(self), dtype=np.int64)
        if len(self) and self.opens_at[-1] - self.opens_at[0] == rows[-1] * self.timeframe.milliseconds:
            return rows + 1
        starts = np.zeros(len(self), dtype=np.int64)
        if len(self) > 1:
            broken = np.diff(self.opens_at) != self.timeframe.milliseconds
            starts[1:] = np.where(broken, rows[1:], 0)
        counted: IntArray = rows - np.maximum.accumulate(starts) + 1
        return counted

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over timeframe and all columns: the identity of these candles in every result."""
        digest = hashlib.sha256(str(self.timeframe).encode())
        for name in ("opens_at", *COLUMNS):
            digest.update(np.ascontiguousarray(getattr(self, name)).astype("<f8" if name != "opens_at" else "<i8").data)
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Series:
    """Candles of one pair, and where they come from.

    Attributes:
        pair: what is traded.
        venue: where, in lower case (``binance``); ``synthetic`` for the sample market.
        candles: the candles themselves.
        origin: for people: the file or store they were read from.
    """

    pair: Pair
    venue: str
    candles: Candles
    origin: str

    @property
    def synthetic(self) -> bool:
        """True for candles that no market ever traded."""
        return self.venue == SYNTHETIC
