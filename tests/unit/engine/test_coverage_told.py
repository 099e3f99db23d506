"""Times without a stop are journalled, and somebody is told of those that last too long."""

from __future__ import annotations

from tests.fakes.moody_broker import Mood
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, QUIET, on_one_pair, ticked
from vigie.domain import events as e

FALL = (100.0, 100.2, 96.8, 97.0)


def told(rehearsed: Rehearsal) -> list[str]:
    return [one.text for one in rehearsed.alerts.told if one.topic == "uncovered"]


def closed(rehearsed: Rehearsal) -> list[e.TradeClosed]:
    return [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)]


def test_where_the_stop_is_taken_at_once_nobody_is_told_and_nothing_is_counted() -> None:
    rehearsed = on_one_pair([QUIET, QUIET, FALL, QUIET], entries=[0], overrides={"partials": "off"})
    assert ticked(rehearsed, 4) == []
    assert told(rehearsed) == []
    assert [(one.bare_ms, one.longest_bare_ms) for one in closed(rehearsed)] == [(0, 0)]


def test_what_lasts_longer_than_a_guard_period_is_told_once_and_stands_in_the_trade() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], exits=[3], overrides={"partials": "off"})
    clock = rehearsed.with_seconds()
    # Taken by the venue, and the answer lost; then the venue does not answer for a while.
    rehearsed.broker.moods["submit stop"] = [Mood.DONE_AND_LOST]
    assert rehearsed.market.close_row()
    rehearsed.engine.decision_tick()
    rehearsed.broker.always["read"] = Mood.AWAY
    for _ in range(4):
        clock.sleep(40)
        rehearsed.engine.guard_tick()
    assert told(rehearsed) == [f"{BTC} has had no stop at the venue for 80 s"]
    rehearsed.broker.always.clear()
    clock.sleep(40)
    rehearsed.engine.guard_tick()
    held = rehearsed.engine.portfolio.holdings[BTC]
    assert (held.bare_since, held.gaps.too_long, held.gaps.longest_ms) == (None, 1, 200_000)
    assert len(told(rehearsed)) == 1


def test_a_time_without_a_stop_that_was_over_before_anybody_looked_is_told_as_well() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], overrides={"partials": "off"})
    clock = rehearsed.with_seconds()
    assert rehearsed.market.close_row()
    rehearsed.engine.decision_tick()
    (stop,) = rehearsed.broker.paper.open_orders()
    rehearsed.broker.vanish(BTC, stop.client_id)
    clock.sleep(300)
    assert rehearsed.engine.guard_tick().problems == ()
    assert told(rehearsed) == ["a position had no stop at the venue for 300 s, at most"]
    clock.sleep(60)
    rehearsed.engine.guard_tick()
    assert len(told(rehearsed)) == 1
