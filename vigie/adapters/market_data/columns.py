"""From a table as somebody wrote it to six columns of numbers, every oddity named by its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vigie.adapters.market_data.names import SeriesName
from vigie.domain.candles import COLUMNS, FloatArray, IntArray
from vigie.domain.errors import DataError

NO_TIME = int(np.iinfo(np.int64).min)
"""Stands where a row's time could not be read."""

TIME_HEADERS = (
    "timestamp", "open_time", "opentime", "opens_at", "unix", "unix_timestamp", "time", "date", "datetime", "ts",
    "__index_level_0__",
)  # fmt: skip
_HEADERS: dict[str, tuple[str, ...]] = {
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "vol", "v"),
}
_OLDEST_EPOCH_S = 315_532_800  # 1980: a smaller number is a date written as 20240101, a row number, anything but a time


@dataclass(frozen=True, slots=True, eq=False)
class RawCandles:
    """A file's rows as they stand, impossible ones included.

    Attributes:
        opens_at: epoch milliseconds (UTC), ``NO_TIME`` where unreadable, shape (n,).
        open, high, low, close, volume: NaN where empty or unreadable, shape (n,).
        rows: the number of each row in the file, the first below the header being 1, shape (n,).
        problems: a sentence for each value that is not a number or a time, and for each row of the wrong length.
        claims: what the file says about itself.
    """

    opens_at: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    rows: IntArray
    problems: tuple[str, ...] = ()
    claims: SeriesName = field(default_factory=SeriesName)

    def __len__(self) -> int:
        return len(self.opens_at)


def from_table(table: Any, ragged: Sequence[tuple[int, str]] = (), claims: SeriesName | None = None) -> RawCandles:
    """Find time, prices and volume in an Arrow table.

    Args:
        table: pyarrow Table with any of the usual headers, upper or lower case.
        ragged: data rows that were left out because they have the wrong number of fields, with what is wrong.
        claims: what the file says about itself.

    Raises:
        DataError: a column is missing.
    """
    headers = ["_".join(str(name).strip().strip("\ufeff").lower().split()) for name in table.column_names]
    left_out = [row for row, _ in ragged]
    rows = np.delete(np.arange(1, table.num_rows + len(left_out) + 1, dtype=np.int64), np.array(left_out, int) - 1)
    problems = [f"row {row}: {what}" for row, what in ragged]
    times = table.column(_find(headers, "time", TIME_HEADERS))
    opens_at, unreadable = _instants(times)
    problems += [
        f"row {rows[at]}: time {_shown(times, at)} is neither an epoch (s, ms, us) nor ISO" for at in unreadable
    ]
    numbers = {}
    for name in COLUMNS:
        column = table.column(_find(headers, name, _HEADERS[name]))
        numbers[name], unreadable = _floats(column)
        problems += [f"row {rows[at]}: {name} {_shown(column, at)} is not a number" for at in unreadable]
    return RawCandles(
        opens_at=opens_at, rows=rows, problems=tuple(problems), claims=claims or SeriesName(), **numbers
    )  # fmt: skip


def _find(headers: Sequence[str], name: str, known: Sequence[str]) -> int:
    for header in known:
        if header in headers:
            return headers.index(header)
    found = ", ".join(headers[:12])
    what = f"column '{name}' is missing" if name != "time" else f"no time column ({', '.join(known[:-1])})"
    raise DataError(f"{what}; found: {found[:200]}")


def _shown(column: Any, at: int) -> str:
    value = column[at].as_py()
    return "(empty)" if value is None else repr(str(value)[:40])


def _floats(column: Any) -> tuple[FloatArray, list[int]]:
    import pyarrow as pa

    if not _is_text(column.type):
        try:
            return _numbers(column), []
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            column = column.cast(pa.string())
    values = np.full(len(column), np.nan)
    unreadable = []
    for at, text in enumerate(column.to_pylist()):
        try:
            values[at] = np.nan if text is None else float(text)
        except ValueError:
            unreadable.append(at)
    return values, unreadable


def _instants(column: Any) -> tuple[IntArray, list[int]]:
    """Epoch milliseconds of a time column, and the positions that could not be read."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        # Arrow keeps UTC inside whatever zone it shows; a time without zone is read as UTC.
        return _filled(_to_ms(column))
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _from_epochs(_numbers(column))
    instants = np.full(len(column), NO_TIME, dtype=np.int64)
    for at, text in enumerate(column.cast(pa.string()).to_pylist()):
        instants[at] = _from_text(text)
    return instants, np.flatnonzero(instants == NO_TIME).tolist()


def _to_ms(column: Any) -> Any:
    import pyarrow as pa

    zone = None if pa.types.is_date(column.type) else column.type.tz
    return column.cast(pa.timestamp("ms", tz=zone), safe=False)


def _filled(column: Any) -> tuple[IntArray, list[int]]:
    import pyarrow as pa

    instants: IntArray = _as_array(column.cast(pa.int64()), np.int64, NO_TIME)
    return instants, np.flatnonzero(instants == NO_TIME).tolist()


def _numbers(column: Any) -> FloatArray:
    import pyarrow as pa

    return _as_array(column.cast(pa.float64()), np.float64, np.nan)


def _as_array(column: Any, kind: type[Any], missing: float) -> NDArray[Any]:
    """A column of eight-byte numbers, nulls replaced; Arrow's own way to numpy would import pandas, half a second."""
    parts = [np.empty(0, dtype=kind)]
    for chunk in column.chunks:
        validity, content = chunk.buffers()
        if len(chunk) == 0 or content is None:
            parts.append(np.full(len(chunk), missing, dtype=kind))
            continue
        rows = slice(chunk.offset, chunk.offset + len(chunk))
        values = np.frombuffer(content, dtype=kind)[rows].copy()
        if validity is not None and chunk.null_count:
            bits = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")
            values[bits[rows] == 0] = missing
        parts.append(values)
    return np.concatenate(parts)


def _from_epochs(numbers: NDArray[np.float64]) -> tuple[IntArray, list[int]]:
    """Seconds, milliseconds, microseconds or nanoseconds, told apart row by row: some archives change in mid-file."""
    magnitude = np.select([numbers < 1e11, numbers < 1e14, numbers < 1e17], [1e3, 1.0, 1e-3], 1e-6)
    readable = np.isfinite(numbers) & (numbers >= _OLDEST_EPOCH_S)
    instants = np.full(len(numbers), NO_TIME, dtype=np.int64)
    instants[readable] = np.rint(numbers[readable] * magnitude[readable]).astype(np.int64)
    return instants, np.flatnonzero(~readable).tolist()


def _from_text(text: str | None) -> int:
    if text is None:
        return NO_TIME
    try:
        instants, _ = _from_epochs(np.array([float(text)]))
        return int(instants[0])
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return NO_TIME
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_boolean(kind))
