from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.files import FIRST_MS, HOUR_MS, lines, write_csv
from vigie.adapters.market_data.files import read_series
from vigie.adapters.market_data.store import CandleStore
from vigie.app.data.candles import load_instruments, load_series, require_continuity
from vigie.app.data.chores import list_series, make_sample, resample_series
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

BTC, ETH, ALPHA = Pair("BTC", "USDT"), Pair("ETH", "USDT"), Pair("ALPHA", "SIM")
H1, H4 = Timeframe(HOUR_MS), Timeframe(4 * HOUR_MS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_csv(tmp_path / "data" / "binance_ETH-USDT_1h.csv", lines(10))
    write_csv(tmp_path / "data" / "binance_BTC-USDT_1h.csv", lines(12))
    write_csv(tmp_path / "data" / "binance_BTC-USDT_15m.csv", lines(12, step_ms=900_000))
    write_csv(tmp_path / "data" / "notes.csv", ["1,2"], "a,b")
    return tmp_path / "data"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def stored(home: Path, folder: Path) -> None:
    CandleStore.of(home).save(read_series(folder / "binance_BTC-USDT_1h.csv"), "a test")


def test_a_folder_gives_its_pairs_sorted(folder: Path, home: Path) -> None:
    series = load_series(folder, home, None, H1)
    assert [(one.pair, len(one.candles)) for one in series] == [(BTC, 12), (ETH, 10)]
    assert [one.pair for one in load_series(folder, home, [ETH, ETH], H1)] == [ETH]


def test_a_file_gives_its_pair(folder: Path, home: Path) -> None:
    assert load_series(folder / "binance_BTC-USDT_1h.csv", home, None, H1)[0].pair == BTC


def test_a_file_without_a_name_takes_the_one_pair_asked_for(tmp_path: Path, home: Path) -> None:
    path = write_csv(tmp_path / "mine.csv", lines(5))
    assert load_series(path, home, [ETH], H1)[0].pair == ETH


def test_a_file_of_another_pair_is_not_taken_for_the_one_asked_for(folder: Path, home: Path) -> None:
    with pytest.raises(ConfigError, match="no ETH/USDT here"):
        load_series(folder / "binance_BTC-USDT_1h.csv", home, [ETH], H1)


def test_all_unknown_pairs_are_told_at_once_with_what_there_is(folder: Path, home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_series(folder, home, [Pair("BTC", "USD"), Pair("XXXXX", "YYYYY"), ETH], H1)
    assert len(caught.value.problems) == 2
    assert "no BTC/USD here; did you mean 'BTC/USDT'? There are: BTC/USDT, ETH/USDT" in caught.value.problems[0]
    assert "no XXXXX/YYYYY here; known: BTC/USDT, ETH/USDT" in caught.value.problems[1]


def test_a_missing_timeframe_is_answered_with_the_command_that_makes_it(folder: Path, home: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_series(folder, home, [BTC], H4)
    assert f"BTC/USDT is there as 15m, 1h only; make it with: vigie data resample --timeframe 4h --pairs BTC/USDT --data {folder}" in str(caught.value)  # noqa: E501  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        load_series(folder, home, None, Timeframe(60_000))
    assert "resample" not in str(caught.value), "nothing shorter than the candles can be made"


def test_the_command_of_the_suggestion_helps(folder: Path, home: Path) -> None:
    resample_series(home, H4, data=folder, pairs=[BTC], report=lambda _: None)
    assert [str(one.candles.timeframe) for one in load_series(None, home, [BTC], H4)] == ["4h"]


def test_a_path_that_does_not_exist_is_a_mistake_of_the_settings(home: Path) -> None:
    with pytest.raises(ConfigError, match="no such file or folder"):
        load_series(Path("nowhere"), home, None, H1)


def test_a_forming_candle_is_left_out_and_told(folder: Path, home: Path) -> None:
    told: list[str] = []
    clock = FakeClock(FIRST_MS + 12 * HOUR_MS - 1)
    (series,) = load_series(folder, home, [BTC], H1, clock=clock, report=told.append)
    assert len(series.candles) == 11
    assert told == [f"{folder / 'binance_BTC-USDT_1h.csv'}: row 12 (2023-11-15 10:00) left out: not closed yet"]


def test_nothing_asked_for_gives_the_sample_market_and_keeps_it(home: Path) -> None:
    told: list[str] = []
    first = load_series(None, home, None, H1, report=told.append)
    again = load_series(None, home, None, H1, report=told.append)
    assert [str(one.pair) for one in first] == ["ALPHA/SIM", "BETA/SIM", "GAMMA/SIM"]
    assert all(one.synthetic for one in (*first, *again))
    assert [one.candles.content_hash for one in first] == [one.candles.content_hash for one in again]
    assert len(told) == 1, "made once"
    assert len(load_instruments(home, again)) == 3


def test_the_sample_market_needs_no_home_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the way")
    assert len(load_series(None, tmp_path, None, H1)) == 3


def test_pairs_come_from_the_store_and_the_sample_market_beside_them(folder: Path, home: Path) -> None:
    stored(home, folder)
    assert load_series(None, home, [BTC], H1)[0].venue == "binance"
    assert load_series(None, home, [ALPHA], H1)[0].venue == "synthetic"


def test_who_names_no_pair_is_told_that_the_store_has_others_than_the_sample_market(folder: Path, home: Path) -> None:
    stored(home, folder)
    told: list[str] = []
    load_series(None, home, None, H1, report=told.append)
    assert "these are candles of the sample market; the store has others: --pairs BTC/USDT" in told[1]
    told.clear()
    load_series(None, home, [BTC], H1, report=told.append)
    assert told == []


def test_a_real_pair_that_an_empty_store_does_not_have_makes_no_made_up_market(home: Path) -> None:
    with pytest.raises(ConfigError, match="no BTC/USDT here; get it with: vigie data download BTC/USDT"):
        load_series(None, home, [BTC], H1)
    assert not (home / "state" / "candles").exists()


def test_a_mistyped_pair_of_the_sample_market_is_answered_with_its_pairs(home: Path) -> None:
    with pytest.raises(ConfigError, match="no ALPA/SIM here; did you mean 'ALPHA/SIM'"):
        load_series(None, home, [Pair("ALPA", "SIM")], H1)


def test_the_sample_market_can_be_resampled(home: Path) -> None:
    with pytest.raises(ConfigError, match="vigie data resample --timeframe 4h --pairs ALPHA/SIM"):
        load_series(None, home, None, H4)
    resample_series(home, H4, report=lambda _: None)
    series = load_series(None, home, None, H4)
    assert {(one.venue, str(one.candles.timeframe)) for one in series} == {("synthetic", "4h")}


def test_a_sample_market_of_another_seed_takes_the_place_of_the_first(home: Path) -> None:
    load_series(None, home, None, H1)
    made = make_sample(home, 5)
    assert [one.candles.content_hash for one in load_series(None, home, None, H1)] == [one.content_hash for one in made]
    assert {one.source for one in list_series(home)} == {"sample market, seed 5"}
    with pytest.raises(ConfigError, match="--seed -1"):
        make_sample(home, -1)


def with_hole(tmp_path: Path, days: int) -> Series:
    rows = [*lines(5), *lines(5, first_ms=FIRST_MS + (4 + 24 * days + 1) * HOUR_MS)]
    return read_series(write_csv(tmp_path / "binance_BTC-USDT_1h.csv", rows))


def test_lesson_75_a_long_hole_stops_a_run_and_is_named(tmp_path: Path) -> None:
    require_continuity(with_hole(tmp_path, 7))
    with pytest.raises(DataError, match="BTC/USDT has no candles for 455 days, from 2023-11-15 04:00 to 2025-02-12"):
        require_continuity(with_hole(tmp_path, 455))
    require_continuity(with_hole(tmp_path, 455), limit_days=500)


def test_an_unknown_venue_has_no_instruments(folder: Path, home: Path) -> None:
    assert load_instruments(home, load_series(folder, home, None, H1)) == {}
