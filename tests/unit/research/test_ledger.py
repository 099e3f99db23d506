"""The bar loop's lines of numbers become trades, events and open positions."""

from __future__ import annotations

import numpy as np

from tests.oracles import markets
from vigie.domain.pair import Pair
from vigie.domain.trades import EventKind, Events, ExitReason, Trades
from vigie.research import ledger
from vigie.research.kernel import records as k
from vigie.research.timeline import Timeline

HOUR_MS = 3_600_000
CANDLES = markets.as_candles(markets.random_walk(10, 1))
TIMELINE = Timeline.of([CANDLES])


def hour(number: int) -> int:
    return markets.START_MS + number * HOUR_MS


def lines(columns: int, *rows: dict[int, float]) -> np.ndarray:
    table = np.zeros((len(rows), columns))
    for line, row in zip(table, rows, strict=True):
        for column, value in row.items():
            line[column] = value
    return table


BOUGHT_AT_OPEN_SOLD_AT_CLOSE = {
    k.T_PAIR: 3,
    k.T_ENTRY_ROW: 2,
    k.T_ENTRY_AT_CLOSE: 0,
    k.T_EXIT_ROW: 5,
    k.T_EXIT_AT_CLOSE: 1,
    k.T_ENTRY: 100.0,
    k.T_EXIT: 110.0,
    k.T_QUANTITY: 2.0,
    k.T_FEES: 0.42,
    k.T_SLIPPAGE: 0.1,
    k.T_PROFIT: 19.58,
    k.T_SPENT: 200.2,
    k.T_REASON: ExitReason.TRAILING,
    k.T_STOP: 94.0,
}


def test_a_line_becomes_a_trade_with_its_instants() -> None:
    made = ledger.trades(lines(k.TRADE_COLUMNS, BOUGHT_AT_OPEN_SOLD_AT_CLOSE), TIMELINE)
    assert len(made) == 1
    # A fill at the open of row 2 carries that open; one at the close of row 5 the closing time, hour 6.
    assert (made.entry_at[0], made.exit_at[0]) == (hour(2), hour(6))
    assert made.bars_held[0] == 3
    assert made.profit_fraction[0] == 19.58 / 200.2
    assert (made.pair[0], made.exit_reason[0]) == (3, ExitReason.TRAILING)
    assert (made.entry_price[0], made.exit_price[0], made.quantity[0]) == (100.0, 110.0, 2.0)
    assert (made.fees[0], made.slippage[0], made.profit[0], made.stop_at_entry[0]) == (0.42, 0.1, 19.58, 94.0)


def test_a_line_becomes_an_event() -> None:
    table = lines(
        k.EVENT_COLUMNS,
        {k.E_KIND: EventKind.BUY, k.E_ROW: 2, k.E_PRICE: 100.0, k.E_QUANTITY: 2.0, k.E_FEE: 0.2, k.E_PROFIT: np.nan},
        {k.E_KIND: EventKind.SELL, k.E_ROW: 5, k.E_AT_CLOSE: 1, k.E_REASON: ExitReason.SIGNAL, k.E_PROFIT: 3.0},
    )
    made = ledger.events(table, TIMELINE)
    assert made.at.tolist() == [hour(2), hour(6)]
    assert made.kind.tolist() == [EventKind.BUY, EventKind.SELL]
    assert made.reason.tolist() == [ExitReason.NONE, ExitReason.SIGNAL]
    assert (made.price[0], made.quantity[0], made.fee[0], made.profit[1]) == (100.0, 2.0, 0.2, 3.0)


def test_no_lines_become_empty_columns() -> None:
    assert len(ledger.trades(np.empty((0, k.TRADE_COLUMNS)), TIMELINE)) == 0
    assert len(ledger.events(np.empty((0, k.EVENT_COLUMNS)), TIMELINE)) == 0


def test_what_is_still_held_is_an_open_position_at_the_last_close() -> None:
    flat = {k.H_ENTRY: 5.0}
    held = {
        k.H_ENTRY: 100.0,
        k.H_QUANTITY: 1.5,
        k.H_FIXED: 94.37,
        k.H_STOP: 94.25,
        k.H_TARGET: np.nan,
        k.H_ROW: 4,
        k.H_AT_CLOSE: 1,
        k.H_SPENT: 200.0,
        k.H_RECEIVED: 60.0,
    }
    [found] = ledger.open_positions(
        lines(k.HELD_COLUMNS, flat, held),
        TIMELINE,
        [Pair("A", "Q"), Pair("B", "Q")],
        [CANDLES, CANDLES],
    )
    last = float(CANDLES.close[-1])
    assert (found.pair, found.entry_at, found.entry_price, found.quantity) == ("B/Q", hour(5), 100.0, 1.5)
    # What protects it, not the fixed stop before rounding.
    assert found.stop == 94.25
    # Partly sold: 60 received, 1.5 left at the last close, 200 spent.
    assert (found.last_price, found.profit) == (last, 60.0 + 1.5 * last - 200.0)


def test_a_position_entered_at_an_open_carries_the_opening_time() -> None:
    held = {k.H_ENTRY: 100.0, k.H_QUANTITY: 1.0, k.H_FIXED: 94.0, k.H_ROW: 4}
    [found] = ledger.open_positions(lines(k.HELD_COLUMNS, held), TIMELINE, [Pair("A", "Q")], [CANDLES])
    assert found.entry_at == hour(4)


def wallet(exit_rows: list[int]) -> Trades:
    rows = [BOUGHT_AT_OPEN_SOLD_AT_CLOSE | {k.T_EXIT_ROW: row, k.T_PAIR: 0} for row in exit_rows]
    return ledger.trades(lines(k.TRADE_COLUMNS, *rows), TIMELINE)


def test_trades_of_several_wallets_are_put_in_order_of_exit_and_counted_by_wallet() -> None:
    joined = ledger.joined_trades([wallet([3, 7]), wallet([]), wallet([3, 5])])
    assert joined.exit_at.tolist() == [hour(4), hour(4), hour(6), hour(8)]
    assert joined.pair.tolist() == [0, 2, 2, 0]
    assert joined.pair.dtype == np.int16


def test_events_of_several_wallets_are_put_in_order_of_time_and_keep_their_own() -> None:
    def events(rows: list[int]) -> Events:
        return ledger.events(
            lines(k.EVENT_COLUMNS, *({k.E_ROW: row, k.E_QUANTITY: at} for at, row in enumerate(rows))), TIMELINE
        )

    joined = ledger.joined_events([events([5, 5]), events([2, 5])])
    assert joined.at.tolist() == [hour(2), hour(5), hour(5), hour(5)]
    # At one instant: the first wallet first, and each wallet's events in their own order.
    assert list(zip(joined.pair.tolist(), joined.quantity.tolist(), strict=True)) == [(1, 0), (0, 0), (0, 1), (1, 1)]


def test_the_order_at_one_instant_holds_for_many_events_too() -> None:
    at = np.sort(np.random.default_rng(1).integers(0, 10, 500))
    rows = [{k.E_ROW: row, k.E_QUANTITY: number} for number, row in enumerate(at)]
    one = ledger.events(lines(k.EVENT_COLUMNS, *rows), TIMELINE)
    joined = ledger.joined_events([one, one])
    expected = sorted((instant, wallet, number) for wallet in (0, 1) for number, instant in enumerate(one.at.tolist()))
    assert list(zip(joined.at.tolist(), joined.pair.tolist(), joined.quantity.tolist(), strict=True)) == expected


def test_one_wallet_is_left_as_it_is() -> None:
    one = wallet([3, 7])
    assert ledger.joined_trades([one]) is one
