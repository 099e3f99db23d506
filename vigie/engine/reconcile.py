"""Our books against the venue: a pure comparison that reports and never invents a fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from vigie.domain.order import Balance, OrderReport
from vigie.domain.portfolio import Portfolio

ZERO = Decimal(0)
_NOISE = Decimal("1e-12")
"""Share of a sum below which two of them differ by the digits that somebody cut, and by nothing that was traded."""


class DifferenceKind(StrEnum):
    """What does not agree."""

    MISSING_COINS = "missing-coins"
    """The venue holds fewer than we do: sold by hand, withdrawn, or a trade taken back."""
    EXTRA_COINS = "extra-coins"
    """The venue holds more than we do, than was there before, and than dust."""
    FOREIGN_ORDER = "foreign-order"
    """An order rests in a pair of ours that we never sent."""
    MISSING_QUOTE = "missing-quote"
    """There is less money than we count with."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not agree.

    Attributes:
        kind: what.
        subject: asset or pair.
        ours, theirs: what each side says; quantities, or order ids in the text.
        text: a sentence.
    """

    kind: DifferenceKind
    subject: str
    ours: Decimal
    theirs: Decimal
    text: str


def compare(
    account: Portfolio, balances: Mapping[str, Balance], orders: Sequence[OrderReport], pairs: Sequence[str]
) -> tuple[Difference, ...]:
    """What the account and the venue do not agree on.

    Args:
        account: as the journal has it; nothing in it may be unsettled.
        balances: of the venue, by asset.
        orders: that rest at the venue.
        pairs: that are ours to trade.
    """
    return (*_coins(account, balances, pairs), *_quote(account, balances), *_foreign(account, orders, pairs))


def _coins(account: Portfolio, balances: Mapping[str, Balance], pairs: Sequence[str]) -> list[Difference]:
    found = []
    for pair in sorted(set(pairs) | set(account.holdings)):
        base = pair.split("/")[0]
        held = account.holdings[pair].quantity if pair in account.holdings else ZERO
        ours = held + account.dust.get(pair, ZERO) + account.left_alone.get(base, ZERO)
        theirs = balances[base].total if base in balances else ZERO
        if _agree(ours, theirs):
            continue
        if theirs < ours:
            text = f"{base}: {ours} in our books, {theirs} at the venue"
            found.append(Difference(DifferenceKind.MISSING_COINS, pair, ours, theirs, text))
        else:
            text = f"{base}: {theirs} at the venue, {ours} in our books"
            found.append(Difference(DifferenceKind.EXTRA_COINS, pair, ours, theirs, text))
    return found


def _quote(account: Portfolio, balances: Mapping[str, Balance]) -> list[Difference]:
    theirs = balances[account.quote].total if account.quote in balances else ZERO
    if theirs >= account.cash or _agree(theirs, account.cash):
        # More is no concern of ours: only the allocated capital is traded.
        return []
    text = f"{account.quote}: {account.cash} in our books, {theirs} at the venue"
    return [Difference(DifferenceKind.MISSING_QUOTE, account.quote, account.cash, theirs, text)]


def _agree(first: Decimal, second: Decimal) -> bool:
    return abs(first - second) <= _NOISE * max(first, second)


def _foreign(account: Portfolio, orders: Sequence[OrderReport], pairs: Sequence[str]) -> list[Difference]:
    return [
        Difference(
            DifferenceKind.FOREIGN_ORDER,
            order.pair,
            ZERO,
            order.quantity,
            f"{order.pair}: order {order.client_id or order.venue_id} rests at the venue, and is not ours",
        )
        for order in orders
        if order.pair in pairs and order.client_id not in account.orders
    ]
