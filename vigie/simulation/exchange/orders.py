"""Orders, trades and lists as the exchange keeps them: frozen, so that an older view of them stays what it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from vigie.domain.order import Side
from vigie.simulation.exchange.kinds import Force, Kind, ListKind, SelfTrade, State
from vigie.simulation.terms import ZERO


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a customer asks for.

    Attributes:
        symbol: ``BTCUSDT``.
        side, kind: what is wanted.
        client_id: the customer's; unique among open orders of the symbol.
        quantity: base; None: by value, or what a list's first order receives.
        value: quote, for market orders by value.
        price: limit, quote.
        stop: trigger price, or where a trailing order begins to follow, quote.
        trail: trailing distance, basis points.
        force: how long it stays; None for market orders.
        iceberg: visible quantity, base; kept and counted, never shown to anybody.
        prevention: of self-trades.
        strategy_id, strategy_type: the customer's own numbers.
    """

    symbol: str
    side: Side
    kind: Kind
    client_id: str
    quantity: Decimal | None = None
    value: Decimal | None = None
    price: Decimal | None = None
    stop: Decimal | None = None
    trail: int | None = None
    force: Force | None = None
    iceberg: Decimal | None = None
    prevention: SelfTrade = SelfTrade.NONE
    strategy_id: int | None = None
    strategy_type: int | None = None

    @property
    def buys(self) -> bool:
        """Coins come in."""
        return self.side is Side.BUY


@dataclass(frozen=True, slots=True)
class Trade:
    """An execution.

    Attributes:
        number: counted from 1 within the symbol.
        order: number of the order.
        symbol, side: of the order.
        price: quote.
        quantity: base, gross of fees.
        fee: in ``fee_asset``.
        fee_asset: what was received, or BNB.
        at: epoch milliseconds.
        maker: it rested.
        list_number: of the order's list; -1: none.
    """

    number: int
    order: int
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    at: int
    maker: bool
    list_number: int = -1

    @property
    def value(self) -> Decimal:
        """Quote."""
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class Order:
    """An order that the exchange has taken.

    Attributes:
        number: counted from 1 within the symbol: two symbols use the same numbers on purpose.
        ticket: what was asked for; an amendment changes its quantity.
        quantity: base; for a market order by value what its value buys.
        placed_at, updated_at: epoch milliseconds.
        state: what has become of it.
        executed, executed_value: base and quote.
        trades: its executions, in order.
        list_number: of its list; -1: none.
        working_at: since when it is on the book, epoch milliseconds; -1: it waits for its trigger or its turn.
        reserve: quote per base that a purchase without limit keeps locked.
        trailing_at: since when it follows, epoch milliseconds; -1: not yet.
        expiry: why it expired, where the exchange says so.
    """

    number: int
    ticket: Ticket
    quantity: Decimal
    placed_at: int
    updated_at: int
    state: State = State.NEW
    executed: Decimal = ZERO
    executed_value: Decimal = ZERO
    trades: tuple[Trade, ...] = ()
    list_number: int = -1
    working_at: int = -1
    reserve: Decimal = ZERO
    trailing_at: int = -1
    expiry: str = ""

    @property
    def working(self) -> bool:
        """It is, or was, on the book."""
        return self.working_at >= 0

    @property
    def is_open(self) -> bool:
        """It can still be executed, now or later."""
        return not self.state.final

    @property
    def remaining(self) -> Decimal:
        """Base not executed."""
        return self.quantity - self.executed

    @property
    def needs(self) -> Decimal:
        """What it locks on its own, in quote for a purchase and in base for a sale."""
        if self.state.final or self.state is State.PENDING_NEW:
            return ZERO
        if not self.ticket.buys:
            return self.remaining
        return self.remaining * (self.reserve if self.ticket.price is None else self.ticket.price)

    def ended(self, state: State, at: int, expiry: str = "") -> Order:
        """The same order, over."""
        return replace(self, state=state, updated_at=at, expiry=expiry)


@dataclass(frozen=True, slots=True)
class OrderList:
    """Orders that depend on each other.

    Attributes:
        number: counted from 0 over all symbols.
        kind: how they depend.
        symbol: of all of them.
        client_id: the customer's.
        orders: their numbers; the first one works first, unless the kind is OCO.
        updated_at: epoch milliseconds.
        done: nothing of it is open.
        held: base that the first order received and that is locked for the others.
    """

    number: int
    kind: ListKind
    symbol: str
    client_id: str
    orders: tuple[int, ...]
    updated_at: int
    done: bool = False
    held: Decimal = ZERO

    @property
    def pair(self) -> tuple[int, ...]:
        """The orders of which one cancels the other; empty: there are none."""
        if self.kind is ListKind.OCO:
            return self.orders
        return self.orders[1:] if self.kind in (ListKind.OTOCO, ListKind.OPOCO) else ()

    @property
    def pending(self) -> tuple[int, ...]:
        """The orders that wait for the first."""
        return () if self.kind is ListKind.OCO else self.orders[1:]
