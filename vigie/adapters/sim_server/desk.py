"""One call in, one answer out: who asks, whether he may, what goes wrong on purpose, what is done.

No network in here. The server hands it requests one at a time, and does to the connection what the reply says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from vigie.adapters.sim_server import answers
from vigie.adapters.sim_server.account_endpoints import ACCOUNT
from vigie.adapters.sim_server.acts import act
from vigie.adapters.sim_server.bends import bent
from vigie.adapters.sim_server.calls import Answer, Call, as_error, as_json
from vigie.adapters.sim_server.clock import ExchangeClock
from vigie.adapters.sim_server.endpoint import Endpoint, Security, answered
from vigie.adapters.sim_server.faults import Plan, Rule
from vigie.adapters.sim_server.gauge import Gauge, Limits
from vigie.adapters.sim_server.journal import ExchangeJournal
from vigie.adapters.sim_server.list_endpoints import LISTS
from vigie.adapters.sim_server.market_endpoints import PUBLIC
from vigie.adapters.sim_server.order_endpoints import ORDERS
from vigie.adapters.sim_server.parameters import Parameters
from vigie.adapters.sim_server.signing import check_signature, check_time
from vigie.domain.canonical import digest
from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.orders import Order
from vigie.simulation.exchange.refusals import Refused

ENDPOINTS: dict[tuple[str, str], Endpoint] = {**PUBLIC, **ORDERS, **LISTS, **ACCOUNT}
NAME = "vigie simulated exchange"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server does with a call.

    Attributes:
        answer: to send; None: none is sent.
        hang_s: real seconds to wait first.
        half: send half of the answer, then break the connection.
    """

    answer: Answer | None
    hang_s: float = 0.0
    half: bool = False


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one customer's key."""

    key: str
    secret: str


class Desk:
    """An exchange, its clock, its rules, and what it remembers of its callers.

    Attributes:
        exchange, clock, gauge, journal, plan: its parts.
        revoked: the key is not taken any more.
        rest_trading: False: orders are refused.
        maintenance: what system/status says.
        lag_ms: answers to GET show the state of so long ago.
        seen_at: the instant whose state the present call sees.
    """

    def __init__(
        self, exchange: Exchange, clock: ExchangeClock, credentials: Credentials, limits: Limits, plan: Plan
    ) -> None:
        self.exchange, self.clock, self.credentials, self.plan = exchange, clock, credentials, plan
        self.gauge, self.journal = Gauge(limits), ExchangeJournal()
        self.revoked = self.maintenance = False
        self.rest_trading = True
        self.lag_ms = 0
        self.seen_at = exchange.now
        self._key_used = False
        self._made = 0
        self._uncredited: set[tuple[str, int]] = set()
        self._balances: list[tuple[int, dict[str, tuple[Decimal, Decimal]]]] = []
        self.watch_balances()

    # --- time ---------------------------------------------------------------------------------------------------

    def catch_up(self) -> int:
        """Let the exchange live up to its clock; rules whose instant has come act on the way."""
        now = self.clock.now_ms()
        while (due := self.plan.next_due()) is not None and due <= now:
            self._advance(max(due, self.exchange.now))
            for rule in self.plan.due(due):
                self._do(rule)
        self._advance(now)
        return now

    def _advance(self, to: int) -> None:
        before = self.exchange.revision
        self.exchange.advance(to)
        if self.exchange.revision != before:
            self.watch_balances()
            self._credit()

    def server_time(self) -> int:
        """The exchange's time as it tells it."""
        return self.exchange.now + self.plan.skew_ms(self.exchange.now)

    # --- a call -------------------------------------------------------------------------------------------------

    def handle(self, call: Call) -> Reply:
        """Answer a call."""
        now = self.catch_up()
        shown: dict[str, str] = {}
        try:
            parameters: Parameters | None = Parameters(call.query, call.body)
            shown = parameters.shown() if parameters else {}
            refused: Answer | None = None
        except Refused as refusal:
            parameters, refused = None, as_error(refusal.code, refusal.message, refusal.status)
        rules = self.plan.acting(call.method, call.path, shown, now)
        reply = self._before(rules)
        if reply is None:
            lag = max([self.lag_ms, *(round(float(one.options.get("seconds", 0)) * 1000) for one in rules
                                      if one.action == "lag")])  # fmt: skip
            self.seen_at = self.exchange.now - (lag if call.method == "GET" else 0)
            answer = refused or self._answer(call, parameters or Parameters("", ""))
            self.watch_balances()
            reply = self._after(rules, answer)
        self._note(call, shown, reply, rules)
        return reply

    def _answer(self, call: Call, parameters: Parameters) -> Answer:
        now = self.exchange.now
        endpoint = ENDPOINTS.get((call.method, call.path))
        weight = 1 if endpoint is None else self._weight(endpoint, parameters)
        free = endpoint is not None and endpoint.free
        refused = self.gauge.admit(0 if free else weight, now)
        if refused is None and endpoint is None:
            refused = self._stranger(call)
        answer = refused or self._allowed(call, parameters, endpoint or ENDPOINTS["GET", "/api/v3/ping"])
        if free and answer.status >= 400 and refused is None:
            self.gauge.admit(weight, now)
        orders = endpoint is not None and endpoint.security is Security.SIGNED and call.method == "POST"
        headers = self.gauge.headers(now, orders=orders)
        return Answer(answer.status, answer.body, {**headers, **answer.headers}, answer.kind)

    @staticmethod
    def _weight(endpoint: Endpoint, parameters: Parameters) -> int:
        if isinstance(endpoint.weight, int):
            return endpoint.weight
        try:
            return endpoint.weight(parameters)
        except Refused:
            return 1  # the handler will say why

    def _stranger(self, call: Call) -> Answer:
        paths = {path for _, path in ENDPOINTS}
        self.journal.strangers.append(f"{call.method} {call.path}")
        if call.path in paths:
            return as_error(-1020, "This operation is not supported.", 405)
        return Answer(404, f"<html><body><h1>404</h1><p>{NAME}: no such path</p></body></html>", kind="text/html")

    def _allowed(self, call: Call, parameters: Parameters, endpoint: Endpoint) -> Answer:
        try:
            if endpoint.security is not Security.NONE:
                self._check_key(call)
            if endpoint.security is Security.SIGNED:
                check_signature(call, parameters, self.credentials.secret)
                check_time(parameters, self.server_time())
                self._key_used = True
            if endpoint.orders:
                too_many = self.too_many_orders(endpoint.orders)
                if too_many is not None:
                    return too_many
            document = endpoint.handle(self, parameters)
        except Refused as refusal:
            return as_error(refusal.code, refusal.message, refusal.status)
        return answered(document) or as_json(document)

    def _check_key(self, call: Call) -> None:
        if not call.key or len(call.key) < 16:
            raise Refused(-2014, "API-key format invalid.", 401)
        if self.revoked or call.key != self.credentials.key:
            raise Refused(-2015, "Invalid API-key, IP, or permissions for action.", 401)

    # --- faults -------------------------------------------------------------------------------------------------

    def _before(self, rules: Iterable[Rule]) -> Reply | None:
        """What goes wrong before anything is done; None: nothing ends the call there."""
        for rule in rules:
            if rule.options.get("when", "before") != "before":
                continue
            if rule.action == "do":
                self._do(rule)
            elif rule.action == "hang":
                return Reply(None, float(rule.options.get("seconds", 30)))
            elif rule.action == "reset":
                return Reply(None)
            elif rule.action == "answer":
                return Reply(self._instead(rule, Answer(200, "")))
        return None

    def _after(self, rules: Iterable[Rule], answer: Answer) -> Reply:
        reply = Reply(answer)
        for rule in rules:
            if rule.action == "klines":
                reply = Reply(bent(answer, rule))
            when = rule.options.get("when", "before")
            if rule.action == "do" and when == "after":
                self._do(rule)
            elif rule.action == "hang" and when == "after":
                reply = Reply(None, float(rule.options.get("seconds", 30)))
            elif rule.action == "reset" and when in ("after", "half"):
                reply = Reply(answer if when == "half" else None, half=when == "half")
            elif rule.action == "answer" and when == "after":
                reply = Reply(self._instead(rule, answer))
        return reply

    def _instead(self, rule: Rule, answer: Answer) -> Answer:
        """Another answer than the true one."""
        options = rule.options
        headers = dict(self.gauge.headers(self.exchange.now, orders=False))
        if "retry_after" in options:
            headers["Retry-After"] = str(int(options["retry_after"]))
        status = int(options.get("status", 200))
        if "cut" in options:
            return Answer(status, answer.body[: int(options["cut"])], headers)
        if "code" in options:
            said = as_error(int(options["code"]), str(options.get("message", "")), status)
            return Answer(status, said.body, headers)
        body = str(options.get("body", f"<html><body><h1>{status}</h1></body></html>"))
        return Answer(status, body, headers, "application/json" if body[:1] in "{[" and body else "text/html")

    def _do(self, rule: Rule) -> None:
        for one in rule.options.get("acts", []):
            act(self, one)

    # --- what handlers use --------------------------------------------------------------------------------------

    def made_id(self) -> str:
        """A client id for who sends none: the same in each run."""
        self._made += 1
        return hashlib.sha256(f"made/{self._made}".encode()).hexdigest()[:22]

    def too_many_orders(self, more: int) -> Answer | None:
        """The refusal of so many more orders; None: go on."""
        return self.gauge.too_many_orders(more, self.exchange.now)

    def placed(self, orders: Iterable[Order]) -> None:
        """Count orders that came and are not filled."""
        for order in orders:
            if not order.executed:
                self.gauge.placed(1, self.exchange.now)
                self._uncredited.add((order.ticket.symbol, order.number))

    def _credit(self) -> None:
        """Orders that were filled since give their count back; cancelled ones do not."""
        for symbol, number in sorted(self._uncredited):
            order = self.exchange.shelf.order(symbol, number)
            if order.executed or not order.is_open:
                self._uncredited.discard((symbol, number))
            if order.executed:
                self.gauge.placed(-1, self.exchange.now)

    def watch_balances(self) -> None:
        """Remember balances as they are now, for who sees them later."""
        now = {asset: (one.free, one.locked) for asset, one in self.exchange.custody.accounts().items()}
        if not self._balances or self._balances[-1][1] != now:
            self._balances.append((self.exchange.now, now))
            while len(self._balances) > 2 and self._balances[1][0] < self.exchange.now - _REMEMBERED_MS:
                del self._balances[0]

    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Free and locked by asset, as the present call sees them."""
        return self._seen_balances()[1]

    @property
    def balances_changed_at(self) -> int:
        """When they last changed, epoch milliseconds."""
        return self._seen_balances()[0]

    def _seen_balances(self) -> tuple[int, dict[str, tuple[Decimal, Decimal]]]:
        for at, balances in reversed(self._balances):
            if at <= self.seen_at:
                return at, balances
        return self._balances[0]

    def commission(self, symbol: str, suffix: str = "") -> dict[str, Any]:
        """Rates of a symbol, as /account/commission has them."""
        fees = self.exchange.fees.get(symbol, self.exchange.fees[""])
        names = ("maker", "taker", "buyer", "seller")
        zeros = dict.fromkeys(names, answers.eight(None))
        return {
            f"standardCommission{suffix}": {name: answers.eight(getattr(fees, name)) for name in names},
            f"specialCommission{suffix}": zeros,
            f"taxCommission{suffix}": zeros,
            "discount": {
                "enabledForAccount": fees.pays_in_bnb,
                "enabledForSymbol": True,
                "discountAsset": "BNB",
                "discount": answers.eight(1 - fees.discount),
            },
        }

    # --- what is told -------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything, for the control port; ``digest`` is the same for the same history."""
        exchange = self.exchange
        self.seen_at = exchange.now
        orders = [
            answers.order_query(one) for name in sorted(exchange.shelf.symbols()) for one in exchange.shelf.of(name)
        ]
        told = {
            "now": exchange.now,
            "prices": {name: answers.eight(lane.last) for name, lane in sorted(exchange.lanes.items())},
            "balances": {
                asset: {"free": answers.eight(free), "locked": answers.eight(locked)}
                for asset, (free, locked) in sorted(self.balances().items())
            },
            "orders": orders,
            "trades": [
                answers.own_trade(one)
                for name in sorted(exchange.shelf.symbols())
                if name in exchange.lanes
                for one in exchange.trades(name, exchange.now)
            ],
            "lists": [answers.list_status(one, exchange) for one in exchange.shelf.lists()],
            "strangers": list(self.journal.strangers),
            "never_fired": list(self.plan.never_fired()),
        }
        return told | {"digest": digest(told)}

    def _note(self, call: Call, shown: dict[str, str], reply: Reply, rules: list[Rule]) -> None:
        code = 0
        if reply.answer is not None and reply.answer.status >= 400:
            code = _code(reply.answer.body)
        status = reply.answer.status if reply.answer is not None else 0
        names = tuple(one.name for one in rules)
        self.journal.note(self.exchange.now, call.method, call.path, shown, status, code, names)


_REMEMBERED_MS = 3_600_000


def _code(body: str) -> int:
    try:
        return int(json.loads(body)["code"])
    except (ValueError, KeyError, TypeError):
        return 0
