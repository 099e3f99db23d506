"""What a terminal makes of what a command writes, as pictures need it."""

from __future__ import annotations

import re

import pytest

from benchmarks.terminal import drawn, picture


def plain(text: str) -> list[str]:
    return [re.sub(r"\x1b\[[\d;]*m", "", line) for line in drawn(text)]


@pytest.mark.parametrize(
    ("written", "stays"),
    [
        ("one\r\ntwo", ["one", "two"]),
        ("waiting\r\x1b[2Kdone", ["done"]),
        ("a spinner\r\nits line\r\n\x1b[1A\x1b[2K\x1b[1A\x1b[2K\rthe result", ["the result", "", ""]),
        ("a longer line\rshort\x1b[K", ["short"]),
        ("\x1b[?25lhidden cursor\x1b[?25h", ["hidden cursor"]),
    ],
)
def test_what_was_drawn_over_is_gone(written: str, stays: list[str]) -> None:
    assert plain(written) == stays


def test_colours_stay_with_their_letters() -> None:
    (line,) = drawn("\x1b[32mok\x1b[0m then")
    assert line.startswith("\x1b[0m\x1b[32mo\x1b[0m\x1b[32mk\x1b[0m ")


def test_the_same_lines_are_the_same_picture_with_nothing_of_elsewhere() -> None:
    lines = drawn("\x1b[31mred\x1b[0m and <plain> & more")
    made = picture(lines, "vigie")
    assert made == picture(lines, "vigie")
    assert "font-face" not in made
    assert "&lt;plain&gt;" in made
