"""The formulas of a fill: trigger, gap, slippage, fee. Written once, for floats and Decimals alike.

Only whole-number constants appear here, so that a Decimal venue can call the same functions with exact numbers
and research can compile them for floats.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

Number = TypeVar("Number", float, Decimal)


def buy_price(reference: Number, slippage_fraction: Number) -> Number:
    """Price paid by a market buy: above the reference."""
    return reference * (1 + slippage_fraction)


def sell_price(reference: Number, slippage_fraction: Number) -> Number:
    """Price received by a market sale: below the reference."""
    return reference * (1 - slippage_fraction)


def stop_sleeps(trigger: Number, resting: bool, low: Number) -> bool:  # noqa: FBT001, RUF100
    """Whether a stop order has nothing to do with a candle: not triggered before, and its low stays above."""
    return not resting and low > trigger


def stop_market_fill(trigger: Number, open_: Number, low: Number, slippage_fraction: Number) -> tuple[bool, Number]:
    """A stop sold at the market inside a candle.

    Hit if the low reaches the trigger; a candle that opens below it is filled at its open.

    Returns:
        whether it was filled, and at which price (meaningless if not).
    """
    if stop_sleeps(trigger, False, low):
        return False, trigger
    return True, sell_price(min(open_, trigger), slippage_fraction)


def stop_limit_fill(
    trigger: Number,
    limit: Number,
    resting: bool,  # noqa: FBT001, RUF100
    open_: Number,
    high: Number,
    low: Number,
    slippage_fraction: Number,
) -> tuple[bool, bool, Number]:
    """A stop-limit sale inside a candle, in the pessimistic order open, low, high.

    - Not triggered while the low stays above the trigger.
    - Reached inside the candle: sold at the trigger less slippage, never below the limit.
    - Opened below the trigger but not below the limit: sold at the open less slippage, never below the limit.
    - Opened below the limit, or resting since an earlier candle: sold at the limit if the high goes beyond it,
      else it rests, exactly as at an exchange.

    Returns:
        whether it was filled, whether it now rests in the book, and the price (meaningless if not filled).
    """
    if stop_sleeps(trigger, resting, low):
        return False, False, limit
    reference = min(open_, trigger)
    if not resting and reference >= limit:
        return True, False, max(limit, sell_price(reference, slippage_fraction))
    return high > limit, not high > limit, limit


def fee_of(value: Number, fee_fraction: Number) -> Number:
    """Fee on a fill of this value, in the same unit."""
    return value * fee_fraction
