"""Our books follow the venue: the events that say so, at which price, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.errors import InvariantBroken
from vigie.domain.holdings import EXACT
from vigie.domain.order import Fill, Intent, OrderReport, OwnTrade
from vigie.domain.pair import Pair
from vigie.engine.books import Books
from vigie.engine.reconcile import Difference, Made
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock
from vigie.ports.feed import CandleFeed

ZERO = Decimal(0)
_SMALLEST = Decimal("1e-8")
"""An average price has endless digits; what is counted with one ends here, quote."""


class Adopter:
    """Writes what a difference comes to."""

    def __init__(self, setup: Setup, books: Books, feed: CandleFeed, clock: Clock, stop_fraction: float) -> None:
        self._setup, self._books, self._feed, self._clock = setup, books, feed, clock
        self._stop_fraction = stop_fraction

    def adopt(self, one: Difference) -> str:
        """Take coins over as a position.

        Raises:
            VenueUnavailable: no purchase is known and no price can be had.
        """
        pair, quantity = one.subject, EXACT.subtract(one.theirs, one.ours)
        price, basis, ids = self._basis(pair, quantity, one.trades)
        if price is None:
            return f"not done: {basis}"
        length = self._setup.timeframe.milliseconds
        candle_at = self._clock.now_ms() // length * length - length
        distance = float(price) * self._stop_fraction
        self._books.write(
            e.CoinsAdopted(pair, quantity, price, basis, candle_at, distance, ids),
            e.AlertRaised("adopted", f"{pair}: {quantity} taken over at {price} ({basis})"),
        )
        return f"{quantity} taken over at {price}: {basis}"

    def _basis(
        self, pair: str, quantity: Decimal, trades: Sequence[OwnTrade]
    ) -> tuple[Decimal | None, str, tuple[str, ...]]:
        """What coins are counted at: the last purchases that the venue tells of, else the price now."""
        taken, value, ids = ZERO, ZERO, list[str]()
        for trade in trades:
            if taken >= quantity:
                break
            part = min(trade.fill.quantity, quantity - taken)
            taken, value = taken + part, value + part * trade.fill.price
            ids.append(trade.fill.trade_id)
        if taken >= quantity:
            count = f"{len(ids)} purchase{'' if len(ids) == 1 else 's'}"
            return (value / taken).quantize(_SMALLEST), f"the average of the last {count} at the venue", tuple(ids)
        now = self._feed.price(Pair.parse(pair))
        if now is None:
            return None, f"{pair} does not trade now, and the venue tells of no purchase", ()
        why = "the price now: the venue does not tell for what they were bought"
        return Decimal(repr(float(now))), why, ()

    def sold_elsewhere(self, one: Difference) -> str:
        """Coins that are gone: at the price of the venue's own trades as far as it tells, else at no price."""
        pair, account = one.subject, self._books.portfolio
        held = account.holdings.get(pair)
        if held is None:
            raise InvariantBroken(f"{pair} is not held")
        missing = min(EXACT.subtract(one.ours, one.theirs), held.quantity)
        said, alerts, left = list[str](), list[e.AlertRaised](), missing
        for trade in one.trades:
            if left <= 0:
                break
            event = self._trimmed(pair, trade, left)
            self._books.write(event)
            left = EXACT.subtract(left, event.fill.quantity)
            said.append(f"{event.fill.quantity} sold at {event.fill.price} by order {trade.order_id}")
        if left > 0:
            text = f"{pair}: {left} are gone, exit price unknown: counted at what they had cost"
            alerts.append(e.AlertRaised("exit-price-unknown", text, urgent=True))
            cost = (held.average_price * left).quantize(_SMALLEST)
            self._books.write(e.CoinsGone(pair, left, cost, one.text), *alerts)
            said.append(f"{left} gone, exit price unknown")
        return "; ".join(said)

    def _trimmed(self, pair: str, trade: OwnTrade, most: Decimal) -> e.SoldElsewhere:
        """A trade, or the part of it that was about our coins."""
        fill = trade.fill
        quantity = min(fill.quantity, most)
        fee = fill.fee if quantity == fill.quantity else (fill.fee * quantity / fill.quantity).quantize(_SMALLEST)
        base, quote = pair.split("/")
        if fill.fee_asset == base:
            # Taken from coins that were his, not from ours.
            fee = ZERO
        own = Fill(fill.trade_id, fill.price, quantity, fee, fill.fee_asset, fill.filled_at)
        return e.SoldElsewhere(pair, own, fee if fill.fee_asset == quote else ZERO, trade.order_id)

    def dust(self, one: Difference) -> str:
        """Less than a step, more or fewer: counted as the venue has it."""
        pair, missing = one.subject, EXACT.subtract(one.ours, one.theirs)
        account = self._books.portfolio
        held = account.holdings.get(pair)
        there = account.dust.get(pair, ZERO) if held is None else held.quantity
        if 0 < missing <= there:
            cost = ZERO if held is None else (held.average_price * missing).quantize(_SMALLEST)
            self._books.write(e.CoinsGone(pair, missing, cost, one.text))
            return f"{missing} taken out of the books"
        return self.left_alone(one)

    def left_alone(self, one: Difference) -> str:
        """What lies at the venue beside our own is not ours."""
        pair, account = one.subject, self._books.portfolio
        base = pair.split("/")[0]
        held = account.holdings[pair].quantity if pair in account.holdings else ZERO
        ours = EXACT.add(held, account.dust.get(pair, ZERO))
        rest = max(EXACT.subtract(one.theirs, ours), ZERO)
        self._books.write(e.LeftAlone(base, rest, one.text))
        return f"{rest} {base} are not ours"

    def intent_of(self, order: OrderReport, made: Made) -> Intent:
        """What we must have wanted, from the order that rests and from what its id was computed from."""
        return Intent(
            client_id=order.client_id,
            pair=order.pair,
            leg=made.leg,
            side=order.side,
            type=order.type,
            quantity=order.quantity,
            limit=order.limit,
            trigger=order.trigger,
            candle_at=made.candle_at,
            attempt=made.attempt,
            reason="found at the venue; the journal had lost it",
        )
