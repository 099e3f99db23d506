"""A line of a screen that has to be there at once: text and the meaning of its colour, no library."""

from __future__ import annotations

from dataclasses import dataclass

GOOD, LOOK, BAD = "green", "yellow", "red"
"""All is well; a person should look; something is wrong. No other colour is used on these screens."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    Attributes:
        head: what the line is about, with the blanks behind it; a longer text hangs under the end of it.
        text: what is said.
        colour: of the text; None: the terminal's own.
    """

    head: str
    text: str = ""
    colour: str | None = None

    def __str__(self) -> str:
        return self.head + self.text
