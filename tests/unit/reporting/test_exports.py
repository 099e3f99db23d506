from __future__ import annotations

import csv
import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fakes.results import a_result, hour, of_profits, trades
from vigie.domain.errors import ConfigError
from vigie.reporting.exports import events_table, trades_table

TRADE_COLUMNS = [
    "pair",
    "side",
    "entry_at",
    "exit_at",
    "entry_price",
    "exit_price",
    "quantity",
    "fees",
    "slippage",
    "profit",
    "profit_fraction",
    "exit_reason",
    "stop_at_entry",
    "bars_held",
]
EVENT_COLUMNS = ["pair", "type", "at", "price", "quantity", "fee", "profit", "reason"]
ONE = a_result(round_trips=trades({"pair": 1, "entry_price": 0.1 + 0.2, "stop_at_entry": np.nan, "exit_at": hour(30)}))


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_a_csv_of_trades_has_the_promised_columns_and_loses_no_digit() -> None:
    content = trades_table(ONE, ".csv")
    assert content.decode().splitlines()[0].split(",") == TRADE_COLUMNS
    (row,) = rows(content)
    assert float(row["entry_price"]) == 0.1 + 0.2
    assert (row["pair"], row["side"], row["exit_reason"], row["bars_held"]) == ("PEPE/USDT", "long", "stop", "4")


def test_instants_are_iso_in_utc() -> None:
    (row,) = rows(trades_table(ONE, ".csv"))
    assert (row["entry_at"], row["exit_at"]) == ("2024-01-01T01:00:00Z", "2024-01-02T06:00:00Z")


def test_what_is_undefined_is_empty_in_csv_and_null_elsewhere() -> None:
    assert rows(trades_table(ONE, ".csv"))[0]["stop_at_entry"] == ""
    assert json.loads(trades_table(ONE, ".json"))[0]["stop_at_entry"] is None
    assert pq.read_table(io.BytesIO(trades_table(ONE, ".parquet")))["stop_at_entry"].to_pylist() == [None]


def test_json_holds_the_same_rows_as_csv() -> None:
    (row,) = json.loads(trades_table(ONE, ".json"))
    (text,) = rows(trades_table(ONE, ".csv"))
    assert list(row) == TRADE_COLUMNS
    assert {name: "" if value is None else str(value) for name, value in row.items()} == text


def test_parquet_holds_utc_timestamps_and_doubles() -> None:
    table = pq.read_table(io.BytesIO(trades_table(ONE, ".parquet")))
    assert table.column_names == TRADE_COLUMNS
    assert table.schema.field("entry_at").type == pa.timestamp("ms", tz="UTC")
    assert table["entry_at"].cast(pa.int64()).to_pylist() == [hour(1)]
    assert table["entry_price"].to_pylist() == [0.1 + 0.2]


def test_events_name_their_type_and_reason() -> None:
    buy, partial = rows(events_table(ONE, ".csv"))
    assert list(buy) == EVENT_COLUMNS
    assert (buy["type"], buy["profit"], buy["reason"]) == ("buy", "", "none")
    assert (partial["type"], partial["profit"], partial["reason"]) == ("sell", "-1.5", "partial_1")


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet"])
def test_a_run_without_trades_still_has_columns(suffix: str) -> None:
    content = trades_table(a_result(round_trips=of_profits()), suffix)
    if suffix == ".csv":
        assert content.decode() == ",".join(TRADE_COLUMNS) + "\n"
    elif suffix == ".json":
        assert json.loads(content) == []
    else:
        assert pq.read_table(io.BytesIO(content)).schema == pq.read_table(io.BytesIO(trades_table(ONE, suffix))).schema


def test_the_suffix_may_be_written_in_capitals() -> None:
    assert trades_table(ONE, ".CSV") == trades_table(ONE, ".csv")


@pytest.mark.parametrize(("suffix", "named"), [(".xlsx", "'.xlsx'"), ("", "without a suffix")])
def test_another_suffix_is_refused_with_the_allowed_ones(suffix: str, named: str) -> None:
    for table in (trades_table, events_table):
        with pytest.raises(ConfigError, match=r"\.csv, \.json, \.parquet") as refused:
            table(ONE, suffix)
        assert named in str(refused.value)
