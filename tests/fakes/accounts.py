"""Events of a small account, and the account they make."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from vigie.domain import events as e
from vigie.domain.order import Fill, Intent, Leg, OrderType, Side
from vigie.domain.order_status import Learnt
from vigie.domain.portfolio import Portfolio, folded

BTC = "BTC/USDT"
AT = 1_750_000_000_000
ENTRY_ID, STOP_ID, EXIT_ID = "e" * 32, "5" * 32, "a" * 32
BASELINE = e.BaselineTaken(Decimal(1000), "USDT", {"BTC": Decimal("0.5")})
WISH = e.Wished(BTC, AT, 1, 5.0, 0.0, 2.0, 1.0, 200, "cross")


def intent(client_id: str = ENTRY_ID, leg: Leg = Leg.ENTRY, quantity: str = "2", pair: str = BTC) -> Intent:
    """A market order, or a stop."""
    side = Side.BUY if leg is Leg.ENTRY else Side.SELL
    if leg is Leg.STOP:
        return Intent(
            client_id, pair, leg, side, OrderType.STOP_LOSS_LIMIT, Decimal(quantity), Decimal(94), Decimal(95), AT
        )
    return Intent(client_id, pair, leg, side, OrderType.MARKET, Decimal(quantity), candle_at=AT)


def planned(client_id: str = ENTRY_ID, leg: Leg = Leg.ENTRY, quantity: str = "2", pair: str = BTC) -> e.IntentPlanned:
    return e.IntentPlanned(intent(client_id, leg, quantity, pair))


def learnt(what: Learnt, client_id: str = ENTRY_ID, pair: str = BTC, venue_id: str = "") -> e.OrderLearnt:
    return e.OrderLearnt(client_id, pair, what, venue_id)


def filled(
    client_id: str = ENTRY_ID,
    *,
    trade_id: str = "t1",
    price: str = "100",
    quantity: str = "2",
    fee: str = "0",
    asset: str = "USDT",
    fee_value: str | None = None,
    pair: str = BTC,
    at: int = AT,
) -> e.FillSeen:
    fill = Fill(trade_id, Decimal(price), Decimal(quantity), Decimal(fee), asset, at)
    return e.FillSeen(client_id, pair, fill, Decimal(fee if fee_value is None else fee_value))


ENTERED: tuple[e.Event, ...] = (
    BASELINE,
    WISH,
    planned(),
    learnt(Learnt.SENT),
    filled(),
    learnt(Learnt.FILLED),
    e.WishDone(BTC, "entered"),
)
"""Two coins bought at 100 with 1000 in hand."""


def account(events: Iterable[e.Event], at: int = AT) -> Portfolio:
    """The account after these events, from the first one on."""
    return folded((seq, at, event) for seq, event in enumerate(events, 1))


def cycle(equity: float = 1000.0, day: int = AT // 86_400_000, peak: float = 1200.0) -> e.CycleDone:
    return e.CycleDone(AT, equity, Decimal(str(equity)), day, 1100.0, 900.0, peak, 0.25, "active", 0)


def closed(profit: str = "10", dust: str = "0", stopped_at: int | None = None, pair: str = BTC) -> e.TradeClosed:
    return e.TradeClosed(
        pair, AT, AT + 1, Decimal(100), Decimal(105), Decimal(2), Decimal("0.1"), Decimal(profit), 4,
        stopped_at, Decimal(dust), 95.0,
    )  # fmt: skip
