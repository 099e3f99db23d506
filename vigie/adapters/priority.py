"""Work that has time: it gets what others leave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

POLITE = 10
"""Niceness where there is one: of two processes that want a processor the other one gets nine tenths of it."""


def low_priority(known: Mapping[str, Any]) -> int:
    """What `psutil.Process.nice` is to be given for little.

    Args:
        known: names that psutil has here; Windows' classes of priority are among them there alone.
    """
    return int(known.get("BELOW_NORMAL_PRIORITY_CLASS", POLITE))


def step_back() -> None:
    """Give this process, and whatever it will start, a low priority."""
    import psutil

    psutil.Process().nice(low_priority(vars(psutil)))
