"""``vigie capital``: money that comes to an account's allocated capital or leaves it. No profit, no loss."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from vigie.adapters.storage.account_lock import holder_of
from vigie.app.control.halting import ASKED, Done, Steering
from vigie.app.status.standing import books, halting
from vigie.domain.errors import ConfigError
from vigie.domain.events import FlowSeen, RequestObeyed

SCHEMA = "vigie.capital/1"


def amount_of(text: str, option: str) -> Decimal:
    """An amount of quote above zero.

    Raises:
        ConfigError: it is none.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise ConfigError(f"{option} '{text}' is not an amount above zero")
    return amount


def capital(home: Path, account: str) -> dict[str, Any]:
    """What an account may trade with, of JSON's own types.

    Raises:
        ConfigError: it has not begun.
    """
    portfolio = books(home, account)
    if portfolio is None or not portfolio.quote:
        raise ConfigError(f"account {account} has not begun: its capital stands in vigie.toml")
    return {
        "schema": SCHEMA,
        "account": account,
        "quote": portfolio.quote,
        "capital": portfolio.capital,
        "free": portfolio.cash,
    }


def flow(home: Path, account: str, value: Decimal, reason: str) -> Done:
    """Add to the allocated capital, or take from what is free of it.

    Args:
        home: of the user.
        account: its name.
        value: quote; negative: taken out.
        reason: for the journal.

    Raises:
        ConfigError: the account has not begun, or more is to be taken than is free.
        InvariantBroken: its journal is damaged.
        OSError: it cannot be written.
    """
    there = capital(home, account)
    if there["free"] + value < 0:
        raise ConfigError(f"{account} has {there['free']} {there['quote']} free: {-value} cannot be taken")
    one = Steering(home, account)
    said = f"{abs(value)} {there['quote']} {'added' if value > 0 else 'taken'}"
    obeyed = RequestObeyed(f"flow-{one.clock.now_ms()}", "flow", f"{said}; no engine ran")
    if holder_of(one.folder) is not None or not one.journal(FlowSeen(value, reason), obeyed):
        one.box.ask("flow", {"value": str(value), "reason": reason})
        said = f"{said}: {ASKED}"
    return Done(account, (said,), halting(home, account).code)
