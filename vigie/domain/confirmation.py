"""The code that a person has to repeat to lift halts: nobody resumes what he has not looked at."""

from __future__ import annotations

from collections.abc import Mapping

from vigie.domain.canonical import digest
from vigie.domain.holdings import Latch

KILL_SWITCH = "kill-switch"
"""Name of the latch that the file of people leaves in an account."""
UNREADABLE = "unreadable"
"""Name of the latch that a damaged file is; it has no instant of its own."""
_LENGTH = 6


def resume_code(account: str, latches: Mapping[str, Latch], kill_switch: str | None) -> str:
    """Six characters that change when anything that holds the account back changes; empty: nothing does.

    An engine that adopts the kill switch as a latch adds nothing that was not looked at: while the file is there, that
    latch does not count. It is the account's own: what lifts one account lifts no other that is held by the same.

    Args:
        account: its name; empty: a home in which none has begun.
        latches: of the account, by name.
        kill_switch: what tells this kill switch from another one; None: there is none.
    """
    looked_at = [
        [name, one.mode, one.reason, 0 if name == UNREADABLE else one.since]
        for name, one in sorted(latches.items())
        if name != KILL_SWITCH or kill_switch is None
    ]
    if not looked_at and kill_switch is None:
        return ""
    return digest([account, looked_at, kill_switch])[:_LENGTH].upper()


def spelled(latches: Mapping[str, Latch]) -> str:
    """Latches as a request names them: ``drawdown@1750000000000,person@1750000001000``."""
    return ",".join(f"{name}@{one.since}" for name, one in sorted(latches.items()))


def named(words: str) -> dict[str, str]:
    """By name, the instant that was looked at; as `spelled` writes them."""
    return {name: since for name, _, since in (word.partition("@") for word in words.split(",") if word)}
