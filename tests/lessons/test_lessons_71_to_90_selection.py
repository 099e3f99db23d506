"""Lessons of the first system about choosing parameters, and about one run disturbing another.

Walk-forward and selection come with later issues; each test says what they must add.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from cli.main import run as cli
from strategies.ema_stochrsi import propose
from tests.fakes.scripted import scripted, series_of, wishes
from tests.lessons.runs import GUARDS_OFF, HOUR_MS, candles_of, content, first_system, flat, made_up, trade
from tests.oracles import markets
from vigie.adapters.market_data.tables import to_bytes
from vigie.app.research.backtest import Request, backtest
from vigie.app.strategies.facts import proposals
from vigie.decision.profile import Plan, plan
from vigie.domain.candles import Candles
from vigie.domain.errors import ConfigError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.reporting.document import to_json
from vigie.reporting.notes import notes
from vigie.research.backtest import run
from vigie.strategy.strategy import load

H1 = Timeframe(HOUR_MS)


def market(first: float, second: float, rows: int = 1000) -> Candles:
    """Hours whose candles are as wide as told: in the first 70 %, and after."""
    width = np.where(np.arange(rows) < 0.7 * rows, first, second)
    columns = flat(rows)
    columns["high"], columns["low"] = 100.0 * (1 + width / 2), 100.0 * (1 - width / 2)
    return candles_of(columns)


def test_lesson_71_a_proposal_looks_at_the_first_seventy_percent_only() -> None:
    """Parameters were chosen on the whole sample. Later: every search and selection sees training rows only."""
    calm, wild = propose(market(0.002, 0.002)), propose(market(0.08, 0.08))
    assert calm != wild, "volatility decides"
    assert propose(market(0.002, 0.08)) == calm
    assert propose(market(0.08, 0.002)) == wild


def test_lesson_72_a_pattern_planted_in_later_candles_does_not_change_a_proposal(tmp_path: Path) -> None:
    """Thresholds were tuned on the test rows. Later: the same for folds, searches and gates named out-of-sample."""
    whole = market(0.002, 0.002)
    planted = {name: getattr(whole, name).copy() for name in ("open", "high", "low", "close")}
    for column in planted.values():
        column[700:] = column[699] * (1.0 + 0.2 * (np.arange(300) % 12 == 0))
    planted["high"][700:] *= 1.3
    proposed = []
    for name, candles in (("plain", whole), ("planted", candles_of(planted))):
        path = tmp_path / name / "binance_BTC-USDT_1h.csv"
        path.parent.mkdir()
        path.write_bytes(to_bytes(candles, ".csv"))
        proposed.append(proposals("ema_stochrsi", tmp_path, path, None, H1, lambda _: None))
    assert proposed[0] == proposed[1]
    assert proposed[0]["BTC/USDT"].keys() == {"fast", "slow"}


def test_lesson_80_a_tie_is_broken_by_the_name_of_the_pair_whoever_comes_first() -> None:
    """The best was whichever thread finished first. Later: the same for the ranking of parameters."""
    pieces = {}
    for name, price in (("SOL/USDT", 10.0), ("BTC/USDT", 20.0), ("ETH/USDT", 30.0)):
        candles = candles_of(flat(60, price))
        pieces[name] = (candles, wishes(60, entries=(30,), distance=1.0))
    made = plan(scripted(list(pieces.values())), "standard", {**GUARDS_OFF, "max_open_positions": "1"})
    series = [series_of(candles, name) for name, (candles, _) in pieces.items()]
    for order in (series, series[::-1], [series[1], series[2], series[0]]):
        result = run(made, order)
        assert [result.pairs[pair] for pair in result.events.pair] == ["BTC/USDT"]
        assert result.refusals["max_open_positions"] == 2


def test_lesson_82_few_trades_are_said_aloud_and_undefined_ratios_are_not_numbers() -> None:
    """A Sharpe of -3115 from few trades. Later: the gates ask for a least number of trades and of folds."""
    candles = candles_of(flat(100))
    few = trade(candles, wishes(100, entries=(30, 50), exits=(40, 60)))
    assert len(few.trades) == 2
    assert any("Only 2 closed trades: fewer than 30" in said for said in notes(few))
    none = trade(candles, wishes(100))
    assert any("No closed trade: fewer than 30" in said for said in notes(none))
    for name in ("sharpe", "sortino", "calmar", "win_rate", "profit_factor"):
        assert none.metrics.values[name] is None
        assert none.metrics.undefined[name]
    often = trade(made_up(600), wishes(600, entries=range(30, 590, 10), exits=range(35, 595, 10), distance=90.0))
    assert len(often.trades) >= 30
    assert not any("fewer than 30" in said for said in notes(often))


@pytest.mark.parametrize(
    "wrong",
    [
        {"fast": "50", "slow": "26"},
        {"stoch_min": "0.9", "stoch_max": "0.8"},
        {"fast": "many"},
        {"fasst": "20"},
        {"risk_fraction": "-0.02"},
        {"risk_fraction": "nan"},
        {"scenario": "best"},
        {"correlation_limit": "2"},
    ],
)
def test_lesson_86_nothing_is_traded_with_parameters_that_were_refused(wrong: dict[str, str]) -> None:
    """When nothing passed, unvalidated fallbacks were traded. Later: no certificate, no entries."""
    with pytest.raises(ConfigError):
        plan(load("ema_stochrsi"), "standard", wrong)


@pytest.mark.parametrize("distance", [float("nan"), 0.0, -1.0])
@pytest.mark.parametrize("sizing", ["risk", "baseline"])
def test_lesson_86_a_stop_that_is_not_defined_blocks_the_entry(distance: float, sizing: str) -> None:
    signals = wishes(60, entries=(30, 35), distance=distance)
    result = trade(candles_of(flat(60)), signals, sizing=sizing)
    assert len(result.events) == 0
    assert result.refusals["defined_stop"] == 2


def test_lesson_88_the_command_and_the_call_take_one_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Start-up and schedule chose in two ways that drifted. Later: one selection function for both."""
    path = tmp_path / "binance_BTC-USDT_1h.csv"
    path.write_bytes(to_bytes(made_up(800), ".csv"))
    monkeypatch.setenv("VIGIE_HOME", str(tmp_path))
    words = ["backtest", "--data", str(path), "--param", "scenario=adx", "--fee-bps", "7", "--json"]
    assert cli(words) == 0
    said = json.loads(capsys.readouterr().out)
    asked = {"scenario": "adx", "fee_fraction": "0.0007"}
    called = to_json(backtest(Request(tmp_path, "ema_stochrsi", "standard", H1, data=path, overrides=asked)))
    assert called["metrics"]["trades"] > 0
    for part in ("metrics", "refusals", "exit_reasons", "pairs", "capital"):
        assert said[part] == json.loads(json.dumps(called[part]))


def test_lesson_89_what_one_pair_is_given_is_not_seen_by_another() -> None:
    """Thresholds were written to a global and the last pair won. Later: parameter tables per pair in the accounts."""
    alone = first_system([series_of(made_up(900, 1), "BTC/USDT")], wallet="per-pair")
    both = first_system(
        [series_of(made_up(900, 1), "BTC/USDT"), series_of(made_up(900, 2), "ETH/USDT")], wallet="per-pair"
    )
    own = both.events[both.events.pair == both.pairs.index("BTC/USDT")]
    assert len(own) > 4
    assert own.price.tolist() == alone.events.price.tolist()
    assert own.quantity.tolist() == alone.events.quantity.tolist()


def test_lesson_89_settings_are_frozen_and_a_write_is_an_error_not_swallowed() -> None:
    made = plan(load("ema_stochrsi"), "standard", {})
    for thing, name in ((made, "profile"), (made.settings, "capital"), (made.parameters, "fast")):
        with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
            setattr(thing, name, 1)


def test_lesson_89_one_plan_leaves_no_trace_in_the_next() -> None:
    quick, slow = (
        plan(load("ema_stochrsi"), "standard", {"fast": fast, "slow": slow})
        for fast, slow in (("5", "9"), ("26", "50"))
    )
    series = [series_of(made_up())]
    runs = [content(run(made, series)) for made in (quick, slow, quick, slow)]
    assert runs[:2] == runs[2:]
    assert runs[0] != runs[1], "the second plan's parameters must be heard"


def test_lesson_90_runs_in_threads_share_candles_and_nothing_else() -> None:
    """EMA columns in a shared frame were overwritten by the other thread."""
    series = [series_of(made_up(1500, 5)), series_of(markets.as_candles(markets.trending(1500, 6)), "ETH/USDT")]
    plans = [
        plan(load("ema_stochrsi"), profile, {"fast": str(fast), "slow": str(slow)})
        for profile in ("standard", "classic-a", "classic-c")
        for fast, slow in ((5, 9), (14, 26), (26, 50), (50, 200))
    ]
    one_by_one = [content(run(made, series)) for made in plans]
    assert len({tuple(one) for one in one_by_one}) == len(plans), "the runs must differ to notice a mix-up"

    def work(made: Plan) -> list[bytes]:
        return content(run(made, series))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, plans * 2)) == one_by_one * 2


@pytest.mark.parametrize("column", ["opens_at", "open", "high", "low", "close", "volume"])
def test_lesson_90_nobody_can_write_into_candles_that_others_read(column: str) -> None:
    series = series_of(made_up(100))
    for candles in (series.candles, series.candles[10:], replace(series, pair=Pair("ETH", "USDT")).candles):
        with pytest.raises(ValueError, match="read-only"):
            getattr(candles, column)[0] = 1
