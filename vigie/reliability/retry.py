"""Reads are tried again; nothing else ever is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict, TypeVar

from vigie.domain.errors import VenueUnavailable
from vigie.ports.clock import Clock

Answer = TypeVar("Answer")

LONGEST_WAIT_S = 60.0


class Tries(TypedDict, total=False):
    """How a read is tried again: the arguments of `retry_read`."""

    attempts: int
    first_wait_s: float
    longest_wait_s: float


PATIENT: Tries = {}
"""As `retry_read` does by itself."""


def retry_read(
    read: Callable[[], Answer],
    clock: Clock,
    *,
    attempts: int = 5,
    first_wait_s: float = 1.0,
    longest_wait_s: float = LONGEST_WAIT_S,
) -> Answer:
    """Make a read until it answers, waiting twice as long each time, or as long as the venue asked for.

    Args:
        read: a call without side effects.
        clock: waits.
        attempts: calls in all, at least one.
        first_wait_s: seconds before the second call.
        longest_wait_s: nobody waits longer than this inside a call.

    Raises:
        VenueUnavailable: of the last attempt, or with a longer wait than the longest; every other error passes at once.
    """
    for attempt in range(1, attempts):
        try:
            return read()
        except VenueUnavailable as error:
            if error.retry_after is not None and error.retry_after > longest_wait_s:
                # To ask earlier would be asking too early, and nobody waits that long inside a call.
                raise
            wait = first_wait_s * 2 ** (attempt - 1) if error.retry_after is None else error.retry_after
            clock.sleep(min(wait, longest_wait_s))
    return read()
