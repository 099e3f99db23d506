"""What a person is told: one occurrence, how grave it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave it is, the lightest first."""

    INFO = "INFO"
    """Nothing to do."""
    WARNING = "WARNING"
    """Look when there is time."""
    ERROR = "ERROR"
    """Look today."""
    CRITICAL = "CRITICAL"
    """Look now: money may be without protection, or nothing trades any more."""

    @property
    def rank(self) -> int:
        """Grows with the gravity."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Notice:
    """One occurrence, for people. Nothing in it is a secret: words of others were masked before.

    Attributes:
        level: how grave.
        family: the templates that it comes from: ``stops``, ``trades``; routes may name it.
        topic: what repetitions share: within a while only the first is sent.
        subject: what was really done, in a few words; no level, no account, no prefix.
        happened: the same in one sentence or more.
        todo: what to do next.
        look: the ``vigie`` command that shows more, without the account.
        facts: names and values, in the order in which they are shown.
        at: when, epoch milliseconds.
        slow: repetitions are sent once in an hour, not once in five minutes.
    """

    level: Level
    family: str
    topic: str
    subject: str
    happened: str
    todo: str
    look: str = "status"
    facts: tuple[tuple[str, str], ...] = ()
    at: int = 0
    slow: bool = False
