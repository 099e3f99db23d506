from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.fakes.command_line import Vigie
from tests.fakes.files import FIRST_MS, HOUR_MS, lines, write_csv
from tests.fakes.kline_server import KlineServer

NAME = "binance_BTC-USDT_1h.csv"


def kept(tmp_path: Path) -> list[str]:
    folder = tmp_path / "home" / "state" / "candles"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_sample_and_list_label_synthetic_candles(vigie: Vigie) -> None:
    vigie("data", "sample")
    listed = vigie("data", "list")
    assert listed.code == 0
    assert listed.out.count("synthetic") == 3
    assert "never happened" in listed.err
    assert [one["synthetic"] for one in vigie("data", "list", "--json").document["series"]] == [True] * 3


def test_the_trending_market_is_made_by_name_and_shuffled_it_is_another(vigie: Vigie) -> None:
    made = vigie("data", "sample", "--market", "trending", "--json").document["series"]
    shuffled = vigie("data", "sample", "--market", "trending", "--shuffled", "--json").document["series"]
    assert [(one["pair"], one["synthetic"], one["source"]) for one in made] == [
        (pair, True, "trending market, seed 3") for pair in ("DRIFT/SIM", "SWELL/SIM", "TIDE/SIM")
    ]
    assert {one["source"] for one in shuffled} == {"trending market shuffled, seed 3"}
    assert {one["content_hash"] for one in made} & {one["content_hash"] for one in shuffled} == set()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--market", "trendy"], "did you mean 'trending'"),
        (["--shuffled"], "the trending one is"),
        (["--seed", "-1"], "use"),
    ],
)
def test_a_market_that_cannot_be_is_refused(vigie: Vigie, words: list[str], why: str) -> None:
    said = vigie("data", "sample", *words)
    assert said.code == 78
    assert why in said.err


def test_an_empty_store_says_how_to_fill_it(vigie: Vigie) -> None:
    listed = vigie("data", "list")
    assert (listed.code, listed.out) == (0, "")
    assert "vigie data download BTC/USDT or vigie data sample fills it" in listed.err
    assert vigie("data", "list", "--json").document["series"] == []
    assert vigie("data", "check").code == 78


def test_import_then_list_then_check(vigie: Vigie, tmp_path: Path) -> None:
    taken = vigie("data", "import", write_csv(tmp_path / NAME, lines(30)), "--json")
    assert taken.code == 0
    (series,) = taken.document["series"]
    assert (series["venue"], series["pair"], series["timeframe"], series["candles"]) == (
        "binance", "BTC/USDT", "1h", 30,
    )  # fmt: skip
    assert series["first_open_at"] == "2023-11-14T23:00:00Z"
    assert vigie("data", "list", "--json").document == taken.document
    assert vigie("data", "check").code == 0


def test_import_takes_what_the_name_does_not_say_from_options(vigie: Vigie, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "mine.csv", lines(30))
    said = vigie("data", "import", path, "--pair", "eth-usdt", "--venue", "kraken", "--json")
    assert said.document["series"][0]["pair"] == "ETH/USDT"
    assert kept(tmp_path) == ["kraken_ETH-USDT_1h.parquet"]


def test_import_does_not_overwrite_other_candles_unasked(vigie: Vigie, tmp_path: Path) -> None:
    path = write_csv(tmp_path / NAME, lines(30))
    assert vigie("data", "import", path).code == 0
    assert vigie("data", "import", path).code == 0, "the same candles again change nothing"
    write_csv(path, lines(20))
    refused = vigie("data", "import", path)
    assert refused.code == 78
    assert "add --replace" in refused.err
    assert vigie("data", "import", path, "--replace", "--json").document["series"][0]["candles"] == 20


def test_a_forming_candle_is_left_out_of_the_store_and_told(vigie: Vigie, tmp_path: Path) -> None:
    rows = [*lines(5), *lines(1, first_ms=FIRST_MS + 100 * 365 * 24 * HOUR_MS)]
    said = vigie("data", "import", write_csv(tmp_path / NAME, rows), "--json")
    assert said.document["series"][0]["candles"] == 5
    assert "row 6 (2123-" in said.err
    assert "not closed yet" in said.err


def edited(row: int, column: int, value: str) -> list[str]:
    rows = lines(6)
    fields = rows[row - 1].split(",")
    fields[column] = value
    rows[row - 1] = ",".join(fields)
    return rows


def bad_files(folder: Path) -> dict[str, Path]:
    """One file for each kind of bad input."""
    header = "timestamp,open,high,low,close,volume"
    rows = lines(6)
    files = {
        "missing column": write_csv(folder / "1" / NAME, ["1,2,3"], "timestamp,open,high"),
        "nan": write_csv(folder / "2" / NAME, edited(3, 4, "nan")),
        "low above high": write_csv(folder / "3" / NAME, edited(3, 3, "500")),
        "unsorted": write_csv(folder / "4" / NAME, rows[::-1]),
        "duplicate": write_csv(folder / "5" / NAME, [*rows[:3], *rows[2:]]),
        "mixed": write_csv(folder / "6" / NAME, [*rows, *lines(3, step_ms=60_000, first_ms=FIRST_MS + 6 * HOUR_MS)]),
        "empty": write_csv(folder / "7" / NAME, [], ""),
        "no rows": write_csv(folder / "8" / NAME, []),
        "parquet": folder / "binance_BTC-USDT_1h.parquet",
        "gzip": folder / "binance_BTC-USDT_1h.csv.gz",
        "folder": folder / "binance_ETH-USDT_1h.csv",
        "pairless": write_csv(folder / "mine.csv", rows),
        "missing file": folder / "nowhere.csv",
        "all forming": write_csv(folder / "9" / NAME, lines(3, first_ms=FIRST_MS + 100 * 365 * 24 * HOUR_MS)),
    }
    files["parquet"].write_bytes(b"PAR1 broken PAR1")
    files["gzip"].write_bytes(gzip.compress("\n".join([header, *lines(500)]).encode())[:-50])
    files["folder"].mkdir()
    return files


@pytest.mark.parametrize(
    ("kind", "code", "reason"),
    [
        ("missing column", 65, "column 'low' is missing"),
        ("nan", 65, "row 3 (2023-11-15 01:00): close is not a number"),
        ("low above high", 65, "row 3 (2023-11-15 01:00): low is above open or close"),
        ("unsorted", 65, "row 2 (2023-11-15 03:00) is earlier than the row before it"),
        ("duplicate", 65, "row 4 (2023-11-15 01:00) repeats the time of the row before it"),
        ("mixed", 65, "row 8 (2023-11-15 05:01) is not a whole number of 1h candles"),
        ("empty", 65, "the file is empty"),
        ("no rows", 65, "the file holds no candles"),
        ("parquet", 65, "damaged, or not a Parquet file"),
        ("gzip", 65, "damaged: the gzip data is cut short"),
        ("folder", 65, "cannot be read"),
        ("all forming", 65, "no candle is closed yet"),
        ("pairless", 78, "does not name its pair"),
        ("missing file", 78, "no such file"),
    ],
)
def test_bad_input_is_a_sentence_an_exit_code_and_nothing_kept(
    vigie: Vigie, tmp_path: Path, kind: str, code: int, reason: str
) -> None:
    bad = bad_files(tmp_path / "in")[kind]
    good = write_csv(tmp_path / "good" / "binance_SOL-USDT_1h.csv", lines(5))
    said = vigie("data", "import", good, bad)
    assert (said.code, said.out) == (code, "")
    assert reason in said.err
    assert bad.name in said.err
    assert "Traceback" not in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert kept(tmp_path) == [], "not even the good file: nothing half-done"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--pair", "BTCUSDT"], "'BTCUSDT' is not a pair"),
        (["--timeframe", "1 hour"], "'1 hour' is not a timeframe"),
        (["--venue", "../up"], "'../up' cannot name a venue"),
    ],
)
def test_a_word_that_cannot_be_is_exit_78(vigie: Vigie, tmp_path: Path, words: list[str], reason: str) -> None:
    said = vigie("data", "import", write_csv(tmp_path / NAME, lines(5)), *words)
    assert said.code == 78
    assert reason in said.err
    assert kept(tmp_path) == []


def test_a_folder_without_candles_is_exit_65(vigie: Vigie, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for command in ("list", "check"):
        said = vigie("data", command, "--data", tmp_path / "empty")
        assert said.code == 65
        assert "no candle files here" in said.err


def test_a_damaged_file_of_the_store_is_exit_65(vigie: Vigie, tmp_path: Path) -> None:
    vigie("data", "import", write_csv(tmp_path / NAME, lines(30)))
    path = tmp_path / "home" / "state" / "candles" / "binance_BTC-USDT_1h.parquet"
    path.write_bytes(path.read_bytes()[:200])
    said = vigie("data", "list")
    assert said.code == 65
    assert path.name in said.err


def test_check_reports_every_problem_and_exits_3(vigie: Vigie, tmp_path: Path) -> None:
    rows = lines(60)
    rows[3] = f"{FIRST_MS + 3 * HOUR_MS},nan,103,99,101,5"
    rows[5] = f"{FIRST_MS + 5 * HOUR_MS},100,90,99,101,5"
    rows[13] = rows[12]
    rows[20], rows[21] = rows[21], rows[20]
    del rows[30:40]
    path = write_csv(tmp_path / NAME, rows)
    said = vigie("data", "check", "--data", path)
    assert said.code == 3
    for reason in ("2 impossible candles", "1 duplicate row", "1 row out of order", "candles are missing, above 1.00%"):
        assert reason in said.err
    for example in ("row 4 (", "row 6 (", "row 14 (", "row 22 ("):
        assert example in said.out
    document = vigie("data", "check", "--data", path, "--json").document
    assert document["failed"] == 1
    assert (document["files"][0]["impossible"], document["files"][0]["duplicates"]) == (2, 1)
    assert document["files"][0]["holes"][0]["missing"] == 10


def test_check_limits_can_be_moved(vigie: Vigie, tmp_path: Path) -> None:
    rows = lines(60)
    del rows[30:40]
    path = write_csv(tmp_path / NAME, rows)
    assert vigie("data", "check", "--data", path).code == 3
    assert vigie("data", "check", "--data", path, "--max-gap-fraction", "0.2").code == 0
    silent = write_csv(tmp_path / "x" / NAME, [f"{row.rsplit(',', 1)[0]},0" for row in lines(30)])
    assert vigie("data", "check", "--data", silent).code == 3
    assert vigie("data", "check", "--data", silent, "--max-zero-volume-fraction", "1").code == 0


def test_check_goes_on_after_a_file_that_cannot_be_read(vigie: Vigie, tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / NAME, lines(30))
    (tmp_path / "in" / "binance_ETH-USDT_1h.parquet").write_bytes(b"nothing")
    said = vigie("data", "check", "--data", tmp_path / "in", "--json")
    assert said.code == 3
    assert [one["passed"] for one in said.document["files"]] == [True, False]


def test_resample_writes_to_the_store_or_to_a_file(vigie: Vigie, tmp_path: Path) -> None:
    vigie("data", "import", write_csv(tmp_path / NAME, lines(30)))
    said = vigie("data", "resample", "--timeframe", "4h", "--json")
    assert said.document["series"][0]["source"] == "resampled from 1h"
    assert "is not over" in said.err
    output = tmp_path / "out" / "four.csv"
    assert vigie("data", "resample", "--timeframe", "4h", "--output", output).code == 0
    assert output.read_text(encoding="utf-8").splitlines()[0] == "timestamp,open,high,low,close,volume"
    assert vigie("data", "resample", "--timeframe", "90m").code == 78


def test_tables_fit_80_columns(vigie: Vigie, tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "binanceverylong_VERYLONGNAME-USDT_1h.csv", lines(3000))
    vigie("data", "sample")
    for words in (["list"], ["check"], ["list", "--data", tmp_path / "in"], ["check", "--data", tmp_path / "in"]):
        table = vigie("data", *words).out.split("longest hole")[0]
        assert max(len(line) for line in table.splitlines()) <= 80


def test_download_over_http_keeps_candles_and_speaks_json(vigie: Vigie, tmp_path: Path) -> None:
    now = 1_704_067_200_000 + 1500 * HOUR_MS + 1000
    with KlineServer(now_ms=now, first_ms=1_704_067_200_000) as venue:
        words = ("download", "btc/usdt", "--since", "20240101", "--base-url", venue.url, "--json")
        said = vigie("data", *words)
        assert (said.code, said.err) == (0, "")
        (series,) = said.document["series"]
        assert (series["candles"], series["added"], series["forming_left_out"]) == (1500, 1500, 1)
        venue.revised[now - 1000 - HOUR_MS] = 77.0
        again = vigie("data", *words).document["series"][0]
        assert [len(again["revised"]), again["added"]] == [1, 0]
        assert "revised: close" not in vigie("data", *words[:-1]).err
    assert kept(tmp_path) == ["binance_BTC-USDT_1h.parquet", "instruments.json"]


def test_an_unknown_exchange_is_exit_78_with_a_suggestion(vigie: Vigie) -> None:
    said = vigie("data", "download", "BTC/USDT", "--exchange", "binanse")
    assert said.code == 78
    assert "did you mean 'binance'" in said.err
