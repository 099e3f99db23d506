"""The account as a fold over events."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.fakes.accounts import (
    AT,
    BASELINE,
    BTC,
    ENTERED,
    ENTRY_ID,
    EXIT_ID,
    STOP_ID,
    WISH,
    account,
    closed,
    cycle,
    filled,
    learnt,
    planned,
)
from vigie.domain import events as e
from vigie.domain.changes.common import KEPT_ORDERS
from vigie.domain.errors import InvariantBroken
from vigie.domain.holdings import Latch
from vigie.domain.order import Leg
from vigie.domain.order_status import Learnt, OrderStatus
from vigie.domain.portfolio import Portfolio, folded

DAY_MS = 86_400_000
LEAVING = (*ENTERED, planned(EXIT_ID, Leg.EXIT), learnt(Learnt.SENT, EXIT_ID))


def test_an_account_begins_with_its_capital_and_leaves_older_coins_alone() -> None:
    begun = account([BASELINE])
    assert (begun.seq, begun.quote, begun.capital, begun.cash) == (1, "USDT", Decimal(1000), Decimal(1000))
    assert begun.left_alone == {"BTC": Decimal("0.5")}
    assert begun.holdings == {}


def test_an_account_begins_once() -> None:
    with pytest.raises(InvariantBroken, match="begins once"):
        account([BASELINE, BASELINE])


@pytest.mark.parametrize("seq", [1, 3])
def test_an_event_that_does_not_follow_the_last_one_is_refused(seq: int) -> None:
    with pytest.raises(InvariantBroken, match=f"event {seq} cannot follow event 1"):
        account([BASELINE]).apply(WISH, seq, AT)


def test_what_changes_nothing_still_counts() -> None:
    said = account([BASELINE, e.AlertRaised("disk", "it is full")])
    assert said == Portfolio(2, "USDT", Decimal(1000), Decimal(1000), {"BTC": Decimal("0.5")}, start_equity=1000.0)


def test_a_fold_can_go_on_from_a_snapshot() -> None:
    half = account(ENTERED[:4])
    rest = [(seq, AT, event) for seq, event in enumerate(ENTERED[4:], 5)]
    assert folded(rest, half) == account(ENTERED)


# --- fills --------------------------------------------------------------------------------------------------------


def test_a_bought_coin_is_paid_for_and_remembers_the_signal_it_came_from() -> None:
    bought = account(ENTERED)
    held = bought.holdings[BTC]
    assert (bought.cash, held.quantity, held.average_price, held.wish) == (Decimal(800), 2, 100, WISH)
    assert bought.orders[ENTRY_ID].status is OrderStatus.FILLED
    assert bought.wishes == {}


@pytest.mark.parametrize(
    ("fee", "asset", "value", "cash", "coins", "spent"),
    [
        ("0.3", "USDT", "0.3", "799.7", "2", "200.3"),
        ("0.002", "BTC", "0.2", "800", "1.998", "200"),
        ("0.001", "BNB", "0.6", "800", "2", "200"),
    ],
)
def test_a_fee_is_taken_from_what_it_was_taken_from(
    fee: str, asset: str, value: str, cash: str, coins: str, spent: str
) -> None:
    events = [*ENTERED[:4], filled(fee=fee, asset=asset, fee_value=value)]
    bought = account(events)
    held = bought.holdings[BTC]
    assert (bought.cash, held.quantity, held.bought) == (Decimal(cash), Decimal(coins), Decimal(coins))
    assert (held.spent, held.value, held.gross, held.fees) == (Decimal(spent), Decimal(200), Decimal(2), Decimal(value))
    assert bought.orders[ENTRY_ID].fees == Decimal(value)


@pytest.mark.parametrize(
    ("fee", "asset", "cash", "coins", "received"),
    [("0.5", "USDT", "909.5", "1", "109.5"), ("0.1", "BTC", "910", "0.9", "110"), ("1", "BNB", "910", "1", "110")],
)
def test_a_fee_of_a_sale_is_taken_from_what_it_was_taken_from(
    fee: str, asset: str, cash: str, coins: str, received: str
) -> None:
    sold = account([*LEAVING, filled(EXIT_ID, price="110", quantity="1", fee=fee, asset=asset, at=AT + 7)])
    held = sold.holdings[BTC]
    assert (sold.cash, held.quantity, held.received) == (Decimal(cash), Decimal(coins), Decimal(received))
    assert (held.sold, held.sold_value, held.exited_at) == (1, 110, AT + 7)


def test_the_same_fill_told_twice_counts_once() -> None:
    once = account(ENTERED)
    twice = account([*ENTERED, filled()])
    assert twice.cash == once.cash
    assert twice.holdings == once.holdings


def test_parts_add_up_and_their_average_is_the_entry_price() -> None:
    events = [*ENTERED[:4], filled(quantity="0.5", price="90"), filled(trade_id="t2", quantity="1.5", price="110")]
    held = account(events).holdings[BTC]
    assert (held.quantity, held.average_price, held.entered_at) == (2, 105, AT)


def test_more_than_was_ordered_cannot_be_filled() -> None:
    with pytest.raises(InvariantBroken, match=r"filled with 2\.1, more than its 2"):
        account([*ENTERED[:4], filled(quantity="2.1")])


def test_more_than_is_held_cannot_be_sold() -> None:
    events = [*ENTERED, planned(EXIT_ID, Leg.EXIT, quantity="3"), filled(EXIT_ID, quantity="2.5")]
    with pytest.raises(InvariantBroken, match=r"BTC/USDT: 2\.5 sold, 2 held"):
        account(events)


def test_a_fill_of_an_order_that_nobody_planned_is_refused() -> None:
    with pytest.raises(InvariantBroken, match="is not known"):
        account([BASELINE, filled()])


def test_an_order_is_not_filled_with_another_pair() -> None:
    with pytest.raises(InvariantBroken, match=r"of BTC/USDT cannot be filled with ETH/USDT"):
        account([*ENTERED[:4], filled(pair="ETH/USDT")])


def test_coins_that_nothing_had_asked_for_are_refused() -> None:
    with pytest.raises(InvariantBroken, match="nothing had asked for it"):
        account([BASELINE, planned(), filled()])


def test_a_fill_that_comes_after_the_cancel_counts() -> None:
    cut = [*ENTERED[:4], learnt(Learnt.CANCELED), filled(quantity="0.5"), learnt(Learnt.FILLED_IN_PART)]
    assert account(cut).holdings[BTC].quantity == Decimal("0.5")
    assert account(cut).orders[ENTRY_ID].status is OrderStatus.CANCELED


def test_a_late_fill_carries_the_signal_that_its_order_came_from_not_a_newer_one() -> None:
    newer = e.Wished(BTC, AT + 1, 1, 50.0, 0.0, 20.0, 1.0, 200, "later")
    late = account([*ENTERED[:4], learnt(Learnt.NO_ANSWER), e.WishDone(BTC, "entered"), newer, filled()])
    assert late.holdings[BTC].wish == WISH


def test_an_order_is_planned_once() -> None:
    with pytest.raises(InvariantBroken, match="planned twice"):
        account([BASELINE, WISH, planned(), planned()])


# --- orders -------------------------------------------------------------------------------------------------------


def test_what_is_learnt_of_an_order_is_kept() -> None:
    triggered = e.OrderLearnt(STOP_ID, BTC, Learnt.ACCEPTED, triggered=True)
    events = [*ENTERED, planned(STOP_ID, Leg.STOP), learnt(Learnt.SENT, STOP_ID)]
    resting = account([*events, learnt(Learnt.ACCEPTED, STOP_ID, venue_id="17"), triggered]).orders[STOP_ID]
    assert (resting.status, resting.venue_id, resting.triggered) == (OrderStatus.ACCEPTED, "17", True)


def test_open_and_unsettled_orders_are_told_by_pair() -> None:
    other = planned(STOP_ID, Leg.STOP, pair="ETH/USDT")
    busy = account([*ENTERED, other, planned(EXIT_ID, Leg.EXIT), learnt(Learnt.SENT, EXIT_ID)])
    assert [one.intent.client_id for one in busy.open_orders()] == [STOP_ID, EXIT_ID]
    assert [one.intent.client_id for one in busy.open_orders(BTC)] == [EXIT_ID]
    assert [one.intent.client_id for one in busy.unsettled()] == [EXIT_ID]
    assert busy.unsettled("ETH/USDT") == ()


def ended(number: int) -> list[e.Event]:
    name = f"{number:032x}"
    return [planned(name, Leg.STOP), learnt(Learnt.SENT, name), learnt(Learnt.CANCELED, name)]


def test_only_so_many_ended_orders_are_remembered_and_every_open_one_and_the_last_of_each_leg() -> None:
    many = [event for number in range(KEPT_ORDERS + 5) for event in ended(number)]
    orders = account([*ENTERED, planned(EXIT_ID, Leg.EXIT), *many]).orders
    assert len(orders) == KEPT_ORDERS + 2
    assert {EXIT_ID, ENTRY_ID, f"{KEPT_ORDERS + 4:032x}"} <= set(orders)
    assert f"{4:032x}" not in orders


def test_attempts_are_counted_over_all_that_were_forgotten() -> None:
    many = [event for number in range(3) for event in ended(number)]
    assert account(many).attempts(BTC, Leg.STOP, AT) == 1
    assert account(many).attempts(BTC, Leg.STOP, AT + 1) == 0
    assert account(many).attempts(BTC, Leg.STOP, None) == 0


def test_an_order_that_rested_through_many_others_is_still_known_when_its_last_fill_comes() -> None:
    many = [event for number in range(KEPT_ORDERS + 5) for event in ended(number)]
    stop = [planned(STOP_ID, Leg.STOP), learnt(Learnt.SENT, STOP_ID), learnt(Learnt.ACCEPTED, STOP_ID)]
    sold = account([*ENTERED, *stop, *many, learnt(Learnt.FILLED, STOP_ID), filled(STOP_ID, price="95")])
    assert sold.cash == Decimal(990)


def test_entries_of_a_day_are_counted_when_they_are_sent() -> None:
    day = AT // DAY_MS
    first = [BASELINE, cycle(day=day), *ENTERED[1:4], filled(), closed(dust="2")]
    after_two = account([*first, WISH, planned("b" * 32), learnt(Learnt.SENT, "b" * 32)])
    assert (after_two.trades_today, after_two.trades_day) == (2, day)
    at = after_two.seq + 1
    third = [cycle(day=day + 1), planned("c" * 32), learnt(Learnt.SENT, "c" * 32)]
    assert folded(((at + i, AT, one) for i, one in enumerate(third)), after_two).trades_today == 1
    stop = [planned(STOP_ID, Leg.STOP), learnt(Learnt.SENT, STOP_ID)]
    assert folded(((at + i, AT, one) for i, one in enumerate(stop)), after_two).trades_today == 2


def test_the_day_of_an_entry_is_that_of_the_last_mark_as_in_a_backtest() -> None:
    bought = account([BASELINE, cycle(day=7), WISH, planned(), learnt(Learnt.SENT)])
    assert (bought.day, bought.trades_day) == (7, 7)
    assert account([BASELINE]).day == -1


# --- positions ----------------------------------------------------------------------------------------------------


def rules(stop: float, candle_at: int = AT) -> e.RulesMoved:
    return e.RulesMoved(BTC, candle_at, 100.0, 2.0, stop, float("-inf"), False, False, 101.0, float("nan"), 0)


def test_the_first_stop_is_remembered_when_it_moves() -> None:
    held = account([*ENTERED, rules(95.0), rules(97.0)]).holdings[BTC]
    assert held.stop_at_entry == 95.0
    assert held.rules is not None
    assert held.rules.fixed_stop == 97.0


def test_the_stop_at_the_venue_is_marked_and_unmarked() -> None:
    marked = account([*ENTERED, e.StopMarked(BTC, STOP_ID)])
    assert marked.holdings[BTC].stop_id == STOP_ID
    assert marked.apply(e.StopMarked(BTC, None, "gone"), 9, AT).holdings[BTC].stop_id is None
    assert account([BASELINE, e.StopMarked(BTC, None)]).holdings == {}


def test_a_position_waits_to_be_left() -> None:
    held = account([*ENTERED, e.LeaveDecided(BTC, 4, AT + 5)]).holdings[BTC]
    assert (held.leaving, held.leaving_at) == (4, AT + 5)


@pytest.mark.parametrize("event", [e.LeaveDecided(BTC, 4, AT), rules(95.0), closed()])
def test_what_is_not_held_cannot_be_left_moved_or_closed(event: e.Event) -> None:
    with pytest.raises(InvariantBroken, match="BTC/USDT is not held"):
        account([BASELINE, event])


def test_a_closed_trade_leaves_its_dust_and_its_stop_out_behind() -> None:
    sold = [*LEAVING, filled(EXIT_ID, quantity="1.9")]
    done = account([*sold, closed(profit="-3", dust="0.1", stopped_at=AT + 60)])
    assert done.holdings == {}
    assert done.dust == {BTC: Decimal("0.1")}
    assert done.stopped_at == {BTC: AT + 60}
    assert done.losing_streak == 1


def test_dust_adds_up() -> None:
    again = [WISH, planned("b" * 32), filled("b" * 32, quantity="0.2", trade_id="t9"), closed(dust="0.2")]
    assert account([*LEAVING, filled(EXIT_ID, quantity="1.9"), closed(dust="0.1"), *again]).dust == {
        BTC: Decimal("0.3")
    }


def test_a_trade_is_not_closed_while_coins_are_unaccounted_for() -> None:
    with pytest.raises(InvariantBroken, match=r"closed with 2 held and 0 booked as dust"):
        account([*ENTERED, closed()])


def test_losses_in_a_row_are_counted_until_a_profit() -> None:
    def trade(number: int, profit: str) -> list[e.Event]:
        name = f"{number:032x}"
        return [WISH, planned(name), filled(name, trade_id=name), closed(profit, dust="2")]

    lost = [event for number in range(3) for event in trade(number, "-1")]
    assert account([BASELINE, *lost]).losing_streak == 3
    assert account([BASELINE, *lost, *trade(9, "1")]).losing_streak == 0
    assert account([BASELINE, *trade(9, "1")]).stopped_at == {}


def test_the_longest_run_of_losses_of_a_day_outlives_the_profit_that_ends_it() -> None:
    lost = [WISH, planned("b" * 32), filled("b" * 32, trade_id="b"), closed("-1", dust="2")]
    won = [WISH, planned("c" * 32), filled("c" * 32, trade_id="c"), closed("1", dust="2")]
    ended = account([BASELINE, cycle(day=7), *lost, *won])
    assert (ended.losing_streak, ended.worst_streak, ended.streak_day) == (0, 1, 7)
    even = [WISH, planned("b" * 32), filled("b" * 32, trade_id="b"), closed("-0.0000000001", dust="2")]
    assert account([BASELINE, *even]).losing_streak == 0, "what rounding has left over is no loss"


# --- limits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "scale"), [("500", 1.5), ("-250", 0.75), ("-2000", 0.0)])
def test_what_flows_in_or_out_is_no_profit_and_no_loss(value: str, scale: float) -> None:
    moved = account([BASELINE, cycle(), e.FlowSeen(Decimal(value), "a person")])
    assert moved.cash == moved.capital == 1000 + Decimal(value)
    assert moved.cycle is not None
    assert moved.cycle.equity == 1000.0 + float(value)
    assert (moved.cycle.day_first, moved.cycle.day_low, moved.cycle.peak) == (1100 * scale, 900 * scale, 1200 * scale)
    assert moved.cycle.worst == 0.25


def test_a_flow_before_the_first_cycle_has_no_limit_to_move() -> None:
    assert account([BASELINE, e.FlowSeen(Decimal(5), "a person")]).cycle is None
    nothing = account([BASELINE, cycle(equity=0.0), e.FlowSeen(Decimal(5), "a person")])
    assert nothing.cycle == cycle(equity=0.0)


def test_latches_are_set_and_lifted_by_name() -> None:
    halted = account([BASELINE, e.Halted("drawdown", "halted", "15 %"), e.Halted("pause", "reduce-only", "", AT + 9)])
    assert halted.latches == {
        "drawdown": Latch("halted", "15 %", AT),
        "pause": Latch("reduce-only", "", AT, AT + 9),
    }
    assert set(halted.apply(e.Resumed("pause", "person"), 4, AT).latches) == {"drawdown"}
    assert halted.apply(e.Resumed("other", "person"), 4, AT).latches == halted.latches


LIFTED_ANEW = {
    "drawdown": {"peak": 1000.0, "worst": 0.0},
    "daily_loss": {"day_first": 1000.0, "day_low": 1000.0},
    "total_loss": {"lowest": 1000.0},
}


@pytest.mark.parametrize("name", LIFTED_ANEW)
def test_a_limit_that_a_person_lifts_counts_anew_from_that_moment(name: str) -> None:
    halted = account([BASELINE, cycle(), e.Halted(name, "halted", "too much")])
    lifted = halted.apply(e.Resumed(name, "a person"), 4, AT + 1)
    assert lifted.cycle is not None
    assert {key: getattr(lifted.cycle, key) for key in LIFTED_ANEW[name]} == LIFTED_ANEW[name]
    assert name != "total_loss" or lifted.start_equity == 1000.0
    unmarked = account([BASELINE, e.Halted(name, "halted", "too much")])
    assert unmarked.apply(e.Resumed(name, "a person"), 3, AT + 1).cycle is None


def test_counts_that_a_person_lifts_begin_at_nothing() -> None:
    name = "b" * 32
    lost = [WISH, planned(name), learnt(Learnt.SENT, name), filled(name, trade_id="b"), closed("-1", dust="2")]
    held = account([BASELINE, cycle(), *lost, e.Halted("losing_streak", "x", ""), e.Halted("trades_per_day", "x", "")])
    assert (held.losing_streak, held.trades_today) == (1, 1)
    lifted = held.apply(e.Resumed("losing_streak", "a person"), held.seq + 1, AT + 1)
    assert (lifted.losing_streak, lifted.worst_streak) == (0, 0)
    assert lifted.apply(e.Resumed("trades_per_day", "a person"), held.seq + 2, AT + 1).trades_today == 0


def test_a_limit_whose_time_is_over_counts_on() -> None:
    held = account([BASELINE, cycle(), e.Halted("daily_loss", "reduce-only", "", AT + 5)])
    over = held.apply(e.Resumed("daily_loss", "its time is over"), 4, AT + 5)
    assert over.cycle == held.cycle
    assert over.latches == {}


def test_a_part_that_was_decided_waits_until_its_order_is_planned() -> None:
    first = e.PartDecided(BTC, Leg.PARTIAL_1, Decimal("0.5"), AT)
    second = e.PartDecided(BTC, Leg.PARTIAL_2, Decimal("0.25"), AT)
    again = e.PartDecided(BTC, Leg.PARTIAL_1, Decimal("0.4"), AT + 1)
    waiting = account([*ENTERED, first, second, again])
    assert waiting.holdings[BTC].parts == (second, again)
    sent = waiting.apply(planned(EXIT_ID, Leg.PARTIAL_1, "0.4"), waiting.seq + 1, AT)
    assert sent.holdings[BTC].parts == (second,)


def test_money_is_not_rounded_to_the_digits_of_the_default_context() -> None:
    quantity, price = "1.123456789012345678", "1.000000000000000001"
    bought = account([*ENTERED[:4], filled(quantity=quantity, price=price)])
    assert str(bought.cash) == "998.876543210987654320876543210987654322"
    assert str(bought.holdings[BTC].spent) == "1.123456789012345679123456789012345678"
