"""A real venue through ccxt: an account that executes orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from vigie.adapters.exchanges.ccxt_dialect import Dialect, KeyRights, TellsTrades, live_dialect
from vigie.adapters.exchanges.ccxt_listing import Listing
from vigie.adapters.exchanges.ccxt_wire import Wire
from vigie.adapters.exchanges.secrets import Secrets
from vigie.decision.intents import ApprovedIntent
from vigie.domain.errors import ConfigError, OutcomeUnknown, RefusalCode, VenueRefused, VenueUnavailable
from vigie.domain.instrument import Instrument
from vigie.domain.order import Balance, Intent, Leg, OrderReport, OrderType, OwnTrade
from vigie.domain.pair import Pair
from vigie.ports.clock import Clock
from vigie.ports.request_budget import BudgetStore
from vigie.reliability.rate_budget import RateBudget

LISTING_VALID_MS = 900_000
LAG_MS = 60_000
"""For so long a venue may not show what it has said itself: orders go to its engine, questions to a copy of it."""
_MAY_HAVE_CHANGED = frozenset(
    {
        RefusalCode.PRICE_FILTER,
        RefusalCode.LOT_SIZE,
        RefusalCode.NOTIONAL,
        RefusalCode.MARKET_CLOSED,
        RefusalCode.UNKNOWN_PAIR,
        RefusalCode.PARAMETERS,
    }
)
"""Refusals after which the filters of a pair are asked for anew."""


@dataclass(frozen=True, slots=True)
class _Known:
    listing: Listing
    read_at: int


class CcxtBroker:
    """One account at one venue. Fulfils :class:`vigie.ports.broker.Broker`."""

    def __init__(self, dialect: Dialect, wire: Wire, clock: Clock, budget: RateBudget) -> None:
        """Make ready; nothing is asked yet.

        Args:
            dialect: of the venue.
            wire: to it.
            clock: ours.
            budget: is told the limits that the venue tells.
        """
        self._dialect, self._wire, self._clock, self._budget = dialect, wire, clock, budget
        self._listings: dict[Pair, _Known] = {}
        self._told: dict[str, tuple[OrderReport, int]] = {}

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()

    def instrument(self, pair: Pair) -> Instrument:
        """The venue's filters of a pair, a quarter of an hour old at most; anew after each refusal they may explain.

        Raises:
            VenueRefused: the pair is not listed, or lacks a filter that it must have.
            VenueUnavailable: no usable answer.
        """
        return self._listing(pair).instrument

    def submit(self, approved: ApprovedIntent) -> OrderReport:
        """Send an order.

        Raises:
            VenueRefused: a proven no, the venue's or our own before anything was sent.
            VenueUnavailable: surely not done.
            OutcomeUnknown: it may have been accepted: ask by client id, never repeat.
            TypeError: not approved.
        """
        if not isinstance(approved, ApprovedIntent):
            raise TypeError(f"only an ApprovedIntent is sent, not {type(approved).__name__}")
        intent = approved.intent
        pair = Pair.parse(intent.pair)
        listing = self._sendable(pair, intent)
        try:
            report = self._wire.write(
                lambda client: self._dialect.submit(client, intent, listing), protective=intent.leg is not Leg.ENTRY
            )
        except VenueRefused as refusal:
            if refusal.code in _MAY_HAVE_CHANGED:
                self._listings.pop(pair, None)
            if refusal.code is RefusalCode.DUPLICATE_ORDER:
                return self._the_one_that_rests(pair, intent, refusal)
            raise
        return self._remembered(self._told_in_full(pair, report))

    def _remembered(self, report: OrderReport) -> OrderReport:
        """Keep what the venue said to a write: its word, where its copies do not have it yet."""
        now = self._clock.now_ms()
        self._told = {own: one for own, one in self._told.items() if 0 <= now - one[1] < LAG_MS}
        self._told[report.client_id] = (report, now)
        return report

    def _said(self, client_id: str) -> OrderReport | None:
        report, at = self._told.get(client_id, (None, 0))
        return report if 0 <= self._clock.now_ms() - at < LAG_MS else None

    def _sendable(self, pair: Pair, intent: Intent) -> Listing:
        table = self._dialect.capabilities
        if intent.type is OrderType.LIMIT_IOC and not table.takes_ioc:
            raise VenueRefused(
                f"nothing was sent: {table.name} is sent no {intent.type} orders", RefusalCode.PARAMETERS
            )
        listing = self._listing(pair)
        objection = listing.objection(intent)
        if objection is not None:
            # Filters may have changed since they were read; they are read once more before we say no for the venue.
            listing = self._listing(pair, anew=True)
            objection = listing.objection(intent)
        if objection is not None:
            code, words = objection
            raise VenueRefused(f"nothing was sent: {words}", code)
        return listing

    def _the_one_that_rests(self, pair: Pair, intent: Intent, refusal: VenueRefused) -> OrderReport:
        """The venue has an open order of our id: an earlier send did arrive. It is that order, if it is the same."""
        try:
            found = self.find(pair, intent.client_id)
        except VenueUnavailable as error:
            raise OutcomeUnknown(f"{refusal}; and it cannot be asked: {error}") from error
        if found is None:
            raise OutcomeUnknown(f"{refusal}; and it does not show it yet")
        wanted = (intent.side, intent.type, intent.quantity, intent.limit, intent.trigger)
        if (found.side, found.type, found.quantity, found.limit, found.trigger) != wanted:
            raise refusal
        return found

    def _told_in_full(self, pair: Pair, report: OrderReport) -> OrderReport:
        """The same order with what was executed of it, where the answer did not say.

        A question that fails changes nothing: the venue has the order, and whoever asks later hears the rest.
        """
        try:
            if report.type in (OrderType.MARKET, OrderType.LIMIT_IOC) and not report.status.final:
                return self.find(pair, report.client_id) or report
            return self._with_fills(pair, report) if report.executed > _filled(report) else report
        except (VenueUnavailable, VenueRefused):
            return report

    def cancel(self, pair: Pair, client_id: str) -> OrderReport:
        """Cancel an order; the report tells what it had come to, a fill that won the race included.

        Raises:
            VenueRefused: there is no such open order; ask `find` what became of it.
            VenueUnavailable: surely not done.
            OutcomeUnknown: it may have been cancelled.
        """
        listing = self._listing(pair)
        known = None if self._dialect.capabilities.cancels_by_client_id else self._open(pair, client_id)
        report = self._wire.write(
            lambda client: self._dialect.cancel(client, listing, client_id, known), protective=True
        )
        if report is not None:
            return self._remembered(self._told_in_full(pair, report))
        try:
            found = self.find(pair, client_id)
        except (VenueUnavailable, VenueRefused) as error:
            raise OutcomeUnknown(f"the cancel was taken; what became of the order is not known: {error}") from error
        if found is None or not found.status.final:
            raise OutcomeUnknown(
                f"the cancel was taken; the order {'is not shown' if found is None else 'still rests'}"
            )
        return found

    def _open(self, pair: Pair, client_id: str) -> OrderReport:
        found = self.find(pair, client_id)
        if found is None or found.status.final:
            raise VenueRefused(f"{pair} has no open order {client_id}", RefusalCode.UNKNOWN_ORDER)
        return found

    def find(self, pair: Pair, client_id: str) -> OrderReport | None:
        """What became of an order of ours, with all its fills; None: the venue knows no such order (now).

        An order that the venue took in the last minute, and does not show yet, is what it said of it then.

        Raises:
            VenueUnavailable: no usable answer.
            VenueRefused: the venue does not let us ask.
        """
        listing = self._listing(pair)
        try:
            report = self._wire.read(lambda client: self._dialect.find(client, listing, client_id))
        except VenueRefused as refusal:
            if refusal.code is not RefusalCode.UNKNOWN_ORDER:
                raise
            report = None
        if report is None:
            return self._said(client_id)
        return report if report.executed == 0 else self._with_fills(pair, report)

    def _with_fills(self, pair: Pair, report: OrderReport) -> OrderReport:
        """Order and fills are asked for one after the other: what was filled in between counts for both."""
        listing = self._listing(pair)
        fills = self._wire.read(lambda client: self._dialect.fills(client, listing, report))
        told = replace(report, fills=fills)
        if _filled(told) <= report.executed:
            return told
        value = sum((one.quantity * one.price for one in fills), Decimal(0))
        return replace(told, executed=_filled(told), executed_value=value)

    def open_orders(self) -> tuple[OrderReport, ...]:
        """All orders of the account that rest at the venue, ours or not; without their fills.

        Raises:
            VenueUnavailable: no usable answer.
            VenueRefused: the venue does not let us ask.
        """
        return self._wire.read(self._dialect.open_orders)

    def balances(self) -> Mapping[str, Balance]:
        """All coins of the account, by asset.

        Raises:
            VenueUnavailable: no usable answer.
            VenueRefused: the venue does not let us ask.
        """
        return self._wire.read(self._dialect.balances)

    def rights(self) -> KeyRights | None:
        """What the key may do; None: the venue does not tell.

        Raises:
            VenueUnavailable: no usable answer.
            VenueRefused: the venue does not know the key.
        """
        return self._wire.read(self._dialect.rights)

    def trades(self, pair: Pair, since_ms: int) -> tuple[OwnTrade, ...] | None:
        """The account's own trades of a pair since an instant; None: how this venue tells them was never tried out.

        Raises:
            VenueUnavailable: no usable answer.
            VenueRefused: the venue does not let us ask.
        """
        dialect, listing = self._dialect, self._listing(pair)
        if not isinstance(dialect, TellsTrades):
            return None
        return self._wire.read(lambda client: dialect.trades(client, listing, since_ms))

    def _listing(self, pair: Pair, *, anew: bool = False) -> Listing:
        now = self._clock.now_ms()
        known = self._listings.get(pair)
        if known is not None and not anew and 0 <= now - known.read_at < LISTING_VALID_MS:
            return known.listing
        try:
            listing = self._wire.read(lambda client: self._dialect.listing(client, pair))
        except VenueUnavailable:
            if known is None or anew:
                raise
            # Filters seldom change, and a stop cannot wait for the venue to tell them again.
            return known.listing
        self._budget.learn(self._dialect.limits)
        self._listings[pair] = _Known(listing, now)
        return listing


def _filled(report: OrderReport) -> Decimal:
    return sum((one.quantity for one in report.fills), Decimal(0))


def open_live_broker(  # noqa: PLR0913, RUF100
    venue: str,
    secrets: Secrets,
    clock: Clock,
    store: BudgetStore,
    *,
    base_url: str | None = None,
    sandbox: bool = False,
    timeout_s: float = 10.0,
    read_tries: int = 1,
) -> CcxtBroker:
    """A real account, ready to be asked; nothing is sent yet.

    Args:
        venue: ccxt's name of it.
        secrets: of the account.
        clock: ours; a virtual one with a simulated exchange.
        store: of what this host has asked of the venue; shared by all processes.
        base_url: send everything there instead; https, or http to this machine.
        sandbox: the venue's own place to practise.
        timeout_s: real seconds without a word, after which nothing more is expected.
        read_tries: how often a read is made that gets no answer, if the one before it got one.

    Raises:
        ConfigError: the venue is unknown, cannot hold a stop, or was never tried out; keys are missing; an address that
            may not be used.
    """
    found = live_dialect(venue)
    table = found.capabilities
    needed = [("API key", secrets.api_key), ("secret", secrets.secret)]
    if table.needs_passphrase:
        needed.append(("passphrase", secrets.passphrase))
    missing = [f"{venue}: the {name} is missing" for name, value in needed if not value]
    if missing:
        raise ConfigError(missing)
    budget = RateBudget(venue, table.limits, store, clock)
    wire = Wire(
        found, secrets, clock, budget, base_url=base_url, sandbox=sandbox, timeout_s=timeout_s, read_tries=read_tries
    )
    return CcxtBroker(found, wire, clock, budget)
