"""Telling people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from vigie.domain.events import AlertRaised

OVER = "-over"
"""What the topic of an alert ends with that tells of an end: what was told under the topic before it is over."""


class Alerts(Protocol):
    """One or more channels. Never raises: an alert that cannot be delivered is kept and tried again."""

    def tell(self, alert: AlertRaised) -> None:
        """Hand an alert over; it is journalled already."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What a channel carries.

    Attributes:
        letter_id: the same for the same occurrence, whoever writes it and however often.
        subject: one line.
        text: lines of plain text.
        level: of its notice.
        family: of its notice; both together say to whom it goes.
        at: of what it tells, epoch milliseconds.
        pictures: PNG by file name.
    """

    letter_id: str
    subject: str
    text: str
    level: str
    family: str
    at: int
    pictures: Mapping[str, bytes] = field(default_factory=dict)


class Outcome(StrEnum):
    """What became of a letter."""

    SENT = "sent"
    """At least one recipient has it."""
    REFUSED = "refused"
    """The carrier does not want this letter; others it may take."""
    FAILED = "failed"
    """The carrier cannot be reached, does not answer, or is not who it should be: no letter goes now."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an attempt went.

    Attributes:
        outcome: in a word.
        problem: a sentence without secrets; empty: none.
        refused: recipients that were not taken.
    """

    outcome: Outcome
    problem: str = ""
    refused: tuple[str, ...] = ()


class Channel(Protocol):
    """A way to reach people. One file in ``adapters/alerts`` each, found by its name."""

    def deliver(self, letter: Letter, recipients: Sequence[str]) -> Delivery:
        """Try once, for a bounded time. Never raises."""
        ...
