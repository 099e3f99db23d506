"""Orders and fills: what we would send, and what the venue executed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from vigie.domain.order_status import OrderStatus
from vigie.domain.trading_mode import Act


class Side(StrEnum):
    """Which way coins go."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """How the venue is to execute."""

    MARKET = "market"
    LIMIT_IOC = "limit-ioc"
    """At the limit or better, now; what cannot be had at once is given up."""
    STOP_LOSS_LIMIT = "stop-loss-limit"
    OTHER = "other"
    """A kind that we never send: somebody else's order."""


class Leg(StrEnum):
    """What an order is for."""

    ENTRY = "entry"
    STOP = "stop"
    EXIT = "exit"
    PARTIAL_1 = "partial-1"
    PARTIAL_2 = "partial-2"
    CHASE = "chase"
    """A stop that was jumped over is sold at the market."""
    EMERGENCY = "emergency"
    """A position whose stop cannot be placed is sold."""
    CLOSE = "close"
    """A person's word."""
    LIQUIDATION = "liquidation"
    """A limit's demand, or a person's for the whole account."""

    @property
    def act(self) -> Act:
        """What permission it needs."""
        return _ACTS[self]

    @property
    def protective(self) -> bool:
        """Only these are tried again when they are proven absent."""
        return self.act in (Act.STOP, Act.PROTECTIVE_SALE, Act.LIQUIDATION)


_ACTS = {
    Leg.ENTRY: Act.ENTRY,
    Leg.STOP: Act.STOP,
    Leg.EXIT: Act.EXIT,
    Leg.PARTIAL_1: Act.EXIT,
    Leg.PARTIAL_2: Act.EXIT,
    Leg.CHASE: Act.PROTECTIVE_SALE,
    Leg.EMERGENCY: Act.PROTECTIVE_SALE,
    Leg.CLOSE: Act.LIQUIDATION,
    Leg.LIQUIDATION: Act.LIQUIDATION,
}


@dataclass(frozen=True, slots=True)
class Intent:
    """What we would send. Its client id is computed from what it is for (`vigie.decision.client_ids`).

    Attributes:
        client_id: 32 hex digits, ours.
        pair: ``BTC/USDT``.
        leg: what it is for.
        side: buy or sell.
        type: market, limit-ioc or stop-loss-limit; another kind where the order is not ours.
        quantity: base, already on the venue's step.
        limit: limit price, quote; None for market orders.
        trigger: stop price, quote; None for all but stops.
        candle_at: opening instant of the candle that decided, epoch milliseconds; None: no candle did.
        attempt: 0 for the first.
        reason: for people.
        reference: price that it was decided with, quote: slippage is counted from it; None: it does not slip, or
            nobody looked.
        due_at: instant at which a backtest fills it, epoch milliseconds; None: no backtest has the like.
    """

    client_id: str
    pair: str
    leg: Leg
    side: Side
    type: OrderType
    quantity: Decimal
    limit: Decimal | None = None
    trigger: Decimal | None = None
    candle_at: int | None = None
    attempt: int = 0
    reason: str = ""
    reference: Decimal | None = None
    due_at: int | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of an order that was executed.

    Attributes:
        trade_id: the venue's, unique within the pair.
        price: quote.
        quantity: base, gross of fees.
        fee: in ``fee_asset``.
        fee_asset: base, quote or a third one.
        filled_at: epoch milliseconds.
    """

    trade_id: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    filled_at: int


@dataclass(frozen=True, slots=True)
class OrderReport:
    """What a venue says of an order.

    Attributes:
        client_id: ours.
        venue_id: the venue's.
        pair: ``BTC/USDT``.
        side: buy or sell.
        type: market, limit-ioc or stop-loss-limit; another kind where the order is not ours.
        status: ACCEPTED, PARTIAL, FILLED, CANCELED, EXPIRED or REJECTED.
        quantity: base asked for.
        executed: base executed.
        executed_value: quote executed.
        limit, trigger: quote; None where the order has none.
        triggered: a stop order whose trigger was reached and which now rests at its limit.
        fills: as far as they are known.
        updated_at: epoch milliseconds, the venue's time.
    """

    client_id: str
    venue_id: str
    pair: str
    side: Side
    type: OrderType
    status: OrderStatus
    quantity: Decimal
    executed: Decimal
    executed_value: Decimal
    limit: Decimal | None
    trigger: Decimal | None
    triggered: bool
    fills: tuple[Fill, ...]
    updated_at: int


@dataclass(frozen=True, slots=True)
class Balance:
    """Coins of one asset.

    Attributes:
        free: can be used.
        locked: by open orders.
    """

    free: Decimal
    locked: Decimal

    @property
    def total(self) -> Decimal:
        """Free and locked."""
        return self.free + self.locked


@dataclass(frozen=True, slots=True)
class OwnTrade:
    """A trade of the account as the venue's own list tells it, whoever's order it was.

    Attributes:
        fill: what was executed.
        side: buy or sell.
        order_id: the venue's id of the order.
    """

    fill: Fill
    side: Side
    order_id: str
