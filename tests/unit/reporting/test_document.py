from __future__ import annotations

import json
from dataclasses import asdict

from tests.fakes.results import a_result, hour, of_profits
from vigie.metrics.definitions import DEFINITIONS
from vigie.reporting.document import SCHEMA, iso, to_json
from vigie.reporting.tables import by_exit_reason, by_pair, quote_asset
from vigie.research.result import OpenPosition


def test_the_document_is_strict_json_with_a_schema_version() -> None:
    for result in (a_result(), a_result(round_trips=of_profits(), closes=[1.0])):
        document = to_json(result)
        assert json.loads(json.dumps(document, allow_nan=False)) == document
        assert document["schema"] == SCHEMA


def test_every_metric_is_there_and_an_undefined_one_is_null_with_a_reason() -> None:
    document = to_json(a_result(round_trips=of_profits(1.0)))
    assert set(document["metrics"]) == set(DEFINITIONS)
    assert document["metrics"]["profit_factor"] is None
    assert document["undefined"]["profit_factor"] == "no losing trade"


def test_the_document_says_what_was_run_and_over_what() -> None:
    document = to_json(a_result(overrides={"fast": "20"}), trials=7)
    assert document["identity"]["overrides"] == {"fast": "20"}
    assert set(document["identity"]["data_hashes"]) == {"BTC/USDT", "PEPE/USDT"}
    assert document["scope"]["start"] == "2024-01-01T00:00:00Z"
    assert document["scope"]["end"] == "2024-01-01T04:00:00Z"
    assert document["scope"]["trial_count"] == 7
    assert document["scope"]["trials"] == "7 trials"


def test_the_document_has_the_same_rows_as_the_tables() -> None:
    result = a_result()
    document = to_json(result)
    assert document["pairs"] == [asdict(row) for row in by_pair(result)]
    assert document["exit_reasons"] == [asdict(row) for row in by_exit_reason(result.trades)]
    assert document["refusals"] == {"correlation": 3, "daily_loss": 0}


def test_instants_keep_their_milliseconds_only_where_there_are_any() -> None:
    assert iso(hour(1)) == "2024-01-01T01:00:00Z"
    assert iso(hour(1) + 5) == "2024-01-01T01:00:00.005Z"


def test_a_pair_without_trades_has_counts_and_no_rates() -> None:
    held = OpenPosition("PEPE/USDT", hour(2), 0.00001, 1e6, 0.000009, 0.000011, 1.5)
    first, second = by_pair(a_result(open_positions=(held,)))
    assert (first.trades, first.win_rate, first.open_profit, first.exposure_fraction) == (3, 2 / 3, 0.0, 0.0)
    assert (second.trades, second.win_rate, second.open_profit, second.exposure_fraction) == (0, None, 1.5, 0.5)


def test_pairs_in_different_quotes_have_no_common_unit() -> None:
    assert quote_asset(a_result()) == "USDT"
