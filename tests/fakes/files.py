"""Small candle files for tests."""

from __future__ import annotations

from pathlib import Path

HOUR_MS = 3_600_000
FIRST_MS = 1_700_002_800_000  # 2023-11-14 23:00 UTC
HEADER = "timestamp,open,high,low,close,volume"


def lines(count: int, *, step_ms: int = HOUR_MS, first_ms: int = FIRST_MS) -> list[str]:
    """Rows of plausible candles, prices going up by one each."""
    return [
        f"{first_ms + at * step_ms},{100 + at},{102 + at},{99 + at},{101 + at},{5 + at}" for at in range(count)
    ]  # fmt: skip


def write_csv(path: Path, rows: list[str], header: str = HEADER) -> Path:
    """Write a CSV file with a header line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path
