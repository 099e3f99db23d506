"""Starts, ends and crashes of the process, money that came and went, and what people asked for."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.domain import events as e
from vigie.domain.notice import Level, Notice
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Memory
from vigie.reporting.notices.words import money, sentence

FAMILY = "runs"


def notices(entry: Entry, memory: Memory) -> Iterator[Notice]:
    """Of lines about runs."""
    match entry.event:
        case e.Recovered(steps=steps, clean=clean):
            yield _started(steps, memory, clean=clean)
        case e.RunEnded(reason=reason, unprotected=unprotected):
            yield _ended(reason, unprotected)
        case e.BaselineTaken(capital=capital, quote=quote, left_alone=left_alone):
            others = ", ".join(f"{amount} {asset}" for asset, amount in sorted(left_alone.items())) or "none"
            yield Notice(
                Level.INFO,
                FAMILY,
                "baseline",
                "the account begins",
                f"The account begins with {money(capital, quote)}. Coins that were there before are left alone.",
                "Nothing.",
                facts=(("capital", money(capital, quote)), ("left alone", others)),
            )
        case e.FlowSeen(value=value, reason=reason):
            way = "came in" if value >= 0 else "went out"
            yield Notice(
                Level.INFO,
                FAMILY,
                "flow",
                f"money {way}: {money(abs(value))}",
                "A deposit or a withdrawal was booked: neither profit nor loss.",
                "Nothing.",
                facts=(("amount", money(value, signed=True)), ("reason", sentence(reason))),
            )
        case e.RequestObeyed(kind_asked=kind, outcome=outcome):
            yield Notice(
                Level.INFO,
                FAMILY,
                f"request:{kind}",
                f"{kind} obeyed",
                f"A person asked for '{kind}': {sentence(outcome)}.",
                "Nothing, if it was you.",
                look="journal",
                facts=(("asked", kind), ("outcome", sentence(outcome))),
            )


def _started(steps: tuple[str, ...], memory: Memory, *, clean: bool) -> Notice:
    level = Level.INFO if clean and not memory.crashed else Level.WARNING
    subject = "started again after a crash" if memory.crashed else "started"
    what = "The run before ended without a word: a crash, a kill or a power cut. " if memory.crashed else ""
    what += "Books and exchange agree, and everything held is protected." if clean else "Something is still open."
    found = tuple((f"found {number}", sentence(step)) for number, step in enumerate(steps, 1))
    todo = "Nothing." if clean else "Look at what is open; new positions wait until it is settled."
    if clean and memory.crashed:
        todo = "Look in the log for the reason of the crash."
    return Notice(
        level,
        FAMILY,
        "started",
        subject if clean else f"{subject}, something is open",
        what,
        todo,
        facts=(*memory.run.items(), *found),
    )


def _ended(reason: str, unprotected: tuple[str, ...]) -> Notice:
    if unprotected:
        pairs = ", ".join(unprotected)
        return Notice(
            Level.CRITICAL,
            FAMILY,
            "ended",
            f"ended while {pairs} had no stop",
            f"The process ended ({sentence(reason)}) and {pairs} rests without a stop at the exchange.",
            "Start it again, or place a stop by hand at the exchange.",
            facts=(("reason", sentence(reason)), ("without a stop", pairs)),
        )
    return Notice(
        Level.INFO,
        FAMILY,
        "ended",
        "ended as it was told to",
        f"The process let the account go: {sentence(reason)}. Stops stay at the exchange; nobody raises them.",
        "Nothing, if it was you. Start it again otherwise.",
        facts=(("reason", sentence(reason)),),
    )
