"""Limits that latch and let go, candles that went by while nobody looked, and books against the venue's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.accounts import BASELINE, BTC, ENTERED, account
from tests.fakes.engine_ports import Killed
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import HOUR, QUIET, START, Row, on_one_pair, ticked
from vigie.domain import events as e
from vigie.domain.errors import InvariantBroken
from vigie.domain.order import Balance, Leg, OrderReport, OrderType, Side
from vigie.domain.order_status import OrderStatus
from vigie.domain.portfolio import Portfolio
from vigie.domain.timeframe import DAY_MS
from vigie.domain.trading_mode import TradingMode
from vigie.engine.books import Books
from vigie.engine.limits import equity_of
from vigie.engine.positions import trigger_of
from vigie.engine.reconcile import DifferenceKind, compare
from vigie.engine.recovery import restore

FALL = (100.0, 100.2, 98.0, 98.2)
LOW = (98.2, 98.5, 97.9, 98.2)
MIDNIGHT_ROW = (DAY_MS - START % DAY_MS) // HOUR - 1
"""The row that closes at midnight."""


def fallen(limit: str, fraction: str) -> Rehearsal:
    """An engine whose position fell below a limit in the fourth row; it wishes to buy at every row."""
    rows: list[Row] = [QUIET, QUIET, QUIET, FALL, *[LOW] * 40]
    rehearsed = on_one_pair(rows, entries=range(1, 40), overrides={limit: fraction, "partials": "off"})
    assert ticked(rehearsed, 3) == []
    ticked(rehearsed, 1)
    return rehearsed


def latched(rehearsed: Rehearsal) -> set[str]:
    return set(rehearsed.engine.portfolio.latches)


def test_a_daily_loss_blocks_entries_and_nothing_else_until_the_next_utc_day() -> None:
    rehearsed = fallen("daily_loss_fraction", "0.004")
    assert latched(rehearsed) == {"daily_loss"}
    assert rehearsed.engine.portfolio.latches["daily_loss"].mode == TradingMode.REDUCE_ONLY
    until = rehearsed.engine.portfolio.latches["daily_loss"].until
    assert until is not None
    assert until % DAY_MS == 0
    while rehearsed.market.now_ms() < until - HOUR:
        ticked(rehearsed, 1)
        assert latched(rehearsed) == {"daily_loss"} == set(rehearsed.controls.kept)
    ticked(rehearsed, 1)
    assert latched(rehearsed) == set() == set(rehearsed.controls.kept)
    reached = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.LimitReached)]
    assert [one.name for one in reached] == ["daily_loss"]
    assert reached[0].value >= reached[0].limit == 0.004


def test_a_daily_loss_survives_a_start_and_a_snapshot_that_is_lost() -> None:
    rehearsed = fallen("daily_loss_fraction", "0.004")
    rehearsed.store.saved = None
    rehearsed.again().start()
    assert latched(rehearsed) == {"daily_loss"}
    assert rehearsed.engine.guard_tick().mode is TradingMode.REDUCE_ONLY


def test_a_drawdown_halts_and_no_midnight_lifts_it() -> None:
    rehearsed = fallen("drawdown_fraction", "0.004")
    assert latched(rehearsed) == {"drawdown"}
    assert rehearsed.engine.guard_tick().mode is TradingMode.HALTED
    ticked(rehearsed, 30)
    assert latched(rehearsed) == {"drawdown"}
    assert rehearsed.engine.portfolio.holdings.keys() == {BTC}
    assert [one.leg for one in rehearsed.broker.sent].count(Leg.ENTRY) == 1


def test_a_latch_on_the_disk_that_the_journal_does_not_know_is_taken_over() -> None:
    rehearsed = fallen("drawdown_fraction", "0.004")
    kept = dict(rehearsed.controls.kept)
    fresh = on_one_pair([QUIET] * 4, entries=[1])
    fresh.controls.kept.update(kept)
    ticked(fresh, 3)
    assert latched(fresh) == {"drawdown"}
    assert fresh.broker.sent == []


def test_equity_without_a_price_is_not_known() -> None:
    bought = account(ENTERED)
    assert equity_of(bought, {}) != equity_of(bought, {})
    assert equity_of(bought, {BTC: 110.0}) == 1020.0


# --- candles that went by -----------------------------------------------------------------------------------------


def test_candles_that_went_by_are_looked_at_in_their_order_and_entries_are_wished_for_at_the_newest_alone() -> None:
    rise: list[Row] = [(100.0 + n, 101.2 + n, 99.9 + n, 101.0 + n) for n in range(8)]
    rows: list[Row] = [QUIET, QUIET, *rise]
    watched = on_one_pair(rows, entries=[1])
    ticked(watched, 8)
    away = on_one_pair(rows, entries=[1])
    ticked(away, 2)
    for _ in range(6):
        away.market.close_row()
    away.again().start()
    away.engine.decision_tick()
    seen, missed = watched.engine.portfolio.holdings[BTC], away.engine.portfolio.holdings[BTC]
    assert seen.rules is not None
    assert missed.rules is not None
    assert missed.rules.candle_at == seen.rules.candle_at == START + 7 * HOUR
    assert missed.rules.highest == seen.rules.highest
    (stop,) = away.broker.paper.open_orders()
    instrument = away.broker.instrument(away.setup.pairs[0])
    assert stop.trigger == trigger_of(missed, instrument) == trigger_of(seen, instrument)


def test_an_entry_that_was_wished_for_before_candles_went_by_is_stale() -> None:
    rehearsed = on_one_pair([QUIET] * 8, entries=[1])
    ticked(rehearsed, 1)
    rehearsed.journal.last = lambda one: isinstance(one, e.Wished)
    with pytest.raises(Killed):
        ticked(rehearsed, 1)
    for _ in range(3):
        rehearsed.market.close_row()
    rehearsed.again().start()
    rehearsed.engine.decision_tick()
    assert rehearsed.broker.sent == []
    assert [one.event.outcome for one in rehearsed.journal.lines if isinstance(one.event, e.WishDone)] == ["stale"]


# --- books --------------------------------------------------------------------------------------------------------

HELD = account(ENTERED)


def there(**coins: str) -> dict[str, Balance]:
    whole = {"USDT": "800", "BTC": "2.5", **coins}
    return {asset: Balance(Decimal(amount), Decimal(0)) for asset, amount in whole.items()}


def kinds(found: Portfolio, *, orders: tuple[OrderReport, ...] = (), **coins: str) -> list[DifferenceKind]:
    return [one.kind for one in compare(found, there(**coins), orders, [BTC])]


def test_what_is_ours_and_what_was_left_alone_make_what_the_venue_holds() -> None:
    assert kinds(HELD) == []


@pytest.mark.parametrize(
    ("coins", "kind"),
    [
        ({"BTC": "2.4"}, DifferenceKind.QUANTITY_DRIFT),
        ({"BTC": "2.6"}, DifferenceKind.QUANTITY_DRIFT),
        ({"USDT": "799.99"}, DifferenceKind.MISSING_QUOTE),
    ],
)
def test_each_difference_is_told_by_its_kind(coins: dict[str, str], kind: DifferenceKind) -> None:
    assert kinds(HELD, **coins) == [kind]


def test_more_money_than_was_allocated_is_no_difference() -> None:
    assert kinds(HELD, USDT="100000") == []


def test_an_order_of_somebody_else_is_told_in_a_pair_of_ours_alone() -> None:
    stop = {"side": Side.SELL, "type": OrderType.STOP_LOSS_LIMIT, "status": OrderStatus.ACCEPTED}
    prices = {"executed_value": Decimal(0), "limit": Decimal(94), "trigger": Decimal(95), "triggered": False}
    amounts = {"quantity": Decimal(1), "executed": Decimal(0), "fills": (), "updated_at": START}
    foreign = [
        OrderReport("x" * 32, "9", pair, **stop, **prices, **amounts)  # type: ignore[arg-type]
        for pair in (BTC, "XRP/USDT")
    ]
    found = compare(HELD, there(), foreign, [BTC])
    assert [(one.kind, one.subject) for one in found] == [(DifferenceKind.FOREIGN_ORDER, BTC)]


def test_an_event_that_the_account_cannot_digest_is_not_written_down() -> None:
    rehearsed = on_one_pair([QUIET] * 3)
    rehearsed.engine.start()
    before = rehearsed.journal.last_seq
    books = Books(rehearsed.journal, rehearsed.market, rehearsed.engine.portfolio)
    with pytest.raises(InvariantBroken, match="begins once"):
        books.write(e.AlertRaised("a", "b"), BASELINE)
    assert rehearsed.journal.last_seq == before


def test_a_snapshot_that_does_not_follow_from_its_journal_is_refused() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[1])
    ticked(rehearsed, 3)
    saved = rehearsed.store.saved
    assert saved is not None
    rehearsed.store.saved = Portfolio(**{**{n: getattr(saved, n) for n in saved.__slots__}, "cash": saved.cash + 1})
    with pytest.raises(InvariantBroken, match="does not follow"):
        restore(rehearsed.journal, rehearsed.store)


def test_a_snapshot_whose_journal_has_lost_lines_is_refused() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[1])
    ticked(rehearsed, 3)
    del rehearsed.journal.lines[-2:]
    with pytest.raises(InvariantBroken, match="lines are lost"):
        restore(rehearsed.journal, rehearsed.store)
