"""Recorded candles as a market that goes by: feed and clock of a replay, and what its venue lives through."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from vigie.domain.candles import Candles, Series
from vigie.domain.errors import DataError
from vigie.domain.instrument import exact
from vigie.domain.pair import Pair
from vigie.ports.clock import Clock
from vigie.simulation.playing import play_closed
from vigie.simulation.venue import Venue


class ReplayMarket:
    """Candles of several pairs, row by row. Fulfils the ports CandleFeed and Clock.

    A row is an opening time at which at least one pair has a candle. Whoever drives it calls `close_row`; then it is
    the close of that row: `closed` ends with it, `price` is its close. `to_open` makes it the open of the next row,
    over holes that all pairs have: `price` is its open. Pairs without a candle in the row do not trade. After the
    last row nothing opens.

    A venue that has played candles before is gone on with after the last row that it knows.
    """

    def __init__(
        self,
        series: Sequence[Series],
        venue: Venue,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        save: Callable[[], None] = lambda: None,
        pace: tuple[Clock, float] | None = None,
    ) -> None:
        """Lay the candles on one timeline.

        Args:
            series: one per pair, of one timeframe; what lies before the range is known when it begins.
            venue: lives through the candles.
            start_ms: rows open at or after it, epoch milliseconds; None: no bound.
            end_ms: rows open before it, epoch milliseconds; None: no bound.
            save: keeps the venue; called once per row, before the row counts as closed.
            pace: a clock that really waits, and how many times faster than it the replay goes; None: no waiting.

        Raises:
            DataError: no candles in the range, two timeframes, or a pair twice.
        """
        self._candles = _by_pair(series)
        self._length = series[0].candles.timeframe.milliseconds
        parts = [one.between(start_ms, end_ms).opens_at for one in self._candles.values()]
        self._opens_at: list[int] = np.unique(np.concatenate(parts)).tolist()
        if not self._opens_at:
            raise DataError("no candles in the range of the replay")
        self._venue, self._save, self._pace = venue, save, pace
        self._row, self._opened = self._known_rows() - 1, False
        self._now = self._opens_at[0] if self._row < 0 else self._closes_at(self._row)
        if self._row >= 0:
            self._tell_closes()
            # A hole came after the row, and somebody traded beyond it already.
            if venue.seen_at > self._now:
                self.to_open()

    def _known_rows(self) -> int:
        """How many rows the venue has lived through."""
        played = max(self._venue.played(str(pair)) for pair in self._candles)
        return int(np.searchsorted(self._opens_at, played - self._length, side="right"))

    # --- what drives it ---------------------------------------------------------------------------------------

    @property
    def row_opens_at(self) -> int | None:
        """Opening instant of the row that closed last, epoch milliseconds; None: none has."""
        return None if self._row < 0 else self._opens_at[self._row]

    @property
    def rows_left(self) -> int:
        """Rows that have not closed yet."""
        return len(self._opens_at) - self._row - 1

    def close_row(self) -> bool:
        """Let the next row pass to its close: the venue lives through its candles and is kept.

        Returns:
            whether there was one.

        Raises:
            OSError: the venue cannot be kept; the row may be closed again.
        """
        if self.rows_left == 0:
            return False
        row = self._row + 1
        closes_at = self._closes_at(row)
        self._wait(closes_at - self._now)
        for pair, candles in self._candles.items():
            at = self._at(candles, row)
            if at is not None:
                play_closed(self._venue, pair, candles[at : at + 1])
        self._save()
        self._row, self._opened, self._now = row, False, closes_at
        self._tell_closes()
        return True

    # --- the feed ---------------------------------------------------------------------------------------------

    def closed(self, pair: Pair, count: int) -> Candles:
        """The last ``count`` candles up to the row that closed last, those before the range included.

        Raises:
            DataError: the replay has no such pair.
        """
        candles = self._of(pair)
        known = int(np.searchsorted(candles.closes_at, self._known_until(), side="right"))
        return candles[max(0, known - count) : known]

    def to_open(self) -> None:
        """Step to the open of the next row; at the end there is none, and nothing trades any more."""
        if self._opened:
            return
        self._opened = True
        row = self._row + 1
        if self.rows_left:
            self._now = self._opens_at[row]
        for pair, candles in self._candles.items():
            at = self._at(candles, row) if self.rows_left else None
            self._tell(pair, None if at is None else candles.open[at])

    def price(self, pair: Pair) -> float | None:
        """The close of the row, or the open of the next one after `to_open`; None: the pair does not trade now.

        Raises:
            DataError: the replay has no such pair.
        """
        candles = self._of(pair)
        row = self._row + 1 if self._opened else self._row
        at = self._at(candles, row) if 0 <= row < len(self._opens_at) else None
        if at is None:
            return None
        return float(candles.open[at] if self._opened else candles.close[at])

    # --- the clock --------------------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """The instant of the replay, epoch milliseconds: it moves with the rows alone."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Nobody in a replay has to wait, unless it has a pace."""
        self._wait(round(seconds * 1000))

    # --- inside -----------------------------------------------------------------------------------------------

    def _closes_at(self, row: int) -> int:
        return self._opens_at[row] + self._length

    def _known_until(self) -> int:
        """Candles that close later are not known yet."""
        return self._opens_at[0] if self._row < 0 else self._closes_at(self._row)

    def _at(self, candles: Candles, row: int) -> int | None:
        """Where the candle of a row stands; None: there is none."""
        opens_at = self._opens_at[row]
        at = int(candles.opens_at.searchsorted(opens_at))
        return at if at < len(candles) and candles.opens_at[at] == opens_at else None

    def _of(self, pair: Pair) -> Candles:
        try:
            return self._candles[pair]
        except KeyError:
            raise DataError(f"the replay has no candles of {pair}") from None

    def _tell_closes(self) -> None:
        for pair, candles in self._candles.items():
            at = self._at(candles, self._row)
            self._tell(pair, None if at is None else candles.close[at])

    def _tell(self, pair: Pair, price: float | None) -> None:
        if price is None:
            self._venue.pause(str(pair))
        else:
            self._venue.trade_at(str(pair), exact(price), self._now)

    def _wait(self, milliseconds: int) -> None:
        if self._pace is not None:
            clock, speed = self._pace
            clock.sleep(milliseconds / 1000 / speed)


def _by_pair(series: Sequence[Series]) -> dict[Pair, Candles]:
    """By pair, in the order of their names.

    Raises:
        DataError: nothing, two timeframes, or a pair twice.
    """
    candles = {one.pair: one.candles for one in sorted(series, key=lambda one: one.pair)}
    if not candles:
        raise DataError("a replay needs candles")
    if len(candles) < len(series):
        raise DataError("a replay takes each pair once")
    if len({one.timeframe for one in candles.values()}) > 1:
        raise DataError("a replay takes candles of one timeframe")
    return candles
