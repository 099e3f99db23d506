"""What the market has done so far: candles of every interval, trades, statistics; all from the one path.

Nothing here knows what comes after ``now``: the last candle is the forming one, made of the path up to this instant.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from vigie.adapters.sim_server.intervals import LENGTHS, begins, ends
from vigie.domain.candles import FloatArray, IntArray
from vigie.simulation.exchange.path import Tape, between
from vigie.simulation.exchange.refusals import Refused

_DAY = 86_400_000
PER_CANDLE = 4
"""Trades of a candle: at its open, its extremes and its close, a quarter of the volume each."""


class Rows(NamedTuple):
    """Candles of the tape, the forming one cut off at the present; shapes (n,)."""

    opens_at: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    value: FloatArray


class Kline(NamedTuple):
    """A candle of any interval; prices and value in quote, volume in base, instants in epoch milliseconds."""

    opens_at: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closes_at: int
    value: float
    trades: int

    def to_json(self) -> list[Any]:
        """As /klines has it."""
        half = (f"{self.volume / 2:.8f}", f"{self.value / 2:.8f}")
        prices = [f"{one:.8f}" for one in (self.open, self.high, self.low, self.close, self.volume)]
        return [self.opens_at, *prices, self.closes_at, f"{self.value:.8f}", self.trades, *half, "0"]


def rows(tape: Tape, first: int, now: int) -> Rows:
    """Candles from row ``first`` to the one that is forming at ``now`` (epoch milliseconds)."""
    last = tape.row(now)
    part = slice(max(first, 0), last + 1)
    candles = tape.candles
    columns = [np.array(getattr(candles, name)[part]) for name in ("open", "high", "low", "close", "volume")]
    volume = np.nan_to_num(columns[4])
    columns[4] = volume
    columns.append(volume * (columns[0] + columns[1] + columns[2] + columns[3]) / 4)
    found = Rows(candles.opens_at[part], *columns)
    if len(volume) and now < tape.closes(last):
        _cut(found, tape, last, now)
    return found


def _cut(found: Rows, tape: Tape, row: int, now: int) -> None:
    """Make the last candle what can be known of it."""
    seen = [float(tape.points(row)[0].price)]
    for start, end in tape.segments(row, tape.opens(row), now):
        seen.append(float(end.price if end.at <= now else between(start, end, now)))
    share = (now - tape.opens(row)) / tape.length
    found.high[-1], found.low[-1], found.close[-1] = max(seen), min(seen), seen[-1]
    found.volume[-1] *= share
    found.value[-1] = found.volume[-1] * (found.open[-1] + found.high[-1] + found.low[-1] + found.close[-1]) / 4


def klines(
    tape: Tape, now: int, interval: str, start: int | None = None, end: int | None = None, limit: int = 500
) -> list[Kline]:
    """Candles of an interval, oldest first, the forming one last.

    Args:
        tape: the path.
        now: epoch milliseconds.
        interval: ``1h``.
        start: opens not before, epoch milliseconds.
        end: opens not after.
        limit: at most so many: the first from ``start``, else the last.

    Raises:
        Refused: -1120: no such interval, or one shorter than the tape's own.
    """
    if interval not in LENGTHS or LENGTHS[interval] < tape.length:
        raise Refused(-1120, "Invalid interval.")
    ratio = LENGTHS[interval] // tape.length
    until = now if end is None else min(now, end)
    if start is None:
        last_begin = int(begins(np.array([until]), interval)[0])
        upto = min(ends(last_begin, interval), now)
        first = tape.row(upto) - (limit + 1) * ratio
    else:
        first = int(tape.candles.opens_at.searchsorted(start))
        upto = now
    found = rows(tape, first, upto if start is None else now)
    if start is not None:
        part = slice((limit + 2) * ratio)
        found = Rows(
            found.opens_at[part], found.open[part], found.high[part], found.low[part], found.close[part],
            found.volume[part], found.value[part],
        )  # fmt: skip
    made = _added_up(found, interval, cut_first=first > 0)
    kept = [one for one in made if (start is None or one.opens_at >= start) and one.opens_at <= until]
    return kept[-limit:] if start is None else kept[:limit]


def _added_up(found: Rows, interval: str, *, cut_first: bool) -> list[Kline]:
    if not len(found.opens_at):
        return []
    begin = begins(found.opens_at, interval)
    starts = np.flatnonzero(np.diff(begin, prepend=begin[0] - 1))
    counts = np.diff(np.append(starts, len(begin))) * PER_CANDLE
    lasts = np.append(starts[1:], len(begin)) - 1
    columns = (
        begin[starts],
        found.open[starts],
        np.maximum.reduceat(found.high, starts),
        np.minimum.reduceat(found.low, starts),
        found.close[lasts],
        np.add.reduceat(found.volume, starts),
        np.add.reduceat(found.value, starts),
        counts,
    )
    made = [
        Kline(at, o, h, low, c, v, ends(at, interval), value, count)
        for at, o, h, low, c, v, value, count in zip(*(one.tolist() for one in columns), strict=True)
    ]
    # The first one may have lost its beginning to the cut.
    return made[1:] if cut_first and begin[0] != found.opens_at[0] else made


class Print(NamedTuple):
    """A trade of the market."""

    number: int
    price: float
    quantity: float
    at: int


def prints(tape: Tape, now: int, first: int, count: int) -> list[Print]:
    """Trades of the market from a number on that happened up to ``now`` (epoch milliseconds)."""
    found: list[Print] = []
    row = max(first, 0) // PER_CANDLE
    last = tape.row(now)
    while row <= last and len(found) < count:
        volume = float(np.nan_to_num(tape.candles.volume[row]))
        for index, point in enumerate(tape.points(row)):
            # The close's trade belongs to its candle, not to the next.
            at = min(point.at, tape.closes(row) - 1)
            number = row * PER_CANDLE + index
            if number >= first and at <= now and volume:
                found.append(Print(number, float(point.price), volume / PER_CANDLE, at))
        row += 1
    return found[:count]


def last_prints(tape: Tape, now: int, count: int) -> list[Print]:
    """The last trades of the market, oldest first."""
    first = (tape.row(now) - count // PER_CANDLE - 2) * PER_CANDLE
    return prints(tape, now, first, 10 * count + PER_CANDLE)[-count:]


def day(tape: Tape, now: int) -> Kline | None:
    """The last 24 hours as one candle; None: nothing has traded."""
    first = int(tape.candles.opens_at.searchsorted(now - _DAY, side="right"))
    found = rows(tape, min(first, max(tape.row(now), 0)), now)
    if not len(found.opens_at):
        return None
    return Kline(
        max(now - _DAY, int(found.opens_at[0])),
        float(found.open[0]),
        float(found.high.max()),
        float(found.low.min()),
        float(found.close[-1]),
        float(found.volume.sum()),
        now,
        float(found.value.sum()),
        len(found.opens_at) * PER_CANDLE,
    )
