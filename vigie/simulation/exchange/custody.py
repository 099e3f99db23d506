"""Who holds which coins: the ledger, and what each order or list keeps locked in it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias

from vigie.domain.errors import VenueRefused
from vigie.simulation.exchange.refusals import INSUFFICIENT, Refused, rejected
from vigie.simulation.ledger import Account, Ledger
from vigie.simulation.terms import ZERO

Key: TypeAlias = tuple[str, str, int]
"""``("order", symbol, number)``, ``("pair", symbol, list number)`` or ``("held", symbol, list number)``."""


class Custody:
    """Balances, and locks by their owner."""

    def __init__(self) -> None:
        self._ledger = Ledger()
        self._locks: dict[Key, tuple[str, Decimal]] = {}

    def accounts(self) -> Mapping[str, Account]:
        """Everything, by asset."""
        return self._ledger.accounts()

    def free(self, asset: str) -> Decimal:
        """What can be used."""
        return self._ledger.account(asset).free

    def total(self, asset: str) -> Decimal:
        """Free and locked."""
        account = self._ledger.account(asset)
        return account.free + account.locked

    def locked(self, key: Key) -> Decimal:
        """What an owner keeps locked."""
        return self._locks.get(key, ("", ZERO))[1]

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Coins come in.

        Raises:
            ValueError: the amount is not above zero.
        """
        self._ledger.deposit(asset, amount)

    def withdraw(self, asset: str, amount: Decimal) -> None:
        """Free coins go out.

        Raises:
            ValueError: the amount is not above zero.
            Refused: there are not so many.
        """
        try:
            self._ledger.withdraw(asset, amount)
        except VenueRefused as error:
            raise _insufficient() from error

    def keep(self, key: Key, asset: str, amount: Decimal) -> None:
        """Set what an owner keeps locked; what is no longer needed becomes free.

        Raises:
            Refused: not so much is free.
        """
        more = amount - self.locked(key)
        if more > 0:
            try:
                self._ledger.lock(asset, more)
            except VenueRefused as error:
                raise _insufficient() from error
        elif more < 0:
            self._ledger.unlock(asset, -more)
        if amount:
            self._locks[key] = (asset, amount)
        else:
            self._locks.pop(key, None)

    def require(self, asset: str, amount: Decimal) -> None:
        """Make sure that so much is free.

        Raises:
            Refused: it is not.
        """
        if amount > self.free(asset):
            raise _insufficient()

    def exchange(self, given: str, amount: Decimal, received: str, returned: Decimal) -> None:
        """Free coins of one asset become free coins of another."""
        self._ledger.give(given, amount)
        self._ledger.receive(received, returned)

    def pay(self, asset: str, fee: Decimal) -> None:
        """A fee is taken from free coins."""
        self._ledger.pay(asset, fee)

    def refund(self, asset: str, fee: Decimal) -> None:
        """A fee is given back."""
        self._ledger.refund(asset, fee)


def _insufficient() -> Refused:
    return rejected(INSUFFICIENT)
