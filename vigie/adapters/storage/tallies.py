"""Running totals of what the journal does not write down: ``<state>/<account>/tallies.json``.

How long decisions took, and which steps went wrong how often. Added to on each heartbeat that has something to add, so
that a restart loses nothing; like the heartbeat not fsynced, and for those who look on only. What cannot be read begins
anew: a counter may.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAME = "tallies.json"
BOUNDS_MS = (10, 20, 50, 100, 200, 500, 1000)
"""Upper bounds of what is counted together, milliseconds; what is above the last one is counted last."""
_MOST_KINDS = 200
"""Kinds of errors; there are far fewer, and a file of ours never grows without end."""


@dataclass(frozen=True, slots=True)
class Tallies:
    """Totals.

    Attributes:
        decided: decisions by how long they took: one number per bound, and one above; not cumulated.
        decided_ms: all of them together, milliseconds.
        errors: by step and type of the error.
    """

    decided: tuple[int, ...] = (0,) * (len(BOUNDS_MS) + 1)
    decided_ms: float = 0.0
    errors: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def after(self, facts: Mapping[str, Any]) -> Tallies:
        """The totals with what a heartbeat tells (`vigie.engine.gauges.Gauges.facts`)."""
        counts, errors = list(self.decided), dict(self.errors)
        took = [one for one in facts.get("decided_ms") or () if isinstance(one, int | float)]
        for one in took:
            counts[next((n for n, bound in enumerate(BOUNDS_MS) if one <= bound), len(BOUNDS_MS))] += 1
        for step, kind in facts.get("errors") or ():
            key = (str(step), str(kind))
            if key in errors or len(errors) < _MOST_KINDS:
                errors[key] = errors.get(key, 0) + 1
        return Tallies(tuple(counts), self.decided_ms + sum(took), errors)


def read(folder: Path) -> Tallies:
    """The totals of an account; none: nothing was counted, or it cannot be read."""
    try:
        document = json.loads((folder / NAME).read_bytes())
        counts = tuple(int(one) for one in document["decided"])
        errors = {(str(step), str(kind)): int(count) for step, kind, count in document["errors"]}
        if len(counts) != len(BOUNDS_MS) + 1:
            return Tallies()
        return Tallies(counts, float(document["decided_ms"]), errors)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Tallies()


def add(folder: Path, facts: Mapping[str, Any]) -> None:
    """Add what a heartbeat tells; nothing is written where it tells nothing of this.

    Raises:
        OSError: it cannot be written.
    """
    if not facts.get("decided_ms") and not facts.get("errors"):
        return
    total = read(folder).after(facts)
    document = {
        "decided": total.decided,
        "decided_ms": total.decided_ms,
        "errors": [[*key, count] for key, count in sorted(total.errors.items())],
    }
    temporary = folder / f".{NAME}.tmp"  # one writer: one name, and nothing piles up
    temporary.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
    temporary.replace(folder / NAME)
