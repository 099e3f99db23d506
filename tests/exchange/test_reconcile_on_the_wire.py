"""Reconciliation on a live account: real ccxt, real HTTP, a simulated exchange. Titan's cases of R4."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.exchange.test_engine_on_the_wire import FILTERS, LIST, POST, Live, live, money_agrees
from tests.fakes.small_markets import BTC, QUIET
from vigie.domain import events as e
from vigie.domain.errors import VenueUnavailable
from vigie.domain.order import Leg
from vigie.engine.books import Books
from vigie.engine.reconcile import DifferenceKind as Kind
from vigie.engine.recovery import restore
from vigie.engine.remedies import DEFAULTS, Policy
from vigie.engine.repair import Reconciler
from vigie.ports.controls import Request

CALM = (*LIST, QUIET, QUIET, (100.0, 101.0, 99.0, 100.5), *((100.5, 100.9, 100.1, 100.5),) * 8)
"""Bought at the open of the third hour after the exchange opened; nothing happens to it."""
EVERYTHING = {kind: Policy.ADOPT for kind, policy in DEFAULTS.items()}


def of(run: Live, patient: bool = True) -> Reconciler:
    return Reconciler(run.engine._clerk._rooms, patient=patient)


def kinds(run: Live) -> list[str]:
    return [one.kind for one in of(run).plan(DEFAULTS)]


def applied(run: Live, **policies: str) -> dict[str, e.Disagreement]:
    chosen = {**DEFAULTS, **{Kind(kind.replace("_", "-")): Policy(word) for kind, word in policies.items()}}
    return {one.kind: one for one in of(run).apply(chosen)}


def events(run: Live, kind: type[e.Event]) -> list[e.Event]:
    return [one.event for one in run.world.journal.read() if isinstance(one.event, kind)]


def by_hand(run: Live, side: str, quantity: str) -> None:
    run.ex.do("place", symbol="BTCUSDT", side=side, type="MARKET", quantity=quantity)


@pytest.fixture
def held() -> Iterator[Live]:
    """A position with its stop."""
    with live(CALM, entries=[5]) as run:
        run.engine.start()
        assert run.hours(2) == []
        yield run


def stop_of(run: Live) -> str:
    (holding,) = run.engine.portfolio.holdings.values()
    assert holding.stop_id is not None
    return holding.stop_id


def cancelled_by_hand(run: Live) -> None:
    run.ex.do("cancel", symbol="BTCUSDT", client_id=stop_of(run))


# --- what is in order ---------------------------------------------------------------------------------------------


def test_an_account_in_order_has_no_differences_and_a_plan_writes_nothing(held: Live) -> None:
    before = held.world.journal.last_seq
    assert kinds(held) == []
    assert held.world.journal.last_seq == before


def test_case_14_a_second_look_finds_the_same_rows_and_a_second_apply_changes_nothing(held: Live) -> None:
    held.ex.do("deposit", asset="USDT", amount="1000")
    by_hand(held, "BUY", "0.5")
    assert of(held).plan(DEFAULTS) == of(held).plan(DEFAULTS)
    applied(held, quantity_drift="adopt")
    before = held.engine.portfolio
    assert applied(held, quantity_drift="adopt") == {}
    after = held.engine.portfolio
    assert (after.holdings, after.cash, after.orders) == (before.holdings, before.cash, before.orders)


# --- orders -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
def test_case_1_an_order_whose_send_timed_out_is_adopted_or_proven_absent(when: str) -> None:
    with live(CALM, entries=[5]) as run:
        run.engine.start()
        run.ex.faults(
            {"name": "lost", **POST, "nth": 1, "action": "hang", "when": when, "seconds": 5},
            {"name": "lag", "method": "GET", "path": "*/order", "action": "lag", "seconds": 30, "count": 1},
        )
        run.hours(2)
        if run.engine.portfolio.unsettled():
            assert kinds(run)[0] in (Kind.UNKNOWN_ORDER, Kind.UNBOOKED)
            applied(run)
        assert not run.engine.portfolio.unsettled()
        assert bool(run.engine.portfolio.holdings) is (when == "after")
        money_agrees(run)


def test_case_2_an_entry_that_filled_nothing_is_no_position() -> None:
    with live(CALM, entries=[5]) as run:
        run.engine.start()
        run.ex.do("liquidity", symbol="BTCUSDT", quantity="0")
        run.hours(2)
        assert run.engine.portfolio.holdings == {}
        assert kinds(run) == []


def test_case_3_the_stop_follows_what_was_filled_of_a_partial_entry() -> None:
    with live(CALM, entries=[5]) as run:
        run.engine.start()
        run.ex.do("liquidity", symbol="BTCUSDT", quantity="1")
        run.hours(2)
        (holding,) = run.engine.portfolio.holdings.values()
        assert 0 < holding.gross <= 1
        assert kinds(run) == []
        (stop,) = run.broker.open_orders()
        assert stop.quantity == FILTERS.quantity_down(holding.quantity)


def test_case_5_a_stop_that_the_list_does_not_show_is_looked_up_by_its_id(held: Live) -> None:
    before = len(held.ex.journal.calls("POST", "/api/v3/order"))
    held.ex.faults({"name": "empty", "method": "GET", "path": "*/openOrders", "action": "answer", "when": "before",
                    "status": 200, "body": "[]", "count": 0})  # fmt: skip
    assert kinds(held) == []
    assert len(held.ex.journal.calls("POST", "/api/v3/order")) == before


def test_case_10_an_order_that_was_sent_before_is_adopted_not_sent_twice(held: Live) -> None:
    (intent,) = [one.event.intent for one in held.world.journal.read()
                 if isinstance(one.event, e.IntentPlanned) and one.event.intent.leg is Leg.STOP]  # fmt: skip
    # The books as they are after the lines about the stop were lost.
    lines = held.world.journal.lines  # type: ignore[attr-defined]
    first = next(at for at, one in enumerate(lines) if getattr(one.event, "intent", None) == intent)
    del lines[first:]
    held.world.store.saved = None  # type: ignore[attr-defined]
    engine = held.again()
    engine.start()
    assert len(held.broker.open_orders()) == 1
    assert engine.portfolio.orders[intent.client_id].status.at_venue
    assert kinds(held) == []


def test_an_order_of_ours_that_the_journal_lost_is_known_by_its_id_and_adopted(held: Live) -> None:
    lines = held.world.journal.lines  # type: ignore[attr-defined]
    first = next(at for at, one in enumerate(lines) if isinstance(one.event, e.IntentPlanned))
    del lines[first:]
    held.world.store.saved = None  # type: ignore[attr-defined]
    engine = held.again()
    # As after a restored backup: the exchange knows more than we do.
    engine._books = Books(held.world.journal, held.world.clock, restore(held.world.journal, held.world.store).portfolio)
    engine._build()
    assert set(kinds(held)) == {Kind.LOST_ORDER, Kind.ORPHAN_POSITION, Kind.MISSING_QUOTE}
    done = applied(held, lost_order="adopt", orphan_position="adopt", missing_quote="adopt")
    assert all(one.done for one in done.values()), done
    (holding,) = engine.portfolio.holdings.values()
    assert engine._guardian.protected(holding.pair)
    assert len(held.broker.open_orders()) == 1
    assert kinds(held) == []


def test_a_stop_that_somebody_cancelled_is_told_as_missing_and_placed(held: Live) -> None:
    cancelled_by_hand(held)
    assert kinds(held) == [Kind.UNBOOKED, Kind.MISSING_STOP]
    assert held.broker.open_orders() == (), "a plan places nothing"
    done = applied(held)
    assert done[Kind.MISSING_STOP].done
    assert len(held.broker.open_orders()) == 1
    assert kinds(held) == []


def test_a_position_without_a_stop_may_be_sold_instead(held: Live) -> None:
    cancelled_by_hand(held)
    assert applied(held, missing_stop="close")[Kind.MISSING_STOP].done
    assert held.engine.portfolio.holdings == {}
    money_agrees(held)


def test_a_foreign_order_halts_is_let_be_or_is_cancelled(held: Live) -> None:
    held.ex.do("deposit", asset="USDT", amount="1000")
    held.ex.do("place", symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="50",
               newClientOrderId="mine")  # fmt: skip
    assert kinds(held) == [Kind.FOREIGN_ORDER]
    assert not applied(held)[Kind.FOREIGN_ORDER].done
    assert "reconcile" in held.engine.portfolio.latches
    assert len(held.broker.open_orders()) == 2, "a halt touches nothing"
    assert applied(held, foreign_order="ignore")[Kind.FOREIGN_ORDER].done
    assert kinds(held) == []
    held.ex.do("place", symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="51",
               newClientOrderId="another")  # fmt: skip
    assert applied(held, foreign_order="close")[Kind.FOREIGN_ORDER].done
    assert {one.client_id for one in held.broker.open_orders()} == {stop_of(held), "mine"}


# --- coins --------------------------------------------------------------------------------------------------------


def test_case_6_a_position_that_was_sold_by_hand_ends_at_the_price_of_the_venues_own_trades(held: Live) -> None:
    (holding,) = held.engine.portfolio.holdings.values()
    cancelled_by_hand(held)
    by_hand(held, "SELL", str(FILTERS.quantity_down(holding.quantity)))
    found = [one.kind for one in of(held).plan(DEFAULTS)]
    assert Kind.MANUAL_CLOSE in found
    applied(held, manual_close="adopt")
    assert held.engine.portfolio.holdings == {}
    (trade,) = events(held, e.TradeClosed)
    assert isinstance(trade, e.TradeClosed)
    sold = held.ex.exchange.trades("BTCUSDT", held.ex.now_ms())[-1]
    assert (trade.exit_price, trade.unpriced, trade.code) == (sold.price, 0, 10)
    money_agrees(held)
    assert kinds(held) == []


def test_case_6_coins_that_were_withdrawn_end_the_position_without_a_price_and_call_somebody(held: Live) -> None:
    cancelled_by_hand(held)
    capital = held.engine.portfolio.capital
    held.ex.do("withdraw", asset="BTC", amount="all")
    applied(held, manual_close="adopt")
    (trade,) = events(held, e.TradeClosed)
    assert isinstance(trade, e.TradeClosed)
    assert trade.unpriced > 0
    assert any(one.topic == "exit-price-unknown" for one in events(held, e.AlertRaised))  # type: ignore[attr-defined]
    assert held.engine.portfolio.capital < capital, "what was taken out was not lost by trading"
    money_agrees(held)
    assert kinds(held) == []


def test_case_6_by_default_a_manual_close_halts_and_books_nothing(held: Live) -> None:
    (holding,) = held.engine.portfolio.holdings.values()
    cancelled_by_hand(held)
    by_hand(held, "SELL", str(FILTERS.quantity_down(holding.quantity)))
    rows = applied(held)
    assert not rows[Kind.MANUAL_CLOSE].done
    assert "reconcile" in held.engine.portfolio.latches
    assert events(held, e.SoldElsewhere) == events(held, e.CoinsGone) == []


def test_case_7_an_orphan_position_halts_by_default_and_is_adopted_with_a_stop() -> None:
    with live(CALM, entries=[]) as run:
        run.engine.start()
        run.ex.do("deposit", asset="USDT", amount="1000")
        by_hand(run, "BUY", "2")
        assert kinds(run) == [Kind.ORPHAN_POSITION]
        assert not applied(run)[Kind.ORPHAN_POSITION].done
        assert run.engine.portfolio.holdings == {}
        done = applied(run, orphan_position="adopt")
        assert done[Kind.ORPHAN_POSITION].done, done
        (holding,) = run.engine.portfolio.holdings.values()
        bought = run.ex.exchange.trades("BTCUSDT", run.ex.now_ms())[-1]
        assert holding.average_price == bought.price
        assert "the last 1 purchase" in events(run, e.CoinsAdopted)[0].basis  # type: ignore[attr-defined]
        (stop,) = run.broker.open_orders()
        assert stop.trigger == FILTERS.price_down(bought.price * Decimal("0.95"))
        assert kinds(run) == []
        assert run.hours(2) == []


def test_case_7_an_orphan_can_be_sold_or_left_alone() -> None:
    with live(CALM, entries=[]) as run:
        run.engine.start()
        run.ex.do("deposit", asset="USDT", amount="1000")
        by_hand(run, "BUY", "2")
        assert applied(run, orphan_position="ignore")[Kind.ORPHAN_POSITION].done
        assert run.engine.portfolio.holdings == {}
        assert kinds(run) == []
        by_hand(run, "BUY", "1")
        assert applied(run, orphan_position="close")[Kind.ORPHAN_POSITION].done
        assert run.engine.portfolio.holdings == {}
        assert kinds(run) == []
        (trade,) = events(run, e.TradeClosed)
        assert trade.quantity < Decimal(1) + 1  # type: ignore[attr-defined]


def test_case_8_a_quantity_that_drifts_halts_unless_it_is_told_to_follow(held: Live) -> None:
    cancelled_by_hand(held)
    held.ex.do("withdraw", asset="BTC", amount="0.5")
    assert Kind.QUANTITY_DRIFT in kinds(held)
    assert not applied(held)[Kind.QUANTITY_DRIFT].done
    assert applied(held, quantity_drift="adopt")[Kind.QUANTITY_DRIFT].done
    (holding,) = held.engine.portfolio.holdings.values()
    (stop,) = held.broker.open_orders()
    assert stop.quantity == FILTERS.quantity_down(holding.quantity)
    money_agrees(held)
    assert kinds(held) == []


def test_case_8_what_is_less_than_a_step_is_dust_and_no_drift(held: Live) -> None:
    held.ex.do("deposit", asset="BTC", amount="0.0004")
    assert kinds(held) == [Kind.DUST]
    assert applied(held)[Kind.DUST].done
    assert held.engine.guard_tick().mode.value == "active"


def test_f16_a_bust_halts_by_default_and_is_taken_back_when_told_to(held: Live) -> None:
    held.ex.advance(120)
    cancelled_by_hand(held)
    held.ex.do("bust", symbol="BTCUSDT", trade="last")
    assert Kind.BUST in kinds(held)
    assert not applied(held)[Kind.BUST].done
    assert events(held, e.FillReversed) == []
    assert len(held.engine.portfolio.holdings) == 1
    assert applied(held, bust="adopt")[Kind.BUST].done
    assert held.engine.portfolio.holdings == {}
    money_agrees(held)
    assert kinds(held) == []


def test_money_that_is_missing_is_a_withdrawal_when_told_so(held: Live) -> None:
    held.ex.do("withdraw", asset="USDT", amount="1")
    assert kinds(held) == [Kind.MISSING_QUOTE]
    assert not applied(held)[Kind.MISSING_QUOTE].done
    assert applied(held, missing_quote="adopt")[Kind.MISSING_QUOTE].done
    money_agrees(held)
    assert held.engine.portfolio.capital == 999


def test_less_than_a_step_too_few_halts_nobody_and_a_step_too_few_does(held: Live) -> None:
    (holding,) = held.engine.portfolio.holdings.values()
    crumb = holding.quantity - FILTERS.quantity_down(holding.quantity)
    assert crumb > 0, "the fee has left a part of a step"
    held.ex.do("withdraw", asset="BTC", amount=str(crumb / 2))
    for _ in range(3):
        held.ex.advance(60)
        assert held.engine.guard_tick().mode.value == "active"
    cancelled_by_hand(held)
    held.ex.do("withdraw", asset="BTC", amount="0.1")
    for _ in range(3):
        held.ex.advance(60)
        tick = held.engine.guard_tick()
    assert tick.mode.value == "halted"


# --- the venue ----------------------------------------------------------------------------------------------------


def test_case_11_a_pair_that_is_not_listed_any_more_is_frozen_and_told(held: Live) -> None:
    held.ex.do("delist", symbol="BTCUSDT")
    held.broker._listings.clear()
    assert kinds(held) == [Kind.FROZEN_PAIR, Kind.MISSING_STOP]
    assert "not done" in applied(held)[Kind.MISSING_STOP].outcome
    assert "reconcile" in held.engine.portfolio.latches
    assert list(held.engine.portfolio.holdings) == [BTC], "nothing is concluded about what cannot be asked"


def test_case_12_without_the_venue_nothing_is_concluded_and_nothing_written(held: Live) -> None:
    held.ex.faults({"name": "away", "method": "GET", "action": "answer", "when": "before", "status": 503, "count": 0})
    before = held.world.journal.last_seq
    with pytest.raises(VenueUnavailable):
        of(held).apply(EVERYTHING)
    assert held.world.journal.last_seq == before


def test_a_running_engine_does_it_when_a_letter_asks_and_answers_in_its_journal(held: Live) -> None:
    cancelled_by_hand(held)
    box = held.world.controls.box  # type: ignore[attr-defined]
    box.append(Request("one", "reconcile", held.ex.now_ms(), {"apply": "no", "policies": ""}))
    box.append(Request("two", "reconcile", held.ex.now_ms(), {"apply": "yes", "policies": "orphan-position=adopt"}))
    box.append(Request("three", "reconcile", held.ex.now_ms(), {"apply": "yes", "policies": "orphan-position=adpt"}))
    held.engine.guard_tick()
    assert box == []
    told = {one.request_id: one for one in events(held, e.Reconciled) if one.request_id}  # type: ignore[attr-defined]
    assert [row.kind for row in told["one"].rows] == [Kind.UNBOOKED, Kind.MISSING_STOP]  # type: ignore[attr-defined]
    assert all(row.done for row in told["two"].rows)  # type: ignore[attr-defined]
    obeyed = [one for one in events(held, e.RequestObeyed) if one.request_id == "three"]  # type: ignore[attr-defined]
    assert "knows no policy 'adpt'" in obeyed[0].outcome  # type: ignore[attr-defined]
    assert len(held.broker.open_orders()) == 1
