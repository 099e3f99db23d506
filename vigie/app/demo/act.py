"""What an act is, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vigie.app.demo.stage import Stage


@dataclass(frozen=True, slots=True)
class Seen:
    """What an act found.

    Attributes:
        text: a sentence or two; every number in it was found, not written down beforehand.
        facts: the same for programs, of JSON's own types.
    """

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Act:
    """One act.

    Attributes:
        name: one word.
        title: for people.
        proves: what it proves, one line.
        play: does it; raises `vigie.app.demo.stage.NotFoundError` if it does not find what it claims.
        fast: it is part of the fast demo, too.
    """

    name: str
    title: str
    proves: str
    play: Callable[[Stage], Seen]
    fast: bool = True


@dataclass(frozen=True, slots=True)
class Played:
    """An act that is over.

    Attributes:
        act: which.
        passed: it found what it claims.
        text: what it found, or why it failed.
        seconds: it took.
        facts: of `Seen`.
    """

    act: Act
    passed: bool
    text: str
    seconds: float
    facts: Mapping[str, Any] = field(default_factory=dict)
