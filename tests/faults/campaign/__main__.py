"""Run weeks: ``uv run python -m tests.faults.campaign --seed N -v``, or ``--weeks 1000`` for docs/campaign.md."""

from __future__ import annotations

import argparse
import sys
import time

from tests.faults.campaign.week import Outcome, week


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="one week, played again exactly")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell what happened when")
    parser.add_argument("--weeks", type=int, default=50)
    parser.add_argument("--first", type=int, default=0)
    given = parser.parse_args()
    if given.seed is not None:
        outcome = week(given.seed)
        told(outcome, verbose=given.verbose)
        return bool(outcome.violations)
    began = time.perf_counter()
    bad = 0
    for seed in range(given.first, given.first + given.weeks):
        outcome = week(seed)
        bad += bool(outcome.violations)
        told(outcome)
    sys.stdout.write(f"{given.weeks} weeks, {bad} with violations, {time.perf_counter() - began:.0f} s\n")
    return bool(bad)


def told(outcome: Outcome, *, verbose: bool = False) -> None:
    """Print a week."""
    for line in outcome.log if verbose else ():
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"seed {outcome.seed}: {outcome.ticks} ticks, {outcome.starts} starts, {outcome.orders} orders, {outcome.trades} trades: {outcome.violations or 'fine'}\n")


if __name__ == "__main__":
    sys.exit(main())
