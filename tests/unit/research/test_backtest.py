"""The engine against the portfolio oracle, and what only the engine knows: ranges, wallets, order of pairs."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.fakes.scripted import drawn_wishes, wishes
from tests.oracles import markets
from tests.oracles.portfolio import Filters, PortfolioSettings
from tests.unit.research.portfolio_cases import Pieces, differences, engine, names_of, oracle
from vigie.adapters.market_data.files import read_series
from vigie.decision.profile import plan
from vigie.domain.errors import ConfigError
from vigie.domain.trades import EventKind, ExitReason
from vigie.strategy.strategy import load

FROM_2021 = 1_609_459_200_000
TO_2022 = 1_640_995_200_000
COINS = ("BTC", "ETH", "SOL", "XRP")
REAL_FILTERS = {
    "BTC/USDT": Filters("0.01", "0.00001", 0.00001, 5.0),
    "ETH/USDT": Filters("0.01", "0.0001", 0.0001, 5.0),
    "SOL/USDT": Filters("0.01", "0.001", 0.001, 5.0),
    "XRP/USDT": Filters("0.0001", "0.1", 0.1, 5.0),
}
OPEN_GUARDS = PortfolioSettings(
    max_open_positions=None, correlation=None, daily_loss=None, drawdown=None, candles_in_row=None, cooldown=None
)


def drawn_pieces(seed: int, pairs: int, rows: int = 700) -> Pieces:
    """Markets of different kind, age and with different holes; some move alike."""
    dice = random.Random(seed)
    makers = sorted(markets.MAKERS)
    common = markets.fat_tails(rows, seed)
    pieces = {}
    for number, name in enumerate(names_of(pairs)):
        market = common if dice.random() < 0.3 else markets.MAKERS[dice.choice(makers)](rows, seed * 10 + number)
        first, last = dice.choice((0, 0, 50)), rows - dice.choice((0, 0, 30))
        market = {key: column[first:last] for key, column in market.items()}
        if dice.random() < 0.7:
            market = markets.with_holes(market, seed + number, share=0.01)
        candles = markets.as_candles(market)
        pieces[name] = (candles, drawn_wishes(candles, seed * 100 + number, warm_up=7 * seed))
    return pieces


def drawn_filters(seed: int, pieces: Pieces) -> dict[str, Filters]:
    dice = random.Random(seed)
    made = {}
    for name, (candles, _) in pieces.items():
        price = float(candles.close[0])
        if dice.random() < 0.6 and price > 1:
            made[name] = Filters(
                dice.choice(("0.01", "0.5", "0")),
                dice.choice(("0.001", "0.1", "0")),
                0.001,
                dice.choice((0.0, 5.0, 700.0)),
            )
    return made


SETTINGS = {
    "the profile as it is": PortfolioSettings(),
    "all guards off": OPEN_GUARDS,
    "tight guards": PortfolioSettings(max_open_positions=2, daily_loss=0.01, drawdown=0.06, cooldown=10),
    "whole wallet in one position": replace(OPEN_GUARDS, position_fraction=1.0, risk=0.2),
    "a market stop": replace(OPEN_GUARDS, stop_limit=0.0, activation_atr=1.0, trail_atr=1.0),
    "a gap rests": replace(OPEN_GUARDS, stop_limit=0.0001, chase=False),
    "a gap is chased": replace(OPEN_GUARDS, stop_limit=0.0001, cooldown=25),
    "partials and break-even": replace(
        OPEN_GUARDS, partials=((0.02, 0.5), (0.04, 0.3)), breakeven=0.01, activation_atr=2.0, trail_atr=1.5
    ),
    "only correlation": replace(OPEN_GUARDS, correlation=0.3, correlation_window=40),
    "small wallet": PortfolioSettings(capital=60.0),
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("seed", range(6))
def test_every_fill_and_the_whole_equity_curve_follow_the_oracle(name: str, seed: int) -> None:
    pieces = drawn_pieces(seed, pairs=1 + (seed + len(name)) % 5)
    filters = drawn_filters(seed, pieces) if seed % 2 else {}
    expected = oracle(pieces, SETTINGS[name], filters)
    assert differences(engine(pieces, SETTINGS[name], filters), expected) == []


def test_the_random_cases_reach_every_reason_and_every_refusal() -> None:
    reasons, refused = set(), dict.fromkeys(oracle(drawn_pieces(0, 1, 200), OPEN_GUARDS, {}).refused, 0)
    for name, settings in SETTINGS.items():
        for seed in range(6):
            pieces = drawn_pieces(seed, pairs=1 + (seed + len(name)) % 5)
            done = oracle(pieces, settings, drawn_filters(seed, pieces) if seed % 2 else {})
            reasons |= {event.reason for event in done.events}
            refused = {rule: count + done.refused[rule] for rule, count in refused.items()}
    assert reasons == {"none", "stop", "trailing", "target", "signal", "gap", "partial_1", "partial_2"}
    assert all(refused.values()), refused


@pytest.mark.real_candles
@pytest.mark.parametrize(
    ("strategy", "params"),
    [("ema_cross", {}), ("ema_stochrsi", {"fast": "14", "slow": "26"}), ("donchian", {"entry_window": "20"})],
)
def test_a_year_of_four_real_coins_in_one_wallet_follows_the_oracle(
    candle_folder: Path, strategy: str, params: dict[str, str]
) -> None:
    asked = plan(load(strategy), "standard", params)
    pieces = {}
    for coin in COINS:
        candles = read_series(candle_folder / f"binance_{coin}-USDT_1h.csv.gz").candles.between(FROM_2021, TO_2022)
        pieces[f"{coin}/USDT"] = (candles, asked.strategy.signals(candles, asked.parameters))
    for settings in (PortfolioSettings(), PortfolioSettings(drawdown=None, correlation=0.95, max_open_positions=3)):
        expected = oracle(pieces, settings, REAL_FILTERS)
        assert differences(engine(pieces, settings, REAL_FILTERS), expected) == []
        assert len(expected.events) > 20


@pytest.mark.long
@pytest.mark.real_candles
@pytest.mark.parametrize("strategy", ["ema_cross", "ema_stochrsi", "donchian", "rsi_reversion"])
def test_the_whole_history_of_four_real_coins_follows_the_oracle(candle_folder: Path, strategy: str) -> None:
    """Coins listed at different times, every outage of the exchange."""
    asked = plan(load(strategy), "standard", {})
    pieces = {}
    for coin in COINS:
        candles = read_series(candle_folder / f"binance_{coin}-USDT_1h.csv.gz").candles
        pieces[f"{coin}/USDT"] = (candles, asked.strategy.signals(candles, asked.parameters))
    settings = PortfolioSettings(drawdown=None, partials=((0.02, 0.5), (0.04, 0.3)), breakeven=0.01, cooldown=12)
    expected = oracle(pieces, settings, REAL_FILTERS)
    assert differences(engine(pieces, settings, REAL_FILTERS), expected) == []
    assert len(expected.events) > 500


def test_one_wallet_each_is_as_if_every_pair_were_alone() -> None:
    pieces = drawn_pieces(11, 3)
    together = engine(pieces, PortfolioSettings(), {}, {"wallet": "per-pair"})
    alone = {name: oracle({name: piece}, PortfolioSettings(), {}) for name, piece in pieces.items()}
    assert together.capital == 30_000.0
    assert together.equity[-1] == pytest.approx(sum(run.equity[-1] for run in alone.values()), rel=1e-9)
    for index, name in enumerate(together.pairs):
        own = together.events.price[together.events.pair == index]
        np.testing.assert_allclose(own, [event.price for event in alone[name].events], rtol=1e-12)


def test_a_range_is_traded_as_the_end_of_a_longer_history_is() -> None:
    """Candles before the range warm up the indicators, the hole rule and the correlation; nothing is traded in them."""
    rows, first = 400, 200
    pieces, start = {}, markets.START_MS
    for name, scale in zip(names_of(3), (1.0, 20.0, 300.0), strict=True):
        candles = markets.as_candles(markets.with_holes(markets.fat_tails(rows, 3, start=scale), 3, share=0.01))
        start = int(candles.opens_at[first])
        wished = drawn_wishes(candles, len(pieces), entry_share=0.3)
        late = wished.entry.copy()
        late[:first] = 0
        pieces[name] = (candles, replace(wished, entry=late))
    settings = PortfolioSettings(daily_loss=None, correlation=0.999)
    expected = oracle(pieces, settings, {})
    result = engine(pieces, settings, {}, start_ms=start)
    assert expected.refused["holes"] > 0
    assert expected.refused["correlation"] > 0
    assert result.refusals["holes"] == expected.refused["holes"]
    assert result.refusals["correlation"] == expected.refused["correlation"]
    assert [event.at for event in expected.events] == result.events.at.tolist()
    assert result.equity.tolist() == pytest.approx(expected.equity[first:], rel=1e-9)


@pytest.mark.parametrize("name", ["partial_1_share", "partial_2_share"])
def test_a_part_is_never_everything(name: str) -> None:
    """A position sold down to nothing in parts would leave no trade and keep its place among the open ones."""
    with pytest.raises(ConfigError, match=f"{name}=1: must lie between 0 and 0.99"):
        plan(load("ema_cross"), "standard", {"partials": "on", name: "1"})


def test_a_pair_without_a_candle_in_the_last_row_is_sold_there_at_its_last_close() -> None:
    """Two hours of SOL are missing at the end: its coin is sold when the others end, at the price last seen."""
    rows, pieces = 120, {}
    for name, last in (("BTC/USDT", rows), ("SOL/USDT", rows - 2)):
        candles = markets.as_candles(markets.random_walk(rows, 4, volatility=0.001))[:last]
        pieces[name] = (candles, wishes(last, entries=[100], distance=50.0))
    result = engine(pieces, OPEN_GUARDS, {}, {"close_at_end": "on", "slippage_fraction": "0.001"})
    assert [result.pairs[pair] for pair in result.trades.pair] == ["BTC/USDT", "SOL/USDT"]
    assert (result.trades.exit_reason == ExitReason.END).all()
    assert (result.trades.exit_at == result.closes_at[-1]).all()
    for price, (candles, _) in zip(result.trades.exit_price, pieces.values(), strict=True):
        assert price == pytest.approx(candles.close[-1] * 0.999, rel=1e-12)
    assert result.open_positions == ()
    assert result.equity[-1] == pytest.approx(result.capital + result.trades.profit.sum(), rel=1e-12)


def test_what_was_sold_in_parts_before_is_sold_at_the_end_as_one_trade() -> None:
    market = markets.random_walk(60, 4, volatility=1e-6)
    for name in ("open", "high", "low", "close"):
        market[name][40:] = [value * 1.05 for value in market[name][40:]]
    market["open"][40] = market["low"][40] = market["close"][39]
    candles = markets.as_candles(market)
    pieces = {"BTC/USDT": (candles, wishes(60, entries=[30], distance=50.0))}
    result = engine(pieces, OPEN_GUARDS, {}, {"close_at_end": "on", "partials": "on", "partial_2_share": "0"})
    assert [EventKind(kind).label for kind in result.events.kind] == ["buy", "partial", "sell"]
    assert result.events.quantity[0] == pytest.approx(result.events.quantity[1:].sum())
    assert len(result.trades) == 1
    assert result.equity[-1] == pytest.approx(result.capital + result.trades.profit[0], rel=1e-12)


@pytest.mark.parametrize(("min_notional", "bought"), [(None, 0), ("0", 1)])
def test_a_rest_of_cash_is_no_position_unless_somebody_wants_it(min_notional: str | None, bought: int) -> None:
    candles = markets.as_candles(markets.trending(300, 3))
    more = {} if min_notional is None else {"min_notional": min_notional}
    wallet = replace(OPEN_GUARDS, capital=9.0, position_fraction=1.0)
    result = engine({"BTC/USDT": (candles, drawn_wishes(candles, 1, warm_up=7))}, wallet, {}, more)
    assert min(len(result.events), 1) == bought
    assert min(result.refusals["order_size"], 1) == 1 - bought
