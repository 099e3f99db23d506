"""A position goes on by what it was opened under, whatever is set between two runs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, QUIET, SETTINGS, on_one_pair, ticked
from vigie.decision.profile import plan
from vigie.domain import events as e
from vigie.domain.order import Leg
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio
from vigie.engine.books import Books
from vigie.engine.plans import Plans
from vigie.engine.views import Looker
from vigie.strategy.strategy import load

CLIMB = [QUIET, QUIET, *((100.0 + i, 101.0 + i, 99.8 + i, 100.9 + i) for i in range(1, 12))]
WORDS = {**SETTINGS, "partials": "off"}


def held() -> Rehearsal:
    rehearsed = on_one_pair(CLIMB, entries=[0, 9], exits=[7], overrides={"partials": "off"})
    assert ticked(rehearsed, 2) == []
    return rehearsed


def changed(rehearsed: Rehearsal, **words: str) -> None:
    """Another plan in `vigie.toml`, another certificate, and a start."""
    made = plan(rehearsed.setup.plan.strategy, "standard", {**WORDS, **words})
    rehearsed.setup = replace(rehearsed.setup, plan=made, certificate="another", config_hash="another")
    rehearsed.again().start()


def triggers(rehearsed: Rehearsal) -> list[Decimal]:
    return [one.trigger for one in rehearsed.broker.sent if one.leg is Leg.STOP and one.trigger is not None]


TIGHT = {"trail_atr": "0.5", "activation_atr": "0.5", "stop_limit_fraction": "0.05", "stop_step_fraction": "0.01"}


def test_stops_trail_as_they_did_when_the_settings_change_under_an_open_position() -> None:
    untouched, other = held(), held()
    changed(other, **TIGHT)
    assert ticked(untouched, 4) == []
    assert ticked(other, 4) == []
    assert triggers(other) == triggers(untouched)
    assert [one.limit for one in other.broker.sent] == [one.limit for one in untouched.broker.sent]


def test_the_next_position_is_traded_by_the_new_settings() -> None:
    rehearsed = held()
    changed(rehearsed, **TIGHT)
    assert ticked(rehearsed, 11) == []
    limits = [one.limit / one.trigger for one in rehearsed.broker.sent if one.trigger and one.limit]
    assert min(limits) < Decimal("0.951")
    assert max(limits) > Decimal("0.994")
    assert [one.leg for one in rehearsed.broker.sent].count(Leg.ENTRY) == 2


def test_it_stays_frozen_over_a_second_start() -> None:
    untouched, other = held(), held()
    changed(other, **TIGHT)
    ticked(untouched, 2), ticked(other, 2)
    other.again().start()
    ticked(untouched, 2), ticked(other, 2)
    assert triggers(other) == triggers(untouched)


def test_the_distance_of_its_stop_is_that_of_its_own_signal() -> None:
    rehearsed = held()
    before = rehearsed.engine.portfolio.holdings[BTC]
    changed(rehearsed, **TIGHT)
    after = rehearsed.engine.portfolio.holdings[BTC]
    assert (after.wish, after.stop_at_entry, after.rules) == (before.wish, before.stop_at_entry, before.rules)
    assert rehearsed.engine.portfolio.runs[after.run].certificate is None
    assert rehearsed.engine.portfolio.runs[rehearsed.engine.portfolio.run].certificate == "another"


def test_runs_that_nobody_needs_any_more_are_forgotten() -> None:
    rehearsed = held()
    for _ in range(4):
        rehearsed.again().start()
    account = rehearsed.engine.portfolio
    assert set(account.runs) == {account.run, account.holdings[BTC].run}


def test_parameters_of_the_strategy_are_those_that_it_was_opened_with() -> None:
    rehearsed = held()
    strategy = load("ema_cross")
    old, new = plan(strategy, "standard", {"fast": "7", "slow": "40", "warm_up": "100"}), plan(strategy, "standard", {})
    account = rehearsed.engine.portfolio
    (first,) = account.runs.values()
    numbers = {name: str(value) for name, value in {**old.parameters.as_dict(), **dict(old.numbers)}.items()}
    runs = {account.run: replace(first, strategy="ema_cross", numbers=numbers), "999": first}
    then: Portfolio = replace(account, runs=runs, run="999")
    plans = Plans(replace(rehearsed.setup, plan=new), Books(rehearsed.journal, rehearsed.market, then))
    frozen = plans.of(BTC)
    assert frozen.parameters == old.parameters != new.parameters
    assert (frozen.settings, frozen.limits) == (old.settings, old.limits)
    assert plans.of("ETH/USDT") is plans._setup.plan
    # And so does whoever looks at candles: the exit signal is that of the strategy as it was.
    view = Looker(replace(rehearsed.setup, plan=new), plans, rehearsed.feed, rehearsed.market).look(Pair.parse(BTC))
    assert view is not None
    assert view.signals.warm_up == 100


@pytest.mark.parametrize("gone", [{"strategy": "forgotten"}, {"numbers": {"trail_atr": "no number"}}])
def test_what_cannot_be_made_again_goes_on_by_what_is_set_now_and_somebody_is_called(gone: dict[str, object]) -> None:
    rehearsed = held()
    account = rehearsed.engine.portfolio
    (first,) = account.runs.values()
    runs = {account.run: replace(first, **gone), "999": first}
    rehearsed.engine._books.portfolio = replace(account, runs=runs, run="999")
    plans = Plans(rehearsed.setup, rehearsed.engine._books)
    assert plans.of(BTC) is plans.of(BTC) is rehearsed.setup.plan
    (told,) = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.AlertRaised)]
    assert told.urgent
    assert "cannot be made again" in told.text


def test_a_name_that_vigie_has_no_more_is_passed_over() -> None:
    rehearsed = held()
    account = rehearsed.engine.portfolio
    (first,) = account.runs.values()
    numbers = {**first.numbers, "trail_atr": "3.5", "a_setting_of_old": "1"}
    then = replace(account, runs={account.run: replace(first, numbers=numbers), "999": first}, run="999")
    plans = Plans(rehearsed.setup, Books(rehearsed.journal, rehearsed.market, then))
    assert plans.of(BTC).settings.trail_atr == 3.5


# --- upgrades -----------------------------------------------------------------------------------------------------


def test_another_vigie_says_so_before_it_trades() -> None:
    rehearsed = held()
    rehearsed.setup = replace(rehearsed.setup, version="2.0")
    steps = rehearsed.again().start().steps
    assert any(one == "the last run was of vigie , this is 2.0" for one in steps)
    assert not any("the last run" in one for one in rehearsed.again().start().steps)


def test_a_state_of_an_earlier_schema_is_told_again_by_the_journal_and_said_so() -> None:
    rehearsed = held()
    whole = rehearsed.engine.portfolio
    # As an earlier vigie would have saved it: without what it knew nothing of.
    holdings = {pair: replace(one, run="", bare_since=None) for pair, one in whole.holdings.items()}
    rehearsed.store.saved = replace(whole, runs={}, run="", samples=(), holdings=holdings)
    rehearsed.store.migrated = (1, 2)
    found = rehearsed.again().start()
    assert found.clean
    assert any(one.startswith("the state is of schema 1, this vigie writes 2: told again by") for one in found.steps)
    assert rehearsed.engine.portfolio.holdings[BTC].run == whole.holdings[BTC].run
