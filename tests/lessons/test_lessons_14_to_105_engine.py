"""Lessons of the first system about paper money, partial sales, entries and the cycle, each held against the engine."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.accounts import BTC, ENTERED, account
from tests.fakes.clock import FakeClock
from tests.fakes.kline_server import HOUR_MS, KlineServer
from tests.fakes.moody_broker import Mood
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import HOUR, QUIET, START, Row, Wanted, on_one_pair, on_pairs, ticked
from vigie.adapters.market_data.ccxt_source import CcxtCandleSource
from vigie.adapters.storage.account_lock import AccountLock
from vigie.app.settings import AccountSettings
from vigie.app.trading.paper import PaperRequest, run_paper
from vigie.decision.client_ids import client_id
from vigie.decision.facts import Facts
from vigie.decision.gate import refusals
from vigie.decision.pipeline import limits_in_force
from vigie.decision.profile import plan
from vigie.domain import events as e
from vigie.domain.errors import AccountLocked
from vigie.domain.order import Leg
from vigie.domain.pair import Pair
from vigie.domain.timeframe import DAY_MS as DAY
from vigie.domain.trades import ExitReason
from vigie.strategy.strategy import load

RISING: tuple[Row, ...] = (
    QUIET,
    QUIET,
    (100.0, 103.0, 99.9, 102.5),
    (102.5, 105.5, 102.4, 105.0),
    (105.0, 105.5, 104.8, 105.2),
)
"""Two quiet candles, then +2.5 % and +5 %: both partial sales."""


def of(kind: type, rehearsed: Rehearsal) -> list:  # type: ignore[type-arg]
    return [one.event for one in rehearsed.journal.lines if isinstance(one.event, kind)]


def fills_of(rehearsed: Rehearsal, leg: Leg) -> list[e.FillSeen]:
    legs = {one.intent.client_id: one.intent.leg for one in of(e.IntentPlanned, rehearsed)}
    return [one for one in of(e.FillSeen, rehearsed) if legs[one.client_id] is leg]


# --- paper money ------------------------------------------------------------------------------------------------------


def test_lesson_14_paper_sends_the_venue_nothing_but_questions(tmp_path: Path) -> None:
    first = 1_704_067_200_000
    with KlineServer(now_ms=first + 600 * HOUR_MS + 5000, first_ms=first, prices={"BTCUSDT": "120"}) as venue:
        request = PaperRequest(
            tmp_path, AccountSettings("paper", pairs=(Pair("BTC", "USDT"),)), once=True, base_url=venue.url
        )
        run_paper(request, clock=FakeClock(venue.now_ms))
        # The server has no way in for an order; whatever was tried stands in its list of paths.
        assert set(venue.paths) <= {f"/api/v3/{name}" for name in ("exchangeInfo", "time", "klines", "ticker/24hr")}


def test_lesson_15_paper_money_has_books_of_its_own_that_agree_with_the_account() -> None:
    rehearsed = on_one_pair(RISING, entries=[0])
    assert ticked(rehearsed, 2) == []
    coins = rehearsed.broker.balances()["BTC"].total
    assert coins == rehearsed.engine.portfolio.holdings[BTC].quantity > 0
    rehearsed.again().start()
    assert rehearsed.engine.portfolio.holdings[BTC].quantity == coins
    assert [one.differences for one in of(e.Reconciled, rehearsed) if one.differences] == []


def test_lesson_16_an_id_carries_its_mode() -> None:
    words = {"account": "a", "strategy": "s", "pair": BTC, "key": "1", "leg": Leg.ENTRY, "attempt": 0}
    ids = {client_id(mode=mode, **words) for mode in ("paper", "live", "replay")}  # type: ignore[arg-type]
    assert len(ids) == 3


def test_lesson_17_a_backtest_cannot_reach_a_broker_or_a_mailbox() -> None:
    script = (
        "import sys; from vigie.app.research.backtest import Request; "
        "import vigie.research.backtest, vigie.research.sweep; "
        "print(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "vigie.research.backtest" in loaded
    assert not loaded & {"vigie.ports.broker", "vigie.engine.desk", "vigie.adapters.exchanges.paper", "ccxt", "yagmail"}
    assert not [one for one in loaded if one.startswith(("vigie.engine", "vigie.adapters.exchanges"))]


# --- partial sales ----------------------------------------------------------------------------------------------------


def test_lesson_38_a_reconciliation_changes_no_flag_of_a_position() -> None:
    rules = e.RulesMoved(BTC, 1, 100.0, 2.0, 95.0, 97.0, True, True, 104.0, 0.0, 3)
    before = account([*ENTERED, rules])
    after = account([*ENTERED, rules, e.Reconciled(("coins differ",)), e.Recovered(("found",), clean=False)])
    assert after.holdings == before.holdings


def test_lesson_39_and_40_a_part_is_known_by_its_order_and_the_rest_follows_from_the_settings() -> None:
    rehearsed = on_one_pair(RISING, entries=[0])
    assert ticked(rehearsed, 4) == []
    (bought,) = fills_of(rehearsed, Leg.ENTRY)
    (first,), (second,) = fills_of(rehearsed, Leg.PARTIAL_1), fills_of(rehearsed, Leg.PARTIAL_2)
    # Half of it, then 30 % of the rest: 15 % of the start, and no window of sizes to be looked for in a history.
    step = Decimal("0.001")
    assert abs(first.fill.quantity - bought.fill.quantity / 2) <= step
    assert abs(second.fill.quantity - bought.fill.quantity * Decimal("0.15")) <= step
    rest = rehearsed.engine.portfolio.holdings[BTC].quantity
    assert rest == bought.fill.quantity - first.fill.quantity - second.fill.quantity
    assert abs(rest - bought.fill.quantity * Decimal("0.35")) <= 2 * step


def test_lesson_42_a_part_too_small_is_not_tried_for_ever() -> None:
    # 0.3 of 52 is 15.6: three times the least order value, so parts are looked at; a fifth of it is less than that.
    rehearsed = on_one_pair(
        [*RISING, RISING[-1], RISING[-1]], entries=[0], overrides={"capital": "52", "partial_1_share": "0.2"}
    )
    assert ticked(rehearsed, 7) == []
    assert fills_of(rehearsed, Leg.PARTIAL_1) == []
    rules = rehearsed.engine.portfolio.holdings[BTC].rules
    assert rules is not None
    assert rules.partials_taken & 1, "counted as taken"


def test_lesson_43_after_a_partial_sale_the_position_is_still_held_and_protected() -> None:
    rehearsed = on_one_pair(RISING, entries=[0])
    assert ticked(rehearsed, 3) == []
    assert len(fills_of(rehearsed, Leg.PARTIAL_1)) == 1
    held = rehearsed.engine.portfolio.holdings[BTC]
    stop = rehearsed.engine.portfolio.orders[held.stop_id or ""]
    assert stop.intent.quantity == held.quantity > 0


# --- entries ----------------------------------------------------------------------------------------------------------


def test_lesson_44_a_position_is_bought_once_however_often_its_candle_is_looked_at() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[0, 1, 2])
    assert ticked(rehearsed, 1) == []
    for _ in range(19):
        rehearsed.engine.decision_tick()
    rehearsed.again().start()
    rehearsed.engine.decision_tick()
    assert ticked(rehearsed, 2) == []
    assert len(fills_of(rehearsed, Leg.ENTRY)) == 1


def test_lesson_45_no_cycle_sells_and_buys_the_same_pair() -> None:
    rows = [QUIET, QUIET, (100.0, 100.5, 96.0, 97.0), QUIET, QUIET, QUIET]
    rehearsed = on_one_pair(rows, entries=range(6), exits=range(6))
    assert ticked(rehearsed, 6) == []
    bought = {one.fill.filled_at for one in fills_of(rehearsed, Leg.ENTRY)}
    sold = {one.fill.filled_at for leg in (Leg.EXIT, Leg.STOP) for one in fills_of(rehearsed, leg)}
    assert len(bought) >= 2
    assert not bought & sold


def test_lesson_46_dust_does_not_keep_anybody_from_buying() -> None:
    # The fee is taken in coin: what is left of it after the sale is below the step and stays.
    rehearsed = on_one_pair(
        [QUIET] * 8, entries=[0, 4], exits=[2], overrides={"fee_in_base": "on", "fee_fraction": "0.001"}
    )
    ticked(rehearsed, 7)
    account_now = rehearsed.engine.portfolio
    assert account_now.dust[BTC] > 0
    assert len(fills_of(rehearsed, Leg.ENTRY)) == 2


def test_lesson_47_a_new_account_trades_with_what_it_was_given() -> None:
    rehearsed = on_one_pair([QUIET] * 3, entries=[0])
    rehearsed.engine.start()
    assert rehearsed.engine.portfolio.cash == rehearsed.engine.portfolio.capital == 10_000
    ticked(rehearsed, 1)
    assert len(fills_of(rehearsed, Leg.ENTRY)) == 1
    flowed = account([*ENTERED, e.FlowSeen(Decimal(500), "a deposit")])
    assert flowed.cash == account(ENTERED).cash + 500


def test_lesson_48_two_pairs_do_not_spend_the_same_money() -> None:
    rehearsed = on_pairs(
        {"max_position_fraction": "0.8", "sizing": "baseline", "baseline_fraction": "0.8"},
        BTC=Wanted([QUIET] * 3, [0]), ETH=Wanted([QUIET] * 3, [0]),
    )  # fmt: skip
    assert ticked(rehearsed, 2) == []
    bought = fills_of(rehearsed, Leg.ENTRY)
    assert len(bought) == 2
    spent = sum(one.fill.quantity * one.fill.price + one.fee_value for one in bought)
    assert Decimal(9_000) < spent <= Decimal(10_000)
    assert rehearsed.engine.portfolio.cash >= 0


def test_lesson_49_an_account_has_one_cycle_at_a_time(tmp_path: Path) -> None:
    with AccountLock.take(tmp_path / "paper", FakeClock()), pytest.raises(AccountLocked):
        AccountLock.take(tmp_path / "paper", FakeClock())


def test_lesson_51_the_first_entry_after_a_start_is_sized_as_the_settings_say() -> None:
    wanted = {}
    for sizing in ("baseline", "risk"):
        rehearsed = on_one_pair([QUIET] * 3, entries=[0], overrides={"sizing": sizing})
        rehearsed.engine.start()
        assert rehearsed.market.close_row()
        rehearsed.again().start()
        rehearsed.engine.decision_tick()
        (entered,) = [one for one in of(e.Decided, rehearsed) if one.action == "enter"]
        wanted[sizing] = entered.numbers["wanted"]
    assert wanted["baseline"] != wanted["risk"]


def test_lesson_52_what_a_candle_bought_the_same_candle_does_not_sell() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[0], exits=[0, 1, 2, 3])
    assert ticked(rehearsed, 1) == []
    assert BTC in rehearsed.engine.portfolio.holdings
    # Whatever runs after it: the same close asks for nothing.
    rehearsed.again().start()
    rehearsed.engine.decision_tick()
    assert rehearsed.engine.portfolio.holdings[BTC].leaving == ExitReason.NONE
    ticked(rehearsed, 1)
    (left,) = of(e.LeaveDecided, rehearsed)
    assert left.candle_at == START + HOUR


def test_lesson_53_signal_order_and_journal_name_the_same_inputs() -> None:
    rehearsed = on_one_pair([QUIET] * 3, entries=[0])
    assert ticked(rehearsed, 1) == []
    wished, entered = (one for one in of(e.Decided, rehearsed) if one.action in ("wish", "enter"))
    (planned,) = [one.intent for one in of(e.IntentPlanned, rehearsed) if one.intent.leg is Leg.ENTRY]
    assert wished.inputs_hash == entered.inputs_hash != ""
    assert wished.candle_at == entered.candle_at == planned.candle_at
    assert wished.numbers["stop_distance"] == entered.facts["stop_distance"]


# --- the cycle --------------------------------------------------------------------------------------------------------


def test_lesson_55_a_cooldown_is_counted_in_candles_of_its_own_length() -> None:
    fall = (100.0, 100.2, 95.0, 96.0)
    rehearsed = on_one_pair([QUIET, QUIET, fall, *[QUIET] * 8], entries=range(11), overrides={"cooldown_bars": "5"})
    assert ticked(rehearsed, 11) == []
    (stopped,) = {one.stopped_at for one in of(e.TradeClosed, rehearsed)}
    assert stopped == START + 2 * HOUR
    first, second = (one.fill.filled_at for one in fills_of(rehearsed, Leg.ENTRY))
    assert first < stopped
    # Wished at the close of the fifth candle after the stop's own, bought at the open that follows.
    assert second == stopped + 6 * HOUR


def test_lesson_56_nothing_of_the_clock_is_frozen_at_import(tmp_path: Path) -> None:
    first = 1_704_067_200_000
    begun = []
    with KlineServer(now_ms=first, first_ms=first - 600 * HOUR_MS, prices={"BTCUSDT": "120"}) as venue:
        for number, at in enumerate((first + 5000, first + 30 * HOUR_MS)):
            venue.now_ms = at
            settings = AccountSettings("paper", pairs=(Pair("BTC", "USDT"),))
            done = run_paper(
                PaperRequest(tmp_path / str(number), settings, once=True, base_url=venue.url), clock=FakeClock(at)
            )
            assert done.portfolio.cycle is not None
            begun.append(done.portfolio.cycle.candle_at)
    assert begun[1] - begun[0] == 30 * HOUR_MS


def test_lesson_58_every_pair_is_decided_in_every_cycle() -> None:
    market = {name: Wanted([QUIET] * 6) for name in ("BTC", "ETH", "SOL")}
    rehearsed = on_pairs(None, **market)
    assert ticked(rehearsed, 6) == []
    decided = [(one.candle_at, one.pair) for one in of(e.Decided, rehearsed)]
    assert len(decided) == len(set(decided)) == 18


def test_lesson_57_a_day_ends_at_midnight_utc() -> None:
    # The first row opens at 16:00 UTC.
    rehearsed = on_one_pair([QUIET] * 12)
    ticked(rehearsed, 12)
    days = {one.candle_at: one.day for one in of(e.CycleDone, rehearsed)}
    midnight = START + 8 * HOUR
    assert midnight % DAY == 0
    # The close of the candle that opens at 23:00 is midnight, and belongs to the new day.
    assert days[midnight - 2 * HOUR] + 1 == days[midnight - HOUR] == midnight // DAY


def test_lesson_60_equity_that_is_not_known_opens_nothing() -> None:
    assert refused_with() == set()
    assert refused_with(day_first_equity=math.nan, day_lowest_equity=math.nan) == {"daily_loss"}
    assert refused_with(worst_drawdown=math.nan) == {"drawdown"}
    assert "order_size" in refused_with(quantity=math.nan, notional=math.nan, equity=math.nan)


def test_lesson_63_a_correlation_that_is_not_known_is_not_zero() -> None:
    assert "correlation" in refused_with(correlation=math.nan)
    assert "correlation" not in refused_with(correlation=0.0)


HARMLESS = {
    **dict.fromkeys(Facts._fields, 0.0),
    "direction": 1.0,
    "price": 100.0,
    "stop_distance": 3.0,
    "quantity": 1.0,
    "notional": 100.0,
    "equity": 1000.0,
    "day_first_equity": 1000.0,
    "day_lowest_equity": 1000.0,
    "candles_in_row": 1000.0,
    "bars_since_stop": math.inf,
}


def refused_with(**changed: float) -> set[str]:
    limits = limits_in_force(plan(load("ema_cross"), "standard", {}), 50)
    return set(refusals(Facts(**{**HARMLESS, **changed}), limits))  # type: ignore[arg-type]


def test_lesson_64_a_drawdown_flag_is_read_by_what_opens_positions() -> None:
    fall = (100.0, 100.2, 80.0, 82.0)
    rows = [QUIET, QUIET, fall, (82.0, 82.5, 81.5, 82.0), (82.0, 82.5, 81.5, 82.0), (82.0, 82.5, 81.5, 82.0)]
    words = {"drawdown_fraction": "0.02", "max_position_fraction": "1", "baseline_fraction": "1", "gap_policy": "rest"}
    rehearsed = on_one_pair(rows, entries=range(6), overrides={**words, "stop_limit_fraction": "0.2"})
    ticked(rehearsed, 6)
    (latched,) = [one for one in of(e.Halted, rehearsed) if one.name == "drawdown"]
    assert latched.mode == "halted"
    at = next(one.at for one in rehearsed.journal.lines if one.event is latched)
    assert [one for one in fills_of(rehearsed, Leg.ENTRY) if one.fill.filled_at > at] == []
    refused = [one for one in of(e.Decided, rehearsed) if one.action == "refuse" and one.candle_at >= at - HOUR]
    assert refused
    assert all("drawdown" in one.reason for one in refused)


def test_lesson_103_books_that_do_not_agree_block_entries() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0, 3, 4, 5])
    ticked(rehearsed, 2)
    held = rehearsed.engine.portfolio.holdings[BTC]
    rehearsed.broker.vanish(BTC, held.stop_id or "")
    rehearsed.broker.paper._venue.withdraw("BTC", held.quantity)
    ticked(rehearsed, 4)
    assert "reconcile" in rehearsed.engine.portfolio.latches
    assert len(fills_of(rehearsed, Leg.ENTRY)) == 1


def test_lesson_93_a_trouble_that_stays_is_told_once() -> None:
    rehearsed = on_one_pair([QUIET] * 8)
    rehearsed.engine.start()
    rehearsed.store.full = True
    for _ in range(8):
        rehearsed.market.close_row()
        rehearsed.engine.decision_tick()
    assert len([one for one in rehearsed.alerts.told if one.topic == "storage"]) == 1


def test_lesson_94_a_heartbeat_after_trouble_has_every_field_of_a_good_one() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[0])
    ticked(rehearsed, 1)
    good = set(rehearsed.controls.beats[-1])
    rehearsed.broker.always["read"] = Mood.AWAY
    assert ticked(rehearsed, 1) != []
    assert set(rehearsed.controls.beats[-1]) == good
    assert rehearsed.controls.beats[-1]["problems"]


def test_lesson_105_the_number_that_is_told_is_the_number_that_was_used() -> None:
    fall = (100.0, 100.2, 96.9, 97.0)
    words = {"daily_loss_fraction": "0.0123", "max_position_fraction": "1", "baseline_fraction": "1"}
    rehearsed = on_one_pair([QUIET, QUIET, fall, QUIET], entries=[0], overrides=words)
    ticked(rehearsed, 4)
    (reached,) = of(e.LimitReached, rehearsed)
    (latched,) = of(e.Halted, rehearsed)
    (started, *_) = of(e.RunStarted, rehearsed)
    assert reached.limit == rehearsed.setup.plan.limits["daily_loss"] == float(started.numbers["daily_loss_fraction"])
    assert "limit 1.23%" in latched.reason


def test_lesson_104_reads_are_throttled_by_their_weight() -> None:
    api = CcxtCandleSource("binance", local_time_ms=lambda: 0)._api
    assert api.enableRateLimit
    costs = api.describe()["api"]["public"]["get"]
    assert api.calculate_rate_limiter_cost("public", "GET", "exchangeInfo", {}, _weights(costs["exchangeInfo"])) > (
        api.calculate_rate_limiter_cost("public", "GET", "time", {}, _weights(costs["time"]))
    )


def _weights(told: object) -> dict[str, object]:
    return dict(told) if isinstance(told, dict) else {"cost": told}
