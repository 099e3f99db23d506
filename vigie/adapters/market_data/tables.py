"""Reading and writing the file formats: CSV, gzipped CSV, Parquet, Feather."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from pathlib import Path
from typing import Any

from vigie.adapters.market_data.columns import RawCandles, from_table
from vigie.adapters.market_data.names import SUFFIXES, SeriesName, parse_name, suffix_of
from vigie.domain.candles import COLUMNS, Candles
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

METADATA_KEY = b"vigie"

_KLINE_COLUMNS = (
    "open_time", *COLUMNS, "close_time", "quote_volume", "trades", "taker_base", "taker_quote", "ignored",
)  # fmt: skip


def read_raw(path: Path) -> RawCandles:
    """All rows of a file as they stand, impossible ones included.

    Raises:
        ConfigError: the file does not exist.
        DataError: the file cannot be opened, is damaged, is empty, lacks a column, or has an unknown format.
    """
    suffix = suffix_of(path)
    if suffix is None and not path.exists():
        raise ConfigError(f"{path}: no such file or folder")
    if suffix is None:
        raise DataError(f"{path}: not a candle file; its name should end in {', '.join(SUFFIXES)}")
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not content:
        raise DataError(f"{path}: the file is empty")
    try:
        raw = _parse(content, suffix, parse_name(path))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    if not len(raw) and not raw.problems:
        raise DataError(f"{path}: the file holds no candles")
    return raw


def _parse(content: bytes, suffix: str, name: SeriesName) -> RawCandles:
    if suffix in (".csv", ".csv.gz"):
        return _parse_csv(_gunzip(content) if suffix == ".csv.gz" else content, name)
    import pyarrow as pa
    from pyarrow import feather, parquet

    kind = "Parquet" if suffix == ".parquet" else "Feather"
    try:
        buffer = pa.BufferReader(content)
        # Without threads (a few megabytes need none), and not through parquet.read_table, which imports pandas.
        if suffix == ".parquet":
            table = parquet.ParquetFile(buffer).read(use_threads=False)
        else:
            table = feather.read_table(buffer, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"damaged, or not a {kind} file ({_first_line(error)})") from error
    own = read_metadata(table.schema.metadata)
    return from_table(table, claims=_named(own) if own else name)


def _gunzip(content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except EOFError as error:
        raise DataError("damaged: the gzip data is cut short") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"damaged, or not a gzip file ({error})") from error


def _parse_csv(content: bytes, name: SeriesName) -> RawCandles:
    import pyarrow as pa
    from pyarrow import csv

    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"not a CSV file in UTF-8 ({error.reason} at byte {error.start})") from error
    first = content.lstrip().split(b"\n", 1)[0].decode("utf-8").strip("\ufeff\r ")
    if not first:
        raise DataError("the file is empty")
    delimiter = next((mark for mark in (",", ";", "\t") if mark in first), ",")
    names = _headerless(first.split(delimiter))
    ragged: list[tuple[int, str]] = []

    def keep_aside(row: Any) -> str:
        ragged.append((row.number - (0 if names else 1), f"{row.actual_columns} fields, not {row.expected_columns}"))
        return "skip"

    try:
        table = csv.read_csv(
            io.BytesIO(content),
            # One thread: only then does Arrow know the numbers of bad rows.
            read_options=csv.ReadOptions(use_threads=False, column_names=names),
            parse_options=csv.ParseOptions(delimiter=delimiter, invalid_row_handler=keep_aside),
            convert_options=csv.ConvertOptions(strings_can_be_null=True),
        )
    except pa.ArrowException as error:
        raise DataError(f"not a readable CSV file ({_first_line(error)})") from error
    return from_table(table, ragged, name)


def _headerless(fields: list[str]) -> list[str] | None:
    """Column names for a file without header line, None if there is one."""
    try:
        float(fields[0].strip('" '))
    except ValueError:
        return None
    if len(fields) in (6, 12):
        return list(_KLINE_COLUMNS[: len(fields)])
    raise DataError(
        f"no header line, and {len(fields)} columns: only the 12 of Binance's archive, or time, open, high, low, "
        "close and volume, are known without one"
    )


def to_bytes(candles: Candles, suffix: str, metadata: dict[str, str] | None = None) -> bytes:
    """The content of a file with these candles.

    Args:
        candles: what to write; the time column is ``timestamp``, epoch milliseconds (a UTC time in the binary formats).
        suffix: one of ``SUFFIXES``.
        metadata: facts kept in the schema of the binary formats.
    """
    import numpy as np
    import pyarrow as pa
    from pyarrow import csv, feather, parquet

    # Missing volume is an empty field in CSV and a null elsewhere, not the word nan.
    prices = {name: pa.array(getattr(candles, name), mask=np.isnan(getattr(candles, name))) for name in COLUMNS}
    sink = io.BytesIO()
    if suffix in (".csv", ".csv.gz"):
        csv.write_csv(pa.table({"timestamp": pa.array(candles.opens_at)} | prices), sink)
        plain = sink.getvalue().replace(b'"', b"")
        return gzip.compress(plain, mtime=0) if suffix == ".csv.gz" else plain
    times = pa.array(candles.opens_at).cast(pa.timestamp("ms", tz="UTC"))
    table = pa.table({"timestamp": times} | prices)
    if metadata is not None:
        table = table.replace_schema_metadata({METADATA_KEY: json.dumps(metadata).encode()})
    if suffix == ".parquet":
        parquet.write_table(table, sink, compression="zstd")
    else:
        feather.write_feather(table, sink, compression="zstd")
    return sink.getvalue()


def read_metadata(schema_metadata: dict[bytes, bytes] | None) -> dict[str, str] | None:
    """The facts that ``to_bytes`` left in a schema, None for a file of somebody else."""
    if not schema_metadata or METADATA_KEY not in schema_metadata:
        return None
    try:
        facts = json.loads(schema_metadata[METADATA_KEY])
        return {str(key): str(value) for key, value in facts.items()}
    except (ValueError, AttributeError) as error:
        raise DataError("its description is damaged") from error


def _named(facts: dict[str, str]) -> SeriesName:
    try:
        return SeriesName(facts["venue"], Pair.parse(facts["pair"]), Timeframe.parse(facts["timeframe"]))
    except (KeyError, ConfigError) as error:
        raise DataError("its description is damaged") from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__
