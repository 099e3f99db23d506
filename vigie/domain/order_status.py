"""The life of an order as a table: (status, what was learnt) -> status. Anything else is an invariant broken.

    PLANNED ─► SENT ─► UNKNOWN | ACCEPTED ─► PARTIAL ─► FILLED | CANCELED | EXPIRED | REJECTED
       └────────────────┴─► ABANDONED (surely never at the venue)

The world's oddities are rows like any other: a fill after a cancel, an answer after the fill, an order that was
taken for absent and shows up late.
"""

from __future__ import annotations

from enum import StrEnum

from vigie.domain.errors import InvariantBroken


class OrderStatus(StrEnum):
    """What we know of an order."""

    PLANNED = "planned"
    """Decided and written down; nothing was sent."""
    SENT = "sent"
    """Given to the wire; no answer yet. After a crash as good as UNKNOWN."""
    UNKNOWN = "unknown"
    """No answer, or none that can be read: only the venue can tell."""
    ACCEPTED = "accepted"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    """A proven no of the venue."""
    ABANDONED = "abandoned"
    """Proven never to have been at the venue: given up before the send, or not found after long asking."""

    @property
    def final(self) -> bool:
        """Nothing more is expected of it."""
        return self in _FINAL

    @property
    def at_venue(self) -> bool:
        """It rests or may rest at the venue."""
        return self in _AT_VENUE

    @property
    def unsettled(self) -> bool:
        """Nobody knows whether it exists: its pair takes no new entry."""
        return self in (OrderStatus.SENT, OrderStatus.UNKNOWN)


class Learnt(StrEnum):
    """What was learnt about an order."""

    SENT = "sent"
    ACCEPTED = "accepted"
    NO_ANSWER = "no-answer"
    REJECTED = "rejected"
    FILLED_IN_PART = "filled-in-part"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    ABSENT = "absent"
    """Proven not to be at the venue."""


_S, _L = OrderStatus, Learnt
_FINAL = frozenset({_S.FILLED, _S.CANCELED, _S.EXPIRED, _S.REJECTED, _S.ABANDONED})
_AT_VENUE = frozenset({_S.SENT, _S.UNKNOWN, _S.ACCEPTED, _S.PARTIAL})

_SETTLES = {
    _L.ACCEPTED: _S.ACCEPTED,
    _L.REJECTED: _S.REJECTED,
    _L.FILLED_IN_PART: _S.PARTIAL,
    _L.FILLED: _S.FILLED,
    _L.CANCELED: _S.CANCELED,
    _L.EXPIRED: _S.EXPIRED,
}
_AFTER_END = {_L.ACCEPTED, _L.NO_ANSWER, _L.CANCELED, _L.EXPIRED}

TABLE: dict[tuple[OrderStatus, Learnt], OrderStatus] = {
    (_S.PLANNED, _L.SENT): _S.SENT,
    (_S.PLANNED, _L.ABSENT): _S.ABANDONED,
    **{(_S.SENT, learnt): after for learnt, after in _SETTLES.items()},
    (_S.SENT, _L.NO_ANSWER): _S.UNKNOWN,
    (_S.SENT, _L.ABSENT): _S.ABANDONED,
    **{(_S.UNKNOWN, learnt): after for learnt, after in _SETTLES.items()},
    (_S.UNKNOWN, _L.NO_ANSWER): _S.UNKNOWN,
    (_S.UNKNOWN, _L.ABSENT): _S.ABANDONED,
    **{(_S.ACCEPTED, learnt): after for learnt, after in _SETTLES.items()},
    # A cancel or a question about it went unanswered: it rests until we know better.
    (_S.ACCEPTED, _L.NO_ANSWER): _S.ACCEPTED,
    (_S.PARTIAL, _L.ACCEPTED): _S.PARTIAL,
    (_S.PARTIAL, _L.NO_ANSWER): _S.PARTIAL,
    (_S.PARTIAL, _L.FILLED_IN_PART): _S.PARTIAL,
    (_S.PARTIAL, _L.FILLED): _S.FILLED,
    (_S.PARTIAL, _L.CANCELED): _S.CANCELED,
    (_S.PARTIAL, _L.EXPIRED): _S.EXPIRED,
    # Late answers change nothing; a fill that was booked at the venue before the end is still a fill.
    **{(ended, learnt): ended for ended in (_S.CANCELED, _S.EXPIRED) for learnt in _AFTER_END},
    **{(ended, _L.FILLED_IN_PART): ended for ended in (_S.CANCELED, _S.EXPIRED)},
    **{(ended, _L.FILLED): _S.FILLED for ended in (_S.CANCELED, _S.EXPIRED)},
    **{(_S.FILLED, learnt): _S.FILLED for learnt in (*_AFTER_END, _L.FILLED_IN_PART, _L.FILLED)},
    (_S.REJECTED, _L.REJECTED): _S.REJECTED,
    (_S.REJECTED, _L.ABSENT): _S.REJECTED,
    # Taken for absent, and there after all: the venue's word counts.
    **{(_S.ABANDONED, learnt): after for learnt, after in _SETTLES.items()},
    (_S.ABANDONED, _L.ABSENT): _S.ABANDONED,
}


def after(status: OrderStatus, learnt: Learnt) -> OrderStatus:
    """The status after something was learnt.

    Raises:
        InvariantBroken: the two do not go together.
    """
    try:
        return TABLE[status, learnt]
    except KeyError:
        raise InvariantBroken(f"an order that is {status} cannot be learnt to be {learnt}") from None
