"""``vigie watchdog`` for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.reporting.row import BAD, GOOD, LOOK, Row


def look_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """One look, line by line.

    Args:
        document: as `vigie.app.watch.watchdog.watchdog` makes it.
    """
    words = "nothing is missing" if document["healthy"] else f"{len(document['findings'])} found"
    yield Row(f"{document['account']} · ", f"{document['mode']} · {words}", GOOD if document["healthy"] else BAD)
    if document["stopped"] is not None:
        yield Row("stopped     ", f"{document['stopped']}: left alone", LOOK)
    yield Row("venue       ", document["venue"])
    for one in document["findings"]:
        yield Row("! ", one["text"], BAD)


def look_line(document: Mapping[str, Any]) -> str:
    """One line for who looks again and again."""
    if document["healthy"]:
        return f"{document['at'][:19]}Z {document['account']} {document['mode']}: nothing is missing"
    return f"{document['at'][:19]}Z {document['account']}: {'; '.join(one['text'] for one in document['findings'])}"
