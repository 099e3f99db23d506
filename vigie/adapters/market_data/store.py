"""The candle store: one Parquet file per venue, pair and timeframe under ``state/candles``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.market_data.files import read_series, write_series
from vigie.adapters.market_data.folder import NamedFile, named_files
from vigie.adapters.market_data.instruments import read_instruments, write_instruments
from vigie.adapters.market_data.names import file_stem
from vigie.adapters.market_data.tables import read_metadata
from vigie.domain.candles import Series
from vigie.domain.errors import DataError
from vigie.domain.instrument import Instrument
from vigie.domain.pair import Pair
from vigie.domain.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class CandleStore:
    """Closed candles kept between runs.

    Attributes:
        folder: ``<home>/state/candles``; made at the first write.
    """

    folder: Path

    @classmethod
    def of(cls, home: Path) -> CandleStore:
        """The store of a home folder."""
        return cls(home / "state" / "candles")

    def path(self, venue: str, pair: Pair, timeframe: Timeframe) -> Path:
        """Where these candles lie, or would lie."""
        return self.folder / f"{file_stem(venue, pair, timeframe)}.parquet"

    def files(self) -> tuple[NamedFile, ...]:
        """What is stored, sorted by pair and timeframe; empty if nothing is."""
        if not self.folder.is_dir() or not any(self.folder.glob("*.parquet")):
            return ()
        return tuple(file for file in named_files(self.folder) if file.path.suffix == ".parquet")

    def load(self, venue: str, pair: Pair, timeframe: Timeframe) -> Series | None:
        """Stored candles, None if there are none.

        Raises:
            DataError: the file is damaged, or its content is not what was saved.
        """
        path = self.path(venue, pair, timeframe)
        return read_stored(path) if path.exists() else None

    def save(self, series: Series, source: str) -> Path:
        """Keep closed candles in place of what was there; atomic.

        Args:
            series: closed candles only; that is the caller's duty, a store has no clock.
            source: for people: where they come from.

        Raises:
            ConfigError: the store cannot be written, or the venue cannot be part of a file name.
        """
        path = self.path(series.venue, series.pair, series.candles.timeframe)
        write_series(path, series, source)
        return path

    def instruments(self, venue: str) -> dict[Pair, Instrument]:
        """The known filters of a venue's pairs."""
        return read_instruments(self.folder / "instruments.json").get(venue, {})

    def save_instruments(self, venue: str, instruments: list[Instrument]) -> None:
        """Remember filters, in place of what was known of these pairs."""
        write_instruments(self.folder / "instruments.json", venue, instruments)


def read_stored(path: Path) -> Series:
    """Read a file of the store and hold it to the hash it was saved with.

    Raises:
        DataError: the file is damaged, or its content is not what was saved.
    """
    series = read_series(path)
    expected = stored_facts(path).get("content_hash")
    if expected is not None and expected != series.candles.content_hash:
        raise DataError(f"{path}: the candles are not those that were saved (content hash differs)")
    return series


def stored_facts(path: Path) -> dict[str, str]:
    """What the store wrote beside the candles: venue, pair, timeframe, source, content_hash.

    Raises:
        DataError: the file is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        return read_metadata(parquet.read_schema(path).metadata) or {}
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path}: damaged, or not a Parquet file") from error
