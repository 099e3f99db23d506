"""Rule W1 on a few candles, with the arithmetic beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests.oracles import markets, w1
from tests.oracles.w1 import Trade, W1Settings

SMALL = W1Settings(
    fast=1, slow=3, blocked=0, atr_window=2, slippage=0.01, fee=0.001, capital=1000.0, activation_atr=1.0, trail_atr=1.0
)
"""EMA(1) is the close, EMA(3) has alpha 1/2, the ATR is a mean of two."""

# Closes 10 10 12: EMA(3) 10 10 11, so the close crosses above at row 2. True ranges 2 2 2: ATR 2.
# Bought at row 3, open 12: fill 12 x 1.01 = 12.12, stop 12.12 - 3 x 2 = 6.12, units 2 % of 1000 / 6 = 20/6.
SETUP = [(10, 11, 9, 10), (10, 11, 9, 10), (10, 12, 10, 12)]
UNITS = 20 / 6


def bars(*rows: tuple[float, float, float, float]) -> dict[str, list[float]]:
    columns = zip(*[*SETUP, *rows], strict=True)
    return {name: list(column) for name, column in zip(("open", "high", "low", "close"), columns, strict=True)}


def test_a_cross_up_buys_at_the_next_open_and_the_open_position_is_marked_to_the_last_close() -> None:
    run = w1.run(bars((12, 12.5, 11.5, 12)), SMALL)
    cash = 1000 - UNITS * 12.12 * 1.001
    assert run.trades == []
    assert run.equity == pytest.approx([1000, 1000, 1000, cash + UNITS * 12], rel=1e-15)
    assert run.final_equity == run.equity[-1]


def test_a_stop_can_be_hit_in_the_bar_of_the_entry() -> None:
    run = w1.run(bars((12, 12, 5, 11)), SMALL)
    exit_price = 6.12 * 0.99
    profit = UNITS * exit_price * 0.999 - UNITS * 12.12 * 1.001
    assert run.trades[0] == pytest.approx((3, 3, 12.12, exit_price, UNITS, profit), rel=1e-12)
    assert run.final_equity == pytest.approx(1000 + profit, rel=1e-15)
    assert run.entry_bar_stops == 1


def test_a_stop_that_is_only_touched_is_hit() -> None:
    exact = replace(SMALL, slippage=0.0)  # fill 12, stop 12 - 6 = 6
    assert [t.exit_row for t in w1.run(bars((12, 12.5, 11.5, 12), (12, 12, 6, 12)), exact).trades] == [4]
    assert w1.run(bars((12, 12.5, 11.5, 12), (12, 12, 6.0001, 12)), exact).trades == []


def test_a_gap_through_the_stop_is_sold_at_the_open() -> None:
    # Close 12 at row 3 keeps the averages up (EMA 11.5), so no cross; row 4 opens at 5, below 6.12.
    run = w1.run(bars((12, 12.5, 11.5, 12), (5, 5.5, 4, 5)), SMALL)
    assert run.trades[0].exit_row == 4
    assert run.trades[0].exit_price == pytest.approx(5 * 0.99)


def test_a_cross_down_is_sold_at_the_next_open_before_that_bars_stop_is_looked_at() -> None:
    # Row 3 closes at 11: EMA(3) 11, equal is no cross. Row 4 closes at 8: EMA 9.5, crossed (11 >= 11 before).
    # Row 5 opens at 8 and falls through the stop 6.12: sold at the open, not at the stop.
    run = w1.run(bars((12, 12.5, 10.5, 11), (11, 11, 7, 8), (8, 8, 4, 5)), SMALL)
    assert [trade[:2] for trade in run.trades] == [(3, 5)]
    assert run.trades[0].exit_price == pytest.approx(8 * 0.99)


def test_a_trailing_stop_made_at_a_close_works_from_the_next_bar_on() -> None:
    # Activation at 12.12 + 2 = 14.12. Row 4's high of 15 reaches it: at its close the stop is 15 - 2 = 13.
    # Its own low of 12.2 is below 13 but was looked at before. Row 5: low 12.9 <= 13, open 14: sold at 13.
    run = w1.run(bars((12, 12.5, 11.5, 12), (12.2, 15, 12.2, 14), (14, 14.5, 12.9, 14)), SMALL)
    assert [trade[:2] for trade in run.trades] == [(3, 5)]
    assert run.trades[0].exit_price == pytest.approx(13 * 0.99)


def test_a_high_just_below_the_activation_leaves_the_stop_alone() -> None:
    run = w1.run(bars((12, 12.5, 11.5, 12), (12.2, 14.11, 12.2, 14), (14, 14, 11, 13)), SMALL)
    assert run.trades == []


def test_a_trailing_stop_never_falls_back() -> None:
    # Row 4 lifts the stop to 15 - 2 = 13; the lower highs of rows 5 and 6 do not lower it.
    quiet = (14, 14.1, 13.5, 14)
    run = w1.run(bars((12, 12.5, 11.5, 12), (12.2, 15, 12.2, 14), quiet, quiet, (14, 14, 13, 14)), SMALL)
    assert [trade.exit_row for trade in run.trades] == [7]
    assert run.trades[0].exit_price == pytest.approx(13 * 0.99)


def test_the_cash_limits_the_units() -> None:
    # At 70 % risk the risk would allow 700/6 = 116.7 units; the cash pays for 1000/(12.12 x 1.001) = 82.4.
    run = w1.run(bars((12, 12, 5, 11)), replace(SMALL, risk=0.7))
    assert run.trades[0].quantity == pytest.approx(1000 / (12.12 * 1.001))


def test_a_cross_in_the_blocked_bars_is_not_bought() -> None:
    falls = (12, 12, 5, 11)
    assert len(w1.run(bars(falls), replace(SMALL, blocked=2)).trades) == 1
    assert w1.run(bars(falls), replace(SMALL, blocked=3)).trades == []


@settings(max_examples=40, deadline=None)
@given(markets.seeded())
def test_the_profits_of_all_trades_explain_the_equity(market: markets.Market) -> None:
    run = w1.run(market)
    wallet, last_exit = 100_000.0, -1
    for trade in run.trades:
        assert last_exit < trade.entry_row <= trade.exit_row
        wallet += trade.profit
        last_exit = trade.exit_row
        assert run.equity[trade.exit_row] == pytest.approx(wallet, rel=1e-12)


@settings(max_examples=25, deadline=None)
@given(markets.seeded())
def test_later_candles_change_nothing_before_them(market: markets.Market) -> None:
    whole = w1.run(market)
    for cut in {trade.entry_row + 1 for trade in whole.trades} | {trade.exit_row + 1 for trade in whole.trades}:
        part = w1.run({name: column[:cut] for name, column in market.items()})
        assert part.equity == whole.equity[:cut]
        assert part.trades == [trade for trade in whole.trades if trade.exit_row < cut]


def test_a_trade_says_which_rows_it_filled_in() -> None:
    assert Trade._fields == ("entry_row", "exit_row", "entry_price", "exit_price", "quantity", "profit")
