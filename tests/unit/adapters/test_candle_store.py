from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.files import HOUR_MS, lines, write_csv
from vigie.adapters.market_data.files import read_series, write_series
from vigie.adapters.market_data.folder import named_files, the_only
from vigie.adapters.market_data.instruments import read_instruments, write_instruments
from vigie.adapters.market_data.store import CandleStore, read_stored, stored_facts
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

BTC = Pair("BTC", "USDT")
H1 = Timeframe(HOUR_MS)


def some(tmp_path: Path, count: int = 5) -> Series:
    return read_series(write_csv(tmp_path / "in" / "binance_BTC-USDT_1h.csv", lines(count)))


def test_an_empty_store_holds_nothing(tmp_path: Path) -> None:
    assert CandleStore.of(tmp_path).files() == ()
    assert CandleStore.of(tmp_path).load("binance", BTC, H1) is None


def test_stored_candles_come_back_with_their_source_and_hash(tmp_path: Path) -> None:
    store, series = CandleStore.of(tmp_path), some(tmp_path)
    path = store.save(series, "a test")
    loaded = store.load("binance", BTC, H1)
    assert loaded is not None
    assert loaded.candles.content_hash == series.candles.content_hash
    assert path == tmp_path / "state" / "candles" / "binance_BTC-USDT_1h.parquet"
    assert stored_facts(path) == {
        "venue": "binance",
        "pair": "BTC/USDT",
        "timeframe": "1h",
        "source": "a test",
        "content_hash": series.candles.content_hash,
    }


def test_candles_that_are_not_those_that_were_saved_are_refused(tmp_path: Path) -> None:
    store = CandleStore.of(tmp_path)
    path = store.save(some(tmp_path), "a test")
    from pyarrow import parquet

    table = parquet.read_table(path)
    parquet.write_table(table.slice(1), path)
    with pytest.raises(DataError, match="content hash differs"):
        read_stored(path)


def test_a_venue_cannot_lead_out_of_the_store(tmp_path: Path) -> None:
    series = some(tmp_path)
    with pytest.raises(ConfigError, match="cannot name a venue"):
        CandleStore.of(tmp_path).save(Series(series.pair, "../x", series.candles, ""), "")


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the way")
    with pytest.raises(ConfigError, match="cannot be written"):
        CandleStore.of(tmp_path).save(some(tmp_path), "")


def test_a_folder_without_candles_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match="no candle files here"):
        named_files(tmp_path)


def test_the_same_pair_of_two_venues_asks_for_a_choice(tmp_path: Path) -> None:
    series = some(tmp_path)
    write_series(tmp_path / "in" / "kraken_BTC-USDT_1h.csv", series, "")
    with pytest.raises(ConfigError, match=r"several times .*binance.*kraken.*choose with --data FILE"):
        the_only(named_files(tmp_path / "in"))


def test_instruments_are_kept_exactly_and_added_to(tmp_path: Path) -> None:
    path = tmp_path / "instruments.json"
    bitcoin = Instrument(BTC, Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(5))
    ether = Instrument(Pair("ETH", "USDT"), Decimal("0.01"))
    write_instruments(path, "binance", [bitcoin])
    write_instruments(path, "binance", [ether])
    write_instruments(path, "kraken", [ether])
    assert read_instruments(path) == {
        "binance": {BTC: bitcoin, ether.pair: ether},
        "kraken": {ether.pair: ether},
    }
    assert '"step": "0.00001"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["{", "[]", '{"binance": {"BTC/USDT": {"tick": "-1"}}}', '{"binance": 1}'])
def test_damaged_instruments_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "instruments.json").write_text(text)
    with pytest.raises(DataError, match="damaged"):
        read_instruments(tmp_path / "instruments.json")
