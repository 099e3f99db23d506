"""The classic engines on rows whose conditions are given by hand, and what must hold on any market."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles import classic, markets
from tests.oracles.classic import ClassicRun, ClassicSettings, Event
from tests.oracles.classic_filters import Rows
from tests.oracles.classic_settings import Generation, Scenario, Sizing

# Round numbers: fee 1 %, slippage 1 %, wallet 1,000, stop 3 ATR, trailing 5 ATR, and only the switches of the example.
ROUND = {
    "fee": 0.01,
    "slippage_buy": 0.01,
    "slippage_sell": 0.01,
    "capital": 1000.0,
    "stop_atr": 3.0,
    "trailing_atr": 5.0,
    "partials": False,
    "breakeven": False,
    "cooldown_bars": 0,
}


def rows(
    close: list[float],
    *,
    atr: float | list[float] = 2.0,
    enter: set[int] | None = None,
    out: set[int] | None = None,
    opens: list[float] | None = None,
) -> Rows:
    """Rows whose entry condition holds at ``enter`` (row 0) and whose exit signal at ``out`` (nowhere)."""
    size = len(close)
    return Rows(
        offset=13,
        open=opens or close,
        close=close,
        atr=[atr] * size if isinstance(atr, float) else atr,
        may_enter=[i in (enter or {0}) for i in range(size)],
        wants_out=[i in (out or set()) for i in range(size)],
    )


def follow(generation: Generation, given_rows: Rows, **changes: object) -> ClassicRun:
    return classic.follow(generation, given_rows, ClassicSettings(**{**ROUND, **changes}))  # type: ignore[arg-type]


def near(number: float) -> float:
    """The number up to rounding, where an event wants a number."""
    return cast(float, pytest.approx(number))


def told(run: ClassicRun) -> list[tuple[str, int, str]]:
    return [(event.kind, event.row, event.reason) for event in run.events]


# --- A ---


def test_a_buys_all_in_at_the_close_and_trails_from_the_entry_on() -> None:
    # 1000/100 x .99 = 9.9 coins; trailing 100 - 10 = 90, stop 94. New high 110: trailing 110 - 10 = 100. 99 < 100.
    # Sold at 99: 9.9 x 99 x .99 = 970.299. Drawdown: peak 9.9 x 110 = 1089, low 9.9 x 99 = 980.1: 10 %.
    run = follow("a", rows([100, 110, 99]))
    assert run.events == [
        Event("buy", 13, 100, near(9.9), None, "entry"),
        Event("sell", 15, 99, near(9.9), near(970.299 - 1000), "trailing"),
    ]
    assert run.final_wallet == pytest.approx(970.299)
    assert run.max_drawdown == pytest.approx(0.1)


def test_a_values_an_open_position_at_the_last_close_without_a_fee() -> None:
    run = follow("a", rows([100, 101]))
    assert told(run) == [("buy", 13, "entry")]
    assert run.final_wallet == pytest.approx(9.9 * 101)


def test_a_measures_the_fee_of_the_entry_as_drawdown() -> None:
    assert follow("a", rows([100, 100])).max_drawdown == pytest.approx(0.01)


def test_a_rising_atr_lowers_the_trailing_stop_of_a_at_a_new_high() -> None:
    # At 110: 110 - 5 x 2 = 100. At 111 with ATR 4: 111 - 20 = 91, so 99 is kept; with ATR 2 it would be sold.
    assert told(follow("a", rows([100, 110, 111, 99], atr=[2.0, 2, 4, 2]))) == [("buy", 13, "entry")]
    assert told(follow("a", rows([100, 110, 111, 99])))[-1] == ("sell", 16, "trailing")


def test_a_is_strict_a_close_at_the_stop_is_no_exit() -> None:
    assert len(follow("a", rows([100, 94])).events) == 1
    assert told(follow("a", rows([100, 93.99])))[-1] == ("sell", 14, "stop")


def test_a_names_the_stop_before_the_trailing_stop_and_that_before_the_signal() -> None:
    everything = {"out": {1}, "atr": 2.0}
    assert told(follow("a", rows([100, 80], **everything)))[-1][2] == "stop"  # type: ignore[arg-type]
    assert told(follow("a", rows([100, 93], **everything), trailing_atr=1.0, stop_atr=9.0))[-1][2] == "trailing"  # type: ignore[arg-type]
    assert told(follow("a", rows([100, 99], **everything)))[-1][2] == "signal"  # type: ignore[arg-type]


def test_a_does_not_buy_on_the_bar_of_its_exit() -> None:
    run = follow("a", rows([100, 90, 90], enter={0, 1, 2}))
    assert told(run) == [("buy", 13, "entry"), ("sell", 14, "stop"), ("buy", 15, "entry")]


# --- B ---


def test_b_fills_at_the_next_open_and_keeps_the_five_percent_it_does_not_spend() -> None:
    # Fill 102 x 1.01 = 103.02; gross .95 x 1000 / 103.02; coins x .99. Exit at the open after the signal, 110 x .99.
    run = follow("b", rows([100, 105, 108, 108], opens=[99, 102, 107, 110], out={2}))
    coins = 950 / 103.02 * 0.99
    wallet = 50 + coins * 108.9 * 0.99
    assert run.events == [
        Event("buy", 13, near(103.02), near(coins), None, "entry"),
        Event("sell", 15, near(108.9), near(coins), near(wallet - 1000), "signal"),
    ]
    assert run.final_wallet == pytest.approx(wallet)


def test_b_fills_at_the_close_on_the_last_candle() -> None:
    run = follow("b", rows([100, 100, 120], enter={2}))
    assert run.events[0].price == pytest.approx(121.2)
    assert told(follow("b", rows([100, 100, 120], out={2})))[-1] == ("sell", 15, "signal")
    assert follow("b", rows([100, 100, 120], out={2})).events[-1].price == pytest.approx(118.8)


def test_b_is_not_strict_a_close_at_the_stop_is_an_exit() -> None:
    # Fill 100 without slippage, stop 94.
    assert told(follow("b", rows([100, 100, 94]), slippage_buy=0.0))[-1] == ("sell", 15, "stop")
    assert len(follow("b", rows([100, 100, 94.01]), slippage_buy=0.0).events) == 1


def test_the_trailing_stop_of_b_sleeps_until_its_activation_and_uses_the_atr_of_the_entry() -> None:
    # Fill 100: activation 110. 109 does not wake it, 98 is above the stop 94. 110 wakes it: trailing 100; 100 <= 100.
    asleep = follow("b", rows([100, 100, 109, 98]), slippage_buy=0.0)
    assert len(asleep.events) == 1
    awake = follow("b", rows([100, 100, 110, 100], atr=[2.0, 9, 9, 9]), slippage_buy=0.0)
    assert told(awake)[-1] == ("sell", 16, "trailing")


def test_both_partials_can_happen_on_one_bar_and_the_second_takes_its_part_of_what_is_left() -> None:
    # Fill 100, close 104: +4 %. Half of the coins, then 30 % of the other half: 15 %. 35 % stays.
    run = follow("b", rows([100, 100, 104], enter={0}), slippage_buy=0.0, partials=True)
    coins = 9.5 * 0.99
    assert [(event.kind, event.price) for event in run.events[1:]] == [("partial_1", 104), ("partial_2", 104)]
    assert [event.quantity for event in run.events[1:]] == pytest.approx([coins * 0.5, coins * 0.15])
    assert run.final_wallet == pytest.approx(50 + coins * 104 * (0.65 * 0.99 + 0.35))


def test_the_profit_of_a_trade_includes_its_partials() -> None:
    run = follow("b", rows([100, 100, 104, 104], enter={0}, out={3}), slippage_buy=0.0, partials=True)
    assert run.events[-1].profit == pytest.approx(run.final_wallet - 1000)


@pytest.mark.parametrize(
    ("changes", "gross"),
    [
        ({"sizing": "baseline"}, 9.5),  # .95 x 1000 / 100
        ({"sizing": "risk", "risk": 0.05}, 50 / 6),  # 5 % of 1000 over a distance of 3 x 2
        ({"sizing": "risk", "risk": 0.9}, 10),  # capped by the cash
        ({"sizing": "fixed_notional"}, 1),  # 10 % of 1000 at 100
        ({"sizing": "volatility_parity"}, 10),  # 2 % of 1000 / 2 = 10, the cap
        ({"sizing": "volatility_parity", "target_volatility": 0.002}, 1),  # .2 % of 1000 / 2
        ({"sizing": "volatility_parity", "volatility_parity_mended": False}, 0.1),  # 20 / (2 x 100)
    ],
)
def test_b_sizes(changes: dict[str, object], gross: float) -> None:
    run = follow("b", rows([100, 100]), slippage_buy=0.0, **changes)
    assert run.events[0].quantity == pytest.approx(gross * 0.99)


# --- C ---


def test_c_keeps_two_percent_back_and_is_strict_at_the_stop() -> None:
    run = follow("c", rows([100, 100, 94]), slippage_buy=0.0)
    assert run.events[0].quantity == pytest.approx(9.8 * 0.99)
    assert len(run.events) == 1
    assert told(follow("c", rows([100, 100, 93.99]), slippage_buy=0.0))[-1] == ("sell", 15, "stop")


def test_c_sizes_by_risk_under_the_same_cap() -> None:
    # 5.5 % of 1000 over 6; then 90 %, capped at .98 x 1000 / 100.
    quantities = [
        follow("c", rows([100, 100]), slippage_buy=0.0, sizing="risk", **risk).events[0].quantity
        for risk in ({}, {"risk": 0.9})
    ]
    assert quantities == pytest.approx([55 / 6 * 0.99, 9.8 * 0.99])
    with pytest.raises(ValueError, match="fixed_notional"):
        follow("c", rows([100, 100]), sizing="fixed_notional")


def test_break_even_lifts_the_stop_to_the_entry_plus_slippage_once() -> None:
    # Fill 100 x 1.01 = 101. 102.01 is +1 %: the stop becomes 101 x 1.01 = 102.01; 102 < 102.01.
    run = follow("c", rows([100, 100, 102.02, 102]), breakeven=True)
    assert told(run)[-1] == ("sell", 16, "stop")
    late = follow("c", rows([100, 100, 102.00, 101.5]), breakeven=True)
    assert len(late.events) == 1


def test_break_even_comes_before_the_stop_of_the_same_close() -> None:
    # Slippage 3 %: fill 103; 104.03 is +1 % and lifts the stop to 106.09, above the close itself: out at once.
    run = follow("c", rows([100, 100, 104.04], atr=9.0), breakeven=True, slippage_buy=0.03)
    assert told(run)[-1] == ("sell", 15, "stop")


def test_after_a_stop_the_twelfth_bar_is_the_first_that_can_buy() -> None:
    everywhere = set(range(40))
    run = follow("c", rows([100, 100, 80] + [80.0] * 20, enter=everywhere), cooldown_bars=12)
    assert told(run)[:3] == [("buy", 13, "entry"), ("sell", 15, "stop"), ("buy", 27, "entry")]


def test_after_a_signal_or_a_trailing_stop_the_next_bar_can_buy() -> None:
    everywhere = set(range(40))
    signal = follow("c", rows([100, 100, 99, 99], enter=everywhere, out={2}), cooldown_bars=12)
    assert told(signal)[2] == ("buy", 16, "entry")
    # Fill 100, activation 110, trailing 120 - 10 = 110; 109 is below it and above the stop.
    trailing = follow("c", rows([100, 100, 120, 109, 109], enter=everywhere), cooldown_bars=12, slippage_buy=0.0)
    assert told(trailing)[1:3] == [("sell", 16, "trailing"), ("buy", 17, "entry")]


def test_a_close_below_both_stops_counts_as_the_stop_and_cools_down() -> None:
    everywhere = set(range(40))
    run = follow("c", rows([100, 100, 120, 90, 90], enter=everywhere), cooldown_bars=12, slippage_buy=0.0)
    assert told(run)[1:] == [("sell", 16, "stop")]


def test_a_partial_too_small_to_send_is_skipped_and_marked_as_taken() -> None:
    # 9.702 coins at 104: half is worth 504, 30 % of the other half 151. With a least of 170 the second is skipped;
    # at 150 it would be worth 9.702 x .5 x .3 x 150 = 218, and still nothing is sold: it is marked.
    small = follow("c", rows([100, 100, 104, 150]), slippage_buy=0.0, partials=True, minimum_notional=170.0)
    assert told(small)[1:] == [("partial_1", 15, "partial")]
    whole = follow("c", rows([100, 100, 104, 150]), slippage_buy=0.0, partials=True, minimum_notional=150.0)
    assert told(whole)[1:] == [("partial_1", 15, "partial"), ("partial_2", 15, "partial")]


def test_a_position_below_three_smallest_orders_takes_no_partial_and_marks_none() -> None:
    # 9.702 x 104 = 1009 < 3 x 340 = 1020: nothing. At 106: 1028 >= 1020: half of it, 514 >= 340.
    run = follow("c", rows([100, 100, 104, 106]), slippage_buy=0.0, partials=True, minimum_notional=340.0)
    assert told(run)[1:] == [("partial_1", 16, "partial")]


def test_c_without_open_prices_fills_at_the_close_with_slippage() -> None:
    run = follow("c", rows([100, 100], opens=[50, 50]), fill_at_close=True)
    assert run.events[0].price == pytest.approx(101)


# --- the whole, on candles ---

RISING = {"opens_at": [markets.START_MS + row * markets.HOUR_MS for row in range(60)]} | {
    name: [100.0 + row + shift for row in range(60)]
    for name, shift in (("open", -0.5), ("high", 0.5), ("low", -1.0), ("close", 0.0), ("volume", 0.0))
}


def test_a_buys_on_the_first_bar_after_warm_up_because_stoch_rsi_is_zero_there() -> None:
    assert told(classic.run("a", RISING))[0] == ("buy", 13, "entry")


def test_c_waits_until_stoch_rsi_is_defined_and_calls_a_flat_window_one_half() -> None:
    # The RSI of a market that only rises stays at 100: flat windows, 0.5, inside 0.05 ... 0.8.
    first = classic.run("c", RISING, ClassicSettings(trend_filter=False)).events[0]
    assert first.row == 26
    # In B a flat window is 0: below 0.05 for ever (and the RSI is above 70).
    assert classic.run("b", RISING).events == []


def test_the_four_hour_trend_is_zero_until_a_completed_candle_is_above() -> None:
    # The shortened series starts at 13:00. The 4 h candle of 12:00 (13:00-15:59) is the first: its averages are equal,
    # not above. The one of 16:00 is above, known from 20:00 on, before row 26.
    assert classic.run("c", RISING).events[0].row == 26


def test_fewer_than_fifty_candles_are_nothing_at_all() -> None:
    short = {name: column[:49] for name, column in RISING.items()}
    assert classic.run("a", short) == ClassicRun([], 0.0, 0.0)
    assert classic.run("a", {name: column[:50] for name, column in RISING.items()}).events


def test_the_sma_scenario_needs_two_hundred_closes_after_the_drop() -> None:
    long = {name: [float(at * markets.HOUR_MS) for at in range(230)] for name in ("opens_at",)} | {
        name: [100.0 + row + shift for row in range(230)]
        for name, shift in (("open", -0.5), ("high", 0.5), ("low", -1.0), ("close", 0.0), ("volume", 0.0))
    }
    assert classic.run("a", long, ClassicSettings(scenario="sma")).events[0].row == 13 + 199
    assert classic.run("a", long, ClassicSettings(scenario="adx")).events[0].row == 13 + 27
    # The change starts near 0 at row 1 (averages lag) and grows: at row 15 it is above its mean of 15.
    assert classic.run("a", long, ClassicSettings(scenario="trix")).events[0].row == 13 + 15


@st.composite
def runs(draw: st.DrawFn) -> tuple[Generation, ClassicSettings, markets.Market]:
    generation = draw(st.sampled_from(get_args(Generation)))
    both: tuple[Sizing, ...] = ("baseline", "risk")
    numbers = ClassicSettings(
        fast=draw(st.sampled_from((14, 26))),
        scenario=draw(st.sampled_from(get_args(Scenario))),
        sizing=draw(st.sampled_from(both)),
        partials=draw(st.booleans()),
        breakeven=draw(st.booleans()),
        cooldown_bars=draw(st.sampled_from((0, 3, 12))),
        trend_filter=draw(st.booleans()),
        volume_filter=draw(st.booleans()),
        fee=draw(st.sampled_from((0.0, 0.0007, 0.01))),
    )
    return generation, numbers, draw(markets.seeded())


def wallet_from_events(run: ClassicRun, start: float, fee: float, last_close: float) -> float:
    """Cash and coins booked again from the events alone."""
    cash, coins = start, 0.0
    for event in run.events:
        if event.kind == "buy":
            cash -= event.quantity / (1 - fee) * event.price
            coins += event.quantity
        else:
            cash += event.quantity * event.price * (1 - fee)
            coins -= event.quantity
        assert cash >= -1e-6
        assert coins >= -1e-9
    return cash + coins * last_close


@settings(max_examples=60, deadline=None)
@given(runs())
def test_the_events_explain_the_wallet(drawn: tuple[Generation, ClassicSettings, markets.Market]) -> None:
    generation, numbers, market = drawn
    run = classic.run(generation, market, numbers)
    booked = wallet_from_events(run, numbers.capital, numbers.fee, market["close"][-1])
    assert run.final_wallet == pytest.approx(booked, rel=1e-9)
    if run.events and run.events[-1].kind == "sell":
        profits = sum(event.profit or 0.0 for event in run.events)
        assert run.final_wallet == pytest.approx(numbers.capital + profits, rel=1e-9)
    assert 0 <= run.max_drawdown < 1


@settings(max_examples=30, deadline=None)
@given(runs(), st.data())
def test_later_candles_change_no_earlier_event(
    drawn: tuple[Generation, ClassicSettings, markets.Market], data: st.DataObject
) -> None:
    generation, numbers, market = drawn
    whole = classic.run(generation, market, numbers)
    size = len(market["close"])
    after_fills = sorted({event.row + 2 for event in whole.events if 50 <= event.row + 2 < size})
    cuts = data.draw(st.lists(st.sampled_from(after_fills or [size]), min_size=1, max_size=3, unique=True))
    for cut in cuts:
        part = classic.run(generation, {name: column[:cut] for name, column in market.items()}, numbers)
        # The last row of the cut has no next open: it fills at its own close.
        assert [e for e in part.events if e.row < cut - 1] == [e for e in whole.events if e.row < cut - 1]


@pytest.mark.real_candles
@pytest.mark.parametrize("generation", get_args(Generation))
def test_on_recorded_candles_the_events_explain_the_wallet(generation: Generation, candle_folder: Path) -> None:
    with gzip.open(candle_folder / "binance_SOL-USDT_1h.csv.gz", "rt") as file:
        lines = [[float(value) for value in line] for line in list(csv.reader(file))[1:12_001]]
    names = ("opens_at", "open", "high", "low", "close", "volume")
    market = {name: list(column) for name, column in zip(names, zip(*lines, strict=True), strict=True)}
    run = classic.run(generation, market)
    assert len(run.events) > 50
    assert run.final_wallet == pytest.approx(wallet_from_events(run, 10_000, 0.0007, market["close"][-1]), rel=1e-9)
