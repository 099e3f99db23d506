"""``vigie journal export``: lines as a table for other programs, CSV or Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vigie.adapters.storage.journal_files import walk
from vigie.adapters.storage.journal_lines import Line
from vigie.app.journal.reading import Wanted, journal_folder, pair_of
from vigie.domain.errors import ConfigError
from vigie.domain.instants import as_iso

FORMATS = ("csv", "parquet")


def exported(home: Path, account: str, wanted: Wanted, form: str) -> tuple[bytes, int]:
    """The table and how many rows it has; the chain is checked on the way.

    One kind of line gets a column per field; several kinds share ``pair`` and the fields as JSON. Money is text, to
    the last digit; instants of lines are ISO text.

    Args:
        home: of the user.
        account: whose journal.
        wanted: which lines; `count` does not matter.
        form: ``csv`` or ``parquet``.

    Raises:
        ConfigError: another form.
        InvariantBroken: the journal is damaged.
    """
    if form not in FORMATS:
        raise ConfigError(f"--format {form}: choose one of {', '.join(FORMATS)}")
    lines = (line for line in walk(journal_folder(home, account), account=account) if wanted.fits(line))
    rows = [_row(line, alone=len(wanted.kinds) == 1) for line in lines]
    columns = list(dict.fromkeys(name for row in rows for name in row)) or ["seq", "at", "kind"]
    return (_csv(rows, columns) if form == "csv" else _parquet(rows, columns)), len(rows)


def _row(line: Line, *, alone: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"seq": line.seq, "at": as_iso(line.at), "kind": line.kind}
    if alone:
        return row | dict(_flat(line.fields))
    return row | {"pair": pair_of(line), "fields": json.dumps(line.fields), "hash": line.hash}


def _flat(fields: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """``intent.quantity`` for a field inside a field; lists as JSON."""
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, json.dumps(value) if isinstance(value, list) else value


def _csv(rows: list[dict[str, Any]], columns: list[str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(rows: list[dict[str, Any]], columns: list[str]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(pa.table({name: _column([row.get(name) for row in rows]) for name in columns}), sink)
    return sink.getvalue()


def _column(values: list[Any]) -> list[Any]:
    """One type per column: a mixture (an infinity is text) becomes text."""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1 or kinds <= {int, float}:
        return [float(value) if value is not None and kinds == {int, float} else value for value in values]
    return [None if value is None else str(value) for value in values]
