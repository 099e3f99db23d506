"""Where candles come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

CandleRow: TypeAlias = tuple[int, float, float, float, float, float]
"""Open time in epoch milliseconds, then open, high, low, close, volume."""


class CandleSource(Protocol):
    """Public candles of one venue, page by page. Only reads: a failed call may be made again."""

    @property
    def venue(self) -> str:
        """The venue's name, lower case."""
        ...

    @property
    def page_limit(self) -> int:
        """How many candles the venue gives at most in one page."""
        ...

    def now_ms(self) -> int:
        """The venue's own time in epoch milliseconds: it, not ours, decides which candle is still forming.

        Raises:
            VenueUnavailable: no usable answer.
        """
        ...

    def instrument(self, pair: Pair) -> Instrument:
        """The filters of a pair.

        Raises:
            ConfigError: the venue does not trade the pair.
            VenueUnavailable: no usable answer.
        """
        ...

    def page(self, pair: Pair, timeframe: Timeframe, since_ms: int) -> Sequence[CandleRow]:
        """Candles that open at or after ``since_ms``, oldest first; the last one may still be forming.

        Raises:
            ConfigError: the venue knows no such pair or timeframe.
            VenueRefused: a proven no.
            VenueUnavailable: no usable answer.
        """
        ...

    def last_price(self, pair: Pair) -> float | None:
        """The price of the last trade, quote; None: the pair does not trade now.

        Raises:
            ConfigError: the venue does not trade the pair.
            VenueRefused: a proven no.
            VenueUnavailable: no usable answer.
        """
        ...
