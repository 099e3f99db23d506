"""``vigie drill`` for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.reporting.row import BAD, GOOD, Row


def drill_row(name: str, passed: bool, bare_s: float, silent_s: float, seen: str) -> Row:
    """One drill: its name, whether it was passed, seconds without a stop, what was seen.

    Seconds that nobody could do anything about (the exchange silent, the process dead) stand behind a plus sign.
    """
    bare = f"{bare_s:.0f} +{silent_s:.0f} s" if silent_s else f"{bare_s:.0f} s"
    return Row(f"{name:<16} ", f"{'pass' if passed else 'FAIL'}  bare {bare:<9} {seen}", GOOD if passed else BAD)


def drill_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """What did not hold, and the sum."""
    for one in document["drills"]:
        for failure in one["failures"]:
            yield Row(f"  {one['name']}: ", failure, BAD)
    count, passed = len(document["drills"]), sum(one["passed"] for one in document["drills"])
    text = f"{passed} of {count} drills passed; {document['strategy']}, {document['profile']}, {document['candles']}"
    yield Row("", text, GOOD if document["passed"] else BAD)
