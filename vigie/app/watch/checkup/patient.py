"""What is looked at, and what a look finds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from vigie.adapters.network import NetworkCheck, Verdict, address_of
from vigie.app.accounts import account_folder
from vigie.app.settings import AccountSettings, account_settings
from vigie.app.status.standing import Standing, look
from vigie.app.trading.live import PREFIX
from vigie.app.watch.settings import WatchSettings, watch_settings
from vigie.domain.errors import ConfigError

OK, LOOK, FAIL, SKIPPED = "ok", "look", "fail", "skipped"
NETWORK_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        name: in a word or two.
        state: ``ok``, ``look`` (a person should), ``fail`` (needed, and not there) or ``skipped``.
        text: a sentence.
        hint: what to do; empty: nothing.
    """

    name: str
    state: str
    text: str
    hint: str = ""


@dataclass
class Patient:
    """What is looked at.

    Attributes:
        home: the user's folder.
        account: whose.
        go_live: real money is about to be traded.
        base_url: of the venue; None: its own.
        environment: of the process.
    """

    home: Path
    account: str
    go_live: bool = False
    base_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def live(self) -> bool:
        """Whether the account trades real money."""
        return self.account.startswith(PREFIX)

    @property
    def folder(self) -> Path:
        """Of the account."""
        return account_folder(self.home, self.account)

    @cached_property
    def settings(self) -> AccountSettings:
        """Of the account; defaults where the file cannot be used, of which the configuration's check tells."""
        try:
            return account_settings(self.home, self.account, self.environment)
        except ConfigError:
            return AccountSettings(self.account)

    @cached_property
    def watch(self) -> WatchSettings:
        """Limits."""
        try:
            return watch_settings(self.home)
        except ConfigError:
            return WatchSettings()

    @cached_property
    def verdict(self) -> Verdict | None:
        """Of the network; None: nobody could say in time."""
        check = NetworkCheck(lambda: address_of(self.settings.venue, self.base_url))
        check.begin()
        return check.wait(NETWORK_PATIENCE_S)

    @cached_property
    def standing(self) -> Standing:
        """The account as its files tell it."""
        return look(self.home, self.account)

    def lacking(self, *, needed: bool) -> str:
        """How bad it is that something is not there."""
        return FAIL if needed else LOOK
