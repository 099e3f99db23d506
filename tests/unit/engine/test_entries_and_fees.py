"""How entries are sent, what their fills are held against, and what fees of any asset come to."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fakes.accounts import BASELINE, ENTERED, account, filled
from tests.fakes.moody_broker import MoodyBroker
from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, HOUR, QUIET, START, on_one_pair, ticked
from vigie.decision.intents import ApprovedIntent
from vigie.domain import events as e
from vigie.domain.errors import VenueUnavailable
from vigie.domain.order import Leg, OrderReport, OrderType
from vigie.domain.order_status import OrderStatus
from vigie.domain.pair import Pair

PLAIN = {"partials": "off"}
CAPPED = {**PLAIN, "entry_order": "limit_ioc", "entry_cap_fraction": "0.01"}


def alerts(rehearsed: Rehearsal, topic: str) -> list[str]:
    return [one.text for one in rehearsed.alerts.told if one.topic == topic]


def closed(rehearsed: Rehearsal) -> list[e.TradeClosed]:
    return [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.TradeClosed)]


# --- limits -------------------------------------------------------------------------------------------------------


def test_an_entry_with_a_cap_says_the_most_that_it_pays_on_the_tick() -> None:
    rehearsed = on_one_pair([QUIET] * 4, entries=[0], overrides={**CAPPED, "entry_cap_fraction": "0.010077"})
    assert ticked(rehearsed, 2) == []
    entry = rehearsed.broker.sent[0]
    assert (entry.type, entry.limit, entry.trigger) == (OrderType.LIMIT_IOC, Decimal(101), None)
    assert entry.reference == Decimal("100.0")
    assert rehearsed.engine._guardian.protected(BTC)


def test_an_entry_whose_price_has_run_away_is_given_up_and_not_tried_again() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], overrides=CAPPED)
    broker = rehearsed.broker
    # The venue trades two per cent higher than what was looked at.
    broker.before = lambda method, _: rehearsed.feed.live.update({BTC: 102.0}) if method == "submit" else None
    broker.paper._feed = rehearsed.feed
    assert ticked(rehearsed, 1) == []
    (record,) = rehearsed.engine.portfolio.orders.values()
    assert (record.status, record.executed) == (OrderStatus.EXPIRED, 0)
    assert rehearsed.engine.portfolio.holdings == {}
    assert rehearsed.engine.portfolio.wishes == {}
    rehearsed.feed.live.clear()
    ticked(rehearsed, 2)
    assert len(broker.sent) == 1


def test_a_capped_entry_never_needs_more_money_than_there_is_at_its_cap() -> None:
    whole = {**CAPPED, "max_position_fraction": "1", "baseline_fraction": "1", "entry_cap_fraction": "0.05"}
    rehearsed = on_one_pair([QUIET] * 4, entries=[0], overrides=whole)
    assert ticked(rehearsed, 2) == []
    entry = rehearsed.broker.sent[0]
    assert entry.quantity * (entry.limit or 0) * Decimal("1.001") <= 10_000
    assert entry.quantity * (entry.limit or 0) > 9_900


# --- what fills are held against ----------------------------------------------------------------------------------


def test_slippage_against_the_price_of_the_decision_stands_in_the_trade_and_somebody_is_told_above_a_half_percent() -> (
    None
):
    for slippage, told in (("0.004", 0), ("0.006", 2)):
        rehearsed = on_one_pair([QUIET] * 6, entries=[0], exits=[2], overrides={**PLAIN, "slippage_fraction": slippage})
        assert ticked(rehearsed, 5) == []
        (trade,) = closed(rehearsed)
        quantity = rehearsed.broker.sent[0].quantity
        assert trade.slippage == quantity * 100 * Decimal(slippage) * 2
        texts = alerts(rehearsed, "slippage")
        assert len(texts) == told
        assert all("0.60% worse than 100.0" in one for one in texts)


def test_fills_that_do_not_add_up_to_what_the_venue_says_are_told() -> None:
    class Forgetful(MoodyBroker):
        def submit(self, approved: ApprovedIntent) -> OrderReport:
            report = super().submit(approved)
            return replace(report, executed_value=report.executed_value * Decimal("1.01"))

    rehearsed = on_one_pair([QUIET] * 4, entries=[0], overrides=PLAIN)
    rehearsed.engine._world = replace(rehearsed.engine._world, broker=Forgetful(rehearsed.broker.paper))
    ticked(rehearsed, 1)
    (text,) = alerts(rehearsed, "fills")
    assert "by the venue's word" in text


def test_samples_tell_slippage_fee_and_delay_of_each_order_at_the_market() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], exits=[2], overrides=PLAIN)
    clock = rehearsed.with_seconds()
    assert rehearsed.market.close_row()
    clock.sleep(4)
    rehearsed.engine.decision_tick()
    clock.more_ms = 0
    for _ in range(3):
        assert rehearsed.market.close_row()
        rehearsed.engine.decision_tick()
    entry, exit_ = rehearsed.engine.portfolio.samples
    assert (entry.leg, exit_.leg) == (Leg.ENTRY, Leg.EXIT)
    for one in (entry, exit_):
        assert math.isclose(one.slippage, 0.0005, rel_tol=1e-9)
        assert math.isclose(one.fee, 0.001, rel_tol=1e-9)
        assert one.delay == 0.0
    assert rehearsed.broker.sent[0].due_at == START + HOUR


# --- fees in a third asset ----------------------------------------------------------------------------------------

NO_FEE = {**PLAIN, "fee_fraction": "0"}
BNB = ("BNB", Decimal("0.005"))


def test_a_fee_in_a_third_asset_has_its_value_and_leaves_the_money_alone() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], exits=[2], overrides=NO_FEE)
    rehearsed.broker.token_fee = BNB
    rehearsed.feed.live["BNB/USDT"] = 600.0
    assert ticked(rehearsed, 5) == []
    account, (trade,) = rehearsed.engine.portfolio, closed(rehearsed)
    assert trade.fees == trade.fees_elsewhere == Decimal("6.000")
    # What the trade brought is what the money changed by; what was paid elsewhere is told beside it.
    assert trade.profit == account.cash - 10_000
    assert rehearsed.broker.balances()["USDT"].total == account.cash
    assert account.fees_elsewhere == {"BNB": Decimal("0.010")}
    assert account.fees_elsewhere_value == Decimal("6.000")


def test_without_a_price_it_counts_as_much_as_the_plan_assumes_and_somebody_is_told_once() -> None:
    rehearsed = on_one_pair([QUIET] * 6, entries=[0], exits=[2], overrides={**PLAIN, "fee_fraction": "0.001"})
    rehearsed.broker.token_fee = ("XYZ", Decimal(3))
    assert ticked(rehearsed, 5) == []
    fills = [one.event for one in rehearsed.journal.lines if isinstance(one.event, e.FillSeen)]
    assert [one.fee_value for one in fills] == [one.fill.price * one.fill.quantity * Decimal("0.001") for one in fills]
    assert len(alerts(rehearsed, "fees")) == 1


def test_a_price_that_was_known_serves_on_while_nobody_answers() -> None:
    class Silent(dict[str, float]):
        away = False

        def __contains__(self, key: object) -> bool:
            if self.away and key == "BNB/USDT":
                raise VenueUnavailable("no answer")
            return super().__contains__(key)

    rehearsed = on_one_pair([QUIET] * 6, entries=[0], exits=[2], overrides=NO_FEE)
    rehearsed.broker.token_fee = BNB
    prices = Silent({"BNB/USDT": 600.0})
    rehearsed.feed.live = prices  # type: ignore[assignment]
    ticked(rehearsed, 2)
    prices.away = True
    ticked(rehearsed, 3)
    assert [one.fees_elsewhere for one in closed(rehearsed)] == [Decimal("6.000")]


@pytest.mark.parametrize("there", ["0.5", "0.004"])
def test_a_fee_taken_from_coins_that_were_left_alone_leaves_fewer_of_them(there: str) -> None:
    left = replace(BASELINE, left_alone={"BNB": Decimal(there), "BTC": Decimal(1)})
    events = [left, *ENTERED[1:4], filled(fee="0.005", asset="BNB", fee_value="3"), *ENTERED[5:]]
    found = account(events)
    assert found.left_alone == {"BNB": max(Decimal(0), Decimal(there) - Decimal("0.005")), "BTC": Decimal(1)}
    assert found.cash == account(ENTERED).cash


def test_the_pair_of_a_fee_is_asked_for_in_quote() -> None:
    asked: list[Pair] = []
    rehearsed = on_one_pair([QUIET] * 4, entries=[0], overrides=NO_FEE)
    price = rehearsed.feed.price
    rehearsed.broker.token_fee = BNB
    rehearsed.feed.price = lambda pair: asked.append(pair) or price(pair)  # type: ignore[method-assign, func-returns-value]
    ticked(rehearsed, 1)
    assert Pair("BNB", "USDT") in asked
