"""Every notice as people get it: kept word for word in `letters.txt`, which was read by a person.

After a change: VIGIE_TEST_WRITE_LETTERS=1, then read what has changed.
"""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest

from tests.fakes.notices import AT, CASES, PEPE, learnt, told
from vigie.domain import events as e
from vigie.domain.exit_reason import ExitReason
from vigie.domain.notice import Level, Notice
from vigie.domain.order_status import Learnt
from vigie.domain.record import from_json, to_json
from vigie.ports.journal import Entry
from vigie.reporting.letters import letter_of, subject_of, text_of
from vigie.reporting.notices.families.host import KINDS, host_notice
from vigie.reporting.notices.memory import Memory
from vigie.reporting.notices.words import money, number

KEPT = Path(__file__).with_name("letters.txt")
SILENT = (
    e.RunStarted, e.IntentPlanned, e.FillSeen, e.DustSwept, e.CycleDone, e.LeaveDecided, e.PartDecided, e.LimitReached,
    e.OverrideUsed, e.Wished,
)  # fmt: skip
"""Told with the line that follows, or no news."""


def notices() -> dict[str, Notice]:
    found = {}
    for name, (before, event) in CASES.items():
        (found[name],) = told(before, event)
    for kind in KINDS:
        found[f"host-{kind}"] = host_notice(kind, "what was seen, in its own words", AT)
    found["host-over"] = host_notice("circuit", "circuit breaker closed: decisions are taken again", AT, Level.INFO)
    return found


def rendered() -> str:
    parts = []
    for name, notice in notices().items():
        letter = letter_of(notice, "live-main", "x")
        parts.append(f"=== {name} ({notice.family})\nSubject: {letter.subject}\n\n{letter.text}\n")
    return "\n".join(parts)


def test_every_letter_is_as_it_was_read() -> None:
    if os.environ.get("VIGIE_TEST_WRITE_LETTERS"):
        KEPT.write_text(rendered(), encoding="utf-8")
    assert rendered() == KEPT.read_text(encoding="utf-8")


def test_every_kind_of_line_is_told_or_known_to_be_silent() -> None:
    tried = {type(event) for _, event in CASES.values()} | set(SILENT)
    assert {kind.__name__ for kind in e.KINDS.values()} - {kind.__name__ for kind in tried} == set()


@pytest.mark.parametrize("name", sorted(notices()))
def test_every_letter_says_what_when_who_and_what_to_do(name: str) -> None:
    notice = notices()[name]
    subject, text = subject_of(notice, "live-main"), text_of(notice, "live-main")
    head = "" if notice.level is Level.INFO else f"[{notice.level}] "
    assert subject.startswith(f"{head}vigie live-main: ")
    assert subject.count("vigie") == 1
    assert subject.count("[") == (1 if head else 0)
    assert "live-main" in text
    assert "2025-06-15 16:06 UTC" in text
    assert re.search(r"^What to do: \S", text, re.MULTILINE)
    assert re.search(r"^Look: vigie \w+", text, re.MULTILINE)
    assert len(subject) <= 120
    assert not re.search(r"\bNone\b|Decimal|nan|0\.0000\b|\be-0", subject + text)


def test_a_stop_that_was_placed_is_called_placed_and_one_that_sold_is_called_stopped_out() -> None:
    placed, raised = notices()["stop-placed"], notices()["stop-raised"]
    assert "stop placed" in placed.subject
    assert "execut" not in placed.subject + placed.happened
    assert "stop raised to 0.00001201" in raised.subject
    assert "stopped out" in notices()["trade-stopped-out"].subject


def test_an_alert_of_the_latch_before_it_is_told_once() -> None:
    halt = e.Halted("drawdown", "halted", "15% lost")
    assert told((halt,), e.AlertRaised("drawdown", "drawdown: 15% lost", urgent=True)) == []
    assert len(told((halt, e.WishDone(PEPE, "stale")), e.AlertRaised("drawdown", "drawdown: 15% lost"))) == 1


def test_the_same_thing_learnt_again_is_told_once() -> None:
    assert told((learnt("e" * 32, Learnt.NO_ANSWER),), learnt("e" * 32, Learnt.NO_ANSWER)) == []
    assert told((learnt("5" * 32, Learnt.ABSENT),), learnt("5" * 32, Learnt.ABSENT)) == []


def test_words_of_others_are_masked_and_stay_in_their_line() -> None:
    evil = "no\r\nBcc: a@b api_key=abcdefgh SECRETsecret1234567890abcdefgh"
    (notice,) = told((), learnt("e" * 32, Learnt.REJECTED, evil))
    text = text_of(notice, "live-main")
    assert "abcdefgh" not in text
    assert "\r" not in text
    assert not re.search(r"^Bcc", text, re.MULTILINE)


@pytest.mark.parametrize("reason", list(ExitReason))
def test_every_reason_of_a_sale_has_words(reason: ExitReason) -> None:
    from vigie.reporting.notices.words import REASONS

    assert reason.label in REASONS


def test_memory_survives_the_disk() -> None:
    memory = Memory()
    for before, event in CASES.values():
        for one in (*before, event):
            memory = memory.after(Entry(1, AT, one))
    assert from_json(Memory, to_json(memory)) == memory


def test_memory_stays_small() -> None:
    from tests.fakes.notices import BUY

    memory = Memory()
    for at in range(500):
        client_id = f"{at:032x}"
        memory = memory.after(Entry(at, AT, e.IntentPlanned(dataclasses.replace(BUY, client_id=client_id))))
        memory = memory.after(Entry(at, AT, learnt(client_id, Learnt.FILLED)))
    assert len(memory.orders) < 50


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.00001234", "0.00001234"), ("0.0000123456789", "0.000012345679"), ("104123.45", "104123.45"),
     ("123456789012", "123456789012"), ("1E+3", "1000"), ("100.500", "100.5"), ("0", "0"), ("-0.5", "-0.5")],
)  # fmt: skip
def test_prices_keep_their_significant_digits(value: str, text: str) -> None:
    from decimal import Decimal

    assert number(Decimal(value)) == text
    assert float(number(float(value))) == pytest.approx(float(value), rel=1e-7)


def test_money_is_in_cents_where_it_is_that_large() -> None:
    assert (money(1234.5, "USDT"), money(-0.00123, signed=True), money(5, signed=True)) == (
        "1,234.50 USDT", "-0.00123", "+5.00",
    )  # fmt: skip
