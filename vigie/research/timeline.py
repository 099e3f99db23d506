"""Pairs of different age and with different holes, laid on one common timeline for the bar loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigie.domain.candles import Candles, FloatArray, IntArray
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS
from vigie.research.kernel.records import Market, Wishes
from vigie.strategy.signals import Signals


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The rows of the bar loop.

    Attributes:
        opens_at, closes_at: epoch milliseconds, shape (rows,).
        rows: for each pair, in which row each of its candles stands; all of them with one pair.
    """

    opens_at: IntArray
    closes_at: IntArray
    rows: tuple[IntArray | slice, ...]

    @classmethod
    def of(cls, candles: Sequence[Candles]) -> Timeline:
        """The union of the opening times of several pairs (all of one timeframe)."""
        if len(candles) == 1:
            only = candles[0]
            return cls(only.opens_at, only.closes_at, (slice(None),))
        opens_at = np.unique(np.concatenate([one.opens_at for one in candles]))
        rows = tuple(np.searchsorted(opens_at, one.opens_at).astype(np.int64) for one in candles)
        return cls(opens_at, opens_at + candles[0].timeframe.milliseconds, rows)

    def spread(self, columns: Sequence[NDArray[Any]], fill: float) -> NDArray[Any]:
        """One column per pair, laid on the rows: shape (pairs, rows), ``fill`` where a pair has no candle."""
        if len(columns) == 1:
            # A view: one pair needs no copy.
            line = np.ascontiguousarray(columns[0])[np.newaxis, :]
            line.flags.writeable = False
            return line
        laid = np.full((len(columns), len(self.opens_at)), fill, dtype=columns[0].dtype)
        for line, rows, column in zip(laid, self.rows, columns, strict=True):
            line[rows] = column
        return _frozen(laid)

    def carried(self, columns: Sequence[FloatArray], before: Sequence[float]) -> FloatArray:
        """Like `spread`, with each pair's last value carried over its holes and ``before`` ahead of its first."""
        laid = np.empty((len(columns), len(self.opens_at)))
        for line, rows, column, first in zip(laid, self.rows, columns, before, strict=True):
            held = np.concatenate(([first], column))
            own = np.arange(len(self.opens_at))[rows]
            line[:] = held[np.searchsorted(own, np.arange(len(self.opens_at)), side="right")]
        return laid


def market(
    timeline: Timeline, candles: Sequence[Candles], known: Sequence[Candles], filters: FloatArray, *, correlated: bool
) -> Market:
    """The candles as the bar loop wants them.

    Args:
        timeline: their rows.
        candles: one per pair.
        known: the same with the candles before them, for what looks back: holes and correlation.
        filters: shape (pairs, 4), as in `Market`.
        correlated: whether log returns are needed.
    """

    def laid(column: Callable[[Candles], FloatArray]) -> FloatArray:
        return timeline.spread([column(one) for one in candles], np.nan)

    return Market(
        open=laid(lambda one: one.open),
        high=laid(lambda one: one.high),
        low=laid(lambda one: one.low),
        close=laid(lambda one: one.close),
        returns=_returns(known) if correlated and len(candles) > 1 else _frozen(np.empty((len(candles), 0))),
        in_row=timeline.spread(
            [whole.rows_without_hole[-len(one) :] for whole, one in zip(known, candles, strict=True)], 0
        ),
        day=_frozen(candles[0].close_day if len(candles) == 1 else timeline.closes_at // DAY_MS),
        filters=_frozen(filters),
    )


def wishes(timeline: Timeline, signals: Sequence[Signals]) -> Wishes:
    """The signals as the bar loop wants them; no entry where a strategy is still warming up."""
    return Wishes(
        entry=timeline.spread([_warm(one) for one in signals], 0),
        exit=timeline.spread([one.exit for one in signals], 0),
        stop_distance=timeline.spread([one.stop_distance for one in signals], np.nan),
        target_distance=timeline.spread([one.target_distance for one in signals], np.nan),
        volatility=timeline.spread([one.volatility for one in signals], np.nan),
        confidence=timeline.spread([one.confidence for one in signals], 0.0),
    )


def filters_of(pairs: Sequence[Pair], instruments: Mapping[Pair, Instrument], min_notional: float) -> FloatArray:
    """Tick, step, minimum quantity and minimum notional by pair, shape (pairs, 4); 0 where unknown.

    Args:
        pairs: rows of the answer.
        instruments: what is known.
        min_notional: used where the venue's own is unknown, quote.
    """
    table = np.zeros((len(pairs), 4))
    for line, pair in zip(table, pairs, strict=True):
        known = instruments.get(pair, Instrument(pair))
        line[:] = [float(known.tick), float(known.step), float(known.min_quantity), float(known.min_notional)]
        if line[3] == 0.0:
            line[3] = min_notional
    return table


def _warm(signals: Signals) -> NDArray[np.int8]:
    if signals.warm_up <= 0:
        return signals.entry
    entry = signals.entry.copy()
    entry[: signals.warm_up] = 0
    return entry


def _returns(known: Sequence[Candles]) -> FloatArray:
    """Log returns on the timeline of all known candles, shape (pairs, known rows): it ends as the traded one does."""
    laid: FloatArray = Timeline.of(known).spread([_log_returns(one) for one in known], np.nan)
    return laid


def _log_returns(candles: Candles) -> FloatArray:
    returns = np.full(len(candles), np.nan)
    returns[1:] = np.diff(np.log(candles.close))
    return returns


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Read-only, always: numba would compile the loop once more for arrays that may be written."""
    view = array.view()
    view.flags.writeable = False
    return view
