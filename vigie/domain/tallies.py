"""Entries of a day and lost trades in a row: counted by the account's fold and by the compiled loops alike."""

from __future__ import annotations

from typing import NamedTuple

CRUMB = 1e-9
"""Share of what a trade cost below which its loss is what rounding has left over."""


class Tallies(NamedTuple):
    """What is counted. Days are UTC days since 1970: the day of the last mark of the account.

    Attributes:
        trades, trades_day: entries, and the day they belong to.
        streak: closed trades lost in a row, whenever.
        worst_streak, streak_day: the longest such run at the close of any trade of that day.
    """

    trades: int
    trades_day: int
    streak: int
    worst_streak: int
    streak_day: int


def was_lost(profit: float, spent: float) -> bool:
    """Whether a closed trade counts as lost; both in quote. One that came out even does not."""
    return profit < -spent * CRUMB


def with_entry(tallies: Tallies, day: int) -> Tallies:
    """One more entry."""
    before = tallies.trades if tallies.trades_day == day else 0
    return Tallies(before + 1, day, tallies.streak, tallies.worst_streak, tallies.streak_day)


def with_trade(tallies: Tallies, lost: bool, day: int) -> Tallies:  # noqa: FBT001, RUF100 - compiled too
    """One more closed trade."""
    streak = tallies.streak + 1 if lost else 0
    worst = tallies.worst_streak if tallies.streak_day == day else 0
    return Tallies(tallies.trades, tallies.trades_day, streak, max(worst, streak), day)


def trades_of(tallies: Tallies, day: int) -> int:
    """Entries of a day."""
    return tallies.trades if tallies.trades_day == day else 0


def streak_of(tallies: Tallies, day: int) -> int:
    """The longest run of lost trades that one closed on a day has made."""
    return tallies.worst_streak if tallies.streak_day == day else 0
