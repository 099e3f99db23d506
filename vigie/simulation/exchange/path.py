"""The way a price takes through a candle: open, one extreme, the other, close; a third of the time each.

Between candles it jumps. What a path says is all that the exchange knows: candles served, trades listed and orders
filled come from the same one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from vigie.domain.candles import Candles
from vigie.domain.instrument import exact


class Extremes(StrEnum):
    """Which extreme of a candle comes first."""

    ADVERSE = "adverse"
    """The low, always: the worst for who holds coins."""
    CLOSE_DIRECTION = "close-direction"
    """The low in a candle that rises, the high in one that falls."""
    SEEDED = "seeded"
    """By a hash of seed, symbol and candle."""


class Point(NamedTuple):
    """A price at an instant (epoch milliseconds)."""

    at: int
    price: Decimal


class Tape:
    """Candles of one symbol as a path."""

    def __init__(self, symbol: str, candles: Candles, extremes: Extremes = Extremes.ADVERSE, seed: int = 0) -> None:
        """Lay the path; nothing is computed until it is walked.

        Args:
            symbol: part of the seed.
            candles: shape (n,).
            extremes: which comes first.
            seed: of the order of extremes, if that is seeded.
        """
        self.symbol, self.candles, self._extremes, self._seed = symbol, candles, extremes, seed
        self.length = candles.timeframe.milliseconds
        self._known: tuple[int, tuple[Point, Point, Point, Point]] | None = None

    def row(self, at: int) -> int:
        """The candle in which an instant lies, or the last one before it; -1: there is none yet."""
        return int(self.candles.opens_at.searchsorted(at, side="right")) - 1

    def opens(self, row: int) -> int:
        """When a candle opens, epoch milliseconds."""
        return int(self.candles.opens_at[row])

    def closes(self, row: int) -> int:
        """When a candle closes, epoch milliseconds."""
        return self.opens(row) + self.length

    def points(self, row: int) -> tuple[Point, Point, Point, Point]:
        """The corners of a candle's path."""
        # Whoever walks asks for the same candle again and again.
        if self._known is None or self._known[0] != row:
            self._known = (row, self._points(row))
        return self._known[1]

    def _points(self, row: int) -> tuple[Point, Point, Point, Point]:
        candles, start = self.candles, self.opens(row)
        open_, high, low, close = (
            exact(column[row]) for column in (candles.open, candles.high, candles.low, candles.close)
        )
        first, second = (low, high) if self.low_first(row) else (high, low)
        third = self.length // 3
        return (
            Point(start, open_),
            Point(start + third, first),
            Point(start + 2 * third, second),
            Point(start + self.length, close),
        )

    def low_first(self, row: int) -> bool:
        """Whether the low of a candle comes before its high."""
        if self._extremes is Extremes.ADVERSE:
            return True
        if self._extremes is Extremes.CLOSE_DIRECTION:
            return bool(self.candles.close[row] >= self.candles.open[row])
        word = f"{self._seed}/{self.symbol}/{self.opens(row)}".encode()
        return hashlib.sha256(word).digest()[0] % 2 == 0

    def price_at(self, at: int) -> Decimal | None:
        """The price at an instant, quote, not rounded to any tick; None: nothing has traded yet."""
        row = self.row(at)
        if row < 0:
            return None
        points = self.points(row)
        for start, end in pairwise(points):
            if at < end.at:
                return between(start, end, at)
        return points[-1].price

    def segments(self, row: int, start: int, end: int) -> Iterator[tuple[Point, Point]]:
        """The straight pieces of a candle's path that end after ``start`` and begin before ``end`` (milliseconds)."""
        points = self.points(row)
        for one, other in pairwise(points):
            if other.at > start and one.at < end:
                yield one, other

    def first_beyond(self, first: int, last: int, below: float | None, above: float | None) -> int:
        """The first candle of ``first .. last - 1`` that reaches one of two prices; ``last``: none does."""
        if below is None and above is None:
            return last
        low, high = self.candles.low[first:last], self.candles.high[first:last]
        reached = np.zeros(len(low), dtype=np.bool_)
        if below is not None:
            reached |= low <= below
        if above is not None:
            reached |= high >= above
        where = int(reached.argmax()) if reached.any() else -1
        return last if where < 0 else first + where


def between(start: Point, end: Point, at: int) -> Decimal:
    """The price of a straight piece at an instant inside it."""
    return start.price + (end.price - start.price) * (at - start.at) / (end.at - start.at)


def reached_at(start: Point, end: Point, price: Decimal) -> int:
    """When a straight piece that rises or falls reaches a price that it contains, epoch milliseconds."""
    return start.at + int((price - start.price) * (end.at - start.at) / (end.price - start.price))
