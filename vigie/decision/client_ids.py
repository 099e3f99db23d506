"""Computed client ids: the same decision after a restart has the same id, and a paper id can never be a live one."""

from __future__ import annotations

from vigie.domain.canonical import digest
from vigie.domain.order import Leg

DIGITS = 32
"""Hex digits of SHA-256 that are kept: what every venue takes; two in 10^30 are mistaken for each other."""


def client_id(*, account: str, mode: str, strategy: str, pair: str, key: str, leg: Leg, attempt: int = 0) -> str:
    """The client id of an order.

    Args:
        account: name of the account.
        mode: ``paper``, ``live`` or ``replay``.
        strategy: its name.
        pair: ``BTC/USDT``.
        key: opening instant of the candle that decided, or ``seq:N`` of the journal where no candle did.
        leg: what the order is for.
        attempt: 0 for the first; counted in the journal.

    Returns:
        32 hex digits.
    """
    return digest([account, mode, strategy, pair, key, leg.value, attempt])[:DIGITS]
