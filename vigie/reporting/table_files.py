"""Tables as files for other programs: CSV, JSON or Parquet, as bytes. A column knows its type, empty or not."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.errors import ConfigError
from vigie.reporting.document import iso

Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """Cells of one type.

    Attributes:
        kind: ``text``, ``whole``, ``number`` or ``instant`` (epoch milliseconds: text in CSV and JSON, a timestamp in
            Parquet).
        cells: None where there is nothing.
    """

    kind: str
    cells: Sequence[Cell]


Columns: TypeAlias = Mapping[str, Column]


def texts(cells: Iterable[str | None]) -> Column:
    """A column of words."""
    return Column("text", list(cells))


def instants(cells: IntArray | Sequence[int]) -> Column:
    """A column of instants, epoch milliseconds."""
    return Column("instant", [int(cell) for cell in cells])


def whole(cells: IntArray | Sequence[int]) -> Column:
    """A column of whole numbers."""
    return Column("whole", [int(cell) for cell in cells])


def numbers(cells: FloatArray | Sequence[float | None]) -> Column:
    """A column of numbers; NaN and None are nothing."""
    return Column("number", [None if cell is None or math.isnan(cell) else float(cell) for cell in cells])


def words(cells: Sequence[str | None]) -> Column:
    """A column of values as they are written on a command line: numbers if all of them are."""
    said = [cell for cell in cells if cell is not None]
    for read, kind in ((int, "whole"), (float, "number")):
        try:
            for cell in said:
                read(cell)
        except ValueError:
            continue
        return Column(kind, [None if cell is None else read(cell) for cell in cells])
    return texts(cells)


def table_file(columns: Columns, suffix: str) -> bytes:
    """A table in the format that a file's name asks for.

    Args:
        columns: by name, all of one length.
        suffix: ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        ConfigError: another suffix.
    """
    writer = _WRITERS.get(suffix.lower())
    if writer is None:
        given = f"'{suffix}'" if suffix else "a name without a suffix"
        raise ConfigError(f"{given} is not an export format: the file name must end with {', '.join(_WRITERS)}")
    return writer(columns)


def _shown(column: Column) -> Sequence[Cell]:
    if column.kind != "instant":
        return column.cells
    return [None if cell is None else iso(int(cell)) for cell in column.cells]


def _csv(columns: Columns) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    # The csv module writes a float with repr (nothing is lost) and None as an empty cell.
    rows.writerows(zip(*map(_shown, columns.values()), strict=True))
    return text.getvalue().encode()


def _json(columns: Columns) -> bytes:
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*map(_shown, columns.values()), strict=True)]
    return (json.dumps(rows, indent=1, allow_nan=False) + "\n").encode()


def _parquet(columns: Columns) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds: Mapping[str, Any] = {
        "text": pa.string(),
        "whole": pa.int64(),
        "number": pa.float64(),
        "instant": pa.timestamp("ms", tz="UTC"),
    }
    arrays = {name: pa.array(column.cells, kinds[column.kind]) for name, column in columns.items()}
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink, compression="zstd")
    return sink.getvalue()


_WRITERS: Mapping[str, Callable[[Columns], bytes]] = {".csv": _csv, ".json": _json, ".parquet": _parquet}
