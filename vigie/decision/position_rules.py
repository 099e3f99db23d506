"""Stop, trailing, break-even, partials and targets: what happens to a position at the close of a candle.

Plain functions on scalars and NamedTuples. Live and paper call them as they stand; research compiles these very
functions. No clock, no I/O, no randomness.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from vigie.decision.policies import Extreme, Filters, Rules, StopTest, TrailFrom, floor_to
from vigie.domain.trades import ExitReason

PARTIAL_VALUE_FACTOR = 3.0
"""Partial sales are looked at only while the position is worth this many minimum notionals."""

_SURELY = 1.0 - 1e-9
"""Further from a price than any rounding takes it."""


class Position(NamedTuple):
    """What the rules know of an open long position.

    Attributes:
        entry_price: average fill price, quote.
        quantity: base held now.
        volatility: of the signal candle, quote.
        fixed_stop: the initial stop or, later, the break-even stop; never falls. NaN: none.
        trailing: the trailing stop; 0 while there is none, never NaN.
        trail_active: the trailing stop has been activated.
        breakeven_done: break-even has been reached once.
        highest: highest close or high (by policy) since the entry, the fill price included.
        target: profit target, quote; NaN: none.
        partials_taken: bit 1 and 2: that part was sold, or skipped for its size. Bits are only ever set.
    """

    entry_price: float
    quantity: float
    volatility: float
    fixed_stop: float
    trailing: float
    trail_active: bool
    breakeven_done: bool
    highest: float
    target: float
    partials_taken: int


class Bar(NamedTuple):
    """A closed candle as the position rules see it.

    Attributes:
        high, close: quote.
        volatility: of this candle, quote.
        wants_exit: the strategy wants out.
    """

    high: float
    close: float
    volatility: float
    wants_exit: bool


class Actions(NamedTuple):
    """What the rules ask for at the close.

    Attributes:
        partial_1, partial_2: base to sell now, 0 for nothing.
        exit: ExitReason code; NONE: stay.
    """

    partial_1: float
    partial_2: float
    exit: int


def opened(
    fill: float, quantity: float, stop_distance: float, target_distance: float, volatility: float, rules: Rules
) -> Position:
    """The position right after its entry was filled at price ``fill`` (quote)."""
    trails = rules.trail_from == TrailFrom.ENTRY
    trailing = fill - rules.trail_atr * volatility if trails else 0.0
    return Position(
        entry_price=fill,
        quantity=quantity,
        volatility=volatility,
        fixed_stop=fill - stop_distance,
        trailing=trailing if trailing == trailing else 0.0,
        trail_active=trails,
        breakeven_done=False,
        highest=fill,
        target=fill + target_distance,
        partials_taken=0,
    )


def effective_stop(position: Position, tick: float) -> float:
    """The trigger that protects the position: the highest of its stops, down to the tick; NaN without any."""
    return higher_stop(position.fixed_stop, position.trailing if position.trail_active else position.fixed_stop, tick)


def higher_stop(fixed: float, trailing: float, tick: float) -> float:
    """The higher of two stops, down to the tick; NaN where both are."""
    stop = fixed
    # Not `max`: the first stop may not be known, and then the trailing one is all there is.
    if not trailing <= stop:
        stop = trailing
    return floor_to(stop, tick) if stop == stop else stop


def advance(position: Position, bar: Bar, rules: Rules, filters: Filters) -> tuple[Position, Actions]:
    """Carry a position over the close of a candle.

    Order: highest and trailing, break-even, partials, then the reasons to leave (stop, trailing, target, signal).

    Returns:
        the position with its new stops, and what to do. Sales are not yet taken off the quantity.
    """
    highest, trailing, active = _trail(position, bar, rules)
    fixed, breakeven_done = _break_even(position, bar, rules)
    partial_1, partial_2, taken = _partials(position, bar, rules, filters)
    moved = Position(
        entry_price=position.entry_price,
        quantity=position.quantity,
        volatility=position.volatility,
        fixed_stop=fixed,
        trailing=trailing,
        trail_active=active,
        breakeven_done=breakeven_done,
        highest=highest,
        target=position.target,
        partials_taken=taken,
    )
    return moved, Actions(partial_1, partial_2, _reason_to_leave(moved, bar, rules))


def await_sale(position: Position, bar: Bar, rules: Rules) -> Actions:
    """`advance` for a position whose stop was jumped over and rests at its limit: it only waits to be sold.

    The order at the venue keeps its limit, so its trigger is not moved any more, and no part is sold beside it.
    """
    return Actions(0.0, 0.0, _reason_to_leave(position, bar, rules))


def quiet_below(position: Position, rules: Rules) -> tuple[float, float]:
    """Prices up to which a candle does nothing to a position but lift its highest price.

    For research, which jumps over such candles: where the extreme price (`Rules.extreme`) is not above the first
    number and the close not above the second, and the strategy does not want out, `advance` answers with the same
    position, its highest price apart, and without actions. Stops are not looked at: they must be tested inside the
    candle (`StopTest.INTRABAR`). Both may lie too low, never too high; the position has seen one close at least.
    """
    extreme, close = math.inf, position.target * _SURELY if position.target == position.target else math.inf
    if position.trail_active:
        extreme = position.highest
    elif rules.trail_from == TrailFrom.ACTIVATION:
        extreme = (position.entry_price + rules.activation_atr * position.volatility) * _SURELY
    if rules.breakeven_fraction > 0.0 and not position.breakeven_done:
        close = min(close, position.entry_price * (1.0 + rules.breakeven_fraction) * _SURELY)
    if rules.partial_1_share > 0.0 and position.partials_taken & 1 == 0:
        close = min(close, position.entry_price * (1.0 + rules.partial_1_gain) * _SURELY)
    if rules.partial_2_share > 0.0 and position.partials_taken & 2 == 0:
        close = min(close, position.entry_price * (1.0 + rules.partial_2_gain) * _SURELY)
    return extreme, close


def _trail(position: Position, bar: Bar, rules: Rules) -> tuple[float, float, bool]:
    """New highest price, trailing stop and whether it is active."""
    price = bar.high if rules.extreme == Extreme.HIGH else bar.close
    highest = max(position.highest, price)
    if rules.trail_from == TrailFrom.NEVER:
        return highest, position.trailing, False
    if rules.trail_from == TrailFrom.ENTRY:
        anew = highest - rules.trail_atr * bar.volatility
        # A volatility that is not known moves nothing.
        return highest, anew if price > position.highest and anew == anew else position.trailing, True
    active = position.trail_active or highest >= position.entry_price + rules.activation_atr * position.volatility
    if not active:
        return highest, position.trailing, False
    return highest, trailed(position.trailing, highest, position.volatility, rules), True


def trailed(trailing: float, highest: float, volatility: float, rules: Rules) -> float:
    """A trailing stop that hangs on the volatility of the entry, below a highest price; it only rises."""
    return max(trailing, highest - rules.trail_atr * volatility)


def _break_even(position: Position, bar: Bar, rules: Rules) -> tuple[float, bool]:
    """New fixed stop and whether break-even has been reached."""
    if rules.breakeven_fraction <= 0.0 or position.breakeven_done:
        return position.fixed_stop, position.breakeven_done
    if (bar.close - position.entry_price) / position.entry_price < rules.breakeven_fraction:
        return position.fixed_stop, False
    return max(position.fixed_stop, position.entry_price * (1.0 + rules.breakeven_cushion)), True


def _partials(position: Position, bar: Bar, rules: Rules, filters: Filters) -> tuple[float, float, int]:
    """Base to sell as first and second part, and which parts are done. Both can fall on one candle.

    A part too small to be sold, or one that would leave too little, is skipped and counts as taken, so that it is not
    tried for ever.
    """
    first, second, taken = 0.0, 0.0, position.partials_taken
    if rules.partial_1_share <= 0.0 and rules.partial_2_share <= 0.0:
        return first, second, taken
    if position.quantity * bar.close < filters.min_notional * PARTIAL_VALUE_FACTOR:
        return first, second, taken
    gain = (bar.close - position.entry_price) / position.entry_price
    if rules.partial_1_share > 0.0 and taken & 1 == 0 and gain >= rules.partial_1_gain:
        first = _part(position.quantity, rules.partial_1_share, bar.close, filters)
        taken |= 1
    if rules.partial_2_share > 0.0 and taken & 2 == 0 and gain >= rules.partial_2_gain:
        second = _part(position.quantity - first, rules.partial_2_share, bar.close, filters)
        taken |= 2
    return first, second, taken


def _part(quantity: float, share: float, price: float, filters: Filters) -> float:
    """Base to sell; nothing where the part could not be sold, or what it leaves could not be sold any more."""
    sellable = floor_to(quantity * share, filters.step)
    rest = quantity - sellable
    if sellable < filters.min_quantity or sellable * price < filters.min_notional:
        return 0.0
    if rest < filters.min_quantity or rest * price < filters.min_notional:
        return 0.0
    return sellable


def _reason_to_leave(position: Position, bar: Bar, rules: Rules) -> int:
    """The first of stop, trailing, target and signal that holds at this close."""
    if rules.stop_test == StopTest.CLOSE:
        if _hit(bar.close, position.fixed_stop, rules.stop_touch):
            return ExitReason.STOP.value
        if position.trail_active and _hit(bar.close, position.trailing, rules.stop_touch):
            return ExitReason.TRAILING.value
    if bar.close >= position.target:
        return ExitReason.TARGET.value
    if bar.wants_exit:
        return ExitReason.SIGNAL.value
    return ExitReason.NONE.value


def _hit(price: float, stop: float, touch: bool) -> bool:  # noqa: FBT001, RUF100
    return price < stop or (touch and price == stop)
