"""``vigie doctor`` for people: a table that fits eighty columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from vigie.reporting.row import BAD, GOOD, LOOK, Row

_HEAD, _WIDTH = 23, 80
_COLOURS = {"ok": GOOD, "look": LOOK, "fail": BAD, "skipped": None}
_WORDS = {"ok": "ok", "look": "look", "fail": "FAIL", "skipped": "-"}


def doctor_rows(document: Mapping[str, Any]) -> Iterator[Row]:
    """The table, line by line.

    Args:
        document: as `vigie.app.watch.doctor.examine` makes it.
    """
    checks = document["checks"]
    for one in checks:
        head = f"{_WORDS[one['state']]:<6}{one['name']:<{_HEAD - 6}}"
        colour = _COLOURS[one["state"]]
        for line in textwrap.wrap(one["text"], _WIDTH - _HEAD, break_long_words=True) or [""]:
            yield Row(head, line, colour)
            head = " " * _HEAD
        if one["hint"]:
            wrapped = textwrap.wrap(one["hint"], _WIDTH - _HEAD - 2)
            for number, line in enumerate(wrapped):
                yield Row(" " * _HEAD, f"{'→' if number == 0 else ' '} {line}")
    counts = {state: sum(one["state"] == state for one in checks) for state in _WORDS}
    what = "ready to go live" if document["go_live"] else "fit"
    words = what if document["ok"] else f"not {what}"
    free = document["mode"] in ("active", None)
    if not free:
        words += f", {'but' if document['ok'] else 'and'} {document['mode'].upper()}"
    told = ", ".join(
        f"{count} {_WORDS[state].lower()}" for state, count in counts.items() if count and state != "skipped"
    )
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    colour = BAD if not document["ok"] else GOOD if free else LOOK
    yield Row(f"{document['account']}: ", f"{words} ({told}{skipped})", colour)
