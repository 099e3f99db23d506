"""A venue's whole state as one frozen record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from vigie.simulation.ledger import Account
from vigie.simulation.orders import VenueOrder


@dataclass(frozen=True, slots=True)
class VenueRecord:
    """Everything a venue knows, ready for `vigie.domain.record.to_json`.

    Attributes:
        accounts: by asset.
        open_orders: in the order in which they came.
        ended_orders: those that are remembered, in the order in which they ended.
        prices: last price of each pair that trades now, quote.
        played: by pair, the instant up to which its candles were played, epoch milliseconds.
        last_order, last_trade: by pair, the last number given.
        seen_at: the latest instant that the venue was told, epoch milliseconds.
    """

    accounts: Mapping[str, Account] = field(default_factory=dict)
    open_orders: tuple[VenueOrder, ...] = ()
    ended_orders: tuple[VenueOrder, ...] = ()
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    played: Mapping[str, int] = field(default_factory=dict)
    last_order: Mapping[str, int] = field(default_factory=dict)
    last_trade: Mapping[str, int] = field(default_factory=dict)
    seen_at: int = 0
