"""What a host has asked of a venue, where all of its processes can see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used of a venue's limits, and whether it has sent us away.

    Attributes:
        counts: by limit: number of the window (epoch milliseconds // its length) and what was used in it.
        blocked_until: nobody may ask before this instant, epoch milliseconds; 0: no such thing.
        why: what the venue said about it.
    """

    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    blocked_until: int = 0
    why: str = ""


class BudgetStore(Protocol):
    """Where it is kept. Changes of several processes come one after the other."""

    def change(self, step: Callable[[Spent], Spent]) -> Spent:
        """Let a step make a new record of the present one, and keep it.

        What the step raises passes, and nothing is changed.

        Args:
            step: quick, without side effects.

        Returns:
            what is kept now.

        Raises:
            OSError: it cannot be read or written.
        """
        ...
