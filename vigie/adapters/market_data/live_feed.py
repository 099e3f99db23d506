"""Closed candles and the present price of a venue, as they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from vigie.adapters.market_data.download import Revision, fetch_history
from vigie.domain.candles import Candles
from vigie.domain.errors import VenueUnavailable
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.ports.candles import CandleSource
from vigie.ports.clock import Clock
from vigie.reliability.retry import Tries, retry_read

_KEPT = 2000
"""Candles that are kept of a pair, or as many as were ever asked for."""
_MARGIN = 24
"""Candles more than wanted that are asked for at first: some may be missing, the newest above all."""
_ASKED_AGAIN = 2
"""Candles that are asked for again with each new one: venues revise the last ones."""
_TRIES: Tries = {"attempts": 2, "first_wait_s": 1.0, "longest_wait_s": 2.0}
"""A tick that waits long keeps the next look at the stops from its time."""
_SILENCE_MS = 5_000
"""For so long after a venue gave no answer it is not asked again: each question would cost another time-out."""
_AT_ONCE_MS = 2_000
"""A price is one price for all who ask within so long: a tick asks several times."""
_CLOCK_VALID_MS = 5_000
"""For so long the venue's time is known from what it said last: the pairs of a tick ask one after the other."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new the candles of a pair are.

    Attributes:
        venue_ms: the venue's time when they were asked for, epoch milliseconds.
        skew_ms: the venue's time less ours.
        last_opens_at: opening instant of the last closed candle, epoch milliseconds.
        due_opens_at: opening instant of the candle that was the last to close by the venue's time.
        revised: candles that the venue told differently before.
    """

    venue_ms: int
    skew_ms: int
    last_opens_at: int
    due_opens_at: int
    revised: tuple[Revision, ...] = ()

    @property
    def fresh(self) -> bool:
        """The candle that closed last is there."""
        return self.last_opens_at >= self.due_opens_at


@dataclass(slots=True)
class _Known:
    """What was fetched of a pair: candles from ``since`` on, or as many as the venue has."""

    candles: Candles
    since: int
    all_there_is: bool
    freshness: Freshness


class LiveFeed:
    """Candles of one timeframe and prices. Fulfils :class:`vigie.ports.feed.CandleFeed`.

    The venue's time decides which candle is closed. What was fetched is kept: the venue is asked again when another
    candle can have closed.
    """

    def __init__(self, source: CandleSource, clock: Clock, timeframe: Timeframe) -> None:
        """Make ready; nothing is asked yet.

        Args:
            source: asked; a read that fails is tried once more, and then not for some seconds.
            clock: waits, and tells how much time has gone by since the venue told its own.
            timeframe: of the candles.
        """
        self._source, self._clock, self._timeframe = source, clock, timeframe
        self._known: dict[Pair, _Known] = {}
        self._kept = _KEPT
        self._silent: tuple[int, VenueUnavailable] | None = None
        self._prices: dict[Pair, tuple[int, float | None]] = {}
        self._skew: tuple[int, int] | None = None

    def closed(self, pair: Pair, count: int) -> Candles:
        """The last ``count`` candles that are closed by the venue's time, fewer where there are not so many.

        Raises:
            ConfigError: the venue knows no such pair or timeframe.
            VenueRefused: a proven no.
            VenueUnavailable: no usable answer, or no candle at all.
            DataError: candles that cannot be.
        """
        self._kept = max(self._kept, count)
        known = self._known.get(pair)
        if known is None or self._one_more_can_have_closed(known):
            known = self._fetch(pair, count, known)
        while len(known.candles) < count and not known.all_there_is:
            known = self._reach_back(pair, count, known)
        return known.candles[max(0, len(known.candles) - count) :]

    def to_open(self) -> None:
        """The next candle trades already."""

    def price(self, pair: Pair) -> float | None:
        """The price of the last trade, quote; None: the pair does not trade now.

        Raises:
            ConfigError: the venue does not trade the pair.
            VenueRefused: a proven no.
            VenueUnavailable: no usable answer.
        """
        told = self._prices.get(pair)
        if told is None or not 0 <= self._clock.now_ms() - told[0] < _AT_ONCE_MS:
            price = self._asked(partial(self._source.last_price, pair))
            told = self._prices[pair] = (self._clock.now_ms(), price)
        return told[1]

    def freshness(self, pair: Pair) -> Freshness | None:
        """How new the candles are that `closed` gave last; None: it gave none yet."""
        known = self._known.get(pair)
        return None if known is None else known.freshness

    def is_fresh(self, pair: Pair) -> bool:
        """Whether `closed` gave the candle that closed last."""
        told = self.freshness(pair)
        return told is not None and told.fresh

    def skew_ms(self, *, anew: bool = False) -> int:
        """The venue's time less ours, as it was told last; 0: it was not.

        Args:
            anew: ask for it.

        Raises:
            VenueUnavailable: it was asked for, and there is no usable answer.
        """
        if anew:
            self._skew = None
            return self._venues_skew()
        return 0 if self._skew is None else self._skew[1]

    def _one_more_can_have_closed(self, known: _Known) -> bool:
        told, length = known.freshness, self._timeframe.milliseconds
        # By the venue's time as it was told last: a clock of ours that was set has told it anew since.
        gone_by = self._clock.now_ms() + self.skew_ms() - told.venue_ms
        return gone_by < 0 or not told.fresh or told.venue_ms + gone_by >= told.due_opens_at + 2 * length

    def _fetch(self, pair: Pair, count: int, known: _Known | None) -> _Known:
        """Ask for what is new, or for the first time."""
        skew_ms = self._venues_skew()
        venue_ms = self._clock.now_ms() + skew_ms
        length = self._timeframe.milliseconds
        stored = None if known is None else known.candles
        since = venue_ms - (count + _MARGIN) * length if stored is None else int(stored.opens_at[0])
        candles, revised = self._history(pair, since, stored, venue_ms)
        last = int(candles.opens_at[-1])
        # On the grid of the candles themselves: weeks do not begin where the epoch did.
        due = last + ((venue_ms - last) // length - 1) * length
        freshness = Freshness(venue_ms, skew_ms, last, due, revised)
        if len(candles) > self._kept:
            candles = candles[-self._kept :]
            return self._keep(pair, _Known(candles, int(candles.opens_at[0]), all_there_is=False, freshness=freshness))
        all_there_is = known is not None and known.all_there_is
        return self._keep(pair, _Known(candles, known.since if known is not None else since, all_there_is, freshness))

    def _reach_back(self, pair: Pair, count: int, known: _Known) -> _Known:
        """Ask for earlier candles: holes make that the last ``count`` of them begin earlier than one would think."""
        steps = max(count - len(known.candles), self._source.page_limit)
        since = known.since - steps * self._timeframe.milliseconds
        candles, _ = self._history(pair, since, known.candles, known.freshness.venue_ms)
        none_earlier = candles.opens_at[0] == known.candles.opens_at[0]
        return self._keep(pair, _Known(candles, since, none_earlier, known.freshness))

    def _venues_skew(self) -> int:
        """The venue's time less ours, asked for once in a tick."""
        now = self._clock.now_ms()
        if self._skew is None or not 0 <= now - self._skew[0] < _CLOCK_VALID_MS:
            theirs = self._asked(self._source.now_ms)
            now = self._clock.now_ms()
            self._skew = (now, theirs - now)
        return self._skew[1]

    def _asked(self, read: Callable[[], T]) -> T:
        """An answer; a venue that has just been silent is left alone for some seconds.

        Raises:
            VenueUnavailable: no usable answer.
        """
        self._require_heard()
        try:
            answer = retry_read(read, self._clock, **self._tries())
        except VenueUnavailable as error:
            self._silent = (self._clock.now_ms(), error)
            raise
        self._silent = None
        return answer

    def _tries(self) -> Tries:
        """Two; one after a venue was silent: a dead line costs a time-out each time."""
        return _TRIES if self._silent is None else {**_TRIES, "attempts": 1}

    def _require_heard(self) -> None:
        if self._silent is not None and 0 <= self._clock.now_ms() - self._silent[0] < _SILENCE_MS:
            raise VenueUnavailable(str(self._silent[1]), self._silent[1].retry_after)

    def _history(
        self, pair: Pair, since: int, stored: Candles | None, venue_ms: int
    ) -> tuple[Candles, tuple[Revision, ...]]:
        self._require_heard()
        fetched = fetch_history(
            self._source,
            self._clock,
            pair,
            self._timeframe,
            since_ms=since,
            stored=stored,
            refresh=_ASKED_AGAIN,
            advance=lambda _: None,
            now_ms=venue_ms,
            tries=self._tries(),
        )
        if fetched.failure is not None:
            self._silent = (self._clock.now_ms(), fetched.failure)
            raise fetched.failure
        self._silent = None
        if fetched.candles is None:
            raise VenueUnavailable(f"{self._source.venue} has no closed {self._timeframe} candles of {pair}")
        return fetched.candles, fetched.revised

    def _keep(self, pair: Pair, known: _Known) -> _Known:
        self._known[pair] = known
        return known
