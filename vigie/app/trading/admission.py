"""What is asked of a venue, a key and a purse before an account trades there."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from vigie.decision.profile import Plan
from vigie.domain.errors import ConfigError, RefusalCode, VenueRefused
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock
from vigie.reliability.retry import retry_read

if TYPE_CHECKING:
    from vigie.adapters.exchanges.ccxt_broker import CcxtBroker


def require_entries(venue: str, made: Plan) -> None:
    """Make sure that entries are sent as this venue was tried out with."""
    from vigie.adapters.exchanges.ccxt_dialect import dialect

    if made.settings.entry_order == "limit_ioc" and not dialect(venue).capabilities.takes_ioc:
        raise ConfigError(f"entry_order=limit_ioc: no such order to {venue} is held in a test: say market")


def admit(broker: CcxtBroker, setup: Setup, clock: Clock, *, begun: bool) -> None:
    """Look at key, pairs and money before anything is sent.

    Raises:
        ConfigError: all that is wrong with them.
        VenueUnavailable: no usable answer.
    """
    try:
        rights = retry_read(broker.rights, clock)
        balances = retry_read(broker.balances, clock)
    except VenueRefused as refusal:
        if refusal.code is RefusalCode.NOT_PERMITTED:
            raise ConfigError(f"the venue does not take the keys of {setup.account}: {refusal}") from refusal
        raise
    problems = []
    if rights is not None and rights.withdraws:
        problems.append("the key may withdraw: make one that may only read and trade; whoever finds it has the coins")
    if rights is not None and not rights.trades:
        problems.append("the key may not trade on the spot market")
    for pair in setup.pairs:
        try:
            retry_read(partial(broker.instrument, pair), clock)
        except VenueRefused as refusal:
            problems.append(f"{pair} cannot be traded: {refusal}")
    there = balances[setup.quote].free if setup.quote in balances else Decimal(0)
    if not begun and there < setup.capital:
        problems.append(f"{setup.capital} {setup.quote} are allocated to {setup.account}, and {there} are free there")
    if problems:
        raise ConfigError(problems)
