"""What a fee is worth in quote, whatever asset it was taken in."""

from __future__ import annotations

from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.errors import VigieError
from vigie.domain.instrument import exact
from vigie.domain.order import Fill
from vigie.domain.pair import Pair
from vigie.engine.books import Books
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock
from vigie.ports.feed import CandleFeed

VALID_MS = 600_000
"""A price of a fee's asset is good for so long: the fills of an order come one after the other."""


class FeeValues:
    """Values fees; a third asset, a venue's own token for instance, at its present price."""

    def __init__(self, setup: Setup, books: Books, feed: CandleFeed, clock: Clock) -> None:
        self._setup, self._books, self._feed, self._clock = setup, books, feed, clock
        self._known: dict[Pair, tuple[Decimal, int]] = {}
        self._told: set[str] = set()

    def value_of(self, pair: str, fill: Fill) -> Decimal:
        """Quote.

        A third asset whose price cannot be had is counted as the fee that the plan assumes, and somebody is told: a
        fill is never left out of the books for want of a price.
        """
        base, quote = pair.split("/")
        if fill.fee_asset == quote or not fill.fee:
            return fill.fee
        if fill.fee_asset == base:
            return fill.fee * fill.price
        price = self._price(Pair(fill.fee_asset, quote))
        if price is not None:
            return fill.fee * price
        if fill.fee_asset not in self._told:
            self._told.add(fill.fee_asset)
            text = f"{pair}: what a fee of {fill.fee} {fill.fee_asset} is worth is not known: counted as assumed"
            self._books.write(e.AlertRaised("fees", text))
        return fill.price * fill.quantity * exact(float(self._setup.plan.settings.fee_fraction))

    def _price(self, pair: Pair) -> Decimal | None:
        """The present price; the last known one where nobody answers."""
        now = self._clock.now_ms()
        known, at = self._known.get(pair, (None, 0))
        if known is not None and 0 <= now - at < VALID_MS:
            return known
        try:
            price = self._feed.price(pair)
        except VigieError:
            return known
        if price is None or not price > 0:
            return known
        self._known[pair] = (exact(price), now)
        return exact(price)
