"""Calls whose arithmetic is exact, whoever makes them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import localcontext
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar

from vigie.simulation.terms import EXACT

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")


def exactly(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """A method that is carried out in the exact context."""

    def exact(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with localcontext(EXACT):
            return method(self, *args, **kwargs)

    update_wrapper(exact, method)
    return exact
