"""Intents with what a test does not care about filled in."""

from __future__ import annotations

from decimal import Decimal

from vigie.decision.intents import ApprovedIntent, approve
from vigie.domain.order import Intent, Leg, OrderType, Side
from vigie.domain.trading_mode import TradingMode


def buy(quantity: str | int | Decimal, client_id: str = "buy", pair: str = "BTC/USDT") -> Intent:
    """An entry at the market."""
    return Intent(client_id, pair, Leg.ENTRY, Side.BUY, OrderType.MARKET, Decimal(quantity))


def sell(quantity: str | int | Decimal, client_id: str = "sell", pair: str = "BTC/USDT", leg: Leg = Leg.EXIT) -> Intent:
    """A sale at the market."""
    return Intent(client_id, pair, leg, Side.SELL, OrderType.MARKET, Decimal(quantity))


def stop(
    quantity: str | int | Decimal,
    trigger: str | int | Decimal,
    limit: str | int | Decimal,
    client_id: str = "stop",
    pair: str = "BTC/USDT",
) -> Intent:
    """A protective stop."""
    return Intent(
        client_id,
        pair,
        Leg.STOP,
        Side.SELL,
        OrderType.STOP_LOSS_LIMIT,
        Decimal(quantity),
        limit=Decimal(limit),
        trigger=Decimal(trigger),
    )


def approved(intent: Intent) -> ApprovedIntent:
    """The gate lets it through."""
    answer = approve(intent, mode=TradingMode.ACTIVE, refusing=())
    if not isinstance(answer, ApprovedIntent):
        raise TypeError(f"refused: {answer.reasons}")
    return answer
