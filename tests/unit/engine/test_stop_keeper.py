"""How a stop is kept: moved, retried, put back, and what becomes of one that a gap jumped over."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.moody_broker import Mood
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, QUIET, Wanted, on_one_pair, on_pairs, ticked
from vigie.domain import events as e
from vigie.domain.order import Leg
from vigie.domain.trades import ExitReason
from vigie.engine.governance.audit import audited

CLIMB = [QUIET, QUIET, *((100.0 + i, 101.0 + i, 99.8 + i, 100.9 + i) for i in range(1, 9))]
"""A dollar up in each candle: the trailing stop follows."""
GAP = (90.0, 90.5, 89.0, 90.0)
"""Opens below the limit of a stop at 97."""
LOWER = (89.0, 89.5, 88.0, 89.0)
CALM = (50.0, 50.3, 49.7, 50.0)
NO_PARTS = {"partials": "off"}


def triggers(rehearsed: Rehearsal) -> list[Decimal]:
    return [one.trigger for one in rehearsed.broker.sent if one.leg is Leg.STOP and one.trigger is not None]


def legs(rehearsed: Rehearsal) -> list[Leg]:
    return [one.leg for one in rehearsed.broker.sent]


# --- moving -------------------------------------------------------------------------------------------------------


def test_a_stop_follows_every_tick_unless_a_least_step_is_asked_for() -> None:
    often = on_one_pair(CLIMB, entries=[0], overrides=NO_PARTS)
    assert ticked(often, 9) == []
    seldom = on_one_pair(CLIMB, entries=[0], overrides={**NO_PARTS, "stop_step_fraction": "0.02"})
    assert ticked(seldom, 9) == []
    assert len(triggers(often)) > len(triggers(seldom)) > 1
    for rehearsed in (often, seldom):
        assert triggers(rehearsed) == sorted(triggers(rehearsed))
    rises = [after / before - 1 for before, after in zip(triggers(seldom), triggers(seldom)[1:], strict=False)]
    assert all(one >= Decimal("0.02") for one in rises)
    assert any(
        after / before - 1 < Decimal("0.02")
        for before, after in zip(triggers(often), triggers(often)[1:], strict=False)
    )


def test_a_stop_that_stays_for_a_trifle_counts_as_protection() -> None:
    rehearsed = on_one_pair(CLIMB, entries=[0], overrides={**NO_PARTS, "stop_step_fraction": "0.1"})
    assert ticked(rehearsed, 6) == []
    (stop,) = rehearsed.broker.paper.open_orders()
    assert triggers(rehearsed) == [stop.trigger]
    rules = rehearsed.engine.portfolio.holdings[BTC].rules
    assert rules is not None
    assert rules.fixed_stop > float(stop.trigger or 0)
    assert rehearsed.engine._guardian.protected(BTC)
    # A start finds it in order as well, and does not touch it.
    assert rehearsed.again().start().clean
    assert [one.client_id for one in rehearsed.broker.paper.open_orders()] == [stop.client_id]


# --- a venue that does not take it ----------------------------------------------------------------------------------


def test_a_stop_that_could_not_be_sent_is_tried_for_a_guard_period_before_the_position_is_sold() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], overrides=NO_PARTS)
    clock = rehearsed.with_seconds()
    rehearsed.broker.always["submit stop"] = Mood.AWAY
    assert rehearsed.market.close_row()
    problems = rehearsed.engine.decision_tick().problems
    assert any("could not be reached to place it" in one for one in problems)
    assert Leg.EMERGENCY not in legs(rehearsed)
    assert rehearsed.engine.portfolio.latches == {}
    clock.sleep(61)
    rehearsed.engine.guard_tick()
    assert legs(rehearsed)[-1] is Leg.EMERGENCY
    assert rehearsed.engine.portfolio.holdings == {}
    assert rehearsed.engine.portfolio.latches == {}


def test_a_stop_that_could_not_be_sent_rests_as_soon_as_the_venue_is_back() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], overrides=NO_PARTS)
    clock = rehearsed.with_seconds()
    rehearsed.broker.moods["submit stop"] = [Mood.AWAY] * 3
    assert rehearsed.market.close_row()
    rehearsed.engine.decision_tick()
    for _ in range(3):
        clock.sleep(5)
        problems = rehearsed.engine.guard_tick(counts=False).problems
    assert problems == ()
    assert rehearsed.engine._guardian.protected(BTC)
    assert Leg.EMERGENCY not in legs(rehearsed)


def test_neither_stop_nor_sale_can_be_sent_for_longer_than_a_guard_period_halts_and_calls_somebody() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], overrides=NO_PARTS)
    clock = rehearsed.with_seconds()
    rehearsed.broker.always |= {"submit stop": Mood.AWAY, "submit emergency": Mood.AWAY}
    assert rehearsed.market.close_row()
    rehearsed.engine.decision_tick()
    clock.sleep(61)
    rehearsed.engine.guard_tick()
    assert {one.mode for one in rehearsed.engine.portfolio.latches.values()} == {"halted"}
    assert {"unprotected", "uncovered", "R6"} <= {one.topic for one in rehearsed.alerts.told if one.urgent}


def test_a_raised_stop_that_could_not_be_sent_breaks_no_rule_while_it_is_tried_again() -> None:
    rehearsed = on_one_pair(CLIMB, entries=[0], overrides=NO_PARTS)
    assert ticked(rehearsed, 5) == []
    rehearsed.broker.moods["submit stop"] = [Mood.AWAY]
    assert any("could not be reached" in one for one in ticked(rehearsed, 1))
    assert rehearsed.engine._guardian.protected(BTC)
    assert ticked(rehearsed, 2) == []
    assert audited(rehearsed.journal.lines).findings["6.4"].count == 0


def test_nothing_more_is_bought_while_something_has_no_stop() -> None:
    rehearsed = on_pairs(NO_PARTS, BTC=Wanted(CLIMB, [0]), ETH=Wanted([CALM] * 10, [5]))
    assert ticked(rehearsed, 5) == []
    rehearsed.broker.always["submit stop"] = Mood.AWAY
    ticked(rehearsed, 1)
    assert rehearsed.engine.portfolio.holdings[BTC].stop_id is None
    assert [one.pair for one in rehearsed.broker.sent if one.leg is Leg.ENTRY] == [BTC]
    refused = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.WishDone)]
    assert (refused[-1].pair, refused[-1].outcome) == ("ETH/USDT", "refused")


def test_one_try_more_and_then_it_is_bought() -> None:
    rehearsed = on_pairs(NO_PARTS, BTC=Wanted(CLIMB, [0]), ETH=Wanted([CALM] * 10, [5]))
    assert ticked(rehearsed, 5) == []
    rehearsed.broker.moods["submit stop"] = [Mood.AWAY]
    ticked(rehearsed, 1)
    assert set(rehearsed.engine.portfolio.holdings) == {BTC, "ETH/USDT"}
    assert all(rehearsed.engine._guardian.protected(pair) for pair in rehearsed.engine.portfolio.holdings)


def test_a_stop_that_cannot_be_sent_is_told_of_once_though_nobody_answers() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], overrides=NO_PARTS)
    clock = rehearsed.with_seconds()
    rehearsed.broker.always |= {"submit stop": Mood.AWAY, "read": Mood.AWAY}
    assert rehearsed.market.close_row()
    rehearsed.engine.decision_tick()
    for _ in range(5):
        clock.sleep(5)
        rehearsed.engine.guard_tick(counts=False)
    assert [one.topic for one in rehearsed.alerts.told].count("unprotected") == 1


def test_coins_that_are_missing_do_not_cost_the_others_their_stop() -> None:
    rehearsed = on_one_pair([QUIET] * 8, entries=[0], overrides=NO_PARTS)
    assert ticked(rehearsed, 2) == []
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.vanish(BTC, stop.client_id)
    rehearsed.broker.paper._venue.withdraw("BTC", Decimal(5))
    rehearsed.engine.guard_tick()
    (smaller,) = rehearsed.broker.paper.open_orders()
    assert smaller.quantity == stop.quantity - 5
    assert Leg.EMERGENCY not in legs(rehearsed)
    assert any(one.urgent and "at the venue: the stop rests for those" in one.text for one in rehearsed.alerts.told)
    # It stays as it is; that coins are gone halts, and a person decides.
    rehearsed.engine.guard_tick()
    assert [one.client_id for one in rehearsed.broker.paper.open_orders()] == [smaller.client_id]
    assert set(rehearsed.engine.portfolio.latches) == {"reconcile"}


def test_coins_that_were_there_before_are_not_counted_among_those_that_a_stop_can_have() -> None:
    rehearsed = on_one_pair([QUIET] * 8, entries=[0], overrides=NO_PARTS)
    rehearsed.broker.paper._venue.deposit("BTC", Decimal(2))
    assert ticked(rehearsed, 2) == []
    assert rehearsed.engine.portfolio.left_alone == {"BTC": Decimal(2)}
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.vanish(BTC, stop.client_id)
    rehearsed.broker.paper._venue.withdraw("BTC", Decimal(5))
    rehearsed.engine.guard_tick()
    assert [one.quantity for one in rehearsed.broker.paper.open_orders()] == [stop.quantity - 5]


def test_a_stop_that_is_found_to_cover_everything_ends_the_time_without_one() -> None:
    rehearsed = on_one_pair([QUIET] * 8, entries=[0], overrides=NO_PARTS)
    assert ticked(rehearsed, 2) == []
    account = rehearsed.engine.portfolio
    held = account.holdings[BTC]
    # A late part of the entry, too small for another step: the stop that rests is all that can be had.
    bare = replace(held, bare_since=rehearsed.market.now_ms() - 5)
    rehearsed.engine._books.portfolio = replace(account, holdings={BTC: bare})
    rehearsed.engine.guard_tick()
    rehearsed.engine.guard_tick()
    assert rehearsed.engine.portfolio.holdings[BTC].bare_since is None
    marks = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.StopMarked)]
    assert [one.reason for one in marks].count("covers all that is held") == 1
    assert legs(rehearsed) == [Leg.ENTRY, Leg.STOP]


# --- gaps ---------------------------------------------------------------------------------------------------------


def jumped(policy: str) -> Rehearsal:
    rehearsed = on_one_pair(
        [QUIET, QUIET, GAP, LOWER, LOWER], entries=[0], overrides={**NO_PARTS, "gap_policy": policy}
    )
    assert ticked(rehearsed, 2) == []
    return rehearsed


def test_a_stop_that_a_gap_jumped_over_is_sold_at_the_market_by_the_next_guard_tick_but_one() -> None:
    rehearsed = jumped("chase")
    clock = rehearsed.with_seconds()
    assert rehearsed.market.close_row()
    clock.sleep(1)
    rehearsed.engine.guard_tick()
    assert rehearsed.engine._guardian.was_jumped_over(rehearsed.engine.portfolio.holdings[BTC])
    clock.sleep(60)
    assert rehearsed.engine.guard_tick().problems == ()
    assert legs(rehearsed)[-1] is Leg.CHASE
    (trade,) = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)]
    assert trade.code == ExitReason.GAP
    assert trade.exit_price < 90


def test_one_that_is_to_rest_rests() -> None:
    rehearsed = jumped("rest")
    clock = rehearsed.with_seconds()
    assert rehearsed.market.close_row()
    for _ in range(3):
        clock.sleep(60)
        rehearsed.engine.guard_tick()
    assert Leg.CHASE not in legs(rehearsed)
    assert rehearsed.engine.portfolio.holdings != {}


def test_an_exit_that_could_not_be_sent_at_the_close_is_sent_by_the_next_guard_tick() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], exits=[2], overrides=NO_PARTS)
    assert ticked(rehearsed, 2) == []
    rehearsed.broker.moods["cancel"] = [Mood.AWAY]
    assert ticked(rehearsed, 1) != []
    assert rehearsed.engine.portfolio.holdings[BTC].leaving == ExitReason.SIGNAL
    assert rehearsed.engine.guard_tick().problems == ()
    assert legs(rehearsed)[-1] is Leg.EXIT
    assert rehearsed.engine.portfolio.holdings == {}


# --- dust ---------------------------------------------------------------------------------------------------------

IN_COIN = {**NO_PARTS, "fee_in_base": "on", "fee_fraction": "0.00001"}


def test_dust_joins_the_next_position_when_more_can_be_sold_with_it() -> None:
    rehearsed = on_one_pair([QUIET] * 12, entries=[0, 2, 4, 6, 8], exits=[1, 3, 5, 7, 9], overrides=IN_COIN)
    assert ticked(rehearsed, 11) == []
    swept = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.DustSwept)]
    trades = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)]
    assert swept
    assert len(trades) == 5
    account = rehearsed.engine.portfolio
    # What was written off came back as profit: all trades together are what the money changed by.
    assert sum(one.profit for one in trades) == account.cash - account.capital
    balances = rehearsed.broker.balances()
    assert balances["USDT"].total == account.cash
    assert balances["BTC"].total == account.dust.get(BTC, Decimal(0))
    assert account.dust.get(BTC, Decimal(0)) < Decimal("0.001")


def test_dust_joins_when_the_stop_is_moved_if_it_could_not_at_the_entry() -> None:
    rehearsed = on_one_pair(CLIMB, entries=[0], overrides=IN_COIN)
    assert ticked(rehearsed, 2) == []
    account = rehearsed.engine.portfolio
    # As if the entry had still been under way when its first stop was placed.
    dust = Decimal("0.0009")
    rehearsed.broker.paper._venue.deposit("BTC", dust)
    rehearsed.engine._books.portfolio = replace(account, dust={BTC: dust})
    before = account.holdings[BTC].quantity
    assert ticked(rehearsed, 4) == []
    assert [one.event.quantity for one in rehearsed.journal.lines if isinstance(one.event, e.DustSwept)] == [dust]
    assert rehearsed.engine.portfolio.holdings[BTC].quantity == before + dust
    assert rehearsed.engine._guardian.protected(BTC)


def test_dust_that_adds_nothing_that_could_be_sold_stays_where_it_is() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0, 2], exits=[1], overrides={**IN_COIN, "fee_fraction": "0.001"})
    assert ticked(rehearsed, 5) == []
    assert [one for one in rehearsed.journal.lines if isinstance(one.event, e.DustSwept)] == []
    assert rehearsed.engine.portfolio.dust[BTC] > 0


# --- closing truth ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leg", ["stop", "exit"])
def test_a_trade_whose_exit_price_is_not_told_stays_open_and_somebody_is_called(leg: str) -> None:
    fall = (100.0, 100.2, 96.8, 97.0)
    rows = [QUIET, QUIET, fall if leg == "stop" else QUIET, QUIET, QUIET, QUIET]
    rehearsed = on_one_pair(rows, entries=[0], exits=[] if leg == "stop" else [1], overrides=NO_PARTS)
    assert ticked(rehearsed, 1) == []
    rehearsed.broker.hides_fills = True
    ticked(rehearsed, 3)
    assert [one for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)] == []
    assert BTC in rehearsed.engine.portfolio.holdings
    told = [one for one in rehearsed.alerts.told if one.topic == "fills"]
    assert [one.urgent for one in told] == [True]
    assert "the trade stays open" in told[0].text
    assert legs(rehearsed) == [Leg.ENTRY, Leg.STOP, *([Leg.EXIT] if leg == "exit" else [])]
    rehearsed.broker.hides_fills = False
    rehearsed.engine.guard_tick()
    (trade,) = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)]
    assert trade.profit == rehearsed.engine.portfolio.cash - 10_000
    assert rehearsed.broker.balances()["USDT"].total == rehearsed.engine.portfolio.cash
