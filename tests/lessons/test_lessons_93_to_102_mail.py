"""Lessons about mail: told once, told what was really done, with all digits, and without secrets."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.accounts_on_disk import begun
from tests.fakes.mail_servers import mail_server
from tests.fakes.notices import CASES, PEPE, told
from vigie.domain import events as e
from vigie.reporting.letters import subject_of, text_of

EVERY = {name: told(*case)[0] for name, case in CASES.items()}


def test_lesson_93_a_full_disk_is_mailed_once_and_not_each_minute(tmp_path: Path) -> None:
    # Here, since it is only wanted here: it opens the whole of the application.
    from tests.e2e.test_mail import AT, set_up, write
    from tests.e2e.test_mail import told as mailed

    home = tmp_path / "home"
    home.mkdir()
    begun(home)
    with mail_server(tmp_path) as server:
        set_up(home, server)
        mailed(home)
        for minute in range(50):
            write(home, e.AlertRaised("disk", "the disk is nearly full"), at=AT + minute * 60_000)
        mailed(home)
        assert len(server.inbox.mails) == 10


def test_lesson_101_a_stop_that_was_placed_is_not_called_executed_and_no_prefix_stands_twice() -> None:
    for name, notice in EVERY.items():
        subject = subject_of(notice, "live-main")
        assert subject.count("vigie") == 1
        assert subject.count("[") <= 1
        assert subject.count(PEPE) <= 1, name
        executed = any(word in subject for word in ("stopped out", "executed"))
        assert not executed or isinstance(CASES[name][1], e.TradeClosed)


def test_lesson_102_a_price_of_pepe_is_no_zero_in_any_mail() -> None:
    for notice in EVERY.values():
        assert " 0.0000 " not in text_of(notice, "live-main").replace("\n", " ")
    assert "0.00001234" in EVERY["trade-bought"].subject
    assert "0.00001201" in EVERY["stop-raised"].subject
