"""A real account, opened: its keys, its share of the host's requests, its broker. Nothing is asked of the venue yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vigie.adapters.storage.request_budget import BudgetFile
from vigie.app.accounts import state_folder
from vigie.app.secrets import secrets_of
from vigie.app.settings import AccountSettings
from vigie.ports.clock import Clock

if TYPE_CHECKING:
    from vigie.adapters.exchanges.ccxt_broker import CcxtBroker


def budget_of(home: Path, venue: str) -> BudgetFile:
    """What all processes of this host have asked of a venue."""
    return BudgetFile(state_folder(home) / "request_budget" / f"{venue}.json")


@contextmanager
def broker_of(  # noqa: PLR0913, RUF100
    settings: AccountSettings,
    home: Path,
    clock: Clock,
    *,
    base_url: str | None = None,
    sandbox: bool = False,
    timeout_s: float = 10.0,
    read_tries: int = 2,
    environment: Mapping[str, str] | None = None,
) -> Iterator[CcxtBroker]:
    """The broker of a live account; its connections are closed at the end.

    Args:
        settings: of the account: its name and its venue.
        home: where ``.env`` and ``state/`` lie.
        clock: ours; a virtual one with a simulated exchange.
        base_url: send everything there instead; https, or http to this machine.
        sandbox: the venue's own place to practise.
        timeout_s: real seconds without a word, after which nothing more is expected.
        read_tries: how often a read is made that gets no answer, if the one before it got one.
        environment: of the process; None: its own.

    Raises:
        ConfigError: keys are missing or can be read by others, the venue takes no live orders, or an address that may
            not be used.
    """
    from vigie.adapters.exchanges.ccxt_broker import open_live_broker

    secrets = secrets_of(settings.name, settings.venue, home, environment)
    broker = open_live_broker(
        settings.venue, secrets, clock, budget_of(home, settings.venue),
        base_url=base_url, sandbox=sandbox, timeout_s=timeout_s, read_tries=read_tries,
    )  # fmt: skip
    try:
        yield broker
    finally:
        broker.close()
