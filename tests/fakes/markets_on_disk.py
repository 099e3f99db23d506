"""Made-up markets as candle files."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.files import write_csv
from tests.oracles import markets


def write_market(path: Path, maker: str = "trending", rows: int = 2000, seed: int = 3) -> Path:
    """A market of `markets.MAKERS` as a CSV file, to the last digit."""
    return write_csv(path, rows_of(markets.MAKERS[maker](rows, seed)))


def rows_of(market: markets.Market) -> list[str]:
    """Lines of a CSV file."""
    names = ("opens_at", "open", "high", "low", "close", "volume")
    return [",".join(repr(value) for value in line) for line in zip(*(market[name] for name in names), strict=True)]
