"""Notices as letters: a subject with one prefix, a sentence, one table, what to do, which command shows more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vigie.domain.notice import Level, Notice
from vigie.ports.alerts import Letter
from vigie.reporting.notices.words import when

_LONGEST_SUBJECT = 120


def subject_of(notice: Notice, account: str) -> str:
    """``[CRITICAL] vigie live-main: BTC/USDT stop missing``; what needs nobody has no level in front."""
    return one_line(f"{_level(notice)}vigie {account}: {notice.subject}")


def digest_subject(notice: Notice) -> str:
    """The same for a list of one account: without its name."""
    return one_line(f"{_level(notice)}{notice.subject}")


def _level(notice: Notice) -> str:
    return "" if notice.level is Level.INFO else f"[{notice.level.value}] "


def one_line(text: str) -> str:
    """Printable, in one line, not longer than mail programs show."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1] + "…"


def text_of(notice: Notice, account: str, held_back: int = 0) -> str:
    """The letter's text.

    Args:
        notice: what is told.
        account: of whom.
        held_back: equal ones that were not sent since the last.
    """
    rows = [("account", account), ("time", when(notice.at)), ("level", notice.level.value), *notice.facts]
    if held_back:
        rows.append(("held back", f"{held_back} like this since the last mail about it; they are in the daily digest"))
    return "\n".join([
        notice.happened, "", *table(rows), "", f"What to do: {notice.todo}",
        f"Look: vigie {notice.look} --account {account}" if _has_account(notice.look) else f"Look: vigie {notice.look}",
        "",
    ])  # fmt: skip


def _has_account(command: str) -> bool:
    return command.split(" ", 1)[0] in ("status", "journal", "reconcile", "alert")


def table(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Names and values in two columns; readable too where blanks are run together."""
    width = max((len(name) for name, _ in rows), default=0) + 1
    return [f"{f'{name}:':<{width}} {one_value(value)}" for name, value in rows]


def one_value(text: str) -> str:
    """A value in one line."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def letter_of(notice: Notice, account: str, letter_id: str, held_back: int = 0) -> Letter:
    """A notice as a letter."""
    return Letter(
        letter_id=letter_id,
        subject=subject_of(notice, account),
        text=text_of(notice, account, held_back),
        level=notice.level.value,
        family=notice.family,
        at=notice.at,
    )


def digest_lines(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """What was kept for the digest: equal subjects once, with how often and when last."""
    counted: dict[str, tuple[int, int]] = {}
    for row in rows:
        subject, at, times = str(row["subject"]), int(str(row["at"])), int(str(row.get("times", 1)))
        before, last = counted.get(subject, (0, 0))
        counted[subject] = (before + times, max(last, at))
    found = []
    for subject, (times, last) in sorted(counted.items(), key=lambda one: one[1][1]):
        found.append(f"{when(last)}  {subject}{f'  ({times} times)' if times > 1 else ''}")
    return found
