"""Random orders on random pieces of real markets: what one stream is, and what has to hold after each of its steps."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.fakes.exchanges import BNB, BTC, ETH, FINE
from vigie.domain.candles import Candles
from vigie.domain.order import Side
from vigie.domain.pair import Pair
from vigie.simulation.exchange.exchange import Exchange
from vigie.simulation.exchange.fees import Fees
from vigie.simulation.exchange.invariants import broken
from vigie.simulation.exchange.kinds import Force, Kind, ListKind, State, Status
from vigie.simulation.exchange.orders import Order, Ticket
from vigie.simulation.exchange.path import Extremes, Tape
from vigie.simulation.exchange.refusals import Refused
from vigie.simulation.exchange.settings import Settings
from vigie.simulation.exchange.symbols import changed, listed

Market = Mapping[Pair, Candles]
PAIRS = (BTC, ETH, BNB)
ROWS, STEPS = 90, 45


@dataclass
class Stream:
    """One exchange and the dice that are thrown for it."""

    market: Market
    seed: int
    done: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        first = self.dice.randrange(min(map(len, self.market.values())) - ROWS)
        settings = Settings(
            half_spread_fraction=self.dice.choice([Decimal(0), Decimal("0.0001"), Decimal("0.003")]),
            slippage_fraction=self.dice.choice([Decimal(0), Decimal("0.0005")]),
            participation_fraction=self.dice.choice([None, None, Decimal("0.01"), Decimal(0)]),
            touch=self.dice.random() < 0.5,
            extremes=self.dice.choice(list(Extremes)),
            seed=self.seed,
        )
        symbols = [listed(FINE[pair]) for pair in PAIRS]
        tapes = {
            one.name: Tape(one.name, self.market[one.pair][first : first + ROWS], settings.extremes, self.seed)
            for one in symbols
        }
        self.exchange = Exchange(symbols, tapes, settings, tapes["BTCUSDT"].opens(0))
        self.exchange.fees[""] = Fees(pays_in_bnb=self.dice.random() < 0.3, buyer=Decimal("0.0002"))
        for asset, amount in (("USDT", "20000"), ("BTC", "0.5"), ("ETH", "4"), ("BNB", "1.5")):
            self.exchange.deposit(asset, Decimal(amount))
        self.finals: dict[tuple[str, int], Order] = {}
        self.names = 0

    # --- what is done -------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One act, accepted or refused."""
        acts = [self.order] * 9 + [self.list] * 5 + [self.time] * 8 + [self.cancel, self.amend, self.strings]
        act = self.dice.choice(acts)
        before = self.books()
        refused: Refused | None = None
        try:
            act()
        except Refused as refusal:
            refused = refusal
        if refused is not None:
            self.count(f"refused {refused.code}")
            assert self.books() == before, f"a refusal changes nothing: {refused}"

    def books(self) -> Any:
        shelf = self.exchange.shelf
        return (
            dict(self.exchange.custody.accounts()),
            [[*shelf.of(one)] for one in shelf.symbols()],
            shelf.lists(),
        )

    def count(self, what: str) -> None:
        self.done[what] = self.done.get(what, 0) + 1

    def symbol(self) -> str:
        return self.dice.choice(["BTCUSDT", "BTCUSDT", "ETHUSDT", "BNBUSDT"])

    def name(self) -> str:
        self.names += 1
        return self.dice.choice(["same", f"id-{self.names}"]) if self.dice.random() < 0.1 else f"id-{self.names}"

    def near(self, symbol: str, way: float = 0.0) -> Decimal:
        """A price near the last one; ``way`` is the side that is meant, as a sign."""
        lane = self.exchange.lane(symbol)
        last = lane.last or Decimal(1)
        off = self.dice.uniform(0, 0.004) * (way or self.dice.choice([-1, 1]))
        return lane.symbol.floor_price(last * Decimal(repr(1 + off)))

    def size(self, symbol: str) -> Decimal:
        lane = self.exchange.lane(symbol)
        worth = Decimal(self.dice.choice([1, 20, 150, 900, 6000]))
        return lane.symbol.sellable(worth / (lane.last or Decimal(1)), at_market=False) or Decimal("0.00001")

    def ticket(self, symbol: str, kind: Kind, side: Side, quantity: Decimal | None, **fields: Any) -> Ticket:
        up = (side is Side.BUY) == kind.stops
        trail = self.dice.choice([10, 20, 40]) if kind.contingent and self.dice.random() < 0.25 else None
        stop = (
            self.near(symbol, 1 if up else -1) if kind.contingent and (not trail or self.dice.random() < 0.5) else None
        )
        usual = {
            "price": self.near(symbol) if kind.limited else None,
            "stop": stop,
            "trail": trail,
            "force": self.dice.choice([Force.GTC, Force.GTC, Force.IOC, Force.FOK])
            if kind.limited and kind is not Kind.LIMIT_MAKER else None,
        }  # fmt: skip
        return Ticket(symbol, side, kind, self.name(), quantity, **{**usual, **fields})

    def order(self) -> None:
        symbol, kind, side = self.symbol(), self.dice.choice(list(Kind)), self.dice.choice(list(Side))
        quantity: Decimal | None = self.size(symbol)
        value = None
        if kind is Kind.MARKET and self.dice.random() < 0.4:
            quantity, value = None, Decimal(self.dice.choice([3, 50, 700]))
        order = self.exchange.submit(self.ticket(symbol, kind, side, quantity, value=value))
        self.count(f"{kind} {order.state}")

    def list(self) -> None:
        symbol, kind = self.symbol(), self.dice.choice(list(ListKind))
        side = Side.SELL if kind.pays else self.dice.choice(list(Side))
        quantity = None if kind.pays else self.size(symbol)
        tickets = self.pair(symbol, side, quantity)
        if kind in (ListKind.OTO, ListKind.OPO):
            tickets = (self.ticket(symbol, self.dice.choice(list(Kind)), side, quantity),)
        if kind is not ListKind.OCO:
            first = Side.BUY if kind.pays else self.dice.choice(list(Side))
            working = self.ticket(symbol, self.dice.choice([Kind.LIMIT, Kind.LIMIT_MAKER]), first, self.size(symbol))
            tickets = (working, *tickets)
        one = self.exchange.submit_list(kind, tickets, self.name())
        self.count(f"list {kind} {'done' if one.done else 'open'}")

    def pair(self, symbol: str, side: Side, quantity: Decimal | None) -> tuple[Ticket, ...]:
        limits, stops = (
            [Kind.LIMIT_MAKER, Kind.TAKE_PROFIT, Kind.TAKE_PROFIT_LIMIT],
            [Kind.STOP_LOSS, Kind.STOP_LOSS_LIMIT],
        )
        above, below = (limits, stops) if side is Side.SELL else (stops, limits)
        upper = self.ticket(symbol, self.dice.choice(above), side, quantity, force=None)
        lower = self.ticket(symbol, self.dice.choice(below), side, quantity, force=None)
        return tuple(self.placed(one, up) for one, up in ((upper, 1.0), (lower, -1.0)))

    def placed(self, one: Ticket, way: float) -> Ticket:
        from dataclasses import replace

        price = self.near(one.symbol, way) if one.kind is Kind.LIMIT_MAKER else one.price
        force = Force.GTC if one.kind.limited and one.kind is not Kind.LIMIT_MAKER else None
        return replace(one, price=price, force=force)

    def time(self) -> None:
        step = self.dice.choice([1, 900, 20_000, 20_001, 60_000, 300_000, 900_000])
        self.exchange.advance(self.exchange.now + step)
        self.count("time")

    def cancel(self) -> None:
        symbol = self.symbol()
        found = self.exchange.shelf.open(symbol)
        if found:
            state = self.dice.choice([State.CANCELED, State.CANCELED, State.EXPIRED])
            self.exchange.cancel(symbol, self.dice.choice(found).number, state=state)
            self.count("cancelled")

    def amend(self) -> None:
        symbol = self.symbol()
        for order in self.exchange.shelf.open(symbol)[:1]:
            smaller = self.exchange.lane(symbol).symbol.sellable(order.quantity * Decimal("0.6"), at_market=False)
            if smaller:
                self.exchange.amend(symbol, smaller, order.number, None, self.name())
                self.count("amended")

    def strings(self) -> None:
        symbol = self.symbol()
        lane = self.exchange.lane(symbol)
        what = self.dice.choice(["deposit", "withdraw", "liquidity", "bust", "expire", "execute", "status"])
        if what == "deposit":
            self.exchange.deposit(lane.symbol.pair.base, Decimal("0.01"))
        elif what == "withdraw":
            self.exchange.withdraw(lane.symbol.pair.base, Decimal("0.02"))
        elif what == "liquidity":
            lane.liquidity = self.dice.choice([None, Decimal(0), Decimal("0.01")])
        elif what == "expire":
            self.exchange.expire_all(symbol)
        elif what == "status":
            status = self.dice.choice(["TRADING", "TRADING", Status.HALT])
            self.exchange.relist(changed(lane.symbol, {"status": status}))
        elif what == "bust":
            for trade in self.exchange.trades(symbol, self.exchange.now)[-1:]:
                self.exchange.bust(symbol, trade.number)
                self.count("busted")
        else:
            for order in self.exchange.shelf.open(symbol)[:1]:
                self.exchange.execute(symbol, order.number, Decimal("0.0004"))
                self.count("executed by hand")

    # --- what holds ---------------------------------------------------------------------------------------------

    def require_sound(self) -> None:
        """Books add up, and what is final stays as it is."""
        assert broken(self.exchange) == ()
        for symbol in self.exchange.shelf.symbols():
            for order in self.exchange.shelf.of(symbol):
                known = self.finals.get((symbol, order.number))
                assert known is None or known == order, "a final order never changes"
                if order.state.final:
                    self.finals[symbol, order.number] = order

    def run(self, steps: int = STEPS) -> dict[str, int]:
        """All of it; what happened, by kind."""
        self.require_sound()
        for _ in range(steps):
            self.step()
            self.require_sound()
        self.exchange.advance(self.exchange.now + ROWS * 60_000)
        self.require_sound()
        for symbol in self.exchange.shelf.symbols():
            for order in self.exchange.shelf.of(symbol):
                self.count(f"ended {order.state}")
        return self.done
