"""``vigie backup`` for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.reporting.row import BAD, GOOD, LOOK, Row


def created_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """What was kept."""
    yield Row("backup      ", document["file"], GOOD if document["ok"] else BAD)
    yield Row("            ", f"{document['files']} files, {document['bytes'] / 1e6:,.2f} MB")
    yield from _accounts(document)
    if document["dropped"]:
        yield Row("dropped     ", ", ".join(document["dropped"]))
    yield from _problems(document)


def verified_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """What an archive is worth."""
    words = "whole" if document["ok"] else "DAMAGED"
    yield Row(f"{document['file']}: ", f"{words}, of {_when(document['at'])}", GOOD if document["ok"] else BAD)
    yield from _accounts(document)
    yield from _problems(document)


def restored_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """What came back."""
    for one in document["accounts"]:
        yield Row(f"{one['account']:<12}", f"{one['last_seq'] + 1:,} lines, of {_when(document['at'])}", GOOD)
        yield Row("halted by   ", ", ".join(one["latches"]), LOOK)
        if one["stopped"]:
            yield Row("stopped     ", one["stopped"], LOOK)
        if one["aside"]:
            yield Row("aside       ", one["aside"])
    if document["written"]:
        yield Row("written     ", ", ".join(document["written"]))
    if document["left"]:
        yield Row("left alone  ", ", ".join(document["left"]))
    for one in document["accounts"]:
        yield Row("next        ", f"vigie reconcile --account {one['account']}, then vigie resume")


def _accounts(document: Mapping[str, Any]) -> Iterator[Row]:
    for one in document["accounts"]:
        busy = "" if one["quiet"] else ", taken while a line was written"
        yield Row(f"{one['account']:<12}", f"journal up to line {one['last_seq']:,}{busy}")


def _problems(document: Mapping[str, Any]) -> Iterator[Row]:
    for problem in document["problems"]:
        yield Row("! ", problem, BAD)


def _when(instant: str) -> str:
    return f"{instant[:16].replace('T', ' ')} UTC"
