from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.files import FIRST_MS, HOUR_MS, lines, write_csv
from vigie.adapters.market_data.quality import Quality, examine
from vigie.adapters.market_data.tables import read_raw
from vigie.domain.timeframe import Timeframe

H1 = Timeframe(HOUR_MS)


def found(tmp_path: Path, rows: list[str]) -> Quality:
    return examine(read_raw(write_csv(tmp_path / "x.csv", rows)), H1)


def test_good_candles_have_nothing_against_them(tmp_path: Path) -> None:
    quality = found(tmp_path, lines(50))
    assert (quality.broken, quality.missing, quality.zero_volume, quality.examples) == (0, 0, 0, ())


def test_all_that_is_wrong_is_counted_not_only_the_first(tmp_path: Path) -> None:
    rows = lines(40)
    rows[3] = f"{FIRST_MS + 3 * HOUR_MS},nan,103,99,101,5"
    rows[5] = f"{FIRST_MS + 5 * HOUR_MS},100,90,99,101,5"
    rows[7] = f"{FIRST_MS + 7 * HOUR_MS},100,103,99,101,0"
    rows[9] = f"{FIRST_MS + 9 * HOUR_MS},-4,103,-9,101,-5"
    rows[11] = f"{FIRST_MS + 11 * HOUR_MS},abc,103,99,101,5"
    rows[13] = rows[12]
    rows[20], rows[21] = rows[21], rows[20]
    rows[25] = f"{FIRST_MS + 25 * HOUR_MS + 60_000},100,103,99,101,5"
    rows[30] = "when,100,103,99,101,5"
    del rows[35:38]
    quality = found(tmp_path, rows)
    assert quality.unreadable == 2
    assert quality.impossible == 4, "nan, high below low, negative, and abc"
    assert quality.zero_volume == 1
    assert quality.duplicates == 1
    assert quality.disorder == 1
    assert quality.off_grid == 1
    assert quality.holes[0].missing == 3
    text = "\n".join(quality.examples)
    assert "row 12: open 'abc' is not a number" in text
    assert "row 31: time 'when' is neither an epoch" in text
    assert "row 6 (2023-11-15 04:00): high is below low" in text
    assert "row 14 (2023-11-15 11:00): repeats a time" in text


def test_a_row_of_the_wrong_length_does_not_shift_the_numbers_of_later_rows(tmp_path: Path) -> None:
    rows = lines(10)
    rows[2] = "1,2"
    rows[6] = f"{FIRST_MS + 6 * HOUR_MS},100,90,99,101,5"
    text = "\n".join(found(tmp_path, rows).examples)
    assert "row 3: 2 fields, not 6" in text
    assert "row 7 (2023-11-15 05:00): high is below low" in text


def test_a_jump_is_an_outlier_but_not_broken(tmp_path: Path) -> None:
    rows = [f"{FIRST_MS + at * HOUR_MS},100,{101 + at % 3},99,{100 + at % 2},5" for at in range(60)]
    rows[30] = f"{FIRST_MS + 30 * HOUR_MS},100,900,1,101,5"
    quality = found(tmp_path, rows)
    assert (quality.outliers, quality.broken) == (1, 0)


@pytest.mark.real_candles
def test_real_extremes_are_not_errors(candle_folder: Path) -> None:
    quality = examine(read_raw(candle_folder / "binance_LINK-USDT_1h.csv.gz"), H1)
    assert quality.broken == 0
    assert (quality.rows, quality.missing, len(quality.holes), quality.zero_volume) == (56_522, 60, 20, 4)
    assert quality.outliers >= 1
