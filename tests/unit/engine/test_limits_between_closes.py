"""Limits that are looked at between two closes, that sell, and whose base no restart and no flow of money moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.moody_broker import Mood
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, HOUR, QUIET, START, Row, Wanted, on_one_pair, on_pairs, ticked
from vigie.domain.order import Leg
from vigie.domain.timeframe import DAY_MS
from vigie.domain.trading_mode import TradingMode
from vigie.ports.controls import Request

WHOLE = {
    "max_position_fraction": "1",
    "baseline_fraction": "1",
    "partials": "off",
    "fee_fraction": "0",
    "slippage_fraction": "0",
}
"""All of the wallet in one position: a per cent of the price is a per cent of the equity."""
SELLS = {"limits_sell": "on"}


def held(overrides: Mapping[str, str], rows: int = 40, distance: float = 60.0) -> Rehearsal:
    """An engine that has bought at 100 with all it has; its stop is far away."""
    market = on_pairs({**WHOLE, **overrides}, BTC=Wanted([QUIET] * rows, entries=[1], distance=distance))
    assert ticked(market, 3) == []
    assert market.engine.portfolio.holdings.keys() == {BTC}
    return market


def read(market: Rehearsal, price: float | None) -> set[str]:
    """A guard tick at a price; the latches after it."""
    market.feed.live[BTC] = price
    market.engine.guard_tick()
    return set(market.engine.portfolio.latches)


@pytest.mark.parametrize(
    ("limit", "inside", "beyond", "name", "mode"),
    [
        ("daily_loss_fraction=0.02", 98.01, 97.99, "daily_loss", TradingMode.REDUCE_ONLY),
        ("drawdown_fraction=0.1", 90.01, 89.99, "drawdown", TradingMode.HALTED),
        ("total_loss_fraction=0.1", 90.01, 89.99, "total_loss", TradingMode.HALTED),
    ],
)
def test_a_limit_is_latched_by_the_second_reading_that_is_beyond_it(
    limit: str, inside: float, beyond: float, name: str, mode: TradingMode
) -> None:
    market = held(dict([limit.split("=")]))
    assert read(market, inside) == read(market, inside) == set()
    assert read(market, beyond) == set(), "a price can be wrong for a moment"
    assert read(market, inside) == set()
    assert read(market, beyond) == set(), "what was confirmed is two readings in a row"
    assert read(market, beyond) == {name}
    assert market.engine.portfolio.latches[name].mode == mode
    assert name in market.controls.kept


def test_a_price_that_is_not_known_confirms_nothing_and_forgets_nothing() -> None:
    market = held({"drawdown_fraction": "0.1"})
    assert read(market, 80.0) == set()
    assert read(market, None) == set()
    assert read(market, 80.0) == {"drawdown"}


def test_five_restarts_in_a_slow_fall_still_trigger() -> None:
    """One reading in each life: base and first reading come from the journal, not from the start."""
    market = held({"total_loss_fraction": "0.1", "drawdown_fraction": "0.1", "daily_loss_fraction": "off"})
    for price in (97.0, 95.0, 93.0, 91.0, 89.5):
        market.again().start()
        assert read(market, price) == set()
    market.again().start()
    assert read(market, 89.0) == {"total_loss", "drawdown"}
    market.store.saved = None
    market.again().start()
    assert set(market.engine.portfolio.latches) == {"total_loss", "drawdown"}


def test_before_the_first_close_of_a_day_the_loss_is_held_against_yesterdays_last_equity() -> None:
    market = held({"daily_loss_fraction": "0.02"}, rows=60)
    while (market.market.now_ms() + HOUR) % DAY_MS:
        ticked(market, 1)
    market.market.close_row()
    assert market.market.now_ms() % DAY_MS == 0
    market.feed.live[BTC] = 97.9
    assert read(market, 97.9) == set()
    assert read(market, 97.9) == {"daily_loss"}
    until = market.engine.portfolio.latches["daily_loss"].until
    assert until == market.market.now_ms() + DAY_MS, "it is the new day that is over"


# --- what is sold -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", ["daily_loss_fraction", "total_loss_fraction"])
def test_a_limit_that_sells_halts_until_a_person_comes_and_leaves_nothing_held(limit: str) -> None:
    market = held({limit: "0.02", **SELLS})
    read(market, 97.0)
    (name,) = read(market, 97.0)
    latch = market.engine.portfolio.latches[name]
    assert (latch.mode, latch.until, latch.sells) == (TradingMode.HALTED, None, True)
    assert market.engine.portfolio.holdings == {}
    assert market.broker.sent[-1].leg is Leg.LIQUIDATION
    assert market.broker.paper.open_orders() == ()
    market.feed.live.clear()
    ticked(market, 30)
    assert set(market.engine.portfolio.latches) == {name}, "no midnight lifts it"


def test_a_drawdown_and_limits_that_do_not_sell_leave_the_position_to_its_stop() -> None:
    market = held({"total_loss_fraction": "0.02", "drawdown_fraction": "0.02"})
    read(market, 97.0)
    assert read(market, 97.0) == {"total_loss", "drawdown"}
    assert market.engine.portfolio.holdings.keys() == {BTC}
    assert len(market.broker.paper.open_orders()) == 1


def test_a_sale_that_is_refused_is_tried_again_until_nothing_is_left_and_a_stop_rests_meanwhile() -> None:
    market = held({"total_loss_fraction": "0.02", **SELLS})
    market.broker.moods["submit liquidation"] = [Mood.REFUSED, Mood.AWAY, Mood.REFUSED, Mood.REFUSED]
    read(market, 97.0)
    read(market, 97.0)
    assert market.engine.portfolio.holdings.keys() == {BTC}
    assert len(market.broker.paper.open_orders()) == 1, "it is protected while it waits"
    for _ in range(4):
        read(market, 97.0)
    assert market.engine.portfolio.holdings == {}
    assert [one.leg for one in market.broker.sent].count(Leg.LIQUIDATION) == 5
    assert len({one.client_id for one in market.broker.sent}) == len(market.broker.sent)


def test_a_sale_whose_answer_was_lost_is_settled_and_not_repeated() -> None:
    market = held({"total_loss_fraction": "0.02", **SELLS})
    market.broker.moods["submit liquidation"] = [Mood.DONE_AND_LOST]
    read(market, 97.0)
    for _ in range(3):
        read(market, 97.0)
    assert market.engine.portfolio.holdings == {}
    assert [one.leg for one in market.broker.sent].count(Leg.LIQUIDATION) == 1


def test_what_a_limit_demanded_is_done_by_the_process_that_comes_after_one_that_died() -> None:
    market = held({"total_loss_fraction": "0.02", **SELLS})
    market.broker.always["submit liquidation"] = Mood.AWAY
    read(market, 97.0)
    read(market, 97.0)
    assert market.engine.portfolio.holdings.keys() == {BTC}
    market.broker.always.clear()
    market.again().start()
    read(market, 100.0)
    assert market.engine.portfolio.holdings == {}


def test_at_a_close_too_what_a_limit_demands_is_sold_within_the_tick() -> None:
    fall: list[Row] = [QUIET, QUIET, QUIET, (100.0, 100.0, 96.0, 97.0), *[(97.0, 97.5, 96.5, 97.0)] * 4]
    market = on_one_pair(fall, entries=[1], overrides={**WHOLE, "daily_loss_fraction": "0.02", **SELLS})
    ticked(market, 4)
    assert market.engine.portfolio.holdings == {}
    assert set(market.engine.portfolio.latches) == {"daily_loss"}


# --- money that comes and goes ------------------------------------------------------------------------------------


def flow(market: Rehearsal, value: str) -> None:
    """Money moves at the venue, and a person says so."""
    venue, amount = market.broker.paper._venue, Decimal(value)
    record = venue.to_record()
    money = record.accounts["USDT"]
    moved = replace(
        money,
        free=money.free + amount,
        deposited=money.deposited + max(amount, Decimal(0)),
        withdrawn=money.withdrawn + max(-amount, Decimal(0)),
    )
    venue.restore(replace(record, accounts={**record.accounts, "USDT": moved}))
    market.controls.box.append(Request("1", "flow", market.market.now_ms(), {"value": value}))
    market.engine.guard_tick()
    assert market.controls.box == []


def test_a_deposit_does_not_hide_a_loss() -> None:
    market = held({"total_loss_fraction": "0.1"}, rows=8)
    flow(market, "5000")
    assert market.engine.portfolio.start_equity == 15_000.0
    assert read(market, 85.1) == read(market, 85.1) == set(), "13,510 of 15,000 are more than nine tenths"
    read(market, 84.9)
    assert read(market, 84.9) == {"total_loss"}


def test_the_share_that_was_lost_stays_lost_whatever_comes_in() -> None:
    rows: list[Row] = [QUIET, QUIET, QUIET, *[(100.0, 100.0, 91.0, 92.0)] * 5]
    market = on_pairs(
        {**WHOLE, "baseline_fraction": "0.5", "total_loss_fraction": "0.1"}, BTC=Wanted(rows, [1], distance=60.0)
    )
    ticked(market, 4)
    flow(market, "100000")
    cycle = market.engine.portfolio.cycle
    assert cycle is not None
    assert cycle.equity > 100_000.0
    assert cycle.equity / market.engine.portfolio.start_equity == pytest.approx(0.96)


def test_a_withdrawal_is_no_loss() -> None:
    market = on_one_pair([QUIET] * 12, overrides={"total_loss_fraction": "0.1", "drawdown_fraction": "0.1"})
    ticked(market, 3)
    flow(market, "-4000")
    ticked(market, 3)
    assert market.engine.portfolio.latches == {}
    cycle = market.engine.portfolio.cycle
    assert cycle is not None
    assert (cycle.equity, cycle.peak, cycle.lowest, cycle.worst) == (6000.0, 6000.0, 6000.0, 0.0)


# --- counts -------------------------------------------------------------------------------------------------------


def round_trips(overrides: Mapping[str, str]) -> Rehearsal:
    """A falling market that is bought at each close and left at the next."""
    falling: list[Row] = [(100.0 - n, 100.1 - n, 98.9 - n, 99.0 - n) for n in range(40)]
    return on_one_pair(
        falling, entries=range(1, 40), exits=range(1, 40), overrides={"partials": "off", "breakeven_fraction": "0",
                                                                     **overrides})  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "name"), [("max_losing_streak", "losing_streak"), ("max_trades_per_day", "trades_per_day")]
)
def test_enough_losses_in_a_row_or_entries_in_a_day_end_the_entries_of_that_utc_day(limit: str, name: str) -> None:
    market = round_trips({limit: "2"})
    while name not in market.engine.portfolio.latches if market.journal.last_seq else True:
        ticked(market, 1)
    latch = market.engine.portfolio.latches[name]
    assert latch.mode == TradingMode.REDUCE_ONLY
    assert latch.until is not None
    assert latch.until == (market.market.now_ms() // DAY_MS + 1) * DAY_MS
    entries = [one for one in market.broker.sent if one.leg is Leg.ENTRY]
    while market.market.now_ms() < latch.until - HOUR:
        ticked(market, 1)
        assert [one for one in market.broker.sent if one.leg is Leg.ENTRY] == entries
    assert len(entries) == 2
    ticked(market, 2)
    assert name not in market.engine.portfolio.latches
    assert latch.until > START
    assert len([one for one in market.broker.sent if one.leg is Leg.ENTRY]) > 2


# --- what a person lifts ------------------------------------------------------------------------------------------


def test_what_a_person_lifts_counts_anew_and_what_ends_by_itself_does_not() -> None:
    market = held({"total_loss_fraction": "0.1"})
    read(market, 85.0)
    read(market, 85.0)
    market.feed.live.clear()
    ticked(market, 1)
    market.engine._limits.lift("total_loss", "looked at")
    assert market.engine.portfolio.start_equity == market.engine.portfolio.cycle.equity  # type: ignore[union-attr]
    ticked(market, 2)
    assert market.engine.portfolio.latches == {}
