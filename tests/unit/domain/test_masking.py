from __future__ import annotations

import pytest

from vigie.domain.masking import for_people, masked

KEY = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"my key is {KEY} today", "my key is *** today"),
        ("api_key=abc, and more", "api_key=***, and more"),
        ("--secret: hunter2", "--secret: ***"),
        ("PASSWORD = x;y", "PASSWORD = ***;y"),
        ("token=a&b=c", "token=***&b=c"),
        ("stop BTC/USDT, it is 2026-01-31", "stop BTC/USDT, it is 2026-01-31"),
        ("an-ordinary-long-word-without-any-digit", "an-ordinary-long-word-without-any-digit"),
        ("12345678901234567890123456", "12345678901234567890123456"),
    ],
)
def test_what_may_be_a_key_is_hidden_and_the_rest_is_not(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_foreign_words_become_one_printable_line() -> None:
    assert for_people("  stop\nnow\t\x1b[31m\x00 \udce9 ") == "stop now [31m"


def test_foreign_words_are_cut() -> None:
    assert for_people("x y " * 200, longest=20) == "x y x y x y x y x y…"
    assert for_people("x" * 20, longest=20) == "x" * 20
