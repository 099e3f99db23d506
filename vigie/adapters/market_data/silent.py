"""A market of which nothing is heard: for looking at an account whose venue is a file."""

from __future__ import annotations

import numpy as np

from vigie.domain.candles import Candles
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe


class SilentFeed:
    """Fulfils :class:`vigie.ports.feed.CandleFeed`: no candle, no price."""

    def __init__(self, timeframe: Timeframe) -> None:
        """Of candles of a length that never come."""
        self._timeframe = timeframe

    def closed(self, pair: Pair, count: int) -> Candles:  # noqa: ARG002
        """None at all."""
        nothing = np.empty(0)
        return Candles(self._timeframe, np.empty(0, np.int64), nothing, nothing, nothing, nothing, nothing)

    def to_open(self) -> None:
        """Nothing opens."""

    def price(self, pair: Pair) -> float | None:  # noqa: ARG002
        """Nothing trades."""
        return None
