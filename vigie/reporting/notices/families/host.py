"""What happens around the engine and stands in no journal: the process, the machine, the network, the watchdog.

These are made where they happen, and handed to the post office.
"""

from __future__ import annotations

from vigie.domain.notice import Level, Notice
from vigie.reporting.notices.words import sentence

FAMILY = "host"

_LOG = "Look in the log around this time."
KINDS: dict[str, tuple[Level, str, str, str]] = {
    "tick": (Level.ERROR, "a tick went wrong", "The engine goes on and looks again at the next tick.", _LOG),
    "start": (
        Level.ERROR,
        "the start failed",
        "Nothing trades. Stops that rest at the exchange stay there.",
        "Mend what it names, then start it again; `vigie config check` tells more.",
    ),
    "lock": (
        Level.ERROR,
        "another process may hold the account",
        "This process does nothing more. Stops that rest at the exchange stay there.",
        "See which process trades, with `vigie status`; start it again if none does. Never remove a file named lock.",
    ),
    "venue": (
        Level.WARNING,
        "the exchange does not answer",
        "It is tried again every guard period. Stops stay at the exchange.",
        "Nothing, if it ends by itself; else look at the network and the exchange's own status page.",
    ),
    "overdue": (
        Level.CRITICAL,
        "a call had no time left",
        "It has ended before everything was known to be protected. Stops that rest at the exchange stay there.",
        "Look whether each position has its stop at the exchange; the next call goes on.",
    ),
    "crash": (Level.CRITICAL, "ended by an error", "The process has ended. Its supervisor may start it again.", _LOG),
    "circuit": (
        Level.ERROR,
        "circuit breaker open",
        "New positions are off for a while; stops are looked after all the same.",
        "Nothing, if it closes by itself; else look at what failed.",
    ),
    "data": (Level.ERROR, "candles cannot be used", "No decision is taken on them; stops are looked after.", _LOG),
    "network": (
        Level.ERROR,
        "no network",
        "Nothing can be asked or sent. Stops rest at the exchange and need no process.",
        "Look at the line of this machine.",
    ),
    "watchdog": (
        Level.CRITICAL,
        "something expected is missing",
        "The watchdog found no sign of what should have happened.",
        "Look whether the process runs, and whether each position has its stop at the exchange.",
    ),
    "restarts": (
        Level.CRITICAL,
        "restarted again and again",
        "The supervisor has given up, or is about to.",
        _LOG,
    ),
    "disk-low": (
        Level.WARNING,
        "the disk is filling up",
        "New positions stop before it is full; stops are looked after.",
        "Make room: old logs, candles, results.",
    ),
    "disk-critical": (
        Level.CRITICAL,
        "the disk is nearly full: nothing new is bought",
        "Stops are looked after; lines about them have room kept for them.",
        "Make room: old logs, candles, results.",
    ),
    "disk": (
        Level.CRITICAL,
        "the disk is full: nothing new is bought",
        "Stops are looked after; lines about them have room kept for them.",
        "Make room: old logs, candles, results.",
    ),
    "memory": (Level.WARNING, "memory is short", "The process may be ended by the system.", "Look at what uses it."),
    "archive": (Level.WARNING, "old logs cannot be packed away", "They stay where they are, and the disk fills.", _LOG),
    "backup": (Level.WARNING, "the backup failed", "The last good one is older than it should be.", _LOG),
    "search": (
        Level.WARNING,
        "the search for newer numbers gave none",
        "The account goes on by the certificate that it has.",
        _LOG,
    ),
    "proposal": (
        Level.INFO,
        "a new certificate is proposed",
        "The strategy was searched again on newer candles.",
        "Read it; take it with `vigie certificate promote NAME`, or leave it.",
    ),
    "cleaned": (Level.INFO, "old files were put away", "Logs and caches beyond their age.", "Nothing."),
}
"""By kind: level, subject, what it means, what to do."""
_INFO_LOOKS = {"proposal": "certificate proposals"}


def host_notice(kind: str, text: str, at: int, level: Level | None = None) -> Notice:
    """A notice about the process or the machine.

    Args:
        kind: of `KINDS`; another one is told as it is.
        text: what was seen, in the words of whoever saw it; masked here.
        at: when, epoch milliseconds.
        level: how grave; None: as usual for its kind; INFO of what is usually graver: it is over.
    """
    # The watchdog's subjects share a template: watchdog-heartbeat, watchdog-stops.
    known = "watchdog" if kind.startswith("watchdog-") else kind
    usual, subject, means, todo = KINDS.get(
        known, (Level.WARNING, kind.replace("-", " "), "Seen beside the engine.", _LOG)
    )
    if known != kind:
        subject = f"watchdog: {kind.removeprefix('watchdog-').replace('-', ' ')}"
    said = sentence(text)
    if level is Level.INFO and usual is not Level.INFO:
        subject, means, todo = f"over: {subject}", "What was told before is over.", "Nothing."
    return Notice(
        level or usual,
        FAMILY,
        f"{kind}:{said[:60]}" if kind in ("tick", "watchdog") else f"{kind}:{subject}",
        subject,
        means,
        todo,
        look=_INFO_LOOKS.get(kind, "status"),
        facts=(("seen", said or "nothing more is known"),),
        at=at,
    )
