"""Indicators that can be asked twice: read-only everywhere, and computed once where a search says so.

What remembers them, and for how long, is `vigie.research.memo`; nothing is kept in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


class Remembers(Protocol):
    """Whoever knows what indicators gave before."""

    def ask(self, function: Callable[..., R], given: Sequence[object], named: Mapping[str, object]) -> R:
        """What the function gives for these arguments, read-only."""


_USED: ContextVar[Remembers | None] = ContextVar("used", default=None)


@contextmanager
def remembering(by: Remembers) -> Iterator[None]:
    """Let indicators that are called in here, by this thread, be remembered."""
    token = _USED.set(by)
    try:
        yield
    finally:
        _USED.reset(token)


def is_remembering() -> bool:
    """Whether what is asked here is remembered."""
    return _USED.get() is not None


def remembered(function: Callable[P, R]) -> Callable[P, R]:
    """Mark an indicator that gives one array: it is read-only, and a search computes it once."""

    @wraps(function)
    def run(*given: P.args, **named: P.kwargs) -> R:
        used = _USED.get()
        if used is not None:
            return used.ask(function, given, named)
        return frozen(function(*given, **named))

    return run


def frozen(answer: R) -> R:
    """The same array, read-only from now on."""
    if isinstance(answer, np.ndarray):
        answer.flags.writeable = False
    return answer
