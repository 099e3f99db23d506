"""Balances by asset, and where everything that came in has gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from vigie.domain.errors import RefusalCode, VenueRefused
from vigie.simulation.terms import EXACT, ZERO


@dataclass(frozen=True, slots=True)
class Account:
    """One asset; ``deposited - withdrawn = free + locked + fees + traded`` at all times.

    Attributes:
        free: can be used.
        locked: by open orders.
        deposited, withdrawn: since the beginning.
        fees: paid.
        traded: given away for other assets; negative: received.
    """

    free: Decimal = ZERO
    locked: Decimal = ZERO
    deposited: Decimal = ZERO
    withdrawn: Decimal = ZERO
    fees: Decimal = ZERO
    traded: Decimal = ZERO


class Ledger:
    """The accounts of one customer. What cannot be paid is refused, and then nothing has changed."""

    def __init__(self, accounts: Mapping[str, Account] | None = None) -> None:
        self._accounts = dict(accounts or {})

    def accounts(self) -> dict[str, Account]:
        """Everything, by asset."""
        return dict(self._accounts)

    def account(self, asset: str) -> Account:
        """One asset; empty if it was never held."""
        return self._accounts.get(asset, Account())

    def deposit(self, asset: str, amount: Decimal) -> None:
        """Coins come in.

        Raises:
            ValueError: the amount is not above zero.
        """
        _above_zero(amount)
        self._change(asset, free=amount, deposited=amount)

    def withdraw(self, asset: str, amount: Decimal) -> None:
        """Free coins go out.

        Raises:
            ValueError: the amount is not above zero.
            VenueRefused: there are not so many.
        """
        _above_zero(amount)
        self.require(asset, amount)
        self._change(asset, free=amount.copy_negate(), withdrawn=amount)

    def require(self, asset: str, amount: Decimal) -> None:
        """Make sure that so much is free.

        Raises:
            VenueRefused: it is not.
        """
        free = self.account(asset).free
        if amount > free:
            raise VenueRefused(
                f"insufficient balance: {amount} {asset} are needed, {free} are free", RefusalCode.INSUFFICIENT_BALANCE
            )

    def lock(self, asset: str, amount: Decimal) -> None:
        """An order takes hold of coins.

        Raises:
            VenueRefused: there are not so many.
        """
        self.require(asset, amount)
        self._change(asset, free=amount.copy_negate(), locked=amount)

    def unlock(self, asset: str, amount: Decimal) -> None:
        """An order lets go of coins."""
        self._change(asset, free=amount, locked=amount.copy_negate())

    def give(self, asset: str, amount: Decimal) -> None:
        """Free coins are given away in a trade.

        Raises:
            VenueRefused: there are not so many.
        """
        self.require(asset, amount)
        self._change(asset, free=amount.copy_negate(), traded=amount)

    def receive(self, asset: str, amount: Decimal) -> None:
        """Coins come out of a trade."""
        self._change(asset, free=amount, traded=amount.copy_negate())

    def pay(self, asset: str, fee: Decimal) -> None:
        """A fee is taken.

        Raises:
            VenueRefused: there is not so much.
        """
        self.require(asset, fee)
        self._change(asset, free=fee.copy_negate(), fees=fee)

    def refund(self, asset: str, fee: Decimal) -> None:
        """A fee is given back."""
        self._change(asset, free=fee, fees=fee.copy_negate())

    def _change(self, asset: str, **by: Decimal) -> None:
        # What comes in is negated by copy_negate: a minus sign would round to the digits of whoever calls.
        account = self.account(asset)
        with localcontext(EXACT):
            self._accounts[asset] = replace(account, **{name: getattr(account, name) + one for name, one in by.items()})


def _above_zero(amount: Decimal) -> None:
    if not (amount.is_finite() and amount > 0):
        raise ValueError(f"{amount}: an amount is above zero")
