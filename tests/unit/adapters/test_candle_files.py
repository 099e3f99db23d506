from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather

from tests.fakes.files import FIRST_MS, HOUR_MS, lines, write_csv
from vigie.adapters.market_data.files import drop_forming, read_series, write_series
from vigie.adapters.market_data.names import SUFFIXES, SeriesName, parse_name
from vigie.domain.candles import Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

BTC = Pair("BTC", "USDT")
H1 = Timeframe(HOUR_MS)
NAME = "binance_BTC-USDT_1h.csv"


def test_the_file_name_tells_venue_pair_and_timeframe() -> None:
    assert parse_name(Path("x/binance_BTC-USDT_1h.csv.gz")) == SeriesName("binance", BTC, H1)
    assert parse_name(Path("BTC_USDT-4h.feather")) == SeriesName(None, BTC, Timeframe(4 * HOUR_MS))


@pytest.mark.parametrize(
    "name", ["prices.csv", "binanceusdm_BTC-USDT-PERP_1h.csv", "us_SPY_1d.csv.gz", "cme_ES-201312_1m.csv.gz"]
)
def test_a_name_that_is_no_pair_says_nothing(name: str) -> None:
    assert parse_name(Path(name)) == SeriesName()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_written_is_read_back_bit_by_bit(tmp_path: Path, suffix: str) -> None:
    source = read_series(write_csv(tmp_path / NAME, lines(30)))
    volume = source.candles.volume.copy()
    volume[3] = np.nan
    prices = source.candles.open / 3
    odd = dataclasses.replace(
        source.candles, open=prices, low=prices / 7, high=source.candles.high * np.pi, volume=volume
    )
    path = tmp_path / f"binance_BTC-USDT_1h{suffix}"
    write_series(path, Series(BTC, "binance", odd, ""), "a test")
    again = read_series(path)
    assert again.candles.content_hash == odd.content_hash
    assert (again.venue, again.pair, again.candles.timeframe) == ("binance", BTC, H1)


def test_a_binary_file_knows_its_pair_under_any_name(tmp_path: Path) -> None:
    source = read_series(write_csv(tmp_path / NAME, lines(3)))
    write_series(tmp_path / "renamed.parquet", source, "a test")
    assert read_series(tmp_path / "renamed.parquet").pair == BTC


@pytest.mark.parametrize(
    ("unit", "factor"), [("s", 1e-3), ("ms", 1), ("us", 1e3)]
)  # fmt: skip
def test_epochs_are_understood_in_every_unit(tmp_path: Path, unit: str, factor: float) -> None:
    rows = [f"{int(int(row.split(',')[0]) * factor)},{row.split(',', 1)[1]}" for row in lines(5)]
    series = read_series(write_csv(tmp_path / NAME, rows))
    assert series.candles.opens_at.tolist() == [FIRST_MS + at * HOUR_MS for at in range(5)], unit


@pytest.mark.parametrize("text", ["2023-11-14 23:00", "2023-11-14T23:00:00Z", "2023-11-15T01:00:00+02:00"])
def test_iso_times_are_utc_unless_they_say_otherwise(tmp_path: Path, text: str) -> None:
    path = write_csv(tmp_path / NAME, [f"{text},1,2,1,2,3"], "Date,Open,High,Low,Close,Vol")
    assert read_series(path).candles.opens_at.tolist() == [FIRST_MS]


def test_an_archive_that_changes_from_milliseconds_to_microseconds_is_read(tmp_path: Path) -> None:
    rows = lines(4)
    rows[2:] = [row.replace(",", "000,", 1) for row in rows[2:]]
    assert np.diff(read_series(write_csv(tmp_path / NAME, rows)).candles.opens_at).tolist() == [HOUR_MS] * 3


@pytest.mark.parametrize(
    "header",
    [
        "Open time,Open,High,Low,Close,Volume",
        "unix,OPEN,HIGH,LOW,CLOSE,VOL",
        "\ufefftime,open,high,low,close,volume",
        '"datetime","o","h","l","c","v"',
    ],
)
def test_the_usual_headers_are_understood(tmp_path: Path, header: str) -> None:
    assert len(read_series(write_csv(tmp_path / NAME, lines(3), header)).candles) == 3


def test_a_binance_archive_without_header_is_read(tmp_path: Path) -> None:
    rows = [f"{row},{int(row.split(',')[0]) + HOUR_MS - 1},0,9,0,0,0" for row in lines(3)]
    series = read_series(write_csv(tmp_path / NAME, rows[1:], header=rows[0]))
    assert series.candles.close.tolist() == [101, 102, 103]


def test_a_freqtrade_feather_is_read(tmp_path: Path) -> None:
    path = tmp_path / "BTC_USDT-1h.feather"
    dates = pa.array([FIRST_MS, FIRST_MS + HOUR_MS])
    columns = {name: [1.0, 1.0] for name in ("open", "high", "low", "close", "volume")}
    feather.write_feather(pa.table({"date": dates.cast(pa.timestamp("ms", tz="UTC")), **columns}), path)
    assert read_series(path).candles.opens_at.tolist() == [FIRST_MS, FIRST_MS + HOUR_MS]


def test_empty_volume_is_unknown_not_an_error(tmp_path: Path) -> None:
    rows = [row.rsplit(",", 1)[0] + "," for row in lines(3)]
    assert np.isnan(read_series(write_csv(tmp_path / NAME, rows)).candles.volume).all()


def test_the_timeframe_is_the_most_common_step(tmp_path: Path) -> None:
    rows = lines(10, step_ms=4 * HOUR_MS)
    del rows[3]
    assert str(read_series(write_csv(tmp_path / "x.csv", rows), pair=BTC).candles.timeframe) == "4h"


def changed(row: int, column: int, value: str) -> list[str]:
    rows = lines(6)
    fields = rows[row - 1].split(",")
    fields[column] = value
    rows[row - 1] = ",".join(fields)
    return rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (changed(3, 4, "nan"), "row 3 (2023-11-15 01:00): close is not a number"),
        (changed(3, 4, ""), "row 3 (2023-11-15 01:00): close is not a number"),
        (changed(3, 4, "inf"), "row 3 (2023-11-15 01:00): close is not a number"),
        (changed(3, 4, "abc"), "row 3: close 'abc' is not a number"),
        (changed(2, 3, "500"), "row 2 (2023-11-15 00:00): low is above open or close"),
        (changed(2, 2, "1"), "row 2 (2023-11-15 00:00): high is below open or close"),
        (changed(2, 1, "0"), "row 2 (2023-11-15 00:00): open is not above zero"),
        (changed(2, 5, "-1"), "row 2 (2023-11-15 00:00): volume is negative"),
        (changed(4, 0, "yesterday"), "row 4: time 'yesterday' is neither an epoch (s, ms, us) nor ISO"),
        (changed(4, 0, "20231114"), "row 4: time '20231114' is neither an epoch"),
        (changed(4, 0, ""), "row 4: time (empty) is neither an epoch"),
        ([*lines(6)[:4], "1,2"], "row 5: 2 fields, not 6"),
        (lines(6)[::-1], "row 2 (2023-11-15 03:00) is earlier than the row before it"),
        ([*lines(6)[:3], *lines(6)[2:]], "row 4 (2023-11-15 01:00) repeats the time of the row before it"),
        (
            [*lines(5), *lines(4, step_ms=900_000, first_ms=FIRST_MS + 5 * HOUR_MS)],
            "row 7 (2023-11-15 04:15) is not a whole number of 1h candles after the row before it: mixed timeframes?",
        ),
        (
            [*lines(40), *lines(40, step_ms=4 * HOUR_MS, first_ms=FIRST_MS + 40 * HOUR_MS)],
            "from here on the rows are 4h apart, not 1h: mixed timeframes",
        ),
        (lines(6, step_ms=4 * HOUR_MS), "holds 4h candles, not 1h"),
    ],
)
def test_a_bad_row_is_refused_with_file_row_and_reason(tmp_path: Path, rows: list[str], message: str) -> None:
    path = write_csv(tmp_path / NAME, rows)
    with pytest.raises(DataError) as caught:
        read_series(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_a_missing_column_is_named_with_what_is_there(tmp_path: Path) -> None:
    path = write_csv(tmp_path / NAME, ["1,2,3"], "timestamp,open,high")
    with pytest.raises(DataError, match=r"column 'low' is missing; found: timestamp, open, high"):
        read_series(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"\n\n", "the file is empty"),
        ("a.csv", b"timestamp,open,high,low,close,volume\n", "holds no candles"),
        ("a.csv", b"1700002800000,1,2\n", "no header line, and 3 columns"),
        ("a.csv", b"\xff\xfe,binary\n1,2\n", "not a CSV file in UTF-8"),
        ("a.parquet", b"PAR1 this is not parquet", "damaged, or not a Parquet file"),
        ("a.feather", b"ARROW1 this is not", "damaged, or not a Feather file"),
        ("a.csv.gz", b"not gzip at all", "damaged, or not a gzip file"),
        ("a.csv.gz", gzip.compress(b"timestamp,open\n" * 999, mtime=0)[:-20], "damaged"),
        ("a.xlsx", b"PK", "not a candle file"),
    ],
)
def test_an_unusable_file_is_refused_by_name(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_series(tmp_path / name, pair=BTC, timeframe=H1)
    assert str(tmp_path / name) in str(caught.value)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        read_series(tmp_path / "a.csv", pair=BTC)


def test_a_file_that_does_not_exist_is_a_mistake_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_series(tmp_path / NAME)


def test_a_file_without_a_pair_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not name its pair"):
        read_series(write_csv(tmp_path / "x.csv", lines(3)))


def test_a_single_row_does_not_tell_its_timeframe(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="too few candles"):
        read_series(write_csv(tmp_path / "x.csv", lines(1)), pair=BTC)


def test_lesson_74_the_forming_candle_is_dropped(tmp_path: Path) -> None:
    series = read_series(write_csv(tmp_path / NAME, lines(3)))
    closes_at = int(series.candles.closes_at[-1])
    assert drop_forming(series, closes_at)[1] == 0
    closed, dropped = drop_forming(series, closes_at - 1)
    assert (len(closed.candles), dropped) == (2, 1)
    with pytest.raises(DataError, match="no candle is closed yet"):
        drop_forming(series, FIRST_MS)


@pytest.mark.real_candles
def test_every_recorded_crypto_file_is_read_as_its_readme_says(candle_folder: Path) -> None:
    series = read_series(candle_folder / "binance_BTC-USDT_1h.csv.gz")
    assert (len(series.candles), series.venue, series.pair) == (65_590, "binance", BTC)
    assert series.candles.low.min() > 0
