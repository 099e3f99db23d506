"""How one venue is spoken to. One file each in `venues/`, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from vigie.adapters.exchanges import venues
from vigie.adapters.exchanges.ccxt_errors import Meaning
from vigie.adapters.exchanges.ccxt_gate import Answer, Endpoints
from vigie.adapters.exchanges.ccxt_listing import Listing
from vigie.domain.errors import ConfigError
from vigie.domain.names import suggestion
from vigie.domain.order import Balance, Fill, Intent, OrderReport, OwnTrade
from vigie.domain.pair import Pair
from vigie.reliability.rate_budget import Limit

Client = Any
"""ccxt's; it has no types."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a venue can do for us, as it was tried out; never what ccxt says of it.

    Attributes:
        name: ccxt's.
        holds_stops: a stop with a limit rests there, and needs nobody to watch it.
        pinned: its requests for entry, stop, cancel and lookup are held in a test.
        cancels_by_client_id: our own id is enough to cancel an order. Where not, it is looked up first.
        needs_passphrase: beside key and secret.
        sandbox: it has a place to practise.
        takes_ioc: a limit order that gives up what it cannot have at once is among the pinned requests.
        limits: how much may be asked.
        counters: the limit by the header in which it tells what was used.
        options: ccxt's.
        increasing_time: requests are numbered by their time: no two may have the same.
        note: what to know before trusting it with money.
    """

    name: str
    holds_stops: bool
    pinned: bool
    cancels_by_client_id: bool = True
    needs_passphrase: bool = False
    sandbox: bool = False
    takes_ioc: bool = False
    limits: Sequence[Limit] = ()
    counters: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    increasing_time: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What a key may do.

    Attributes:
        trades: send orders on the spot market.
        withdraws: take coins away; who has the key has the coins.
    """

    trades: bool
    withdraws: bool


class Dialect(Protocol):
    """One venue. Its methods send with the client that they are given, and raise what ccxt and parsing raise."""

    capabilities: Capabilities
    endpoints: Endpoints

    def server_ms(self, client: Client) -> int:
        """The venue's time, epoch milliseconds."""
        ...

    @property
    def limits(self) -> Mapping[str, int]:
        """What may be asked, as far as the venue has told it with its listings."""
        ...

    def listing(self, client: Client, pair: Pair) -> Listing:
        """The filters of a pair.

        Raises:
            VenueRefused: it is not listed, or not with the filters that it must have.
        """
        ...

    def submit(self, client: Client, intent: Intent, listing: Listing) -> OrderReport:
        """Send an order: one request. The report is what the answer says, which may be no more than that it rests."""
        ...

    def cancel(self, client: Client, listing: Listing, client_id: str, known: OrderReport | None) -> OrderReport | None:
        """Cancel an order: one request. None: the answer does not say what the order had come to.

        Args:
            client: to send with.
            listing: of its pair.
            client_id: ours.
            known: the order as it was just found; None where the client id is enough.
        """
        ...

    def find(self, client: Client, listing: Listing, client_id: str) -> OrderReport | None:
        """An order by our own id, without its fills; None: the venue knows none."""
        ...

    def fills(self, client: Client, listing: Listing, report: OrderReport) -> tuple[Fill, ...]:
        """Everything that was executed of an order, with fees; oldest first."""
        ...

    def open_orders(self, client: Client) -> tuple[OrderReport, ...]:
        """What rests in the account."""
        ...

    def balances(self, client: Client) -> dict[str, Balance]:
        """Coins by asset; those that are not nothing."""
        ...

    def rights(self, client: Client) -> KeyRights | None:
        """What the key may do; None: the venue does not tell."""
        ...

    def meaning(self, answer: Answer, error: Exception) -> Meaning:
        """What an answer means that ccxt made an error of, or that could not be read."""
        ...


@runtime_checkable
class TellsTrades(Protocol):
    """A venue whose list of own trades was tried out."""

    def trades(self, client: Client, listing: Listing, since_ms: int) -> tuple[OwnTrade, ...]:
        """The account's trades of a pair since an instant, whoever's orders they belong to, oldest first."""
        ...


def known_venues() -> tuple[str, ...]:
    """Names of the venues that have a file."""
    return tuple(sorted(one.name for one in pkgutil.iter_modules(venues.__path__)))


def dialect(name: str) -> Dialect:
    """A venue by its name.

    Raises:
        ConfigError: there is no such file.
    """
    known = known_venues()
    if name not in known:
        raise ConfigError(f"no orders can be sent to '{name}'{suggestion(name, known)}")
    # A fresh one each time: it remembers what one client was told.
    found: Dialect = importlib.import_module(f"{venues.__name__}.{name}").VENUE()
    return found


def live_dialect(name: str) -> Dialect:
    """A venue that may be trusted with a position.

    Raises:
        ConfigError: there is none of this name, it cannot hold a stop, or its requests were never tried out.
    """
    found = dialect(name)
    table = found.capabilities
    if not table.holds_stops:
        raise ConfigError(f"{name} cannot hold a stop: a position there would have none while vigie is not running")
    if not table.pinned:
        raise ConfigError(f"the requests to {name} are not held in any test: it takes no live orders yet")
    return found
