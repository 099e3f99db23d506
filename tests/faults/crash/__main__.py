"""Run the whole matrix and write docs/crash_matrix.md: ``uv run python -m tests.faults.crash``, and with ``--live``."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

from tests.faults.crash import matrix, power
from tests.faults.crash.killing import Rig, Verdict
from tests.faults.crash.live_page import TITLE, live_part
from tests.faults.crash.shadow import VARIANTS

PAGE = Path(__file__).resolve().parents[3] / "docs" / "crash_matrix.md"
FOLDER = re.compile(r"/\S*/")
HEAD = """# The crash matrix

A replay of twenty candles in which everything happens once (entries, partial sales, a stop that moves, a signal exit,
a stop that is filled, one that is jumped over and chased, a halt and a resume by letter) is killed with SIGKILL at each
of its durable operations, started again with the shipped code, and looked at. An operation is a write, an fsync, a
rename, a link, an unlink, a new folder or file, or a request to the venue; dying right before one is dying right after
the one before it. Writes of several lines are also torn after each of them and inside the last. Nothing of vigie knows
about this: the operating system's calls are wrapped from outside.

After each restart: no decision was executed twice, no fill is missing, our money and coins are the venue's to the last
digit, every coin has a stop as soon as recovery is over, the chain of the journal holds, every id can be computed,
capital and trades explain the cash, the snapshot is what the journal says, and all acts to the end are those of the
undisturbed run (an order that was written down and never left is dropped, or tried again if it protects).

This page is written by `uv run python -m tests.faults.crash`; the numbers are deaths, or images.
"""


def page(jobs: int, every: int, images_every: int) -> tuple[str, int]:
    """The page, and how many violations it tells of."""
    rig = Rig()
    kills = matrix.killed(rig, rig.points()[::every], jobs)
    starts = [one for one in rig.points() if one.operation is not None and one.operation.call == "answer"]
    again = matrix.killed_twice(rig, starts[:: 4 * every], jobs, step=3)
    here = power.judged(rig, jobs=jobs, every=images_every)
    elsewhere = power.judged(rig, jobs=jobs, every=images_every, venue_elsewhere=True, seed=2)
    lines = [HEAD]
    lines += _part("Killed", "By what the candle brought and what was about to be done.", kills)
    lines += matrix.table(kills, matrix.FAMILIES, lambda one: matrix.family(one.point))
    dropped = sum(bool(one.given_up) for one in kills)
    lines.append(f"\nIn {dropped} of {len(kills)} starts an order had been written down that never left.\n")
    lines += _part("Killed again", "After a first death at an answer, every third operation of the recovery.", again)
    lines += matrix.table(again, ["killed again"], lambda _: "killed again")
    which = "Each image that differs from the others."
    if images_every > 1:
        which = f"Of the images that differ from each other, one in {images_every}."
    told = (
        "What had not been fsynced is gone, cut at any byte, or zeros; names of files that were not fsynced with their"
    )
    lines += _part("Without power", f"{told} folder are old or new. {which}", here)
    lines += matrix.table(here, VARIANTS, lambda one: one.variant)
    lines += _part("Without power, the venue elsewhere", "The same, and the venue forgets nothing.", elsewhere)
    lines += matrix.table(elsewhere, VARIANTS, lambda one: one.variant)
    lines += ["\n## Broken on purpose\n", "Builds that this has to catch.\n", "| build | starts | caught in | first |"]
    lines.append("|---|---:|---:|---|")
    for one in matrix.BROKEN:
        verdicts = one.catch(Rig(one.build), jobs)
        caught = [found for found in verdicts if found.violations]
        said = [text for found in caught for text in found.violations]
        # What an act came to differs in many lines; why it did is more to the point.
        first = min(said, key=lambda text: text.startswith("acts"), default="nothing")
        lines.append(f"| {one.name} | {len(verdicts)} | {len(caught)} | {FOLDER.sub('', first)} |")
    broken = sum(bool(one.violations) for one in (*kills, *again, *here, *elsewhere))
    return "\n".join(lines) + "\n", broken


def _part(title: str, what: str, verdicts: list[Verdict]) -> list[str]:
    broken = matrix.faults_of(verdicts)
    found = f"{sum(bool(one.violations) for one in verdicts)} of them with a violation" if broken else "no violation"
    return [f"\n## {title}\n", f"{what} {len(verdicts)} times, {found}.\n", *broken, *([""] if broken else [])]


def live(jobs: int, every: int) -> int:
    """Run the live part, and put it at the end of the page."""
    text, broken = live_part(jobs, every, every)
    if every == 1:
        before = PAGE.read_text(encoding="utf-8").partition(TITLE)[0].rstrip()
        PAGE.write_text(f"{before}\n\n{text}", encoding="utf-8")
    sys.stdout.write(text)
    return 1 if broken else 0


def _kept_live_part() -> str:
    """It is written by a run of its own."""
    _, title, text = PAGE.read_text(encoding="utf-8").partition(TITLE) if PAGE.exists() else ("", "", "")
    return f"{title}{text}"


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--every", type=int, default=1, help="only every n-th point; writes no page")
    parser.add_argument("--images-every", type=int, default=1, help="only every n-th image of a power loss")
    parser.add_argument("--live", action="store_true", help="the live part only")
    given = parser.parse_args()
    if given.live:
        return live(given.jobs, given.every)
    text, broken = page(given.jobs, given.every, given.every * given.images_every)
    if given.every == 1:
        PAGE.write_text(f"{text}\n{_kept_live_part()}", encoding="utf-8")
    sys.stdout.write(text)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
