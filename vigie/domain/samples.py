"""What orders at the market really came to, against the prices that they were decided with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from vigie.domain.order import Intent, Leg, Side

KEPT_SAMPLES = 100
"""The newest are remembered: drift is of now."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An order that was filled.

    Attributes:
        pair: ``BTC/USDT``.
        leg: what it was for.
        slippage: average fill price against the price it was decided with; above zero: to our cost; fraction.
        fee: of its value; fraction.
        delay: seconds from the instant at which a backtest fills it to its last fill; NaN: no backtest has the like.
    """

    pair: str
    leg: Leg
    slippage: float
    fee: float
    delay: float = math.nan


def slippage_of(intent: Intent, price: Decimal) -> Decimal | None:
    """How much worse than the price it was decided with an order was filled, fraction; None: that is not known.

    Args:
        intent: what was sent.
        price: average of its fills, quote.
    """
    if not intent.reference:
        return None
    against = price / intent.reference - 1
    return against if intent.side is Side.BUY else -against


def sample_of(intent: Intent, executed: Decimal, value: Decimal, fees: Decimal, filled_at: int) -> Sample | None:
    """The sample of an order that has ended.

    Args:
        intent: what was sent.
        executed: base.
        value: quote.
        fees: quote.
        filled_at: its last fill, epoch milliseconds.

    Returns:
        None where nothing was filled, or nobody had looked at a price.
    """
    if not (executed > 0 and value > 0):
        return None
    slippage = slippage_of(intent, value / executed)
    if slippage is None:
        return None
    delay = math.nan if intent.due_at is None else (filled_at - intent.due_at) / 1000
    return Sample(intent.pair, intent.leg, float(slippage), float(fees / value), delay)
