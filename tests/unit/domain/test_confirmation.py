"""The code that lifts halts changes with them."""

from __future__ import annotations

from dataclasses import replace

from vigie.domain.confirmation import named, resume_code, spelled
from vigie.domain.holdings import Latch

PAPER = "paper"
DEEP, NEWS = Latch("halted", "too deep", 1), Latch("reduce-only", "news", 2)


def test_nothing_halted_has_no_code() -> None:
    assert resume_code(PAPER, {}, None) == ""


def test_each_thing_that_halts_changes_the_code() -> None:
    codes = [
        resume_code(PAPER, {"drawdown": DEEP}, None),
        resume_code(PAPER, {"drawdown": DEEP}, "5 tired"),
        resume_code(PAPER, {"drawdown": DEEP}, "6 tired"),
        resume_code(PAPER, {"drawdown": replace(DEEP, since=9)}, None),
        resume_code(PAPER, {"drawdown": replace(DEEP, reason="deeper")}, None),
        resume_code(PAPER, {"drawdown": DEEP, "pause": NEWS}, None),
        resume_code(PAPER, {"kill-switch": DEEP}, None),
        resume_code(PAPER, {}, "5 tired"),
        resume_code("live-main", {}, "5 tired"),
        resume_code("live-main", {"drawdown": DEEP}, None),
    ]
    assert len(set(codes)) == len(codes)
    assert all(len(one) == 6 and one == one.upper() for one in codes)


def test_a_damaged_file_has_one_code_whenever_it_is_looked_at() -> None:
    later = {"unreadable": replace(DEEP, since=9)}
    assert resume_code(PAPER, {"unreadable": DEEP}, None) == resume_code(PAPER, later, None)


def test_latches_are_named_with_their_instants_and_read_back() -> None:
    words = spelled({"pause": NEWS, "drawdown": DEEP})
    assert words == "drawdown@1,pause@2"
    assert named(words) == {"drawdown": "1", "pause": "2"}
    assert named("") == {}
