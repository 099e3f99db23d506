"""Entries that were held back."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.domain import events as e
from vigie.domain.notice import Level, Notice
from vigie.ports.journal import Entry
from vigie.reporting.notices.memory import Memory
from vigie.reporting.notices.words import sentence

FAMILY = "gates"
_WHY = {
    "stale": "its candle closed too long ago",
    "blocked": "something of the pair is not settled, or new positions are off",
}


def notices(entry: Entry, memory: Memory) -> Iterator[Notice]:  # noqa: ARG001 - the same shape for all
    """Of refusals of our own."""
    match entry.event:
        case e.Decided(action="refuse") as decided:
            refusing = ", ".join(name for name, one in decided.verdicts.items() if one == "refuse")
            yield Notice(
                Level.INFO,
                FAMILY,
                f"refused:{decided.pair}",
                f"{decided.pair} entry refused by our own rules",
                "The strategy wanted to buy, and the gate said no. Nothing was sent.",
                "Nothing.",
                look="journal",
                facts=(
                    ("pair", decided.pair),
                    ("reason", sentence(decided.reason)),
                    ("rules", refusing or "none named"),
                ),
                slow=True,
            )
        case e.WishDone(pair=pair, outcome=("stale" | "blocked") as outcome):
            yield Notice(
                Level.INFO,
                FAMILY,
                f"{outcome}:{pair}",
                f"{pair} entry given up",
                f"The strategy wanted to buy, and the entry was given up: {_WHY[outcome]}.",
                "Nothing.",
                look="journal",
                facts=(("pair", pair), ("reason", outcome)),
                slow=True,
            )
