"""What reconciliation books: money stays where it is, and nothing is earned or lost that no trade earned or lost."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from tests.fakes.accounts import (
    AT,
    BASELINE,
    BTC,
    ENTERED,
    ENTRY_ID,
    EXIT_ID,
    WISH,
    account,
    cycle,
    filled,
    learnt,
    planned,
)
from vigie.domain import events as e
from vigie.domain.errors import InvariantBroken
from vigie.domain.order import Fill, Leg
from vigie.domain.order_status import Learnt
from vigie.domain.portfolio import Portfolio
from vigie.domain.record import from_json, to_json

D = Decimal
ADOPTED = e.CoinsAdopted(BTC, D(2), D(100), "the last purchase", AT, 5.0, ("t9",))


def sold(quantity: str, price: str = "110", fee: str = "1", asset: str = "USDT") -> e.SoldElsewhere:
    value = D(fee) if asset == "USDT" else D(0)
    return e.SoldElsewhere(BTC, Fill("t9", D(price), D(quantity), D(fee), asset, AT + 5), value, "77")


def test_adopted_coins_are_paid_in_at_their_price_and_cash_stays() -> None:
    found = account([BASELINE, cycle(1000.0), ADOPTED])
    assert (found.cash, found.capital) == (D(1000), D(1200))
    (held,) = found.holdings.values()
    assert (held.quantity, held.average_price, held.spent, held.entered_at) == (D(2), D(100), D(200), AT)
    assert math.isnan(held.wish.volatility), "nobody knows it, and nothing trails"
    assert found.cycle is not None
    assert found.cycle.equity == pytest.approx(1200.0), "what came in was not earned"


def test_coins_adopted_beside_a_position_are_a_part_of_it() -> None:
    found = account([*ENTERED, e.CoinsAdopted(BTC, D(1), D(130), "x", AT, 5.0)])
    (held,) = found.holdings.values()
    assert (held.quantity, held.average_price) == (D(3), D(110))


def test_what_was_sold_elsewhere_brings_its_money_less_its_fee() -> None:
    found = account([*ENTERED, sold("1.5")])
    (held,) = found.holdings.values()
    assert (found.cash, held.quantity, held.received, held.leaving) == (D(964), D("0.5"), D(164), 0)
    whole = account([*ENTERED, sold("2")])
    assert whole.holdings[BTC].leaving == 10


def test_more_than_is_held_cannot_have_been_sold_elsewhere() -> None:
    with pytest.raises(InvariantBroken, match="sold"):
        account([*ENTERED, sold("2.1")])


def test_coins_that_are_gone_take_their_cost_out_of_the_capital_and_nothing_of_the_cash() -> None:
    found = account([*ENTERED, e.CoinsGone(BTC, D(2), D(200), "withdrawn")])
    (held,) = found.holdings.values()
    assert (found.cash, found.capital) == (D(800), D(800))
    assert (held.quantity, held.unpriced, held.received - held.spent) == (D(0), D(2), D(0))


def test_dust_that_is_gone_leaves_the_dust() -> None:
    dusty = [*ENTERED, e.TradeClosed(BTC, AT, AT, D(100), D(100), D(2), D(0), D(0), 4, None, D(2), 95.0)]
    found = account([*dusty, e.CoinsGone(BTC, D("0.5"), D(0), "x")])
    assert found.dust == {BTC: D("1.5")}
    assert account([*dusty, e.CoinsGone(BTC, D(2), D(0), "x")]).dust == {}
    with pytest.raises(InvariantBroken, match="no more than dust"):
        account([*dusty, e.CoinsGone(BTC, D(3), D(0), "x")])


def test_a_purchase_that_is_taken_back_gives_its_money_back_and_leaves_no_position() -> None:
    seen = filled()
    found = account([*ENTERED, e.FillReversed(ENTRY_ID, BTC, seen.fill, seen.fee_value)])
    assert (found.cash, found.holdings) == (D(1000), {})
    assert found.orders[ENTRY_ID].executed == 0
    assert found.orders[ENTRY_ID].trade_ids == ()


def test_a_trade_can_be_taken_back_once() -> None:
    seen = filled()
    back = e.FillReversed(ENTRY_ID, BTC, seen.fill, seen.fee_value)
    with pytest.raises(InvariantBroken, match="has no trade t1"):
        account([*ENTERED, back, back])


def test_more_than_is_held_cannot_be_gone() -> None:
    with pytest.raises(InvariantBroken, match="3 are gone, 2 were held"):
        account([*ENTERED, e.CoinsGone(BTC, D(3), D(200), "x")])


def test_a_sale_that_is_taken_back_gives_the_coins_back() -> None:
    exited = (planned(EXIT_ID, Leg.EXIT), learnt(Learnt.SENT, EXIT_ID))
    seen = filled(EXIT_ID, trade_id="t2", price="110", quantity="1.5", fee="0.3", at=AT + 1)
    before, after = (
        account([*ENTERED, *exited]),
        account([*ENTERED, *exited, seen, e.FillReversed(EXIT_ID, BTC, seen.fill, seen.fee_value)]),
    )
    assert (after.cash, after.orders[EXIT_ID].executed) == (before.cash, 0)
    was, held = before.holdings[BTC], after.holdings[BTC]
    assert (held.quantity, held.received, held.sold, held.fees) == (was.quantity, was.received, was.sold, was.fees)


def test_a_fee_in_a_third_asset_is_taken_back_with_its_fill() -> None:
    exited = (planned(EXIT_ID, Leg.EXIT), learnt(Learnt.SENT, EXIT_ID))
    seen = filled(EXIT_ID, trade_id="t2", price="110", quantity="1", fee="0.01", asset="BNB", fee_value="6", at=AT + 1)
    kept = account([*ENTERED, *exited, seen]).holdings[BTC]
    back = account([*ENTERED, *exited, seen, e.FillReversed(EXIT_ID, BTC, seen.fill, seen.fee_value)]).holdings[BTC]
    assert (kept.fees_elsewhere, back.fees_elsewhere) == (D(6), D(0))


def test_a_part_of_a_purchase_that_is_taken_back_leaves_the_rest() -> None:
    first, second = filled(quantity="1.5"), filled(trade_id="t2", quantity="0.5")
    entered = [BASELINE, WISH, planned(), learnt(Learnt.SENT), first, second]
    found = account([*entered, e.FillReversed(ENTRY_ID, BTC, second.fill, second.fee_value)])
    held = found.holdings[BTC]
    assert (found.cash, held.quantity, held.gross, held.spent) == (D(850), D("1.5"), D("1.5"), D(150))


def test_a_purchase_cannot_be_taken_back_once_its_coins_are_sold() -> None:
    seen = filled()
    with pytest.raises(InvariantBroken, match=r"is taken back, 0\.5 are held"):
        account([*ENTERED, sold("1.5"), e.FillReversed(ENTRY_ID, BTC, seen.fill, seen.fee_value)])


def test_no_other_dust_can_be_swept_than_there_is() -> None:
    with pytest.raises(InvariantBroken, match="1 dust swept, 0 there"):
        account([*ENTERED, e.DustSwept(BTC, D(1))])


def test_what_is_left_alone_and_what_is_ignored_is_remembered() -> None:
    found = account([BASELINE, e.LeftAlone("BTC", D(3), "x"), e.ForeignOrder(BTC, "9", "mine", "ignored")])
    assert found.left_alone == {"BTC": D(3)}
    assert found.ignored_orders == (f"{BTC} 9",)
    assert account([BASELINE, e.LeftAlone("BTC", D(0), "x")]).left_alone == {}
    assert account([BASELINE, e.ForeignOrder(BTC, "9", "mine", "cancelled")]).ignored_orders == ()


def test_the_account_after_each_of_them_goes_to_the_disk_and_back() -> None:
    found = account([BASELINE, ADOPTED, sold("1"), e.LeftAlone("BTC", D(3), "x")])
    assert to_json(from_json(Portfolio, to_json(found))) == to_json(found)


def test_a_journal_of_before_is_read_as_it_was() -> None:
    assert e.from_fields("reconcile", 1, {"differences": ["a"], "actions": []}) == e.Reconciled(("a",))
