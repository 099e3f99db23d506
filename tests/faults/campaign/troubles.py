"""What goes wrong in a week: faults of the exchange and of the way to it, and what people do to the account."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.faults.campaign.checks import Watch, resting
from tests.faults.campaign.market import PAIRS
from tests.faults.campaign.world import Campaigner
from vigie.adapters.sim_server.calls import Call
from vigie.adapters.storage import kill_switch
from vigie.domain.confirmation import spelled
from vigie.domain.errors import ConfigError
from vigie.domain.pair import Pair
from vigie.simulation.exchange.exactly import exactly
from vigie.simulation.exchange.orders import Order

ORDER = "/api/v3/order"
POST: dict[str, Any] = {"method": "POST", "path": ORDER}
STOPS: dict[str, Any] = {**POST, "where": {"type": "STOP_LOSS*"}}
WRITES = ({**POST}, {**STOPS}, {"method": "DELETE", "path": ORDER})
LOST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("F1", {"action": "hang", "when": "before"}),
    ("F2", {"action": "hang", "when": "after"}),
    ("F3", {"action": "reset", "when": "before"}),
    ("F3", {"action": "reset", "when": "after"}),
    ("F3", {"action": "reset", "when": "half"}),
    ("F4", {"action": "answer", "when": "after", "status": 502}),
    ("F4", {"action": "answer", "when": "after", "status": 503, "code": -1000, "message": "An unknown error occurred"}),
    ("F4", {"action": "answer", "when": "after", "status": 504, "code": -1007, "message": "Timeout"}),
    ("F5", {"action": "answer", "when": "after", "body": "<html>hello</html>"}),
    ("F5", {"action": "answer", "when": "after", "cut": 40}),
)
REFUSALS = (
    ("F11", -2010, "Order would trigger immediately."),
    ("F12", -1013, "Filter failure: MAX_NUM_ALGO_ORDERS"),
    ("F12", -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ("F12", -1013, "Filter failure: NOTIONAL"),
)
MINUTES = 60.0


COARSE = {"BTC": Decimal("0.0001"), "ETH": Decimal("0.001")}
"""Steps that are ten times what they were."""


@dataclass
class Trouble:
    """All that can go wrong, done to one world.

    Attributes:
        world, watch: it, and who looks on.
        dice: of the week.
        later: what has to be put right again, by instant in epoch milliseconds.
    """

    world: Campaigner
    watch: Watch
    dice: random.Random
    later: list[tuple[int, str, Callable[[], None]]]

    def rules(self, name: str, *tables: dict[str, Any]) -> None:
        """Put rules in force that wait for their calls."""
        self.world.rules(*({"name": name, **one} for one in tables))

    def at(self, minutes: float, name: str, work: Callable[[], None]) -> None:
        """Have something done so many minutes from now."""
        self.later.append((self.world.ex.now_ms() + round(minutes * 60_000), name, work))

    def hand(self, name: str, **words: Any) -> bool:
        """Something done by hand at the exchange: what it moves is no concern of the account's own books."""
        before = self._totals()
        try:
            done = self.world.ex.do(name, **words)
        except ConfigError:
            return False
        if name == "place":
            self.watch.by_hand.add(str(done["clientOrderId"]))
        for asset, amount in self._totals().items():
            moved = amount - before.get(asset, Decimal(0))
            if moved:
                self.watch.outside[asset] = self.watch.outside.get(asset, Decimal(0)) + moved
        return True

    def _totals(self) -> dict[str, Decimal]:
        custody = self.world.ex.exchange.custody
        return {asset: custody.total(asset) for asset in ("USDT", *(pair.base for pair in PAIRS))}

    def a_pair(self) -> Pair:
        """One that is held, if any is."""
        held = sorted(self.world.account.holdings)
        return Pair.parse(self.dice.choice(held)) if held else self.dice.choice(PAIRS)

    def a_stop(self) -> Order | None:
        """One of our stops at the exchange."""
        stops = list(resting(self.world))
        return self.dice.choice(stops) if stops else None

    # --- the exchange and the way to it ---------------------------------------------------------------------------

    def an_answer_is_lost(self) -> str:
        name, rule = self.dice.choice(LOST)
        seconds = {"seconds": 30} if rule["action"] == "hang" else {}
        self.rules(name, {**self.dice.choice(WRITES), **rule, **seconds, "count": self.dice.choice([1, 1, 2])})
        return name

    def an_order_is_not_shown(self) -> str:
        seconds = self.dice.choice([3, 30])
        now = self.world.seconds(self.world.ex.now_ms())
        self.rules(
            "F6",
            {**self.dice.choice(WRITES[:2]), "action": "hang", "when": "after", "seconds": 30},
            {"method": "GET", "path": "*/order", "action": "lag", "seconds": seconds, "from": now, "to": now + 7200},
            {"method": "GET", "path": "*/openOrders", "action": "lag", "seconds": seconds, "from": now,
             "to": now + 7200},
        )  # fmt: skip
        return "F6"

    def the_exchange_sends_us_away(self) -> str:
        path = self.dice.choice(["*/account", "*/order", "*/ticker/price", "*/openOrders"])
        status, wait = self.dice.choice([(429, 7), (418, 120), (418, 1200)])
        self.rules("F7", {"path": path, "action": "answer", "status": status, "code": -1003, "retry_after": wait})
        return "F7"

    def too_many_orders(self) -> str:
        self.rules("F8", {**POST, "action": "answer", "status": 429, "code": -1015, "retry_after": 10})
        return "F8"

    def the_clocks_differ(self) -> str:
        seconds = self.dice.choice([1.5, -1.5, -8.0, 12.0])
        now = self.world.seconds(self.world.ex.now_ms())
        self.rules("F9", {"action": "skew", "seconds": seconds, "from": now, "to": now + self.dice.choice([600, 7200])})
        return "F9"

    def little_can_be_had(self) -> str:
        pair = self.a_pair()
        quantity = Decimal(str(self.dice.choice(["0.003", "0.02", "0.0001"])))
        self.world.ex.do("liquidity", symbol=self.world.symbol(pair), quantity=str(quantity))
        self.at(self.dice.choice([30, 90]), "F10 ends", lambda: self._liquid(pair))
        return "F10"

    def _liquid(self, pair: Pair) -> None:
        self.world.ex.do("liquidity", symbol=self.world.symbol(pair), quantity="all")

    def stops_are_refused(self) -> str:
        name, code, message = self.dice.choice(REFUSALS)
        self.rules(name, {**STOPS, "action": "answer", "status": 400, "code": code, "message": message,
                          "count": self.dice.choice([1, 1, 2, 3])})  # fmt: skip
        return name

    def a_stop_is_cancelled(self) -> str:
        stop = self.a_stop()
        if stop is None:
            return ""
        state = self.dice.choice(["CANCELED", "EXPIRED"])
        self.world.ex.do("cancel", symbol=stop.ticket.symbol, client_id=stop.ticket.client_id, state=state)
        return "F13"

    def a_symbol_is_halted(self) -> str:
        name = self.world.symbol(self.a_pair())
        self.world.ex.do("symbol", symbol=name, status=self.dice.choice(["HALT", "BREAK"]))
        if self.dice.random() < 0.5:
            self.world.ex.do("expire_all", symbol=name)
        self.at(self.dice.choice([20, 70]), "trades again",
                lambda: void(self.world.ex.do("symbol", symbol=name, status="TRADING")))  # fmt: skip
        return "F21"

    def the_filters_change(self) -> str:
        pair = self.a_pair()
        step = str(COARSE[pair.base])
        self.world.ex.do("symbol", symbol=self.world.symbol(pair), filters=[
            {"filterType": "LOT_SIZE", "stepSize": step, "minQty": step},
            {"filterType": "PRICE_FILTER", "tickSize": self.dice.choice(["0.10", "1.00"])}])  # fmt: skip
        return "F21"

    def coins_are_sold(self) -> str:
        return self._coins_go(lambda pair, amount: self.hand(
            "place", symbol=self.world.symbol(pair), side="SELL", type="MARKET", quantity=f"{amount:f}"))  # fmt: skip

    def coins_are_withdrawn(self) -> str:
        return self._coins_go(lambda pair, amount: self.hand("withdraw", asset=pair.base, amount=f"{amount:f}"))

    def coins_are_locked(self) -> str:
        def lock(pair: Pair, amount: Decimal) -> bool:
            price = self.world.ex.exchange.lane(self.world.symbol(pair)).last or Decimal(1)
            high = (price * 3).quantize(Decimal(1))
            return self.hand("place", symbol=self.world.symbol(pair), side="SELL", type="LIMIT", timeInForce="GTC",
                             quantity=f"{amount:f}", price=f"{high:f}")  # fmt: skip

        return self._coins_go(lock)

    def _coins_go(self, go: Callable[[Pair, Decimal], bool]) -> str:
        """Somebody lifts a stop of ours and takes a part of what it held."""
        stop = self.a_stop()
        if stop is None or stop.working:
            return ""
        pair = next(one for one in PAIRS if self.world.symbol(one) == stop.ticket.symbol)
        self.world.ex.do("cancel", symbol=stop.ticket.symbol, client_id=stop.ticket.client_id)
        step = COARSE[pair.base]
        amount = stop.remaining * Decimal(str(self.dice.choice(["0.3", "1"])))
        return "F15" if go(pair, amount // step * step) else ""

    def a_trade_is_taken_back(self) -> str:
        pair = self.a_pair()
        return "F16" if self.hand("bust", symbol=self.world.symbol(pair)) else ""

    def a_moved_stop_is_refused(self) -> str:
        """The cancel of a move is done and the new stop is refused."""
        self.rules("F17", {"method": "DELETE", "path": ORDER, "action": "do", "acts": []},
                   {**STOPS, "nth": 2 if self.dice.random() < 0.5 else 1, "action": "answer", "status": 400,
                    "code": -2010, "message": "Account has insufficient balance for requested action.",
                    "count": self.dice.choice([1, 3])})  # fmt: skip
        return "F17"

    def a_cancel_races_with_a_fill(self) -> str:
        """The next cancel of a stop finds that it was triggered and filled just before."""
        world, looks_on = self.world, self.world.looks_on

        def race(call: Call) -> None:
            looks_on(call)
            stop = next((one for one in resting(world) if one.ticket.client_id in call.query + call.body), None)
            if call.method == "DELETE" and stop is not None and not stop.working:
                world.looks_on = looks_on
                triggered(world, stop)

        world.looks_on = race
        return "F18"

    def fees_in_a_third_coin(self) -> str:
        if "BNB" in self.watch.outside:
            return ""
        self.world.ex.do("deposit", asset="BNB", amount="0.02")
        self.watch.outside["BNB"] = Decimal(0)
        self.world.ex.do("fees", pays_in_bnb=True)
        return "F19"

    def maintenance(self) -> str:
        now = self.world.seconds(self.world.ex.now_ms())
        length = self.dice.choice([10, 40]) * MINUTES
        self.rules("F20", {"path": "/api/*", "from": now, "to": now + length, "action": "answer", "status": 503,
                           "count": 0})  # fmt: skip
        self.at(length / MINUTES, "F20 ends", self._expired)
        return "F20"

    def _expired(self) -> None:
        if self.dice.random() < 0.5:
            for pair in PAIRS:
                self.world.ex.do("expire_all", symbol=self.world.symbol(pair))

    def candles_are_bent(self) -> str:
        how = self.dice.choice(["late", "gap", "duplicate", "revise", "forming"])
        more = {"factor": 1.01, "row": -2} if how == "revise" else {"row": -3} if how in ("gap", "duplicate") else {}
        self.rules(
            "F22", {"path": "*/klines", "action": "klines", "how": how, "count": self.dice.choice([1, 4]), **more}
        )
        return "F22"

    def the_key_is_revoked(self) -> str:
        self.world.ex.do("key", revoked=True)
        self.at(self.dice.choice([5, 40]), "F23 ends", lambda: void(self.world.ex.do("key", revoked=False)))
        return "F23"

    def the_network_goes(self) -> str:
        self.world.plug(out=True)
        self.at(self.dice.choice([2, 30]), "the network is back", lambda: self.world.plug(out=False))
        return "network"

    def the_disk_is_full(self) -> str:
        self.world.fate.full = True
        self.at(self.dice.choice([2, 10, 70]), "there is room", self._room)
        return "disk"

    def _room(self) -> None:
        self.world.fate.full = False

    # --- people ---------------------------------------------------------------------------------------------------

    def ask(self, kind: str, **arguments: str) -> str:
        """Put a letter in the box."""
        self.world.controls.box.ask(kind, arguments)
        return kind

    def somebody_asks(self) -> str:
        kind = self.dice.choice(["halt", "pause", "close", "close", "liquidate", "cancel-entries"])
        return self.ask(kind, pair=str(self.a_pair()), reason="asked for")

    def the_switch_is_thrown(self) -> str:
        kill_switch.halt(self.world.state, "a person made the file")
        self.at(self.dice.choice([30, 240]), "the switch is back", lambda: kill_switch.lift(self.world.state))
        return "switch"

    def money_comes_in(self) -> str:
        return "deposit" if self.hand("deposit", asset="USDT", amount="1000") else ""

    def a_person_looks_in(self) -> None:
        """What keeps the account from trading is looked at, put right where people can, and lifted."""
        world = self.world
        latches = {**world.account.latches, **world.controls.latches()}
        if not latches:
            return
        if "reconcile" in latches:
            self.put_right()
        self.ask("resume", latches=spelled(latches), reason="all is well")

    def put_right(self) -> None:
        """Orders that are not ours go, and what is missing is brought back."""
        world, account = self.world, self.world.account
        for name in list(world.ex.exchange.lanes):
            for one in world.ex.exchange.shelf.open(name):
                if one.ticket.client_id in self.watch.by_hand:
                    world.ex.do("cancel", symbol=name, client_id=one.ticket.client_id)
        ours = {account.quote: account.cash}
        for pair in PAIRS:
            held = account.holdings.get(str(pair))
            ours[pair.base] = account.dust.get(str(pair), Decimal(0)) + (Decimal(0) if held is None else held.quantity)
            ours[pair.base] += account.left_alone.get(pair.base, Decimal(0))
        for asset, amount in ours.items():
            missing = amount - world.ex.exchange.custody.total(asset)
            if missing > 0:
                self.hand("deposit", asset=asset, amount=f"{missing:f}")


@exactly
def _trigger(matching: Any, stop: Order) -> None:
    lane = matching._lanes[stop.ticket.symbol]
    matching._trigger(stop, lane)


def triggered(world: Campaigner, stop: Order) -> None:
    """A price that nobody saw has hit a stop: it takes what the market gives."""
    _trigger(world.ex.exchange._matching, stop)


def void(_: object) -> None:
    """What was done is of no interest."""


FAULTS = (
    "an_answer_is_lost", "an_answer_is_lost", "an_answer_is_lost", "an_order_is_not_shown",
    "the_exchange_sends_us_away", "too_many_orders", "the_clocks_differ", "little_can_be_had", "stops_are_refused",
    "a_stop_is_cancelled", "a_symbol_is_halted", "the_filters_change", "coins_are_sold", "coins_are_withdrawn",
    "coins_are_locked", "a_trade_is_taken_back", "a_moved_stop_is_refused", "a_cancel_races_with_a_fill",
    "fees_in_a_third_coin", "maintenance", "candles_are_bent", "the_key_is_revoked", "the_network_goes",
    "the_disk_is_full",
)  # fmt: skip
PEOPLE = ("somebody_asks", "somebody_asks", "the_switch_is_thrown", "money_comes_in", "a_stop_is_cancelled")
