"""What people ask of a running account: journalled, obeyed, and taken out of the box only when it is done."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from vigie.domain import events as e
from vigie.domain.confirmation import KILL_SWITCH, UNREADABLE, named
from vigie.domain.errors import ConfigError, OutcomeUnknown, VenueRefused, VenueUnavailable
from vigie.domain.order import Leg
from vigie.domain.trading_mode import TradingMode
from vigie.engine.remedies import policies
from vigie.engine.repair import Reconciler, Rooms
from vigie.ports.controls import Request

PERSON, PAUSE = "person", "pause"


class Clerk:
    """Reads the letter box and the switches."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._books, self._limits = rooms.books, rooms.limits
        self._guardian, self._controls = rooms.guardian, rooms.controls

    def switches(self) -> None:
        """Latch what stands on the disk and is not in the books yet.

        Raises:
            OSError: it cannot be written down.
        """
        reason = self._controls.kill_switch()
        if reason is not None:
            self._limits.latch(KILL_SWITCH, TradingMode.HALTED, reason)
        known = self._books.portfolio.latches
        for name, latch in self._controls.latches().items():
            if name not in known:
                self._limits.adopt(name, latch)

    def restore(self) -> None:
        """Put back on the disk what the books know and somebody took away there.

        Raises:
            OSError: it cannot be written.
        """
        there = self._controls.latches()
        for name, latch in self._books.portfolio.latches.items():
            if name not in there:
                self._controls.latch(name, latch)

    def letters(self) -> None:
        """Obey what waits in the box, oldest first; what has to wait keeps nobody else from being heard.

        Raises:
            VenueUnavailable: a sale has to wait; its request stays in the box.
            OutcomeUnknown: likewise.
        """
        waits: VenueUnavailable | OutcomeUnknown | None = None
        for request in self._controls.requests():
            try:
                outcome = self._obey(request)
            except (VenueUnavailable, OutcomeUnknown) as error:
                waits = waits or error
                continue
            if outcome is None:
                continue
            self._books.write(e.RequestObeyed(request.request_id, request.kind, outcome))
            self._books.sync()
            self._controls.done(request)
        if waits is not None:
            raise waits

    def _obey(self, request: Request) -> str | None:
        """What was done; None: something of it is left to do, and the request stays in the box."""
        reason = request.arguments.get("reason", "asked for")
        match request.kind:
            case "halt":
                self._limits.latch(PERSON, TradingMode.HALTED, reason)
                return "halted"
            case "pause":
                self._limits.latch(PAUSE, TradingMode.REDUCE_ONLY, reason)
                return "paused"
            case "resume":
                return self._resume(named(request.arguments.get("latches", "")), reason)
            case "cancel-entries":
                for pair in list(self._books.portfolio.wishes):
                    self._books.write(e.WishDone(pair, "blocked"))
                return "waiting entries dropped"
            case "flow":
                return self._flow(request.arguments.get("value", ""), reason)
            case "reconcile":
                return self._reconcile(request)
            case "close":
                return self._sell([request.arguments.get("pair", "")], Leg.CLOSE, reason)
            case "liquidate":
                return self._sell(list(self._books.portfolio.holdings), Leg.LIQUIDATION, reason)
            case _:
                return f"not understood: {request.kind}"

    def _flow(self, value: str, reason: str) -> str:
        """Money that came to the allocated capital or left it: no profit, no loss."""
        try:
            amount = Decimal(value)
        except InvalidOperation:
            return f"not understood: flow of '{value}'"
        if not amount.is_finite() or amount == 0 or self._books.portfolio.cash + amount < 0:
            return f"not done: a flow of {value} with {self._books.portfolio.cash} free"
        self._books.write(e.FlowSeen(amount, reason))
        return f"{amount} booked as {'deposit' if amount > 0 else 'withdrawal'}"

    def _reconcile(self, request: Request) -> str:
        """Compare, and put right what the letter allows; what was found stands in the journal under the request's id.

        Raises:
            VenueUnavailable: the venue does not answer; it is tried again at the next tick.
        """
        told = dict(word.split("=", 1) for word in request.arguments.get("policies", "").split(",") if "=" in word)
        try:
            chosen = policies(told)
            reconciler = Reconciler(self._rooms, stop_fraction=float(request.arguments.get("stop_fraction", "0.05")))
        except (ConfigError, ValueError) as error:
            return f"not understood: {error}"
        try:
            if request.arguments.get("apply") == "yes":
                rows = reconciler.apply(chosen, request.request_id)
                return f"{sum(one.done for one in rows)} of {len(rows)} differences settled"
            rows = reconciler.plan(chosen)
        except (VenueRefused, ConfigError) as error:
            # It would be refused again at every tick, and nobody behind it would be heard.
            return f"not done: {error}"
        self._books.write(e.Reconciled(tuple(one.text for one in rows), (), rows, request.request_id))
        return f"{len(rows)} differences"

    def _resume(self, looked_at: Mapping[str, str], reason: str) -> str:
        """Lift the latches that a person has looked at; one that was set anew since then stays."""
        known = {**self._books.portfolio.latches, **self._controls.latches()}
        lifted = [
            name
            for name, since in looked_at.items()
            if name in known and (name == UNREADABLE or str(known[name].since) == since)
        ]
        if self._controls.kill_switch() is not None:
            lifted = [one for one in lifted if one != KILL_SWITCH]
        for one in lifted:
            self._limits.lift(one, reason)
        stay = sorted(set(looked_at) & set(known) - set(lifted))
        return f"lifted: {', '.join(lifted) or 'nothing'}{'; set anew since: ' if stay else ''}{', '.join(stay)}"

    def _sell(self, pairs: list[str], leg: Leg, reason: str) -> str | None:
        """Sell what is held of some pairs; None while something of it is left."""
        account = self._books.portfolio
        wanted = [pair for pair in pairs if pair in account.holdings]
        for pair in wanted:
            # A sale whose fate is not known yet holds the coins: it is settled first.
            if not any(one.intent.leg is not Leg.STOP for one in account.open_orders(pair)):
                self._guardian.sell(pair, leg, candle_at=None, reason=reason)
        if any(pair in self._books.portfolio.holdings for pair in wanted):
            return None
        return f"sold: {', '.join(wanted) or 'nothing is held'}"
