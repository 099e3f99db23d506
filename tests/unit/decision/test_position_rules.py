"""Stop, trailing, break-even, partials and targets at the close of a candle, with the arithmetic beside each case."""

from __future__ import annotations

import math

import pytest

from tests.unit.decision.cases import NAN, NO_FILTERS, bar, position, rules
from vigie.decision.position_rules import Actions, Bar, Position, advance, await_sale, effective_stop, opened
from vigie.domain.trades import ExitReason

HOLD = rules(trail_from="never")
ENTRY = rules(trail_from="entry", extreme="close", trail_atr=5.5)
ACTIVATION = rules(activation_atr=5.5, trail_atr=5.5)


# --- opening ----------------------------------------------------------------------------------------------------------


def test_a_position_opens_with_its_stop_and_target_hung_on_the_fill() -> None:
    # 100 - 6 = 94; 100 + 20 = 120.
    made = opened(100.0, 10.0, 6.0, 20.0, 2.0, ACTIVATION)
    assert made == position(target=120.0)


def test_trailing_from_the_entry_starts_at_the_fill() -> None:
    # 100 - 5.5 x 2 = 89: below the stop at 94, which protects.
    made = opened(100.0, 10.0, 6.0, NAN, 2.0, ENTRY)
    assert (made.trailing, made.trail_active) == (89.0, True)
    assert effective_stop(made, 0.0) == 94.0


def test_trailing_from_the_entry_with_an_unknown_volatility_takes_nothing_away_from_the_fixed_stop() -> None:
    made = opened(100.0, 10.0, 6.0, NAN, NAN, ENTRY)
    assert (made.trailing, effective_stop(made, 0.0)) == (0.0, 94.0)
    # It starts at the first new high whose volatility is known: 101 - 5.5 x 1 = 95.5.
    assert [one.trailing for one in walked(made, [bar(100.5, volatility=NAN), bar(101.0, volatility=1.0)], ENTRY)] == [
        0.0,
        95.5,
    ]


def test_an_unknown_stop_distance_or_target_stays_unknown() -> None:
    made = opened(100.0, 10.0, NAN, NAN, 2.0, ACTIVATION)
    assert math.isnan(made.fixed_stop)
    assert math.isnan(made.target)
    assert math.isnan(effective_stop(made, 0.01))


# --- trailing ---------------------------------------------------------------------------------------------------------


def walked(start: Position, bars: list[Bar], by: object) -> list[Position]:
    places = []
    for one in bars:
        start, _ = advance(start, one, by, NO_FILTERS)
        places.append(start)
    return places


def test_trailing_from_the_entry_is_set_anew_at_each_new_high_and_may_loosen() -> None:
    start = opened(100.0, 10.0, 6.0, NAN, 2.0, ENTRY)
    bars = [
        bar(110.0, volatility=2.0),  # new high: 110 - 5.5 x 2 = 99
        bar(105.0, volatility=0.1),  # no new high: 99 stays
        bar(110.0, volatility=0.1),  # equal is not new: 99 stays
        bar(111.0, volatility=4.0),  # new high: 111 - 5.5 x 4 = 89, looser
        bar(112.0, volatility=NAN),  # new high, unknown volatility: 89 stays
        bar(113.0, volatility=2.0),  # 113 - 11 = 102
    ]
    places = walked(start, bars, ENTRY)
    assert [one.trailing for one in places] == [99.0, 99.0, 99.0, 89.0, 89.0, 102.0]
    assert [one.highest for one in places] == [110.0, 110.0, 110.0, 111.0, 112.0, 113.0]
    # The fixed stop at 94 holds where trailing went below it.
    assert [effective_stop(one, 0.0) for one in places] == [99.0, 99.0, 99.0, 94.0, 94.0, 102.0]


def test_trailing_after_activation_uses_the_volatility_of_the_signal_and_never_loosens__lesson_36() -> None:
    bars = [
        bar(105.0, high=110.9),  # 110.9 < 100 + 5.5 x 2 = 111: not active
        bar(105.0, high=111.0),  # reached: 111 - 5.5 x 2 = 100
        bar(104.0, high=115.0, volatility=9.0),  # 115 - 11 = 104; the candle's own volatility does not count
        bar(104.0, high=112.0, volatility=0.1),  # no new high: 104 stays
        bar(104.5, high=115.5),  # 115.5 - 11 = 104.5
    ]
    places = walked(position(), bars, ACTIVATION)
    assert [one.trail_active for one in places] == [False, True, True, True, True]
    assert [one.trailing for one in places] == [0.0, 100.0, 104.0, 104.0, 104.5]


def test_the_extreme_may_be_the_close() -> None:
    by_close = rules(extreme="close")
    places = walked(position(), [bar(110.0, high=200.0), bar(111.0, high=200.0)], by_close)
    assert [(one.highest, one.trail_active) for one in places] == [(110.0, False), (111.0, True)]


def test_an_unknown_signal_volatility_never_activates() -> None:
    [place] = walked(position(volatility=NAN), [bar(1000.0)], ACTIVATION)
    assert (place.trail_active, place.trailing, place.highest) == (False, 0.0, 1000.0)


def test_without_trailing_only_the_highest_price_moves() -> None:
    [place] = walked(position(), [bar(150.0)], HOLD)
    assert place == position(highest=150.0)


# --- effective stop ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fixed", "trailing", "active", "tick", "expected"),
    [
        (94.0, 99.0, True, 0.0, 99.0),
        (94.0, 99.0, False, 0.0, 94.0),
        (94.0, 90.0, True, 0.0, 94.0),
        (94.0, 94.0, True, 0.0, 94.0),
        (NAN, 99.0, True, 0.0, 99.0),
        # Down to the tick: 99.37 / 0.25 = 397.48 -> 397 x 0.25.
        (94.0, 99.37, True, 0.25, 99.25),
        # 94.3 / 0.1 is 942.9999999999999 in floats, and 94.3 all the same.
        (94.3, 0.0, False, 0.1, 943 * 0.1),
        (0.00012345, 0.0, False, 0.0001, 0.0001),
    ],
)
def test_the_effective_stop_is_the_highest_stop_down_to_the_tick(
    fixed: float, trailing: float, active: bool, tick: float, expected: float
) -> None:
    held = position(fixed_stop=fixed, trailing=trailing, trail_active=active)
    assert effective_stop(held, tick) == expected


@pytest.mark.parametrize(("trailing", "active"), [(0.0, False), (99.0, False)])
def test_a_position_without_any_known_stop_has_none(trailing: float, active: bool) -> None:
    assert math.isnan(effective_stop(position(fixed_stop=NAN, trailing=trailing, trail_active=active), 0.01))


# --- break-even -------------------------------------------------------------------------------------------------------

EVEN = rules(trail_from="never", breakeven_fraction=0.02, slippage_fraction=0.0005, breakeven_cushion=0.001)


def test_break_even_lifts_the_stop_once_to_the_entry_plus_slippage_and_cushion() -> None:
    # (101.9 - 100) / 100 < 0.02; (102 - 100) / 100 = 0.02: 100 x (1 + 0.0005 + 0.001) = 100.15.
    places = walked(position(), [bar(101.9), bar(102.0), bar(110.0), bar(101.0)], EVEN)
    assert [one.fixed_stop for one in places] == pytest.approx([94.0, 100.15, 100.15, 100.15])
    assert [one.breakeven_done for one in places] == [False, True, True, True]


def test_break_even_happens_once_even_if_the_stop_were_lower_again() -> None:
    [place] = walked(position(fixed_stop=95.0, breakeven_done=True), [bar(110.0)], EVEN)
    assert place.fixed_stop == 95.0


def test_break_even_never_lowers_a_higher_stop() -> None:
    [place] = walked(position(fixed_stop=101.0), [bar(103.0)], EVEN)
    assert (place.fixed_stop, place.breakeven_done) == (101.0, True)


def test_a_break_even_fraction_of_zero_means_never() -> None:
    [place] = walked(position(), [bar(200.0)], HOLD)
    assert (place.fixed_stop, place.breakeven_done) == (94.0, False)


# --- partials ---------------------------------------------------------------------------------------------------------

PARTIALS = rules(
    trail_from="never",
    partials=True,
    partial_1_gain=0.02,
    partial_1_share=0.5,
    partial_2_gain=0.04,
    partial_2_share=0.3,
)


def parts(start: Position, close: float, **filters: float) -> tuple[float, float, int]:
    moved, actions = advance(start, bar(close), PARTIALS, NO_FILTERS._replace(**filters))
    assert moved.quantity == start.quantity
    return actions.partial_1, actions.partial_2, moved.partials_taken


@pytest.mark.parametrize(
    ("close", "taken", "expected"),
    [
        # Below 2 %: nothing.
        (101.9, 0, (0.0, 0.0, 0)),
        # 2 %: half of 10.
        (102.0, 0, (5.0, 0.0, 1)),
        # 4 % at once: half of 10, then 0.3 of the 5 that are left; 3.5 remain, not 2.
        (104.0, 0, (5.0, 1.5, 3)),
        # The first was sold before (10 are left): only the second, 0.3 x 10.
        (104.0, 1, (0.0, 3.0, 3)),
        # The second was sold before, in a jump that skipped the first: only the first.
        (103.0, 2, (5.0, 0.0, 3)),
        # Both were sold: never again.
        (150.0, 3, (0.0, 0.0, 3)),
    ],
)
def test_parts_are_sold_once_each_at_their_gain(close: float, taken: int, expected: tuple[float, float, int]) -> None:
    assert parts(position(partials_taken=taken), close) == expected


def test_parts_are_rounded_down_to_the_step_one_after_the_other() -> None:
    # floor(5 / 0.4) = 12 steps = 4.8; then (10 - 4.8) x 0.3 = 1.56 -> 3 steps = 1.2.
    assert parts(position(), 105.0, step=0.4) == (pytest.approx(4.8), pytest.approx(1.2), 3)


def test_a_part_too_small_is_skipped_and_counts_as_taken() -> None:
    # 2 x 105 = 210 >= 3 x 60, so parts are looked at. First 1 x 105 >= 60: sold. Second 0.3 x 105 = 31.5 < 60: skipped.
    assert parts(position(quantity=2.0), 105.0, min_notional=60.0) == (1.0, 0.0, 3)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        # Half of 10 is 5; then 0.3 x 5 = 1.5.
        ({"min_quantity": 5.0}, (5.0, 0.0, 3)),
        ({"min_quantity": 5.01}, (0.0, 0.0, 3)),
        # 5 x 105 = 525 and 1.5 x 105 = 157.5; the position is worth 1,050.
        ({"min_notional": 157.5}, (5.0, 1.5, 3)),
        ({"min_notional": 157.6}, (5.0, 0.0, 3)),
        ({"min_notional": 350.0}, (5.0, 0.0, 3)),
        ({"min_notional": 350.1}, (0.0, 0.0, 0)),
    ],
)
def test_a_part_of_exactly_the_minimum_is_sold(filters: dict[str, float], expected: tuple[float, float, int]) -> None:
    assert parts(position(), 105.0, **filters) == expected


def test_the_second_part_takes_its_share_of_everything_when_the_first_was_too_small() -> None:
    by = rules(partials=True, partial_1_share=0.1, partial_2_share=0.5)
    moved, actions = advance(position(quantity=2.0), bar(105.0), by, NO_FILTERS._replace(min_quantity=0.4))
    # 0.1 x 2 = 0.2 < 0.4: skipped. 0.5 x (2 - 0) = 1.
    assert (actions.partial_1, actions.partial_2, moved.partials_taken) == (0.0, 1.0, 3)


def test_a_position_worth_less_than_three_minimum_notionals_is_left_alone_and_asked_again() -> None:
    # 1.7 x 105 = 178.5 < 180.
    assert parts(position(quantity=1.7), 105.0, min_notional=60.0) == (0.0, 0.0, 0)
    # 1.8 x 105 = 189 >= 180: 0.9 x 105 = 94.5 sold, 0.27 x 105 = 28.35 skipped.
    assert parts(position(quantity=1.8), 105.0, min_notional=60.0) == (0.9, 0.0, 3)


def test_switched_off_parts_are_never_sold() -> None:
    _, actions = advance(position(), bar(150.0), HOLD, NO_FILTERS)
    assert actions == Actions(0.0, 0.0, ExitReason.NONE)


def test_one_part_alone_can_be_switched_off() -> None:
    by = rules(partials=True, partial_1_share=0.0, partial_2_share=0.3)
    moved, actions = advance(position(), bar(110.0), by, NO_FILTERS)
    assert (actions.partial_1, actions.partial_2, moved.partials_taken) == (0.0, 3.0, 2)


# --- leaving ----------------------------------------------------------------------------------------------------------

TOUCH = rules(stop_test="close", trail_from="activation")
STRICT = rules(stop_test="close", trail_from="activation", stop_touch=False)
INSIDE = rules(stop_test="intrabar", trail_from="activation")

# Stop 105, trailing 106, target 107: whatever is true at a close, the first in this order is the reason.
CROWDED = position(fixed_stop=105.0, trailing=106.0, trail_active=True, highest=110.0, target=107.0)


@pytest.mark.parametrize(
    ("held", "close", "wants_exit", "expected"),
    [
        (CROWDED, 104.0, True, ExitReason.STOP),
        (CROWDED._replace(target=90.0), 104.0, True, ExitReason.STOP),
        (CROWDED._replace(target=90.0), 105.5, True, ExitReason.TRAILING),
        (CROWDED, 107.0, True, ExitReason.TARGET),
        (CROWDED, 106.9, True, ExitReason.SIGNAL),
        (CROWDED, 106.9, False, ExitReason.NONE),
        (CROWDED._replace(target=NAN), 109.0, False, ExitReason.NONE),
        # A trailing stop that is not active is no stop.
        (CROWDED._replace(trail_active=False, highest=106.0), 105.5, False, ExitReason.NONE),
        (CROWDED._replace(fixed_stop=NAN, trail_active=False, highest=106.0), 1.0, False, ExitReason.NONE),
    ],
)
def test_the_reasons_to_leave_go_stop_trailing_target_signal(
    held: Position, close: float, wants_exit: bool, expected: ExitReason
) -> None:
    _, actions = advance(held, bar(close, wants_exit=wants_exit), TOUCH, NO_FILTERS)
    assert actions.exit == expected


@pytest.mark.parametrize("held", [position(fixed_stop=99.0), position(trailing=99.0, trail_active=True)])
def test_a_close_equal_to_the_stop_leaves_unless_strict__lesson_84(held: Position) -> None:
    assert advance(held, bar(99.0), TOUCH, NO_FILTERS)[1].exit != ExitReason.NONE
    assert advance(held, bar(99.0), STRICT, NO_FILTERS)[1].exit == ExitReason.NONE
    assert advance(held, bar(98.999), STRICT, NO_FILTERS)[1].exit != ExitReason.NONE


def test_stops_tested_inside_the_candle_are_not_tested_again_at_its_close() -> None:
    _, actions = advance(CROWDED, bar(50.0), INSIDE, NO_FILTERS)
    assert actions.exit == ExitReason.NONE


def test_the_stop_that_this_close_lifted_already_counts_at_this_close() -> None:
    # Break-even at 2 % puts the stop at 103 (cushion 3 %): the close at 102.5 is below it.
    by = rules(stop_test="close", breakeven_fraction=0.02, slippage_fraction=0.0, breakeven_cushion=0.03)
    assert advance(position(), bar(102.5), by, NO_FILTERS)[1].exit == ExitReason.STOP


def test_a_part_that_would_leave_too_little_to_be_sold_is_skipped_and_counts_as_taken() -> None:
    by = rules(partials=True, partial_1_share=0.9, partial_2_share=0.0, partial_1_gain=0.02)
    whole = position(quantity=1.0)
    for filters in (NO_FILTERS._replace(min_notional=10.5), NO_FILTERS._replace(min_quantity=0.2)):
        moved, actions = advance(whole, bar(103.0), by, filters)
        assert (actions.partial_1, moved.partials_taken) == (0.0, 1)
    assert advance(whole, bar(103.0), by, NO_FILTERS._replace(min_notional=10.2))[1].partial_1 == pytest.approx(0.9)


def test_a_position_whose_stop_was_jumped_over_only_waits_to_be_sold() -> None:
    risen = bar(103.0, wants_exit=True)
    assert advance(position(), risen, PARTIALS, NO_FILTERS)[1].partial_1 > 0.0
    assert await_sale(position(), risen, PARTIALS) == (0.0, 0.0, ExitReason.SIGNAL)
    assert await_sale(position(), bar(103.0), PARTIALS) == (0.0, 0.0, ExitReason.NONE)


def test_parts_are_sold_at_a_close_that_leaves_too() -> None:
    _, actions = advance(position(), bar(103.0, wants_exit=True), PARTIALS, NO_FILTERS)
    assert (actions.partial_1, actions.exit) == (5.0, ExitReason.SIGNAL)
