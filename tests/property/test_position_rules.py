"""What holds for every path of prices."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.decision.cases import NO_FILTERS, rules
from vigie.decision.policies import Extreme, Filters, Rules, StopTest, floor_to
from vigie.decision.position_rules import Actions, Bar, advance, effective_stop, opened, quiet_below
from vigie.domain.trades import ExitReason

PRICES = st.floats(50.0, 200.0)
TICKS = st.sampled_from([0.0, 0.01, 0.25])


@st.composite
def bars(draw: st.DrawFn) -> list[Bar]:
    closes = draw(st.lists(PRICES, min_size=1, max_size=30))
    unknown_or = st.one_of(st.just(math.nan), st.floats(0.0, 10.0))
    return [Bar(close + draw(st.floats(0.0, 5.0)), close, draw(unknown_or), draw(st.booleans())) for close in closes]


@st.composite
def some_rules(draw: st.DrawFn, trail_from: tuple[str, ...] = ("never", "entry", "activation")) -> Rules:
    return rules(
        trail_from=draw(st.sampled_from(trail_from)),
        stop_test=draw(st.sampled_from(["close", "intrabar"])),
        extreme=draw(st.sampled_from(["close", "high"])),
        activation_atr=draw(st.floats(0.0, 10.0)),
        trail_atr=draw(st.floats(0.1, 10.0)),
        breakeven_fraction=draw(st.sampled_from([0.0, 0.01, 0.1])),
        partials=draw(st.booleans()),
    )


@given(bars(), some_rules(("never", "activation")), TICKS, st.floats(0.1, 10.0), st.floats(0.1, 30.0))
def test_the_effective_stop_never_loosens_and_is_the_highest_of_the_stops(
    path: list[Bar], by: Rules, tick: float, volatility: float, distance: float
) -> None:
    held = opened(100.0, 1.0, distance, math.nan, volatility, by)
    before = initial = effective_stop(held, tick)
    for one in path:
        held, _ = advance(held, one, by, NO_FILTERS)
        now = effective_stop(held, tick)
        assert now >= before >= initial
        highest = max(held.fixed_stop, held.trailing if held.trail_active else -math.inf)
        assert now == floor_to(highest, tick)
        before = now


@given(bars(), some_rules(), st.floats(0.1, 10.0), st.floats(0.1, 30.0))
def test_a_position_with_a_stop_always_has_one(path: list[Bar], by: Rules, volatility: float, distance: float) -> None:
    held = opened(100.0, 1.0, distance, math.nan, volatility, by)
    for one in path:
        held, _ = advance(held, one, by, NO_FILTERS)
        assert effective_stop(held, 0.01) >= floor_to(100.0 - distance, 0.01)


@given(bars(), some_rules(), st.floats(0.001, 100.0), st.sampled_from([0.0, 0.001, 0.5]), st.sampled_from([0.0, 5.0]))
def test_parts_never_sell_everything_and_never_twice(
    path: list[Bar], by: Rules, quantity: float, step: float, least: float
) -> None:
    filters = Filters(0.0, step, 0.0, least)
    held = opened(100.0, quantity, 5.0, math.nan, 2.0, by)
    sales = 0
    for one in path:
        held, actions = advance(held, one, by, filters)
        assert held.quantity - actions.partial_1 - actions.partial_2 > 0.0
        assert min(actions.partial_1, actions.partial_2) >= 0.0
        held = held._replace(quantity=held.quantity - actions.partial_1 - actions.partial_2)
        sales += (actions.partial_1 > 0.0) + (actions.partial_2 > 0.0)
    assert sales <= 2


@given(bars(), some_rules())
def test_the_highest_price_is_the_highest_seen_and_the_strategy_is_always_obeyed(path: list[Bar], by: Rules) -> None:
    held = opened(100.0, 1.0, 5.0, math.nan, 2.0, by)
    seen = 100.0
    for one in path:
        held, actions = advance(held, one, by, NO_FILTERS)
        seen = max(seen, one.high if by.extreme else one.close)
        assert held.highest == seen
        assert (actions.exit != ExitReason.NONE) >= one.wants_exit
        assert held.entry_price == 100.0


@given(
    bars(), some_rules(), st.floats(0.1, 10.0), st.floats(0.1, 30.0), st.one_of(st.just(math.nan), st.floats(1.0, 80.0))
)
def test_up_to_its_quiet_prices_a_candle_does_nothing_but_lift_the_highest(
    path: list[Bar], by: Rules, volatility: float, distance: float, target: float
) -> None:
    by = by._replace(stop_test=int(StopTest.INTRABAR))
    held = opened(100.0, 1.0, distance, target, volatility, by)
    held, _ = advance(held, path[0], by, NO_FILTERS)
    for one in path[1:]:
        extreme, close = quiet_below(held, by)
        price = one.high if by.extreme == Extreme.HIGH else one.close
        moved, actions = advance(held, one, by, NO_FILTERS)
        if price <= extreme and one.close <= close and not one.wants_exit:
            assert moved._replace(target=0.0) == held._replace(highest=max(held.highest, price), target=0.0)
            assert actions == Actions(0.0, 0.0, ExitReason.NONE)
        held = moved


def test_quiet_prices_are_as_high_as_the_rules_allow() -> None:
    by = rules(trail_from="activation", activation_atr=5.0, breakeven_fraction=0.01, extreme="high")
    held = opened(100.0, 1.0, 3.0, math.nan, 2.0, by)
    assert quiet_below(held, by) == pytest.approx((110.0, 101.0))
    lifted, _ = advance(held, Bar(111.0, 104.0, 2.0, False), by, NO_FILTERS)
    assert quiet_below(lifted, by) == (111.0, math.inf)
    never = rules(trail_from="never", breakeven_fraction=0.0)
    assert quiet_below(opened(100.0, 1.0, 3.0, 20.0, 2.0, never), never) == pytest.approx((math.inf, 120.0))
