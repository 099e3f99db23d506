"""What ``vigie reconcile`` found, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.reporting.row import BAD, GOOD, LOOK, Row

_LINE = "{:<17} {:<14} {:>14} {:>14}  {}"


def reconcile_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """A table with one line for each difference, and under it what it means and what is done about it."""
    found, account = document["differences"], document["account"]
    who = " (asked of its engine)" if document["by_engine"] else ""
    if not found:
        yield Row("", f"{account}: state, journal and venue agree{who}", GOOD)
        return
    yield Row("", f"{account}: {len(found)} difference{'' if len(found) == 1 else 's'}{who}", LOOK)
    yield Row("", _LINE.format("kind", "subject", "ours", "theirs", "policy"))
    for one in found:
        settled, word = one["settled"], "would" if "would" in one else "did"
        colour = GOOD if settled else BAD if document["applied"] else LOOK
        subject = str(one["subject"])
        yield Row(
            "",
            _LINE.format(one["kind"], _short(subject), _number(one["ours"]), _number(one["theirs"]), one["policy"]),
            colour,
        )
        yield Row("    ", str(one["text"]))
        yield Row(f"    {word}: ", str(one.get("would", one.get("outcome", ""))))
    if not document["applied"]:
        yield Row("", "nothing was done: --apply follows the policies, --policy KIND=WHAT changes one")


def _short(text: str) -> str:
    return text if len(text) <= 14 else f"{text[:13]}…"  # noqa: PLR2004, RUF100


def _number(value: object) -> str:
    text = f"{float(str(value)):,.8f}".rstrip("0").rstrip(".")
    return text or "0"
