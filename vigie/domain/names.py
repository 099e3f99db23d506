"""Answering a mistyped name."""

from __future__ import annotations

from collections.abc import Iterable

SYNTHETIC = "synthetic"
"""Venue of candles that never happened."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """A tail for an error message: ``; did you mean 'fast'?``, or the known names when nothing is near.

    Args:
        name: the word that was not understood.
        known: the words that would have been.
    """
    from difflib import get_close_matches  # a part of every start, and wanted only after a slip

    words = sorted(known)
    near = get_close_matches(name, words, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(words)}" if words else ""
