"""Closed candles played into a venue: floats as observed become the decimals that they are written as."""

from __future__ import annotations

from vigie.domain.candles import Candles
from vigie.domain.instrument import exact
from vigie.domain.pair import Pair
from vigie.simulation.venue import Venue


def play_closed(venue: Venue, pair: Pair, candles: Candles, after_ms: int = 0) -> int:
    """Play what was not played yet, in order.

    Args:
        venue: played into.
        pair: whose candles they are.
        candles: closed ones.
        after_ms: only candles that close after this instant, epoch milliseconds.

    Returns:
        how many were played.

    Raises:
        VenueRefused: the pair is not listed.
    """
    name = str(pair)
    first = int(candles.closes_at.searchsorted(max(venue.played(name), after_ms), side="right"))
    for at in range(first, len(candles)):
        prices = (exact(candles.open[at]), exact(candles.high[at]), exact(candles.low[at]), exact(candles.close[at]))
        venue.play(name, *prices, int(candles.opens_at[at]), int(candles.closes_at[at]))
    return len(candles) - first
