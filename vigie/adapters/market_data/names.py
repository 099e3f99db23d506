"""What a candle file's name says about its content."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vigie.domain.errors import ConfigError
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".feather")

_OWN = re.compile(r"(?P<venue>[a-z0-9]+)_(?P<pair>[A-Z0-9]+-[A-Z0-9]+)_(?P<timeframe>[1-9]\d*[mhdw])")
_FREQTRADE = re.compile(r"(?P<pair>[A-Z0-9]+_[A-Z0-9]+)-(?P<timeframe>[1-9]\d*[mhdw])")


@dataclass(frozen=True, slots=True)
class SeriesName:
    """Whose candles these are, as far as it is known.

    Attributes:
        venue: lower case.
        pair: what is traded.
        timeframe: length of a candle.
    """

    venue: str | None = None
    pair: Pair | None = None
    timeframe: Timeframe | None = None


def suffix_of(path: Path) -> str | None:
    """The file's format as its ending (one of ``SUFFIXES``), or None for anything else."""
    name = path.name.lower()
    return next((suffix for suffix in SUFFIXES if name.endswith(suffix)), None)


def parse_name(path: Path) -> SeriesName:
    """Read ``binance_BTC-USDT_1h.csv.gz``, or Freqtrade's ``BTC_USDT-1h.feather``; anything else says nothing."""
    stem = path.name[: -len(suffix_of(path) or "")] if suffix_of(path) else path.name
    match = _OWN.fullmatch(stem) or _FREQTRADE.fullmatch(stem)
    if match is None:
        return SeriesName()
    try:
        pair, timeframe = Pair.parse(match["pair"]), Timeframe.parse(match["timeframe"])
    except ConfigError:
        return SeriesName()
    if pair.quote.isdigit():
        # ES-201312 is a future and its month of delivery, not a pair.
        return SeriesName()
    return SeriesName(match.groupdict().get("venue"), pair, timeframe)


def file_stem(venue: str, pair: Pair, timeframe: Timeframe) -> str:
    """The name under which candles are kept, without ending: ``binance_BTC-USDT_1h``.

    Raises:
        ConfigError: the venue cannot be part of a file name.
    """
    if not re.fullmatch(r"[a-z0-9]+", venue):
        raise ConfigError(f"'{venue}' cannot name a venue: use lower-case letters and digits, for instance binance")
    return f"{venue}_{pair.file_name}_{timeframe}"
