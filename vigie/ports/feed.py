"""Closed candles as they come, and the price that an order meets."""

from __future__ import annotations

from typing import Protocol

from vigie.domain.candles import Candles
from vigie.domain.pair import Pair


class CandleFeed(Protocol):
    """Candles of several pairs of one timeframe, up to now. Only reads: a failed call may be made again."""

    def closed(self, pair: Pair, count: int) -> Candles:
        """The last ``count`` candles that are closed now, fewer where there are not so many.

        Raises:
            VenueUnavailable: no usable answer.
            DataError: candles that cannot be.
        """
        ...

    def to_open(self) -> None:
        """Let the next candle begin to trade.

        What was decided at a close is sent after this. In the market it has begun already: nothing happens. A replay
        steps to the next open.
        """
        ...

    def price(self, pair: Pair) -> float | None:
        """The price that an order would meet now, quote; None: the pair does not trade now.

        Raises:
            VenueUnavailable: no usable answer.
        """
        ...
