"""Run weeks: ``python -m tests.faults.campaign --seed N -v`` plays one again; ``--weeks 1000 --page`` reports."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.faults.campaign.week import Outcome, week
from tests.faults.crash.processes import spread

PAGE = Path(__file__).resolve().parents[3] / "docs" / "campaign.md"
BATCH = 20
"""Weeks between two words about how it goes."""
COUNTED = ("ticks", "starts", "deaths", "orders", "fills", "trades")
HEAD = """# The campaign

Simulated weeks drawn from a seed: two pairs on hourly candles with a path of one-minute candles in which prices jump
and spike; the engine with its real journal, snapshot and latches on a disk in memory, the shipped ticker, the shipped
broker with real ccxt, and the desk of the simulated exchange, without a socket between the last two. Time goes from
event to event: closes, what happens to orders, trouble, and guard ticks as long as anything is restless.

In each week about sixteen faults of the table in F1 to F24 come up (lost answers to entries, stops and cancels; orders
that are not shown; bans; clocks that differ; partial fills; refused, cancelled and halted stops; coins sold, withdrawn
or locked by hand; a trade taken back; changed filters; maintenance; bent candles; a revoked key), the network and the
disk fail, people halt, pause, close, liquidate and throw the switch, and the process is killed four times: at a line,
an fsync, a snapshot, a request or an answer, with power and without it.

After each step: no order leaves twice, or before it is on the disk, or against a halt; no entry is executed twice, and
nothing is sold for more than was decided;
the venue's fills are the journal's; every coin that can be protected has a stop for exactly what is held within a guard
period in which the venue answers; our books are the venue's to the last digit but for what people did by hand; the
account in memory is the fold of its journal, ids can be computed; and at the end the chain holds, the snapshot is what
the journal says, and nothing is left unsettled.

This page is written by `uv run python -m tests.faults.campaign --weeks N --page`; a week is played again, to the last
digit, by `uv run python -m tests.faults.campaign --seed N -v`.
"""


def page(outcomes: list[dict[str, Any]]) -> str:
    """The page."""
    bad = [one for one in outcomes if one["violations"]]
    seeds = f"seeds {outcomes[0]['seed']} to {outcomes[-1]['seed']}"
    told = f"{len(outcomes)} weeks ({seeds}), {len(bad) or 'none'} of them with a violation.\n"
    lines = [HEAD, told, "| | number |", "|---|---:|"]
    lines += [f"| {name} | {sum(one[name] for one in outcomes):,} |" for name in COUNTED]
    for title, kind in (("Faults, as they were put in force", "faults"), ("People", "people")):
        lines += [f"\n## {title}\n", "| | times |", "|---|---:|"]
        lines += [f"| {name} | {times:,} |" for name, times in _counted(one[kind] for one in outcomes)]
    lines += ["\n## Violations\n"] + [f"- seed {one['seed']}: {one['violations'][0]}" for one in bad]
    return "\n".join([*lines, *([] if bad else ["None."])]) + "\n"


def _counted(counters: Iterable[dict[str, int]]) -> list[tuple[str, int]]:
    total: Counter[str] = Counter()
    for one in counters:
        total.update(one)
    return sorted(total.items(), key=lambda item: (not item[0].startswith("F"), len(item[0]), item[0]))


def told(outcome: Outcome, *, verbose: bool = False) -> str:
    """A week in words."""
    lines = outcome.log if verbose else []
    sums = ", ".join(f"{getattr(outcome, name)} {name}" for name in COUNTED)
    return "\n".join([*lines, f"seed {outcome.seed}: {sums}: {'; '.join(outcome.violations) or 'fine'}"]) + "\n"


def _one(seed: int) -> dict[str, Any]:
    return {**week(seed).to_json(), "log": []}


def _kept(keep: Path | None) -> list[dict[str, Any]]:
    if keep is None or not keep.exists():
        return []
    return [json.loads(line) for line in keep.read_text(encoding="utf-8").splitlines()]


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="one week, played again exactly")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what happened when")
    parser.add_argument("--weeks", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="seed of the first")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="outcomes as JSON lines; a run goes on where the last one ended")
    parser.add_argument("--page", action="store_true", help="write docs/campaign.md")
    given = parser.parse_args()
    if given.seed is not None:
        outcome = week(given.seed)
        sys.stdout.write(told(outcome, verbose=given.verbose))
        return bool(outcome.violations)
    outcomes = _kept(given.keep)
    known = {one["seed"] for one in outcomes}
    seeds = [seed for seed in range(given.first, given.first + given.weeks) if seed not in known]
    for first in range(0, len(seeds), BATCH):
        began = time.perf_counter()
        batch = spread(_one, seeds[first : first + BATCH], given.jobs)
        seconds = (time.perf_counter() - began) / len(batch)
        outcomes += batch
        bad = [f"seed {one['seed']}: {one['violations'][0]}\n" for one in batch if one["violations"]]
        sys.stdout.write("".join([*bad, f"{len(outcomes)} weeks, {seconds:.1f} s each\n"]))
        sys.stdout.flush()
        if given.keep:
            given.keep.write_text("".join(json.dumps(one) + "\n" for one in outcomes), encoding="utf-8")
    if given.page:
        PAGE.write_text(page(sorted(outcomes, key=lambda one: int(one["seed"]))), encoding="utf-8")
    return any(one["violations"] for one in outcomes)


if __name__ == "__main__":
    sys.exit(main())
