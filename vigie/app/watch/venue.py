"""What the watchdog asks a venue, with keys of its own: whether what is held has a stop there. Reads only.

VIGIE_WATCHDOG_LIVE_MAIN_API_KEY, ..._SECRET, ..._PASSPHRASE    for account live-main
VIGIE_WATCHDOG_BINANCE_API_KEY, ...                             for all accounts at binance
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from vigie.app.secrets import keys_of, variables
from vigie.app.settings import account_settings
from vigie.app.status.health import Finding
from vigie.app.status.standing import Standing
from vigie.app.trading.venues import budget_of
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.order import OrderReport, Side
from vigie.domain.portfolio import Portfolio
from vigie.ports.clock import Clock

if TYPE_CHECKING:
    from vigie.adapters.exchanges.ccxt_broker import CcxtBroker

_NEARLY = Decimal("0.99")
"""What a fee or a step has left over needs no stop of its own."""


class VenueWatch:
    """Asks, or says why it does not.

    Attributes:
        words: what was asked, or why nothing was.
    """

    def __init__(self, home: Path, account: str, clock: Clock, base_url: str | None = None) -> None:
        self._home, self._account, self._clock, self._base_url = home, account, clock, base_url
        self._broker: CcxtBroker | None = None
        self._trouble: list[Finding] = []
        self._asked_rights = False
        self.words = "files only: a simulated venue is a file"

    def __enter__(self) -> Self:
        if self._account.startswith("live-"):
            self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._broker is not None:
            self._broker.close()

    def _open(self) -> None:
        try:
            venue = account_settings(self._home, self._account).venue
            account, shared = f"watchdog-{self._account}", f"watchdog-{venue}"
            keys = keys_of(account, shared, self._home)
            if not keys.names:
                self.words = f"files only: {variables(account, shared)[0][0]} is not set"
                self._trouble = [Finding("watchdog-key", one) for one in keys.problems]
                return
            from vigie.adapters.exchanges.ccxt_broker import open_live_broker

            self._broker = open_live_broker(
                venue, keys.secrets, self._clock, budget_of(self._home, venue), base_url=self._base_url, read_tries=2
            )
            self.words = f"{venue} is asked with {keys.names[0]}"
        except ConfigError as error:
            self.words = f"files only: {error}"
            self._trouble = [Finding("watchdog-key", f"the watchdog cannot ask the venue: {error}")]

    def findings(self, standing: Standing) -> list[Finding]:
        """What is wrong at the venue, or with asking it."""
        if self._broker is None:
            return self._trouble
        try:
            found = self._rights(self._broker)
            resting = self._broker.open_orders()
        except VigieError as error:
            return [Finding("venue", f"the watchdog gets no answer of the venue: {error}")]
        portfolio = standing.portfolio
        return found + ([] if portfolio is None else uncovered(portfolio, resting))

    def _rights(self, broker: CcxtBroker) -> list[Finding]:
        """Asked once: a watchdog that could trade is one more thing to be afraid of."""
        if not self._asked_rights:
            rights = broker.rights()
            self._asked_rights = True
            if rights is not None and (rights.trades or rights.withdraws):
                self._trouble = [Finding("watchdog-key", "the watchdog's key may do more than read: make another one")]
        return self._trouble


def uncovered(portfolio: Portfolio, resting: Iterable[OrderReport]) -> list[Finding]:
    """Pairs that are held and have no stop at the venue, or one for a part only.

    Args:
        portfolio: what is held.
        resting: all open orders of the account there.
    """
    covered: dict[str, Decimal] = {}
    for one in resting:
        if one.side is Side.SELL and one.trigger is not None:
            covered[one.pair] = covered.get(one.pair, Decimal(0)) + one.quantity - one.executed
    found = []
    for pair, held in sorted(portfolio.holdings.items()):
        stop = covered.get(pair, Decimal(0))
        if stop < held.quantity * _NEARLY:
            text = "no stop rests" if not stop else f"a stop for {stop.normalize():f} only rests"
            found.append(
                Finding(f"stop-{pair}", f"{pair}: {held.quantity.normalize():f} are held, {text} at the venue")
            )
    return found
