"""The live part of docs/crash_matrix.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.faults.crash.live import LOST, NO_FAULT, WINDOW, Death, Stage

TITLE = "## Live"
FAMILIES = ("request", "answer", "journal", "fsync", "other files")
MOST = 20
HEAD = f"""{TITLE}

The same market on the simulated exchange: the live engine, the shipped ticker, the shipped broker with real ccxt, and
the desk of the exchange behind it, in one process. Before each durable operation, each request and each answer the
process forks, and the child is what comes after a kill at that instant: the files as they are, an exchange that knows
what it knows, and nobody who remembers anything. At each order and each cancel the run also goes on with an answer that
is lost in every way, and is killed before each of the next {WINDOW + 1} operations.

After each restart and each tick of it: no order leaves twice, or before it is on the disk; no decision is executed
twice; the venue's fills are the journal's; what is held has a stop for exactly what is held within a guard period in
which the venue answers; books, snapshot and ids hold; nothing is left unsettled.

Written by `uv run python -m tests.faults.crash --live`; the numbers are deaths.
"""


def family(where: str) -> str:
    """What was about to be done."""
    call, _, subject = where.partition(" ")[2].partition(" ")
    if call in ("request", "answer"):
        return call
    return "fsync" if call == "fsync" else "journal" if subject.startswith("journal") else "other files"


def live_part(jobs: int, every: int = 1, writes: int = 1) -> tuple[str, int]:
    """The part, and how many deaths it tells of that came to no good end."""
    stage = Stage(jobs=jobs, every=every, faults=tuple(LOST), writes=writes).run()
    broken = [one for one in stage.deaths if one.violations]
    told = f"{len(stage.deaths)} deaths, {len(broken) or 'none'} of them with a violation."
    return "\n".join([HEAD, told + "\n", *_table(stage.deaths), "", *_violations(broken)]).rstrip() + "\n", len(broken)


def _table(deaths: Sequence[Death]) -> list[str]:
    done = Counter((one.fault, family(one.where)) for one in deaths)
    lines = [f"| answer | {' | '.join(FAMILIES)} | all |", f"|---|{'---:|' * (len(FAMILIES) + 1)}"]
    for fault in (NO_FAULT, *LOST):
        cells = [done[fault, name] for name in FAMILIES]
        lines.append(f"| {fault} | {' | '.join(str(one or '') for one in cells)} | {sum(cells)} |")
    sums = [sum(done[fault, name] for fault in (NO_FAULT, *LOST)) for name in FAMILIES]
    return [*lines, f"| **all** | {' | '.join(map(str, sums))} | {sum(sums)} |"]


def _violations(broken: Sequence[Death]) -> list[str]:
    return [f"- {one.fault}, before {one.where}: {one.violations[0]}" for one in broken[:MOST]]
