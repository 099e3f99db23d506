"""Each lesson of the first system has a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

LESSONS = Path(__file__).resolve().parents[1] / "lessons"
NAMED = re.compile(r"def test_lessons?_(\d+)((?:_(?:and|to)_\d+)*)_")
WANTED = {*range(1, 106)}
"""All of them."""


def named_in(text: str) -> set[int]:
    """Numbers in the names of tests: `test_lesson_37_and_41_...`, `test_lessons_77_to_79_...`."""
    found: set[int] = set()
    for first, more in NAMED.findall(text):
        last = int(first)
        found.add(last)
        for word, number in re.findall(r"_(and|to)_(\d+)", more):
            found |= set(range(last, int(number) + 1)) if word == "to" else {int(number)}
            last = int(number)
    return found


def test_every_lesson_is_named_by_a_test() -> None:
    found = set().union(*(named_in(path.read_text(encoding="utf-8")) for path in LESSONS.glob("test_*.py")))
    assert sorted(WANTED - found) == []


def test_names_with_several_numbers_count_for_each() -> None:
    assert named_in("def test_lesson_37_and_41_parts(x)") == {37, 41}
    assert named_in("def test_lessons_77_to_79_sums()") == {77, 78, 79}
    assert named_in("def test_lesson_9_a()\n# lesson 10") == {9}
