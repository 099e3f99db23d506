"""Saved results as JSON files: written by ``--save``, read by ``vigie compare``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from vigie.domain.errors import DataError
from vigie.domain.instants import as_iso, from_iso
from vigie.domain.saved_result import SCHEMA, DailyReturns, ResultKind, SavedResult, day_text

_FAMILY = SCHEMA.partition("/")[0] + "/"
_EPOCH = date(1970, 1, 1).toordinal()
_TEXTS = ("strategy", "profile", "timeframe", "strategy_hash", "code_hash", "version")
_TABLES: Mapping[str, tuple[type, ...]] = {
    "parameters": (bool, int, float, str),
    "settings": (bool, int, float, str),
    "venues": (str,),
    "data_hashes": (str,),
    "metrics": (int, float, type(None)),
    "undefined": (str,),
}


def to_file(result: SavedResult) -> bytes:
    """The content of the file.

    Raises:
        ValueError: NaN or an infinity among the numbers.
    """
    record = {one.name: getattr(result, one.name) for one in fields(result)}
    document = {
        "schema": SCHEMA,
        **{name: _plain(name, value) for name, value in record.items() if name != "daily"},
        "daily_returns": dict(
            zip(map(day_text, result.daily.days.tolist()), result.daily.returns.tolist(), strict=True)
        ),
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _plain(name: str, value: object) -> object:
    if name.endswith("_at"):
        return as_iso(int(str(value)))
    return dict(value) if isinstance(value, Mapping) else value


def read_saved(path: Path) -> SavedResult:
    """A result out of a file.

    Raises:
        DataError: no such file, one that cannot be read, of another schema, or with numbers that are none.
    """
    try:
        whole = json.loads(path.read_bytes().decode(), parse_constant=_no_number)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error})") from error
    schema = str(whole.get("schema")) if isinstance(whole, dict) else ""
    if not schema.startswith(_FAMILY):
        has = f" (its schema is {schema})" if schema.startswith("vigie.") else ""
        raise DataError(f"{path}: not a saved result{has}: make one with --save FILE.json")
    if schema != SCHEMA:
        raise DataError(f"{path}: a result of schema {schema}, this vigie reads {SCHEMA}")
    try:
        return _built(whole)
    except KeyError as error:
        raise DataError(f"{path}: {error} is missing") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"{path}: not a result as this vigie knows them ({error})") from error


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not a number")


def _built(document: Mapping[str, Any]) -> SavedResult:
    texts: dict[str, Any] = {name: _of(document, name, str) for name in _TEXTS}
    tables: dict[str, Any] = {name: _table(document, name, kinds) for name, kinds in _TABLES.items()}
    trials = document["trials"]
    return SavedResult(
        kind=ResultKind(document["kind"]),
        **texts,
        **tables,
        synthetic=_of(document, "synthetic", bool),
        start_at=from_iso(_of(document, "start_at", str)),
        end_at=from_iso(_of(document, "end_at", str)),
        capital=float(_of(document, "capital", float, int)),
        trials=None if trials is None else _of(document, "trials", int),
        daily=_daily(_table(document, "daily_returns", (int, float))),
    )


def _daily(table: Mapping[str, float]) -> DailyReturns:
    days = np.array([_day(text) for text in table], dtype=np.int64)
    return DailyReturns(days, np.array(list(table.values()), dtype=np.float64))


def _day(text: str) -> int:
    day = date.fromisoformat(text).toordinal() - _EPOCH
    if day_text(day) != text:
        raise ValueError(f"'{text}' is not a day like 2020-01-31")
    return day


def _of(document: Mapping[str, Any], name: str, *kinds: type) -> Any:  # noqa: ANN401, RUF100 - as the file has it
    value = document[name]
    # A truth value is a whole number for Python, not for us.
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"'{name}' is {value!r}")
    return value


def _table(document: Mapping[str, Any], name: str, kinds: tuple[type, ...]) -> dict[str, Any]:
    table: dict[str, Any] = _of(document, name, dict)
    for key in table:
        try:
            _of(table, key, *kinds)
        except TypeError as error:
            raise TypeError(f"{name}: {error}") from error
    return table
