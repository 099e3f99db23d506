"""Instants as epoch milliseconds and as text. Always UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def as_datetime(epoch_ms: int) -> datetime:
    """The aware UTC datetime of an instant in epoch milliseconds."""
    return datetime.fromtimestamp(int(epoch_ms) / 1000, tz=UTC)


def as_text(epoch_ms: int) -> str:
    """``2024-03-01 13:00``: an instant for people, UTC, to the minute; the bare number where no calendar has it."""
    try:
        return as_datetime(epoch_ms).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return f"{int(epoch_ms)} ms"
