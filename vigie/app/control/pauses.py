"""Looking again and again until a person has had enough."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.adapters.clock import SystemClock


def again(seconds: float | None) -> Iterator[int]:
    """Count looks: one, or one after the other without end, with a pause between.

    Args:
        seconds: between two looks; None: only one.
    """
    clock, count = SystemClock(), 0
    while True:
        yield count
        if seconds is None:
            return
        count += 1
        clock.sleep(seconds)
