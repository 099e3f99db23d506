"""A backtest is counted before anybody sees what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.files import HOUR_MS, lines, write_csv
from tests.fakes.trials import FakeTrialLedger
from vigie.adapters.storage.trials import JsonlTrialLedger
from vigie.app.research.backtest import Request, backtest, trials_behind
from vigie.app.research.compiling import tell_if_cold
from vigie.app.research.trials import counted
from vigie.app.strategies.check import check_strategy
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe
from vigie.domain.trial import TrialKind


@pytest.fixture
def request_(tmp_path: Path) -> Request:
    for pair in ("BTC-USDT", "ETH-USDT"):
        write_csv(tmp_path / "data" / f"binance_{pair}_1h.csv", lines(300))
    (tmp_path / "home").mkdir()
    return Request(
        home=tmp_path / "home",
        strategy="ema_cross",
        profile="standard",
        timeframe=Timeframe(HOUR_MS),
        data=tmp_path / "data",
        pairs=[Pair("BTC", "USDT")],
    )


def tried(request: Request, ledger: FakeTrialLedger, **overrides: str) -> int | None:
    request = replace(request, overrides=overrides)
    return trials_behind(request, backtest(request, ledger=ledger), ledger)


def test_a_backtest_is_one_trial(request_: Request) -> None:
    ledger = FakeTrialLedger()
    result = backtest(request_, ledger=ledger)
    (event,) = ledger.events
    assert event.kind == TrialKind.BACKTEST
    assert event.strategy == "ema_cross"
    assert event.venues == {"BTC/USDT": "binance"}
    assert event.data_hashes == result.identity.data_hashes
    assert (event.strategy_hash, event.code_hash) == (result.identity.strategy_hash, result.identity.code_hash)
    assert len(event.points) == 1


def test_another_number_is_another_trial_and_the_same_again_is_none(request_: Request) -> None:
    ledger = FakeTrialLedger()
    assert tried(request_, ledger) == 1
    assert tried(request_, ledger) == 1
    assert tried(request_, ledger, fast="10") == 2
    assert tried(request_, ledger, stop_atr="4") == 3
    assert tried(request_, ledger, fast="10") == 3


@pytest.mark.parametrize(
    "changed",
    [
        {"start_ms": 1_700_002_800_000 + 100 * HOUR_MS},
        {"end_ms": 1_700_002_800_000 + 200 * HOUR_MS},
        {"pairs": [Pair("BTC", "USDT"), Pair("ETH", "USDT")]},
        {"profile": "classic-a"},
    ],
)
def test_another_range_profile_or_company_of_pairs_is_another_trial(
    request_: Request, changed: Mapping[str, object]
) -> None:
    ledger = FakeTrialLedger()
    tried(request_, ledger)
    assert tried(replace(request_, **changed), ledger) == 2  # type: ignore[arg-type]


def test_bounds_that_select_the_same_candles_are_the_same_trial(request_: Request) -> None:
    ledger = FakeTrialLedger()
    tried(request_, ledger)
    assert tried(replace(request_, end_ms=1_900_000_000_000), ledger) == 1


def test_venue_filters_that_became_known_make_another_trial(request_: Request) -> None:
    from vigie.adapters.market_data.store import CandleStore
    from vigie.domain.instrument import Instrument

    ledger = FakeTrialLedger()
    tried(request_, ledger)
    CandleStore.of(request_.home).save_instruments("binance", [Instrument(Pair("BTC", "USDT"))])
    assert tried(request_, ledger) == 2


def test_what_could_not_be_run_is_no_trial(request_: Request) -> None:
    ledger = FakeTrialLedger()
    with pytest.raises(DataError):
        backtest(replace(request_, start_ms=1_900_000_000_000), ledger=ledger)
    with pytest.raises(ConfigError):
        backtest(replace(request_, overrides={"fast": "soon"}), ledger=ledger)
    assert ledger.events == []


def test_a_run_that_is_not_counted_has_no_number_of_trials(request_: Request) -> None:
    ledger = FakeTrialLedger()
    assert tried(replace(request_, counted=False), ledger) is None
    assert ledger.events == []


def test_without_a_ledger_the_one_of_the_home_counts(request_: Request) -> None:
    assert trials_behind(request_, backtest(request_)) == 1
    assert JsonlTrialLedger.of(request_.home, FakeClock()).breakdown()[0].events == 1


def test_a_look_ahead_check_is_not_counted(request_: Request) -> None:
    check_strategy(request_, cuts=2)
    assert counted(request_.home).rows == ()


def forbid_writing(home: Path) -> None:
    """As on a read-only disk, and for root too."""
    (home / "state" / "trials.jsonl.lock").mkdir(parents=True)


def test_no_result_is_shown_that_could_not_be_counted(request_: Request) -> None:
    forbid_writing(request_.home)
    with pytest.raises(ConfigError, match="the trial ledger cannot be used"):
        backtest(request_)


def test_the_sample_market_is_shown_even_where_nothing_can_be_written(tmp_path: Path) -> None:
    forbid_writing(tmp_path)
    said: list[str] = []
    request = Request(tmp_path, "ema_cross", "standard", Timeframe(HOUR_MS))
    result = backtest(request, said.append)
    assert result.synthetic
    assert "not counted as a trial, the market is synthetic" in said[-1]
    assert trials_behind(request, result) is None


def test_compiling_is_told_before_it_begins_and_not_where_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_CACHE", str(tmp_path))
    said: list[str] = []
    tell_if_cold(said.append)
    (sentence,) = said
    assert "once on this machine" in sentence
    (folder,) = tmp_path.iterdir()
    (folder / "kernel_0123").mkdir()
    tell_if_cold(said.append)
    assert said == [sentence]
