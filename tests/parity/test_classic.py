"""The three classic profiles follow their independent oracles event by event."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles import markets
from tests.oracles.classic_settings import Generation
from tests.parity.classic_cases import SCENARIOS, Case, differences, plain
from vigie.adapters.market_data.files import read_series
from vigie.adapters.market_data.resample import resample
from vigie.domain.candles import Candles
from vigie.domain.timeframe import Timeframe

GENERATIONS: tuple[Generation, ...] = ("a", "b", "c")
DAY_MS = 86_400_000
FROM_2023 = 1_672_531_200_000
TO_2024 = 1_704_067_200_000


def agree(generation: Generation, candles: Candles, case: Case) -> int:
    told, events = differences(generation, candles, case)
    assert told == [], f"classic-{generation} {dict(case.params)}"
    return events


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("maker", sorted(markets.MAKERS))
def test_every_scenario_is_followed_on_made_up_markets(generation: Generation, maker: str) -> None:
    events = 0
    for seed in (1, 2):
        candles = markets.as_candles(markets.MAKERS[maker](900, seed))
        for scenario in SCENARIOS:
            events += agree(generation, candles, plain(14, 26, scenario))
    assert events > 20, "a market without trades proves nothing"


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("seed", [3, 4])
def test_holes_in_the_candles_are_crossed_in_the_same_way(generation: Generation, seed: int) -> None:
    candles = markets.as_candles(markets.with_holes(markets.trending(1500, seed), seed))
    for scenario in SCENARIOS:
        assert agree(generation, candles, plain(14, 26, scenario)) > 0


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("rows", [1, 13, 14, 28, 49, 50, 51, 75])
def test_short_histories_end_in_the_same_way(generation: Generation, rows: int) -> None:
    agree(generation, markets.as_candles(markets.trending(rows, 5)), plain(14, 26, "base"))


CONSTANTS = [
    ("a", {"trail_atr": "5.0"}, {"trailing_atr": 5.0}),
    ("a", {"stop_atr": "1.5", "fee_fraction": "0.001"}, {"stop_atr": 1.5, "fee": 0.001}),
    ("a", {"stoch_min": "0.05", "stoch_max": "0.7", "stoch_exit": "0.4"},
     {"stoch_min": 0.05, "stoch_max": 0.7, "stoch_exit": 0.4}),
    ("a", {"capital": "250"}, {"capital": 250.0}),
    ("b", {"trail_atr": "5.0", "activation_atr": "5.0"}, {"trailing_atr": 5.0}),
    ("b", {"stop_atr": "2.0", "fee_fraction": "0.001", "slippage_fraction": "0.0005"},
     {"stop_atr": 2.0, "fee": 0.001, "slippage_buy": 0.0005, "slippage_sell": 0.0005}),
    ("b", {"partials": "off"}, {"partials": False}),
    ("b", {"sizing": "risk"}, {"sizing": "risk"}),
    ("b", {"sizing": "risk", "risk_fraction": "0.02"}, {"sizing": "risk", "risk": 0.02}),
    ("b", {"sizing": "fixed_notional"}, {"sizing": "fixed_notional"}),
    ("b", {"sizing": "volatility_parity"}, {"sizing": "volatility_parity"}),
    ("b", {"rsi_min": "40", "rsi_max": "60", "volatility_max": "1.0"},
     {"rsi_low": 40.0, "rsi_high": 60.0, "hv_limit": 1.0}),
    ("b", {"macd_filter": "on"}, {"macd_filter": True}),
    ("c", {"sizing": "risk"}, {"sizing": "risk"}),
    ("c", {"sizing": "risk", "risk_fraction": "0.02", "stop_atr": "1.0"},
     {"sizing": "risk", "risk": 0.02, "stop_atr": 1.0}),
    ("c", {"partials": "off"}, {"partials": False}),
    ("c", {"breakeven_fraction": "0"}, {"breakeven": False}),
    ("c", {"breakeven_fraction": "0.015"}, {"breakeven_at": 0.015}),
    ("c", {"cooldown_bars": "0"}, {"cooldown_bars": 0}),
    ("c", {"cooldown_bars": "1"}, {"cooldown_bars": 1}),
    ("c", {"cooldown_bars": "40"}, {"cooldown_bars": 40}),
    ("c", {"trend_filter": "off"}, {"trend_filter": False}),
    ("c", {"trend_fast": "3", "trend_slow": "9"}, {"trend_fast": 3, "trend_slow": 9}),
    ("c", {"volume_filter": "on"}, {"volume_filter": True}),
    ("c", {"fill_at": "close"}, {"fill_at_close": True}),
    ("c", {"trail_atr": "5.5", "activation_atr": "5.5"}, {"trailing_atr": 5.5}),
    ("c", {"capital": "22"}, {"capital": 22.0}),
    ("c", {"capital": "22", "min_notional": "0"}, {"capital": 22.0, "minimum_notional": 0.0}),
    ("c", {"partials": "off", "breakeven_fraction": "0", "cooldown_bars": "0", "trend_filter": "off"},
     {"partials": False, "breakeven": False, "cooldown_bars": 0, "trend_filter": False}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("generation", "params", "settings"), CONSTANTS, ids=[f"{g}-{'-'.join(p)}" for g, p, _ in CONSTANTS]
)
def test_constants_and_switches_reach_the_engine_by_name(
    generation: Generation, params: dict[str, str], settings: dict[str, object]
) -> None:
    base = {"fast": 14, "slow": 26}
    case = Case.of({**{k: str(v) for k, v in base.items()}, **params}, **base, **settings)
    events, changed = 0, False
    for seed in (6, 7):
        candles = markets.as_candles(markets.gap_heavy(1500, seed, volatility=0.012))
        events += agree(generation, candles, case)
        told, _ = differences(generation, candles, Case(plain(14, 26, "base").settings, case.params))
        changed |= bool(told)
    assert events > 10
    assert changed, "a constant that changes nothing here is not tested"


def real(folder: Path, coin: str, timeframe: str, start: int | None = None, end: int | None = None) -> Candles:
    candles = read_series(folder / f"binance_{coin}-USDT_1h.csv.gz").candles.between(start, end)
    return candles if timeframe == "1h" else resample(candles, Timeframe.parse(timeframe))[0]


@pytest.mark.real_candles
@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL"])
@pytest.mark.parametrize(
    ("timeframe", "pair"), [pytest.param("4h", (26, 50), marks=pytest.mark.long), ("1d", (14, 26))]
)
def test_every_scenario_is_followed_on_all_real_candles(
    candle_folder: Path, coin: str, timeframe: str, pair: tuple[int, int]
) -> None:
    candles = real(candle_folder, coin, timeframe, start=None if timeframe == "1d" else FROM_2023 - 365 * DAY_MS)
    for generation in GENERATIONS:
        for scenario in SCENARIOS:
            assert agree(generation, candles, plain(*pair, scenario)) > 0


@pytest.mark.real_candles
@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL"])
@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_scenario_is_followed_on_a_year_of_real_hours(
    candle_folder: Path, coin: str, generation: Generation
) -> None:
    candles = real(candle_folder, coin, "1h", FROM_2023, TO_2024)
    for scenario in SCENARIOS:
        assert agree(generation, candles, plain(26, 50, scenario)) > 20


@pytest.mark.long
@pytest.mark.real_candles
@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL"])
@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("timeframe", ["1h", "4h"])
def test_every_scenario_is_followed_on_the_whole_history(
    candle_folder: Path, coin: str, generation: Generation, timeframe: str
) -> None:
    candles = real(candle_folder, coin, timeframe)
    for scenario in SCENARIOS:
        assert agree(generation, candles, plain(26, 50, scenario)) > 100
