"""Lessons 13 to 36 of the first system: what is bought is what is protected, whatever goes wrong on the way."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest

from tests.fakes.moody_broker import Mood
from tests.fakes.replays import Rehearsal
from tests.fakes.scripted import scripted, series_of, wishes
from tests.fakes.small_markets import BTC, QUIET, SETTINGS, Wanted, candles_of, on_one_pair, on_pairs, ticked
from tests.lessons.runs import candles_of as candles_of_columns
from tests.lessons.runs import flat, trade
from vigie.app.trading.parity import compare
from vigie.decision.policies import Filters
from vigie.decision.position_rules import Bar, Position, advance, effective_stop, opened
from vigie.decision.profile import plan
from vigie.decision.settings import Settings
from vigie.domain import events as e
from vigie.domain.errors import ConfigError
from vigie.domain.instrument import Instrument
from vigie.domain.order import Leg
from vigie.domain.pair import Pair
from vigie.domain.trades import ExitReason
from vigie.domain.trading_mode import TradingMode
from vigie.ports.controls import Request
from vigie.research.backtest import run

PLAIN = {"partials": "off"}
RISE = (100.0, 103.0, 99.8, 102.5)
HIGH = (102.5, 103.0, 102.3, 102.5)
CLIMB = [QUIET, QUIET, *((100.0 + i, 101.0 + i, 99.8 + i, 100.9 + i) for i in range(1, 9))]
"""A dollar up in each candle: break-even first, then the trailing stop."""


def stop_of(rehearsed: Rehearsal) -> Decimal:
    """Trigger of the one order that rests."""
    (resting,) = rehearsed.broker.paper.open_orders()
    assert resting.quantity - resting.executed == rehearsed.engine.portfolio.holdings[BTC].quantity
    return resting.trigger or Decimal(0)


def legs(rehearsed: Rehearsal) -> list[Leg]:
    return [one.leg for one in rehearsed.broker.sent]


def closed(rehearsed: Rehearsal) -> list[e.TradeClosed]:
    return [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)]


# --- sizes and fees -----------------------------------------------------------------------------------------------


def test_lesson_13_the_size_of_a_position_is_what_came_of_the_order_net_of_fees() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[0], exits=[1], overrides={**PLAIN, "fee_in_base": "on"})
    assert ticked(rehearsed, 1) == []
    (fill,) = [one.event.fill for one in rehearsed.journal.lines if isinstance(one.event, e.FillSeen)]
    held = rehearsed.engine.portfolio.holdings[BTC]
    assert fill.fee > 0
    assert held.bought == held.quantity == fill.quantity - fill.fee < rehearsed.broker.sent[0].quantity
    assert rehearsed.broker.sent[1].quantity <= held.quantity
    ticked(rehearsed, 2)
    assert closed(rehearsed)[0].quantity == fill.quantity - fill.fee


def test_lesson_18_what_a_venue_charges_does_not_change_what_a_run_assumes() -> None:
    rows = flat(60)
    result = trade(
        candles_of_columns(rows), wishes(60, entries=[30], distance=3.0, volatility=1.0), fee_fraction="0.0042"
    )
    assert result.identity.settings["fee_fraction"] == 0.0042
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], exits=[2], overrides={**PLAIN, "fee_fraction": "0.0042"})
    venue = rehearsed.broker.paper._venue
    venue.terms = replace(venue.terms, fee_fraction=Decimal("0.0007"))
    ticked(rehearsed, 5)
    (fee,) = {one.fee for one in rehearsed.engine.portfolio.samples}
    assert math.isclose(fee, 0.0007)
    (started,) = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.RunStarted)]
    assert (started.numbers["fee_fraction"], rehearsed.setup.plan.settings.fee_fraction) == ("0.0042", 0.0042)


# --- no way out of a cancel without a stop ------------------------------------------------------------------------


@pytest.mark.parametrize("mood", [Mood.REFUSED, Mood.AWAY, Mood.LOST, Mood.DONE_AND_LOST])
def test_lesson_23_a_stop_that_was_cancelled_for_a_part_comes_back_when_the_part_is_not_sold(mood: Mood) -> None:
    rehearsed = on_one_pair([QUIET, QUIET, RISE, *[HIGH] * 4], entries=[0])
    assert ticked(rehearsed, 2) == []
    rehearsed.broker.moods["submit partial-1"] = [mood]
    # An answer that was lost is waited for: only then is it sure that the part was not sold.
    ticked(rehearsed, 2)
    assert stop_of(rehearsed) > 0
    assert legs(rehearsed).count(Leg.PARTIAL_1) == 1
    assert rehearsed.engine._guardian.protected(BTC)


MOVES = {"break-even": PLAIN, "trailing": {**PLAIN, "breakeven_fraction": "0"}}


@pytest.mark.parametrize("words", MOVES.values(), ids=MOVES)
@pytest.mark.parametrize("mood", [Mood.REFUSED, Mood.AWAY, Mood.LOST, Mood.DONE_AND_LOST])
def test_lesson_24_a_move_that_failed_half_way_ends_with_a_stop(mood: Mood, words: dict[str, str]) -> None:
    rehearsed = on_one_pair(CLIMB, entries=[0], overrides=words)
    assert ticked(rehearsed, 2) == []
    rehearsed.broker.moods["submit stop"] = [mood]
    while not any(one.leg is Leg.STOP for one in rehearsed.broker.sent[2:]):
        ticked(rehearsed, 1)
    ticked(rehearsed, 1)
    assert rehearsed.engine._guardian.protected(BTC)
    assert stop_of(rehearsed) > rehearsed.broker.sent[1].trigger  # type: ignore[operator]


@pytest.mark.parametrize("words", MOVES.values(), ids=MOVES)
def test_lesson_24_and_31_a_move_that_is_refused_for_good_ends_with_a_sale(words: dict[str, str]) -> None:
    rehearsed = on_one_pair(CLIMB, entries=[0], overrides=words)
    assert ticked(rehearsed, 2) == []
    rehearsed.broker.always["submit stop"] = Mood.REFUSED
    while BTC in rehearsed.engine.portfolio.holdings:
        ticked(rehearsed, 1)
    assert legs(rehearsed)[-1] is Leg.EMERGENCY
    assert rehearsed.broker.balances()["BTC"].total == 0


def test_lesson_26_the_trigger_at_the_venue_is_the_effective_stop_after_every_candle() -> None:
    rehearsed = on_one_pair(CLIMB, entries=[0], overrides=PLAIN)
    assert ticked(rehearsed, 1) == []
    seen = set()
    for _ in range(8):
        assert ticked(rehearsed, 1) == []
        known = rehearsed.engine.portfolio.holdings[BTC].rules
        assert known is not None
        highest = max(known.fixed_stop, known.trailing if known.trail_active else 0.0)
        assert float(stop_of(rehearsed)) == pytest.approx(math.floor(highest * 100 + 1e-9) / 100)
        seen.add(stop_of(rehearsed))
    assert len(seen) > 4


def test_lesson_27_a_trailing_stop_below_the_break_even_stop_does_not_lower_it() -> None:
    # Break-even at 1.5 % up; a trailing stop eight dollars behind would lie far below it.
    words = {**PLAIN, "activation_atr": "1", "trail_atr": "8"}
    rehearsed = on_one_pair(CLIMB[:7], entries=[0], overrides=words)
    assert ticked(rehearsed, 7) == []
    known = rehearsed.engine.portfolio.holdings[BTC].rules
    assert known is not None
    assert known.trail_active
    assert known.breakeven_done
    assert known.trailing < known.fixed_stop
    assert float(stop_of(rehearsed)) == pytest.approx(known.fixed_stop, abs=0.01)
    triggers = [one.trigger for one in rehearsed.broker.sent if one.trigger is not None]
    assert triggers == sorted(triggers)


def test_lesson_28_break_even_does_not_overwrite_the_stop_of_the_entry() -> None:
    rehearsed = on_one_pair(CLIMB[:7], entries=[0], exits=[6], overrides=PLAIN)
    assert ticked(rehearsed, 2) == []
    first = rehearsed.engine.portfolio.holdings[BTC].stop_at_entry
    ticked(rehearsed, 4)
    held = rehearsed.engine.portfolio.holdings[BTC]
    assert held.rules is not None
    assert held.rules.fixed_stop > held.stop_at_entry == first
    rehearsed.again().start()
    assert rehearsed.engine.portfolio.holdings[BTC].stop_at_entry == first


@pytest.mark.parametrize("sizing", ["risk", "baseline"])
def test_lesson_29_a_position_has_its_stop_from_its_first_fill_on(sizing: str) -> None:
    rehearsed = on_one_pair([QUIET] * 3, entries=[0], overrides={**PLAIN, "sizing": sizing})
    assert ticked(rehearsed, 1) == []
    held = rehearsed.engine.portfolio.holdings[BTC]
    assert held.rules is not None
    assert held.rules.fixed_stop == held.stop_at_entry == pytest.approx(float(held.average_price) - 3.0)
    assert float(stop_of(rehearsed)) == pytest.approx(held.stop_at_entry, abs=0.01)


def test_lesson_31_a_stop_that_fails_after_a_buy_is_tried_again_then_sold_then_halted() -> None:
    refusing = on_one_pair([QUIET] * 3, entries=[0], overrides=PLAIN)
    refusing.broker.moods["submit stop"] = [Mood.REFUSED]
    assert ticked(refusing, 1) == []
    assert legs(refusing) == [Leg.ENTRY, Leg.STOP, Leg.STOP]
    never = on_one_pair([QUIET] * 3, entries=[0], overrides=PLAIN)
    never.broker.always["submit stop"] = Mood.REFUSED
    ticked(never, 1)
    assert never.engine.portfolio.holdings == {}
    nothing = on_one_pair([QUIET] * 3, entries=[0], overrides=PLAIN)
    nothing.broker.always |= {"submit stop": Mood.REFUSED, "submit emergency": Mood.REFUSED}
    ticked(nothing, 1)
    assert {one.mode for one in nothing.engine.portfolio.latches.values()} == {TradingMode.HALTED.value}
    assert any(one.urgent for one in nothing.alerts.told)


BLOCKING = {
    "a full book": [],
    "a pause": [Request("1", "pause", 1, {"reason": "a test"})],
    "a halt": [Request("1", "halt", 1, {"reason": "a test"})],
}


@pytest.mark.parametrize("asked", BLOCKING.values(), ids=BLOCKING)
def test_lesson_32_what_blocks_entries_keeps_nobody_from_looking_after_stops(asked: list[Request]) -> None:
    words = {**PLAIN, "max_open_positions": "1"}
    rehearsed = on_pairs(words, BTC=Wanted(CLIMB, [0]), ETH=Wanted([(50.0, 50.3, 49.7, 50.0)] * 10, [3, 4, 5]))
    assert ticked(rehearsed, 2) == []
    rehearsed.controls.box += asked
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.vanish(BTC, stop.client_id)
    ticked(rehearsed, 5)
    assert set(rehearsed.engine.portfolio.holdings) == {BTC}, "and nothing was opened"
    assert stop_of(rehearsed) > (stop.trigger or 0), "put back, and raised"
    assert rehearsed.engine._guardian.protected(BTC)


# --- reasons ------------------------------------------------------------------------------------------------------

ALL = {
    "stop_test": "close",
    "trail_from": "activation",
    "activation_atr": "0",
    "trail_atr": "1",
    "partials": "on",
    "breakeven_fraction": "0",
}


def at_close(*, stop: bool, trailing: bool, target: bool, signal: bool, part: bool) -> tuple[int, float]:
    """What is done at a close at which just these hold: the reason to leave, and what is sold as a part."""
    rules = Settings.build({**ALL, "partial_1_gain": "0.02" if part else "5", "partial_2_gain": "6"}).rules()
    position = Position(
        entry_price=100.0,
        quantity=10.0,
        volatility=1.0,
        fixed_stop=104.0 if stop else 90.0,
        trailing=104.0 if trailing else 91.0,
        trail_active=True,
        breakeven_done=False,
        highest=103.0,
        target=102.0 if target else math.nan,
        partials_taken=0,
    )
    rules = rules._replace(trail_atr=20.0)
    _, actions = advance(position, Bar(103.0, 103.0, 1.0, signal), rules, Filters(0.01, 0.001, 0.001, 5.0))
    return actions.exit, actions.partial_1


def test_lesson_33_no_reason_to_leave_hides_another_and_none_is_lost() -> None:
    order = ("stop", "trailing", "target", "signal")
    reasons = (ExitReason.STOP, ExitReason.TRAILING, ExitReason.TARGET, ExitReason.SIGNAL)
    for held in product((False, True), repeat=4):
        for part in (False, True):
            found, sold = at_close(**dict(zip(order, held, strict=True)), part=part)
            wanted = next((reason for reason, one in zip(reasons, held, strict=True) if one), ExitReason.NONE)
            assert found == wanted, (held, part)
            assert (sold > 0) is part


def test_lesson_34_a_position_too_small_for_parts_leaves_by_signal() -> None:
    # Fifteen dollars' worth: no part of it can be sold, two per cent up or not.
    words = {"capital": "52", "partial_1_share": "0.2"}
    rehearsed = on_one_pair([QUIET, QUIET, RISE, HIGH, HIGH, HIGH], entries=[0], exits=[3], overrides=words)
    assert ticked(rehearsed, 6) == []
    assert Leg.PARTIAL_1 not in legs(rehearsed)
    (over,) = closed(rehearsed)
    assert over.code == ExitReason.SIGNAL


# --- trailing -----------------------------------------------------------------------------------------------------


def test_lesson_35_the_engine_trails_as_the_backtest_does_to_the_last_digit() -> None:
    fall = (109.0, 109.2, 104.0, 104.5)
    rows = [*CLIMB, fall, QUIET, QUIET]
    words = {**SETTINGS, **PLAIN, "breakeven_fraction": "0", "activation_atr": "5.5", "trail_atr": "3"}
    rehearsed = on_one_pair(rows, entries=[0], overrides=words)
    assert ticked(rehearsed, len(rows) - 1) == []
    candles = candles_of(rows)
    marks = wishes(len(candles), entries=[0], exits=[], distance=3.0, volatility=1.0)
    made = plan(scripted([(candles, marks)]), "standard", words)
    pair = Pair.parse(BTC)
    filters = Instrument(pair, Decimal("0.01"), Decimal("0.001"), Decimal("0.001"), Decimal(5))
    tested = run(made, [series_of(candles, BTC)], instruments={pair: filters})
    found = compare(tested, rehearsed.journal.lines, len(rows))
    assert found.first_difference is None
    assert [one.code for one in closed(rehearsed)] == [ExitReason.TRAILING]
    resting = [one.trigger for one in rehearsed.broker.sent if one.trigger is not None]
    rounded = {round(float(one), 2) for one in tested.stops[0] if not math.isnan(one)}
    assert {round(float(one), 2) for one in resting} >= rounded


def test_lesson_36_a_market_that_grows_wilder_never_loosens_a_stop() -> None:
    rules = Settings(trail_from="activation", activation_atr=1.0, trail_atr=2.0).rules()
    position, before = opened(100.0, 1.0, 5.0, math.nan, 1.0, rules), 0.0
    for number, wild in enumerate((1.0, 2.0, 5.0, 20.0, 0.5, 50.0)):
        bar = Bar(102.0 + (number % 2), 101.5, wild, wants_exit=False)
        position, _ = advance(position, bar, rules, Filters(0.0, 0.0, 0.0, 0.0))
        assert effective_stop(position, 0.0) >= before
        before = effective_stop(position, 0.0)
    assert before == 103.0 - 2.0
    # The one policy that follows the volatility of the day is refused where a stop rests at a venue.
    with pytest.raises(ConfigError, match="only ever raised"):
        on_one_pair([QUIET] * 3, overrides={"trail_from": "entry"})
