"""Why positions are left, without numpy: those who only read a journal need no more."""

from __future__ import annotations

from enum import IntEnum


class ExitReason(IntEnum):
    """Why a position, or a part of it, was left. The order is the order of precedence at one close."""

    NONE = 0
    STOP = 1
    TRAILING = 2
    TARGET = 3
    SIGNAL = 4
    GAP = 5
    """A stop-limit that a gap jumped over, sold later by its gap policy."""
    PARTIAL_1 = 6
    PARTIAL_2 = 7
    END = 8
    """The candles ended, as at the edge of a test fold."""
    EMERGENCY = 9
    """Its stop could not be placed."""
    PERSON = 10
    """Somebody's word."""
    LIMIT = 11
    """A limit of the account demanded it."""

    @property
    def label(self) -> str:
        """The reason in exports and reports: ``stop``, ``partial_1``."""
        return self.name.lower()
