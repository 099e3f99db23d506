"""Loops over arrays that are plain Python here and compiled where research asks for it.

A function marked with `loop` runs as it is written: live looks at some hundred candles an hour. Research swaps in
twins compiled from these very functions (`vigie.research.compile`). There is no second implementation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

PLAIN: dict[str, Callable[..., Any]] = {}
"""Every loop by name, as it is written."""

compiled: dict[str, Callable[..., Any]] = {}
"""Compiled twins by name; empty unless research has put them there."""


def loop(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a loop; its name must be its own."""
    name = f"{function.__module__}.{function.__qualname__}"
    PLAIN[name] = function

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        twin: Callable[P, R] = compiled.get(name, function)
        return twin(*args, **kwargs)

    return run
