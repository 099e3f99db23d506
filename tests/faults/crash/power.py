"""The power fails at every operation of a replay: what may lie on the disk then is started from."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from tests.faults.crash.invariants import folder_of
from tests.faults.crash.killing import Point, Rig, Verdict
from tests.faults.crash.processes import run_apart, scratch, spread
from tests.faults.crash.shadow import Image, Shadow
from tests.faults.crash.wrapping import Operation, Wrapper
from vigie.adapters.exchanges.paper_ledger import FILE_NAME


@dataclass(frozen=True, slots=True)
class Loss:
    """A power loss.

    Attributes:
        point: right before which operation.
        image: what lay on the disk.
    """

    point: Point
    image: Image


def losses(rig: Rig, home: Path, seed: int, *, venue_elsewhere: bool) -> list[Loss]:
    """Every image that differs from those before it, of a replay that goes through undisturbed."""
    books = f"{folder_of(home).relative_to(home)}/{FILE_NAME}"
    shadow, dice = Shadow(home), random.Random(seed)
    found: list[Loss] = []
    known: set[int] = set()

    def before(number: int, operation: Operation | None) -> None:
        shadow.look()
        for drawn in shadow.images(dice):
            remembered = shadow.now(books) if venue_elsewhere else None
            image = drawn if remembered is None else drawn.with_file(books, remembered)
            if image.key not in known:
                known.add(image.key)
                found.append(Loss(Point(number, operation), image))

    wrapper = Wrapper(home, before)
    with shadow.watching():
        rig.run(home, wrapper)
    before(len(wrapper.done), None)
    return found


def judged(rig: Rig, *, every: int = 1, jobs: int = 1, seed: int = 1, venue_elsewhere: bool = False) -> list[Verdict]:
    """Start from each of the images, or from every n-th of them.

    Args:
        rig: the replay.
        every: n.
        jobs: processes at once.
        seed: of the places where files are cut.
        venue_elsewhere: its books are not lost with the disk, as at a real exchange.
    """

    def judge(loss: Loss) -> list[object]:
        with scratch() as home:
            loss.image.write(home)
            found = rig.judge(home, loss.point, loss.image.variant)
        row = -1 if loss.point.operation is None else loss.point.operation.row
        where = "" if loss.point.operation is None else str(loss.point.operation)
        return [loss.point.number, where, row, found.variant, found.violations, found.given_up]

    def all_of_it() -> list[list[object]]:
        with scratch() as home:
            found = losses(rig, home, seed, venue_elsewhere=venue_elsewhere)
        return spread(judge, found[::every], jobs)

    return [_verdict(*one) for one in run_apart(all_of_it)]


def _verdict(number: int, where: str, row: int, variant: str, violations: list[str], given_up: list[str]) -> Verdict:
    call, _, subject = where.partition(" ")
    operation = Operation(call, subject, row) if where else None
    return Verdict(Point(number, operation), variant, tuple(violations), tuple(given_up))
