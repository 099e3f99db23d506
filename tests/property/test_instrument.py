"""Rounding to a venue's grid: down is never up, and never more than one step."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from vigie.decision.policies import floor_to
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair

PAIR = Pair("BTC", "USDT")
GRIDS = st.sampled_from([Decimal(text) for text in ("1e-8", "0.0001", "0.01", "0.3", "0.05", "1", "10")])
NUMBERS = st.decimals(min_value="1e-8", max_value="1e12", allow_nan=False, allow_infinity=False)
FLOATS = st.floats(1e-8, 1e12)


def on_grid(number: Decimal, grid: Decimal) -> bool:
    steps = int(number.scaleb(12) // grid.scaleb(12))
    return steps * grid == number


@given(NUMBERS | FLOATS, GRIDS)
def test_down_is_the_largest_multiple_that_is_not_more(number: Decimal | float, grid: Decimal) -> None:
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    down = Instrument(PAIR, step=grid, tick=grid).quantity_down(number)
    assert down <= exact < down + grid
    assert on_grid(down, grid)
    assert Instrument(PAIR, tick=grid).price_down(number) == down


@given(NUMBERS | FLOATS, GRIDS)
def test_up_is_the_smallest_multiple_that_is_not_less(number: Decimal | float, grid: Decimal) -> None:
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    up = Instrument(PAIR, tick=grid).price_up(number)
    assert up - grid < exact <= up
    assert on_grid(up, grid)


@given(NUMBERS, GRIDS)
def test_rounding_twice_changes_nothing(number: Decimal, grid: Decimal) -> None:
    instrument = Instrument(PAIR, step=grid, tick=grid)
    once = instrument.quantity_down(number)
    assert instrument.quantity_down(once) == instrument.price_up(once) == once


@given(FLOATS, GRIDS)
def test_the_floor_of_floats_is_never_above_the_number_but_for_their_noise(number: float, grid: Decimal) -> None:
    floored = floor_to(number, float(grid))
    assert floored <= number * (1 + 2e-12)
    assert number - floored < float(grid) * (1 + 1e-9) + number * 1e-12


@given(st.integers(0, 10**9), GRIDS, st.sampled_from([-2, -1, 0, 1, 2]))
def test_a_multiple_survives_the_noise_of_floats(steps: int, grid: Decimal, ulps: int) -> None:
    exact = steps * float(grid)
    noisy = exact * (1 + ulps * 2.220446049250313e-16)
    assert floor_to(noisy, float(grid)) == steps * float(grid)


@given(FLOATS, GRIDS)
def test_floats_and_decimals_agree_on_the_grid_to_one_step_and_almost_always_exactly(
    number: float, grid: Decimal
) -> None:
    floats = floor_to(number, float(grid))
    decimals = float(Instrument(PAIR, step=grid).quantity_down(number))
    # Where they differ the number was a hair below a multiple: floats forgive that, decimals do not.
    assert abs(floats - decimals) <= float(grid) * (1 + 1e-9) + number * 1e-12
