"""A venue that executes orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from vigie.decision.intents import ApprovedIntent
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance, OrderReport, OwnTrade
from vigie.domain.pair import Pair


class Broker(Protocol):
    """One account at one venue. Only reads may be repeated.

    Every method can raise VenueUnavailable (surely not done, or a read that failed).
    """

    def instrument(self, pair: Pair) -> Instrument:
        """The venue's filters of a pair, as they are now."""
        ...

    def submit(self, approved: ApprovedIntent) -> OrderReport:
        """Send an order.

        Raises:
            VenueRefused: a proven no; the order does not exist.
            VenueUnavailable: surely not sent.
            OutcomeUnknown: it may have been accepted: ask by client id, never repeat.
        """
        ...

    def cancel(self, pair: Pair, client_id: str) -> OrderReport:
        """Cancel an order; the report tells what it had come to, a fill that won the race included.

        Raises:
            VenueRefused: there is no such open order; ask `find` what became of it.
            OutcomeUnknown: it may have been cancelled.
        """
        ...

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        """What became of an order of ours, with all its fills; None: the venue knows no such order (now)."""
        ...

    def open_orders(self) -> tuple[OrderReport, ...]:
        """All orders of the account that rest at the venue, ours or not."""
        ...

    def balances(self) -> Mapping[str, Balance]:
        """All coins of the account, by asset."""
        ...


@runtime_checkable
class TradeHistory(Protocol):
    """What some venues can tell beside: the account's own list of trades, those of others' orders included."""

    def trades(self, pair: Pair, since_ms: int) -> tuple[OwnTrade, ...] | None:
        """Trades of a pair since an instant, oldest first; None: this venue does not tell.

        Raises:
            VenueUnavailable: no usable answer.
        """
        ...
