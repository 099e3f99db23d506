"""Saved results: what is written is what is read, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fakes.saved import a_result
from vigie.adapters.storage.saved_results import read_saved, to_file
from vigie.domain.errors import DataError
from vigie.domain.saved_result import SCHEMA, ResultKind


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.json"


def changed(path: Path, **facts: Any) -> Path:
    path.write_text(json.dumps(json.loads(to_file(a_result())) | facts), encoding="utf-8")
    return path


def test_every_field_comes_back_to_the_last_bit(path: Path) -> None:
    one = a_result(ResultKind.WALK_FORWARD, trials=None)
    path.write_bytes(to_file(one))
    back = read_saved(path)
    for field in fields(one):
        if field.name != "daily":
            assert getattr(back, field.name) == getattr(one, field.name), field.name
    assert np.array_equal(back.daily.days, one.daily.days)
    assert np.array_equal(back.daily.returns, one.daily.returns)


def test_the_file_shows_its_days_by_date(path: Path) -> None:
    document = json.loads(to_file(a_result()))
    assert document["schema"] == SCHEMA
    assert list(document["daily_returns"])[:2] == ["2020-01-01", "2020-01-02"]
    assert document["start_at"] == "2020-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"schema": "vigie.result/2"}, "a result of schema vigie.result/2, this vigie reads vigie.result/1"),
        ({"schema": "vigie.backtest/1"}, r"not a saved result \(its schema is vigie.backtest/1\)"),
        ({"schema": None}, "not a saved result: make one with --save"),
        ({"kind": "dream"}, "'dream' is not a valid ResultKind"),
        ({"trials": "many"}, "'trials' is 'many'"),
        ({"trials": True}, "'trials' is True"),
        ({"capital": None}, "'capital' is None"),
        ({"start_at": "yesterday"}, "yesterday"),
        ({"metrics": {"sharpe": "high"}}, "metrics: 'sharpe' is 'high'"),
        ({"daily_returns": {}}, "0 days"),
        ({"daily_returns": {"2020-01-02": 0.0, "2020-01-01": 0.0}}, "the days must increase"),
        ({"daily_returns": {"2020-01-01": -1.5}}, "2020-01-01: -1.5 is not a return"),
        ({"daily_returns": {"2020-01-01": None}}, "'2020-01-01' is None"),
        ({"daily_returns": {"someday": 0.0}}, "someday"),
        ({"daily_returns": {"NaT": 0.0}}, "NaT"),
        ({"daily_returns": {"2020-01": 0.0}}, "2020-01"),
        ({"daily_returns": [0.0]}, "'daily_returns' is"),
    ],
)
def test_what_is_not_a_result_is_refused_with_file_and_reason(path: Path, facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError, match=f"a.json: .*{sentence}"):
        read_saved(changed(path, **facts))


def test_nan_is_refused_and_not_taken_for_a_number(path: Path) -> None:
    text = to_file(a_result()).decode()
    first = json.loads(text)["daily_returns"]["2020-01-01"]
    path.write_text(text.replace(repr(first), "NaN"), encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.json: .*NaN is not a number"):
        read_saved(path)


def test_a_missing_field_is_named(path: Path) -> None:
    document = json.loads(to_file(a_result()))
    del document["code_hash"]
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(DataError, match="'code_hash' is missing"):
        read_saved(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[1]", b"[" * 100_000])
def test_what_is_not_json_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.json: not"):
        read_saved(path)


def test_a_file_that_is_not_there_or_a_folder_is_refused(path: Path, tmp_path: Path) -> None:
    for wrong in (path, tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_saved(wrong)
