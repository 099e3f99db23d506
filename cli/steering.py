"""What a command that steers an account answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cli.output import print_json
from cli.plain import show_row, tell

if TYPE_CHECKING:
    from vigie.app.control.halting import Done


def answer(word: str, done: Sequence[Done], *, as_json: bool, lifting: bool = True) -> None:
    """Say what came of it, and how to take it back.

    Args:
        word: the command.
        done: per account.
        as_json: one document instead of lines.
        lifting: say to people how what holds is lifted.
    """
    if as_json:
        accounts = [
            {"account": one.account or None, "outcome": list(one.outcome), "resume_code": one.code or None}
            for one in done
        ]
        print_json({"schema": f"vigie.{word}/1", "accounts": accounts})
        return
    from vigie.reporting.row import Row

    for one in done:
        for text in one.outcome:
            show_row(Row(f"{one.account}: " if one.account else "", text))
        if one.code and lifting:
            whose = f" --account {one.account}" if one.account else ""
            tell(f"to lift it: vigie resume{whose} --confirm {one.code}")
    if word == "halt" and sum(bool(one.code) for one in done) > 1:
        tell("one after the other: the first resume lifts the halt of all, and shows the codes of the rest anew")
