"""How fills, stops and trailing behave: policies as data, not as subclasses.

Everything here is a number or a NamedTuple of numbers, so that research can compile the functions that read them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class FillAt(IntEnum):
    """Where an entry or a signal exit is filled."""

    CLOSE = 0
    """At the close that decided it."""
    NEXT_OPEN = 1
    """At the open of the next candle that exists."""


class StopTest(IntEnum):
    """What a stop is held against."""

    CLOSE = 0
    """The close only; filled like a signal exit."""
    INTRABAR = 1
    """Open, then low, then high of each held candle, the entry candle included: the pessimistic order."""


class TrailFrom(IntEnum):
    """When and how a trailing stop moves."""

    NEVER = 0
    ENTRY = 1
    """From the entry on; set anew at each new high with that candle's volatility, so it can loosen (classic-a)."""
    ACTIVATION = 2
    """Once the gain has reached the activation distance; with the volatility of the signal; never loosens."""


class Extreme(IntEnum):
    """Which price counts as the highest since entry."""

    CLOSE = 0
    HIGH = 1


class GapPolicy(IntEnum):
    """What becomes of a stop-limit order that a gap has jumped over."""

    REST = 0
    """It rests at its limit until the price comes back, as at the exchange."""
    CHASE = 1
    """At the next candle it is cancelled and sold at the market."""


class Rules(NamedTuple):
    """The numbers of the position rules.

    Attributes:
        fill_at, stop_test, trail_from, extreme, gap_policy: members of the enumerations above.
        stop_touch: True: a price equal to the stop counts as hit; False: only one below it.
        activation_atr, trail_atr: distances in units of the volatility.
        breakeven_fraction: gain over the entry price that lifts the stop to the entry; 0: never.
        breakeven_cushion: fraction above the entry price at which that stop is put.
        partial_1_gain, partial_2_gain: gains over the entry price at which a part is sold at the close.
        partial_1_share, partial_2_share: share of the coins then held that is sold; 0: no such part.
        stop_limit_fraction: distance of the limit below the trigger; 0: the stop is a market order.
        last_at_close: True: what the last candle decides is filled at its close (classic profiles).
        close_at_end: True: what is still held after the last candle is sold at its close (test folds).
    """

    fill_at: int
    stop_test: int
    stop_touch: bool
    trail_from: int
    extreme: int
    gap_policy: int
    activation_atr: float
    trail_atr: float
    breakeven_fraction: float
    breakeven_cushion: float
    partial_1_gain: float
    partial_1_share: float
    partial_2_gain: float
    partial_2_share: float
    stop_limit_fraction: float
    last_at_close: bool
    close_at_end: bool


class Costs(NamedTuple):
    """What trading costs.

    Attributes:
        fee_fraction: of the value of each fill.
        slippage_fraction: of the price, against us, for market fills.
        partial_slippage_fraction: the same for partial sales at the close.
        fee_in_base: True: the fee of a buy is taken in coin; False: in quote, on top.
    """

    fee_fraction: float
    slippage_fraction: float
    partial_slippage_fraction: float
    fee_in_base: bool


class Filters(NamedTuple):
    """A venue's filters of one pair as floats, for decisions; 0: unknown. Orders use `Instrument`.

    Attributes:
        tick: price step, quote.
        step: quantity step, base.
        min_quantity: base.
        min_notional: quote.
    """

    tick: float
    step: float
    min_quantity: float
    min_notional: float


NOISE = 1e-12
"""Relative distance within which a limit counts as reached: less is the noise of floating point, and no decision."""


def floor_to(number: float, grid: float) -> float:
    """``number`` rounded down to a multiple of ``grid``; unchanged where the grid is unknown (0).

    A number that misses a multiple only by the noise of floating point counts as that multiple.
    """
    if grid <= 0.0:
        return number
    steps = number / grid
    nearest = (steps + 0.5) // 1.0
    if abs(steps - nearest) <= 1e-12 * max(1.0, abs(steps)):
        return nearest * grid
    return (steps // 1.0) * grid
