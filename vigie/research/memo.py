"""Indicators that many points of a search share are computed once.

A search asks the same indicator of the same candles again and again: a hundred pairs of averages are made of twenty
averages. Inside `Memo.used` an indicator marked with `remembered` gives the array it gave before. Nothing can go
stale: only columns of the search's own candles, which are frozen, and arrays made from them by marked indicators are
known to a memo, both by identity; whatever else comes in is computed as ever.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from vigie.domain.candles import COLUMNS, Candles
from vigie.indicators.remembered import frozen, remembering

R = TypeVar("R")

MOST_BYTES = 128 * 2**20
"""What a memo keeps at most; the array that was not asked for for the longest time goes first."""


class Memo:
    """Arrays that indicators gave for some candles; threads may share it.

    Args:
        candles: known by identity, with their columns.
        most_bytes: kept at most.
    """

    def __init__(self, candles: Sequence[Candles], most_bytes: int = MOST_BYTES) -> None:
        # What is known by its id must stay alive, or another object could get that id.
        self._alive: list[object] = [*candles]
        self._known: dict[int, Hashable] = {}
        for place, one in enumerate(candles):
            self._known[id(one)] = (place,)
            for name in COLUMNS:
                column = getattr(one, name)
                self._alive.append(column)
                self._known[id(column)] = (place, name)
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._bytes = 0
        self._most_bytes = most_bytes
        self._lock = Lock()

    def used(self) -> AbstractContextManager[None]:
        """Let indicators that are called in here, by this thread, use it."""
        return remembering(self)

    def ask(self, function: Callable[..., R], given: Sequence[object], named: Mapping[str, object]) -> R:
        """The function's answer, from here if it gave it before; as `Remembers.ask`."""
        words = tuple([self._word(one) for one in (*given, *named.values())])
        if None in words:
            return frozen(function(*given, **named))
        key = (function.__module__, function.__qualname__, tuple(named), words)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                kept: R = self._kept[key]
                return kept
        answer = frozen(function(*given, **named))
        with self._lock:
            return self._keep(key, answer)

    def _word(self, given: object) -> Hashable | None:
        """What stands for an argument in a key; None: it is not known, and nothing may be remembered."""
        if isinstance(given, np.ndarray | Candles):
            return self._known.get(id(given))
        return (type(given), given) if isinstance(given, Hashable) else None

    def _keep(self, key: Hashable, answer: R) -> R:
        """Keep an answer, unless another thread was quicker: all get the same array."""
        if key in self._kept:
            kept: R = self._kept[key]
            return kept
        self._kept[key] = answer
        self._known[id(answer)] = key
        self._bytes += _bytes(answer)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._known.pop(id(oldest), None)
            self._bytes -= _bytes(oldest)
        return answer


def _bytes(answer: object) -> int:
    return answer.nbytes if isinstance(answer, np.ndarray) else 0
