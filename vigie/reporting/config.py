"""``vigie config`` for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.reporting.row import BAD, GOOD, Row

_SETTING = "  {:<32} {:<22} "


def check_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """Account by account: what is in order, and what is not."""
    for one in document["checked"]:
        yield Row("", str(one["account"] or document["home"]))
        for name, text in one["facts"].items():
            yield Row(f"  {name:<12} ", str(text))
        for problem in one["problems"]:
            yield Row("  WRONG        ", str(problem), BAD)
    count = len(document["problems"])
    if count:
        yield Row("", f"{count} problem{'' if count == 1 else 's'}", BAD)
    else:
        yield Row("", "nothing is wrong", GOOD)


def show_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """Name, value, source."""
    for one in document["accounts"]:
        yield Row("", str(one["account"]))
        for row in one["settings"]:
            yield Row("", _SETTING.format(row["name"], row["value"]) + row["source"])
