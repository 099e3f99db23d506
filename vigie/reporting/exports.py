"""Trades and events as files for other programs: CSV, JSON or Parquet, as bytes."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from vigie.domain.candles import FloatArray, IntArray
from vigie.domain.errors import ConfigError
from vigie.domain.trades import EventKind, ExitReason
from vigie.reporting.document import iso
from vigie.research.result import BacktestResult

Cell: TypeAlias = str | int | float | None
Columns: TypeAlias = Mapping[str, Sequence[Cell]]

_INSTANTS = ("entry_at", "exit_at", "at")
"""Columns of epoch milliseconds: text in CSV and JSON, timestamps in Parquet."""


def trades_table(result: BacktestResult, suffix: str) -> bytes:
    """The closed trades, in order of exit.

    Args:
        result: a backtest.
        suffix: ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        ConfigError: another suffix.
    """
    writer = _writer(suffix)
    trades, pairs = result.trades, result.pairs
    return writer(
        {
            "pair": [pairs[index] for index in trades.pair],
            "side": ["long"] * len(trades),
            "entry_at": _whole(trades.entry_at),
            "exit_at": _whole(trades.exit_at),
            "entry_price": _numbers(trades.entry_price),
            "exit_price": _numbers(trades.exit_price),
            "quantity": _numbers(trades.quantity),
            "fees": _numbers(trades.fees),
            "slippage": _numbers(trades.slippage),
            "profit": _numbers(trades.profit),
            "profit_fraction": _numbers(trades.profit_fraction),
            "exit_reason": [ExitReason(code).label for code in trades.exit_reason],
            "stop_at_entry": _numbers(trades.stop_at_entry),
            "bars_held": _whole(trades.bars_held),
        }
    )


def events_table(result: BacktestResult, suffix: str) -> bytes:
    """One row per buy, partial sale or sale, in the order in which they happened.

    Args:
        result: a backtest.
        suffix: ``.csv``, ``.json`` or ``.parquet``.

    Raises:
        ConfigError: another suffix.
    """
    writer = _writer(suffix)
    events, pairs = result.events, result.pairs
    return writer(
        {
            "pair": [pairs[index] for index in events.pair],
            "type": [EventKind(code).label for code in events.kind],
            "at": _whole(events.at),
            "price": _numbers(events.price),
            "quantity": _numbers(events.quantity),
            "fee": _numbers(events.fee),
            "profit": _numbers(events.profit),
            "reason": [ExitReason(code).label for code in events.reason],
        }
    )


def _numbers(column: FloatArray) -> list[Cell]:
    return [None if math.isnan(value) else value for value in column.tolist()]


def _whole(column: IntArray) -> list[Cell]:
    return list(column.tolist())


def _texts(columns: Columns) -> Columns:
    return {
        name: [iso(int(cell)) for cell in cells if cell is not None] if name in _INSTANTS else cells
        for name, cells in columns.items()
    }


def _csv(columns: Columns) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    # The csv module writes a float with repr (nothing is lost) and None as an empty cell.
    rows.writerows(zip(*_texts(columns).values(), strict=True))
    return text.getvalue().encode()


def _json(columns: Columns) -> bytes:
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*_texts(columns).values(), strict=True)]
    return (json.dumps(rows, indent=1, allow_nan=False) + "\n").encode()


def _parquet(columns: Columns) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = {name: pa.array(cells, _arrow_type(name, pa)) for name, cells in columns.items()}
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays), sink, compression="zstd")
    return sink.getvalue()


def _arrow_type(name: str, pa: Any) -> Any:
    """Types by name, so that a table without rows has the same schema."""
    if name in ("pair", "side", "type", "reason", "exit_reason"):
        return pa.string()
    if name in _INSTANTS:
        return pa.timestamp("ms", tz="UTC")
    return pa.int64() if name == "bars_held" else pa.float64()


_WRITERS: Mapping[str, Callable[[Columns], bytes]] = {".csv": _csv, ".json": _json, ".parquet": _parquet}


def _writer(suffix: str) -> Callable[[Columns], bytes]:
    writer = _WRITERS.get(suffix.lower())
    if writer is None:
        given = f"'{suffix}'" if suffix else "a name without a suffix"
        raise ConfigError(f"{given} is not an export format: the file name must end with {', '.join(_WRITERS)}")
    return writer
