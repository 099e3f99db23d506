"""A folder of candle files, found by their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.market_data.files import UNKNOWN_VENUE
from vigie.adapters.market_data.names import SeriesName, parse_name, suffix_of
from vigie.domain.errors import ConfigError, DataError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe


@dataclass(frozen=True, slots=True, order=True)
class NamedFile:
    """A candle file whose name says what it holds."""

    pair: Pair
    timeframe: Timeframe
    venue: str
    path: Path


def named_files(folder: Path) -> tuple[NamedFile, ...]:
    """The candle files of a folder (not of folders below it), sorted by pair and timeframe.

    Files whose name does not say pair and timeframe are passed over.

    Raises:
        DataError: the folder cannot be read or holds no such file.
    """
    try:
        paths = [path for path in folder.iterdir() if suffix_of(path) and not path.name.startswith(".")]
    except OSError as error:
        raise DataError(f"{folder}: cannot be read: {error.strerror or error}") from error
    files = [_named(path, parse_name(path)) for path in paths]
    found = tuple(sorted(file for file in files if file is not None))
    if not found:
        raise DataError(f"{folder}: no candle files here (their names look like binance_BTC-USDT_1h.csv.gz)")
    return found


def _named(path: Path, name: SeriesName) -> NamedFile | None:
    if name.pair is None or name.timeframe is None:
        return None
    return NamedFile(name.pair, name.timeframe, name.venue or UNKNOWN_VENUE, path)


def the_only(files: Iterable[NamedFile]) -> NamedFile:
    """The one file that fits.

    Raises:
        ConfigError: several venues or formats hold the same pair and timeframe.
    """
    first, *others = files
    if others:
        names = ", ".join(file.path.name for file in (first, *others))
        raise ConfigError(f"{first.pair} {first.timeframe} is there several times ({names}): choose with --data FILE")
    return first
