"""Instants as epoch milliseconds and as text. Always UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_datetime(epoch_ms: int) -> datetime:
    """The aware UTC datetime of an instant in epoch milliseconds."""
    return _EPOCH + timedelta(milliseconds=int(epoch_ms))


def as_text(epoch_ms: int) -> str:
    """``2024-03-01 13:00``: an instant for people, UTC, to the minute; the bare number where no calendar has it."""
    try:
        return as_datetime(epoch_ms).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return f"{int(epoch_ms)} ms"


def as_iso(epoch_ms: int) -> str:
    """``2024-03-01T13:00:00.000Z``: an instant for files, UTC, to the millisecond; sorts as text."""
    return as_datetime(epoch_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def for_names(epoch_ms: int) -> str:
    """``20240301T130000.000Z``: as `as_iso`, without the signs that some file systems refuse in a name."""
    return as_iso(epoch_ms).replace(":", "").replace("-", "")


def from_iso(text: str) -> int:
    """Epoch milliseconds of an instant written by `as_iso`, or with any other offset.

    Raises:
        ValueError: not an instant, or one without an offset.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"'{text}' does not say its offset from UTC")
    return (at - _EPOCH) // timedelta(milliseconds=1)
