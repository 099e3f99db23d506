"""What the demo shows, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigie.reporting.row import BAD, GOOD, LOOK, Row


def heading() -> list[Row]:
    """What this is, before it begins."""
    return [
        Row("", "vigie demo: from a market to a trade, through a crash, in about a minute", GOOD),
        Row("", "no keys, no network but this machine's own; every number is found, none is written beforehand"),
        Row(""),
    ]


def act_rows(number: int, total: int, title: str, proves: str, *, passed: bool, text: str, seconds: float) -> list[Row]:
    """One act that is over: what it was, what was found, what that proves."""
    mark, colour = ("ok", GOOD) if passed else ("FAILED", BAD)
    return [
        Row(f"{number:>2}/{total} ", f"{mark}  {title} ({seconds:.1f} s)", colour),
        Row("      ", text, None if passed else BAD),
        Row("      proves: " if passed else "      not proved: ", proves),
    ]


def end_rows(document: Mapping[str, Any]) -> list[Row]:
    """How it ended, and what can be tried in a home that was kept."""
    played, seconds = document["acts"], document["seconds"]
    if document["passed"]:
        end = Row("", f"{len(played)} acts, {seconds:.0f} s: all that was claimed was found", GOOD)
    else:
        end = Row("", f"failed in act {len(played)}, {played[-1]['title'].lower()}, after {seconds:.0f} s", BAD)
    rows = [Row(""), end, Row("! ", document["note"], LOOK)]
    if document["home"] is None:
        return [*rows, Row("next: ", "vigie demo --keep DIR leaves all files for a look around")]
    return rows + _look_around(document)


def _look_around(document: Mapping[str, Any]) -> list[Row]:
    home = document["home"]
    facts = next((one["facts"] for one in document["acts"] if one["name"] == "explain" and one["passed"]), None)
    commands = ["vigie status", "vigie journal --last 40", "vigie certificate list", "vigie trials"]
    if facts is not None:
        commands += ["vigie journal trades", f"vigie journal explain {facts['pair']} {facts['candle_at'][:16]}"]
    return [
        Row("kept: ", f"{home}"),
        Row("next: ", f"export VIGIE_HOME={home}, then for instance"),
        *(Row("      ", one) for one in commands),
        Row("      ", f"and open {home}/walk-forward.html"),
    ]
