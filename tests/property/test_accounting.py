"""Identities and promises that hold for any market, any wishes and any settings."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
from hypothesis import HealthCheck, given, settings

from tests.property.accounts import Account, accounts, happens_at_close, own_row, replay
from vigie.domain.trades import EventKind, ExitReason
from vigie.research.backtest import run
from vigie.research.result import BacktestResult

often = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
CRUMB = 1e-9


def number(made: Account, name: str) -> float:
    return float(str(made.settings[name]))


@often
@given(accounts())
def test_cash_and_coins_at_their_last_close_are_the_equity_of_every_row(made: Account) -> None:
    result = made.run()
    wallet = float(result.equity.max())
    for state in replay(made, result):
        if state.index < 0:
            coins = state.equity - state.cash
            assert abs(state.equity - result.equity[state.row]) <= CRUMB * wallet
            assert abs(coins - result.invested[state.row]) <= CRUMB * wallet


@often
@given(accounts())
def test_cash_and_coins_are_never_negative(made: Account) -> None:
    result = made.run()
    wallet = float(result.equity.max())
    for state in replay(made, result):
        assert state.cash >= -CRUMB * wallet
        assert all(coins >= 0 for coins in state.coins.values())
    assert (result.invested >= 0).all()


@often
@given(accounts())
def test_profits_of_trades_and_of_open_positions_are_the_change_of_the_wallet(made: Account) -> None:
    for wallet in ("shared", "per-pair"):
        asked = replace(made.plan, settings=replace(made.plan.settings, wallet=wallet))
        result = run(asked, made.series)
        profit = float(result.trades.profit.sum()) + sum(one.profit for one in result.open_positions)
        assert abs(result.equity[-1] - result.capital - profit) <= CRUMB * float(result.equity.max())
        sold = result.events.kind == EventKind.SELL
        assert np.array_equal(np.sort(result.events.profit[sold]), np.sort(result.trades.profit))


@often
@given(accounts())
def test_fees_of_trades_are_the_fees_of_their_events(made: Account) -> None:
    result = made.run()
    events = result.events
    running, fees = {}, []
    for i in range(len(events)):
        pair, kind = int(events.pair[i]), events.kind[i]
        value = float(events.price[i] * events.quantity[i])
        if kind == EventKind.BUY and bool(made.settings["fee_in_base"]):
            value /= 1 - number(made, "fee_fraction")
        assert abs(events.fee[i] - value * number(made, "fee_fraction")) <= CRUMB * value
        running[pair] = (0.0 if kind == EventKind.BUY else running[pair]) + float(events.fee[i])
        if kind == EventKind.SELL:
            fees.append(running[pair])
    np.testing.assert_allclose(result.trades.fees, fees, rtol=1e-9)


@often
@given(accounts(fee_in_base="off"))
def test_fees_and_slippage_explain_the_difference_to_a_world_without_friction(made: Account) -> None:
    result = made.run()
    frictionless: dict[int, float] = {}
    totals = []
    for i in range(len(result.events)):
        pair, kind = int(result.events.pair[i]), result.events.kind[i]
        flow = float(result.events.quantity[i]) * reference(i, made, result)
        if kind == EventKind.BUY:
            frictionless[pair] = -flow
        else:
            frictionless[pair] += flow
        if kind == EventKind.SELL:
            totals.append(frictionless[pair])
    trades = result.trades
    costs = np.array(totals) - trades.profit
    wallet = float(result.equity.max())
    np.testing.assert_allclose(costs, trades.fees + trades.slippage, rtol=0, atol=CRUMB * wallet)


def reference(i: int, made: Account, result: BacktestResult) -> float:
    """The price that a fill would have had without slippage."""
    events = result.events
    candles = result.series[int(events.pair[i])].candles
    if events.reason[i] == ExitReason.END:
        # Sold at the last close that the pair has, which may be older than the end.
        return float(candles.close[-1])
    if happens_at_close(i, made, result):
        return float(candles.close[int(np.searchsorted(candles.closes_at, events.at[i]))])
    opened = float(candles.open[own_row(candles, int(events.at[i]))])
    stopped = made.settings["stop_test"] == "intrabar" and events.reason[i] in (ExitReason.STOP, ExitReason.TRAILING)
    return min(opened, trigger(i, result)) if stopped else opened


def trigger(i: int, result: BacktestResult) -> float:
    """The stop that rested while the candle of a sale was traded: that of the close before, or that of the entry."""
    events, pair = result.events, int(result.events.pair[i])
    row = own_row(result.series[pair].candles, int(events.at[i]))
    before = result.stops[pair][row - 1]
    if not np.isnan(before):
        return float(before)
    trades = result.trades
    which = (trades.pair == pair) & (trades.exit_at == events.at[i]) & (trades.entry_at == events.at[i])
    if not which.any():
        # Bought at the close of the candle before: the stops of that close show it.
        which = (trades.pair == pair) & (trades.exit_at == events.at[i])
    return float(trades.stop_at_entry[which][0])


@often
@given(accounts(max_open_positions="2"))
def test_never_more_positions_than_allowed_are_open(made: Account) -> None:
    result = made.run()
    for state in replay(made, result):
        assert len(state.coins) <= 2


@often
@given(accounts())
def test_no_position_costs_more_than_its_share_of_the_equity(made: Account) -> None:
    result = made.run()
    fraction = number(made, "max_position_fraction")
    if fraction == 0:
        limit = made.settings["max_open_positions"]
        fraction = 1 / min(len(made.series) if limit == "off" else float(str(limit)), len(made.series))
    net = 1 - number(made, "fee_fraction") if made.settings["fee_in_base"] else 1.0
    for state in replay(made, result):
        if state.index >= 0 and result.events.kind[state.index] == EventKind.BUY:
            value = float(result.events.quantity[state.index] / net * result.events.price[state.index])
            assert value <= fraction * state.before * (1 + CRUMB)


@often
@given(accounts(trail_from="activation"))
def test_a_stop_never_falls_while_the_position_is_held(made: Account) -> None:
    result = made.run()
    bought = result.events[result.events.kind == EventKind.BUY]
    for pair, stops in enumerate(result.stops):
        held = ~np.isnan(stops[:-1]) & ~np.isnan(stops[1:])
        # Sold inside the last candle and bought again at its close: another position.
        held[-1:] &= not (bought.at[bought.pair == pair] == result.series[pair].candles.closes_at[-1]).any()
        assert (np.diff(stops)[held] >= 0).all()


@often
@given(accounts(stop_test="intrabar"))
def test_a_sale_by_a_stop_happens_only_after_the_low_reached_it(made: Account) -> None:
    result = made.run()
    events = result.events
    bought = {}
    for i in range(len(events)):
        pair = int(events.pair[i])
        if events.kind[i] == EventKind.BUY:
            bought[pair] = int(events.at[i])
        if events.kind[i] != EventKind.SELL or events.reason[i] not in (ExitReason.STOP, ExitReason.TRAILING):
            continue
        candles = result.series[pair].candles
        row, first = own_row(candles, int(events.at[i])), int(np.searchsorted(candles.opens_at, bought[pair]))
        reached = candles.low[row] <= trigger(i, result)
        if not reached:
            # A stop-limit that a gap jumped over has rested since an earlier candle.
            assert made.settings["gap_policy"] == "rest"
            reached = bool((candles.low[first + 1 : row] <= result.stops[pair][first : row - 1]).any())
            reached |= bool(candles.low[first] <= result.stops[pair][first])
        assert reached


@often
@given(accounts(fill_at="next_open", last_at_close="off"))
def test_an_entry_is_filled_only_at_the_open_after_the_candle_that_wished_it(made: Account) -> None:
    result = made.run()
    for pair, at, price in bought(result):
        candles, wish = result.series[pair].candles, made.wishes[pair]
        row = own_row(candles, at)
        assert wish.entry[row - 1] == 1
        assert row - 1 >= wish.warm_up
        assert np.isclose(price, candles.open[row] * (1 + number(made, "slippage_fraction")), rtol=1e-12)


@often
@given(accounts(fill_at="next_open", last_at_close="off", candles_in_row="5"))
def test_no_entry_is_decided_within_five_candles_after_a_hole(made: Account) -> None:
    result = made.run()
    for pair, at, _ in bought(result):
        candles = result.series[pair].candles
        decided = own_row(candles, at) - 1
        assert decided >= 4
        assert candles.opens_at[decided] - candles.opens_at[decided - 4] == 4 * candles.timeframe.milliseconds


def bought(result: BacktestResult) -> list[tuple[int, int, float]]:
    events = result.events
    rows = np.flatnonzero(events.kind == EventKind.BUY)
    return [(int(events.pair[i]), int(events.at[i]), float(events.price[i])) for i in rows]


@often
@given(accounts(close_at_end="on"))
def test_what_is_held_at_the_end_is_sold_there_and_nothing_else_is_different(made: Account) -> None:
    result = made.run()
    open_still = run(replace(made.plan, settings=replace(made.plan.settings, close_at_end=False)), made.series)
    ended = result.trades.exit_reason == ExitReason.END
    assert result.open_positions == ()
    assert result.invested[-1] == 0.0
    assert sorted(result.pairs[pair] for pair in result.trades.pair[ended]) == sorted(
        one.pair for one in open_still.open_positions
    )
    assert (result.trades.exit_at[ended] == result.closes_at[-1]).all()
    assert len(result.trades) == len(open_still.trades) + len(open_still.open_positions)
    assert result.equity[:-1].tobytes() == open_still.equity[:-1].tobytes()
    # What the sale costs is all that it changes.
    held = {one.pair: one for one in open_still.open_positions}
    for pair, quantity, price in zip(*sold_at_the_end(result), strict=True):
        candles = result.series[pair].candles
        assert quantity == held[result.pairs[pair]].quantity
        assert np.isclose(price, candles.close[-1] * (1 - number(made, "slippage_fraction")), rtol=1e-12)
    assert abs(result.equity[-1] - result.capital - result.trades.profit.sum()) <= CRUMB * float(result.equity.max())
    assert result.equity[-1] <= open_still.equity[-1] * (1 + CRUMB)


def sold_at_the_end(result: BacktestResult) -> tuple[list[int], list[float], list[float]]:
    events = result.events[(result.events.reason == ExitReason.END) & (result.events.kind == EventKind.SELL)]
    return events.pair.tolist(), events.quantity.tolist(), events.price.tolist()


@often
@given(accounts())
def test_the_same_inputs_give_the_same_bytes_in_any_order_of_the_pairs(made: Account) -> None:
    first, again, turned = made.run(), made.run(), run(made.plan, made.series[::-1])
    for other in (again, turned):
        assert everything(first) == everything(other)


def everything(result: BacktestResult) -> list[bytes]:
    columns = [result.closes_at, result.equity, result.invested, result.hold, *result.stops]
    for table in (result.trades, result.events):
        columns += [getattr(table, column.name) for column in fields(table)]
    said = [repr(result.open_positions), repr(dict(result.refusals)), repr(result.metrics), repr(result.pairs)]
    return [column.tobytes() for column in columns] + [text.encode() for text in said]
