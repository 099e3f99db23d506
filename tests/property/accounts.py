"""Accounts drawn at random, and their events played again by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.fakes.scripted import drawn_wishes, scripted, series_of
from tests.oracles import markets
from vigie.decision.profile import Plan, plan
from vigie.domain.candles import Candles, Series
from vigie.domain.trades import EventKind, ExitReason
from vigie.research.backtest import run
from vigie.research.result import BacktestResult
from vigie.strategy.signals import Signals

NAMES = ("SOL/USDT", "BTC/USDT", "XRP/USDT", "ETH/USDT")
GUARDS = ("max_open_positions", "correlation_limit", "daily_loss_fraction", "drawdown_fraction", "candles_in_row")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "fill_at": ("next_open", "next_open", "close"),
    "stop_test": ("intrabar", "intrabar", "close"),
    "stop_touch": ("on", "off"),
    "stop_limit_fraction": ("0.005", "0.0001", "0"),
    "gap_policy": ("chase", "rest"),
    "trail_from": ("activation", "activation", "never", "entry"),
    "extreme": ("high", "close"),
    "activation_atr": ("0", "1.5", "5.5"),
    "trail_atr": ("0.5", "2", "5.5"),
    "breakeven_fraction": ("0", "0.01"),
    "breakeven_cushion": ("0", "0.002"),
    "partials": ("off", "on"),
    "partial_1_share": ("0.5", "0", "0.99"),
    "partial_2_share": ("0.3", "0"),
    "partial_slippage": ("on", "off"),
    "fee_fraction": ("0.001", "0", "0.02"),
    "fee_in_base": ("off", "off", "on"),
    "slippage_fraction": ("0.0005", "0", "0.01"),
    "sizing": ("risk", "baseline", "fixed_notional", "volatility_parity"),
    "cash_fraction": ("1", "0.5"),
    "max_position_fraction": ("0", "1", "0.3"),
    "min_notional": ("0", "50"),
    "last_at_close": ("off", "on"),
    "close_at_end": ("off", "on"),
    "cooldown_bars": ("0", "off", "7"),
    "max_open_positions": ("2", "off", "5"),
    "correlation_limit": ("off", "0.5"),
    "daily_loss_fraction": ("off", "0.02"),
    "drawdown_fraction": ("off", "0.3"),
    "candles_in_row": ("24", "off", "5"),
    "heat_fraction": ("off", "off", "0.02"),
    "max_losing_streak": ("off", "off", "1", "2"),
    "max_trades_per_day": ("off", "off", "1", "3"),
    "total_loss_fraction": ("off", "off", "0.05"),
    "nearest_stop_fraction": ("off", "off", "0.01"),
    "furthest_stop_fraction": ("off", "off", "0.05"),
    "min_target_fraction": ("off", "off", "0"),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Account:
    """A plan, its candles, and the wishes it was given."""

    seed: int
    plan: Plan
    series: tuple[Series, ...]
    wishes: tuple[Signals, ...]

    def __repr__(self) -> str:
        return f"account({self.seed}, {len(self.series)}, {dict(self.plan.overrides)})"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        # Hypothesis would print every candle.
        printer.text(repr(self))

    def run(self) -> BacktestResult:
        return run(self.plan, self.series)

    @property
    def settings(self) -> Mapping[str, object]:
        return self.plan.numbers


def account(seed: int, pairs: int, chosen: Mapping[str, str]) -> Account:
    """Everything else follows from the seed: markets that differ in kind, price, age and holes."""
    dice = random.Random(seed)
    series, wishes = [], []
    for number, name in enumerate(NAMES[:pairs]):
        rows, first = dice.randint(60, 250), dice.choice((0, 0, 20))
        maker = markets.MAKERS[dice.choice(sorted(markets.MAKERS))]
        market = {key: column[first:] for key, column in maker(rows, seed + number).items()}
        # Two flat markets have the same prices; the strategy, which sees candles alone, has to tell them apart.
        market["volume"] = [one + number for one in market["volume"]]
        candles = markets.as_candles(markets.with_holes(market, seed, share=dice.choice((0.0, 0.02))))
        series.append(series_of(candles, name))
        wishes.append(drawn_wishes(candles, seed + number, warm_up=10, entry_share=0.2))
    strategy = scripted([(one.candles, wish) for one, wish in zip(series, wishes, strict=True)])
    order = sorted(range(pairs), key=lambda i: series[i].pair)
    sorted_series, sorted_wishes = tuple(series[i] for i in order), tuple(wishes[i] for i in order)
    return Account(seed, plan(strategy, "standard", chosen), sorted_series, sorted_wishes)


def accounts(**fixed: str) -> st.SearchStrategy[Account]:
    """Accounts with every setting drawn, but for those named."""
    drawn = {name: st.just(fixed[name]) if name in fixed else st.sampled_from(words) for name, words in CHOICES.items()}
    return st.builds(account, st.integers(0, 100_000), st.integers(1, 4), st.fixed_dictionaries(drawn))


@dataclass(slots=True)
class State:
    """The account right after one event, kept by hand.

    Attributes:
        index: of the event; -1: the last close of a row.
        row: of the common timeline.
        before: equity right before the event.
    """

    index: int
    row: int
    cash: float
    coins: dict[int, float]
    last_close: dict[int, float]
    before: float

    @property
    def equity(self) -> float:
        return self.cash + sum(held * self.last_close[pair] for pair, held in self.coins.items())


def replay(made: Account, result: BacktestResult) -> Iterator[State]:
    """The state after each event and at each close, from prices and quantities alone."""
    settings, events = made.settings, result.events
    fee, in_base = float(str(settings["fee_fraction"])), bool(settings["fee_in_base"])
    opens = result.closes_at - result.series[0].candles.timeframe.milliseconds
    rows = np.array([row_of(i, made, result, opens) for i in range(len(events))], dtype=np.int64)
    assert (np.diff(rows) >= 0).all(), "events out of order"
    at = {pair: dict(zip(one.candles.opens_at.tolist(), one.candles.close.tolist(), strict=True))
          for pair, one in enumerate(result.series)}  # fmt: skip
    state = State(-1, 0, result.capital, {}, {}, result.capital)
    done = 0
    for row, opened in enumerate(opens.tolist()):
        state.row = row
        late = [i for i in range(done, len(events)) if rows[i] == row]
        closing = [i for i in late if happens_at_close(i, made, result)]
        for i in [i for i in late if i not in closing]:
            yield _apply(i, state, result, fee, in_base=in_base)
        for pair, closes in at.items():
            state.last_close[pair] = closes.get(opened, state.last_close.get(pair, 0.0))
        for i in closing:
            yield _apply(i, state, result, fee, in_base=in_base)
        done += len(late)
        state.index = -1
        yield state


def _apply(i: int, state: State, result: BacktestResult, fee: float, *, in_base: bool) -> State:
    events = result.events
    pair, price, quantity = int(events.pair[i]), float(events.price[i]), float(events.quantity[i])
    state.index, state.before = i, state.equity
    if events.kind[i] == EventKind.BUY:
        paid_for = quantity / (1 - fee) if in_base else quantity
        state.cash -= paid_for * price * (1 if in_base else 1 + fee)
        state.coins[pair] = state.coins.get(pair, 0.0) + quantity
    else:
        state.cash += quantity * price * (1 - fee)
        state.coins[pair] = state.coins.get(pair, 0.0) - quantity
        if events.kind[i] == EventKind.SELL:
            assert abs(state.coins[pair]) <= 1e-9 * quantity + 1e-12, "a sale leaves coins"
            del state.coins[pair]
    return state


def happens_at_close(i: int, made: Account, result: BacktestResult) -> bool:
    """Whether an event was filled at the close of its candle."""
    events, settings = result.events, made.settings
    if events.kind[i] == EventKind.PARTIAL or events.reason[i] == ExitReason.END:
        return True
    inside = settings["stop_test"] == "intrabar" and events.reason[i] in (ExitReason.STOP, ExitReason.TRAILING)
    if inside or events.reason[i] == ExitReason.GAP:
        return False
    at_last = bool(settings["last_at_close"]) and int(events.at[i]) == int(result.closes_at[-1])
    return settings["fill_at"] == "close" or at_last


def row_of(i: int, made: Account, result: BacktestResult, opens: np.ndarray) -> int:
    """Row of the common timeline in which an event was filled."""
    at = int(result.events.at[i])
    instants = result.closes_at if happens_at_close(i, made, result) else opens
    row = int(np.searchsorted(instants, at))
    assert instants[row] == at, "an event at no candle's open or close"
    return row


def own_row(candles: Candles, at: int) -> int:
    """Row of a pair's own candle that opens at an instant."""
    row = int(np.searchsorted(candles.opens_at, at))
    assert candles.opens_at[row] == at, "filled where the pair has no candle"
    return row
