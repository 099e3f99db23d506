"""Whatever fees are taken in, what trades brought is what the account changed by, to the last digit."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fakes.replays import Rehearsal
from tests.fakes.small_markets import BTC, Row, on_one_pair
from vigie.domain import events as e
from vigie.domain.order import Leg

ROWS = 40
BNB_PRICE = Decimal("612.5")


def drawn(seed: int) -> Rehearsal:
    """An account whose orders are each charged in another asset: the coin, the money, or a third one."""
    dice = random.Random(seed)
    rows, price = list[Row](), 100.0
    for _ in range(ROWS):
        after = round(price * (1 + dice.gauss(0, 0.012)), 2)
        rows.append((price, round(max(price, after) + 0.3, 2), round(min(price, after) - 0.3, 2), after))
        price = after
    words = {"partials": dice.choice(["on", "off"]), "drift_fills": "0"}
    rehearsed = on_one_pair(
        rows,
        entries=[one for one in range(ROWS) if dice.random() < 0.5],
        exits=[one for one in range(ROWS) if dice.random() < 0.2],
        overrides=words,
    )
    rehearsed.feed.live["BNB/USDT"] = float(BNB_PRICE)
    venue = rehearsed.broker.paper._venue

    def charge(method: str, _: str) -> None:
        """Terms of the order that is about to be sent. A stop is charged by those in force when it fills."""
        kind = dice.choice(["base", "quote", "BNB"])
        rate = Decimal(0) if kind == "BNB" else Decimal(str(round(dice.uniform(0.0, 0.003), 6)))
        venue.terms = replace(venue.terms, fee_fraction=rate, fee_in_base=kind == "base")
        rehearsed.broker.token_fee = ("BNB", Decimal(str(dice.randint(1, 900))).scaleb(-6)) if kind == "BNB" else None

    rehearsed.broker.before = charge
    return rehearsed


@given(st.integers(0, 1_000_000))
@example(7)
@settings(max_examples=25, deadline=None)
def test_profits_of_trades_are_the_change_of_the_money_and_fees_elsewhere_stand_beside_it(seed: int) -> None:
    rehearsed = drawn(seed)
    rehearsed.run()
    if BTC in rehearsed.engine.portfolio.holdings:
        rehearsed.engine._guardian.sell(BTC, Leg.CLOSE, candle_at=None, reason="the end")
    account = rehearsed.engine.portfolio
    lines = [one.event for one in rehearsed.journal.lines]
    trades = [one for one in lines if isinstance(one, e.TradeClosed)]
    fills = [one for one in lines if isinstance(one, e.FillSeen)]
    balances = rehearsed.broker.balances()
    # The venue keeps books of its own.
    assert balances["USDT"].total == account.cash
    coins = balances["BTC"].total if "BTC" in balances else Decimal(0)
    held = account.holdings[BTC].quantity if BTC in account.holdings else Decimal(0)
    assert coins == account.dust.get(BTC, Decimal(0)) + held
    if account.holdings == {}:
        assert sum(one.profit for one in trades) == account.cash - account.capital
        assert sum(one.fees for one in trades) == sum(one.fee_value for one in fills)
    elsewhere = [one for one in fills if one.fill.fee_asset == "BNB"]
    assert account.fees_elsewhere.get("BNB", Decimal(0)) == sum(one.fill.fee for one in elsewhere)
    assert account.fees_elsewhere_value == sum(one.fill.fee for one in elsewhere) * BNB_PRICE
    for one in fills:
        asset, fee = one.fill.fee_asset, one.fill.fee
        assert one.fee_value == fee * {"USDT": Decimal(1), "BTC": one.fill.price, "BNB": BNB_PRICE}[asset]


@given(st.integers(0, 1_000_000))
@settings(max_examples=15, deadline=None)
def test_exit_prices_are_averages_of_fills_and_nothing_else(seed: int) -> None:
    rehearsed = drawn(seed)
    rehearsed.run()
    legs = {}
    sold = list[e.FillSeen]()
    for one in rehearsed.journal.lines:
        event = one.event
        if isinstance(event, e.IntentPlanned):
            legs[event.intent.client_id] = event.intent.leg
        elif isinstance(event, e.FillSeen) and legs[event.client_id] is not Leg.ENTRY:
            sold.append(event)
        elif isinstance(event, e.TradeClosed):
            assert sold
            value = sum(fill.fill.price * fill.fill.quantity for fill in sold)
            assert event.exit_price == value / sum(fill.fill.quantity for fill in sold)
            sold.clear()


def test_such_accounts_trade_and_pay_in_every_asset() -> None:
    rehearsed = drawn(7)
    rehearsed.run()
    fills = [one.event.fill for one in rehearsed.journal.lines if isinstance(one.event, e.FillSeen)]
    assert {one.fee_asset for one in fills} == {"BTC", "USDT", "BNB"}
    assert len(fills) > 12
