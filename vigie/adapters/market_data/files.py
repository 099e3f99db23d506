"""One file of candles: read, refused with its row, or written."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from vigie.adapters.market_data.columns import RawCandles
from vigie.adapters.market_data.names import SUFFIXES, SeriesName, suffix_of
from vigie.adapters.market_data.tables import read_raw, to_bytes
from vigie.adapters.storage.atomic import write_atomically
from vigie.domain.candles import COLUMNS, Candles, IntArray, Series
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.instants import as_text
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

UNKNOWN_VENUE = "file"

_LONG_RUN = 24
"""So many equal steps of another length in a row are another timeframe, not holes."""


def read_series(
    path: Path, *, pair: Pair | None = None, timeframe: Timeframe | None = None, venue: str | None = None
) -> Series:
    """Read a file of candles (CSV, CSV.gz, Parquet, Feather).

    What is not given is taken from the file's own description or name (``binance_BTC-USDT_1h.csv.gz``); a timeframe
    that is nowhere is the most common step between rows.

    Args:
        path: the file.
        pair: wins over what the file says.
        timeframe: wins over what the file says.
        venue: wins over what the file says.

    Raises:
        ConfigError: no such file, or the pair is nowhere.
        DataError: the file cannot be read, or a row cannot be used; names file, row (1-based) and reason.
    """
    return to_series(read_raw(path), path, SeriesName(venue, pair, timeframe))


def to_series(raw: RawCandles, path: Path, given: SeriesName) -> Series:
    """Checked candles with their name out of raw rows.

    Args:
        raw: rows as they stand.
        path: the file they came from, for messages.
        given: wins over what the file says about itself.

    Raises:
        ConfigError: pair or timeframe is nowhere.
        DataError: a row cannot be used; names file, row (1-based) and reason.
    """
    if raw.problems:
        more = f" (and {len(raw.problems) - 1} more; `vigie data check` lists them)" if len(raw.problems) > 1 else ""
        raise DataError(f"{path}: {raw.problems[0]}{more}")
    pair = given.pair or raw.claims.pair
    if pair is None:
        raise ConfigError(f"{path}: the file does not name its pair; say it, for instance --pairs BTC/USDT")
    timeframe = given.timeframe or raw.claims.timeframe or infer_timeframe(raw.opens_at)
    if timeframe is None:
        raise ConfigError(f"{path}: too few candles to see their timeframe; say it, for instance --timeframe 1h")
    try:
        _refuse_mixed(raw.opens_at, timeframe)
        candles = to_candles(raw, timeframe)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    return Series(pair, given.venue or raw.claims.venue or UNKNOWN_VENUE, candles, str(path))


def to_candles(raw: RawCandles, timeframe: Timeframe) -> Candles:
    """Checked candles out of raw rows.

    Raises:
        DataError: an impossible row, with its number.
    """
    return Candles(timeframe, raw.opens_at, *(getattr(raw, name) for name in COLUMNS))


def infer_timeframe(opens_at: IntArray) -> Timeframe | None:
    """The most common positive step between rows (the shortest of equals), None with fewer than two rows."""
    steps = np.diff(opens_at)
    lengths, counts = np.unique(steps[steps > 0], return_counts=True)
    return Timeframe(int(lengths[np.argmax(counts)])) if len(lengths) else None


def _refuse_mixed(opens_at: IntArray, timeframe: Timeframe) -> None:
    steps = np.diff(opens_at)
    usual = infer_timeframe(opens_at)
    if usual is not None and len(steps) > 1 and usual > timeframe and (steps > 0).all():
        raise DataError(f"holds {usual} candles, not {timeframe}")
    if len(steps) < _LONG_RUN:
        return
    changes = np.flatnonzero(np.diff(steps) != 0) + 1
    starts = np.concatenate([[0], changes])
    lengths = np.diff(np.concatenate([starts, [len(steps)]]))
    long_run = (lengths >= _LONG_RUN) & (steps[starts] > timeframe.milliseconds)
    if long_run.any():
        first = int(starts[np.argmax(long_run)])
        raise DataError(
            f"row {first + 2} ({as_text(opens_at[first + 1])}): from here on the rows are "
            f"{Timeframe(int(steps[first]))} apart, not {timeframe}: mixed timeframes"
        )


def drop_forming(series: Series, now_ms: int) -> tuple[Series, int]:
    """Without the candles that are not closed yet at ``now_ms`` (epoch milliseconds), and how many those were.

    Raises:
        DataError: no candle is closed.
    """
    closed = int(np.searchsorted(series.candles.closes_at, now_ms, side="right"))
    dropped = len(series.candles) - closed
    if closed == 0:
        raise DataError(f"{series.origin}: no candle is closed yet: all of them lie in the future")
    if dropped == 0:
        return series, 0
    return dataclasses.replace(series, candles=series.candles[:closed]), dropped


def write_series(path: Path, series: Series, source: str) -> None:
    """Write candles to a file in the format its ending names, atomically.

    Raises:
        ConfigError: the ending names no format, or the file cannot be written.
    """
    suffix = suffix_of(path)
    if suffix is None:
        raise ConfigError(f"{path}: the name should end in {', '.join(SUFFIXES)}")
    try:
        write_atomically(path, to_bytes(series.candles, suffix, describe(series, source)))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error


def describe(series: Series, source: str) -> dict[str, str]:
    """The facts kept beside stored candles, in the schema of their file."""
    return {
        "venue": series.venue,
        "pair": str(series.pair),
        "timeframe": str(series.candles.timeframe),
        "source": source,
        "content_hash": series.candles.content_hash,
    }
