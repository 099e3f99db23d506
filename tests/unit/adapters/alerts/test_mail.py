"""E-mail by yagmail to real servers: TLS that is checked, and none of yagmail's surprises."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.mail_servers import (
    ME,
    PASSWORD,
    PHONE,
    USER,
    Inbox,
    MailServer,
    free_port,
    hanging_server,
    mail_server,
    part,
)
from vigie.adapters.alerts.mail import BLANK, SECRETS, Mail, MailSettings, is_recipient, read
from vigie.ports.alerts import Letter, Outcome

TEXT = "The stop rests at 0.00001234.\n\naccount:  live-main\npair:     PEPE/USDT\n"
LETTER = Letter("live-main-7-0", "vigie live-main: PEPE/USDT stop placed", TEXT, "INFO", "stops", 1_700_000_000_000)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MailServer]:
    with mail_server(tmp_path) as found:
        yield found


def mail_to(server: MailServer, **words: object) -> Mail:
    settings = MailSettings("localhost", server.port, "starttls", USER, USER, server.ca_file, PASSWORD)
    return Mail(replace(settings, **words), deadline=20.0, answer=3.0)  # type: ignore[arg-type]


def test_a_letter_arrives_over_checked_starttls_with_a_login(server: MailServer) -> None:
    found = mail_to(server).deliver(LETTER, [ME, PHONE])
    assert (found.outcome, found.problem, found.refused) == (Outcome.SENT, "", ())
    assert server.inbox.logins == [USER]
    assert server.inbox.envelopes == [(USER, (ME, PHONE))]
    (mail,) = server.inbox.mails
    assert (mail["Subject"], mail["Message-ID"]) == (LETTER.subject, "<live-main-7-0@vigie>")
    assert USER in str(mail["From"])


def test_the_plain_part_is_the_text_and_the_html_part_has_all_of_it(server: MailServer) -> None:
    mail_to(server).deliver(LETTER, [ME])
    (mail,) = server.inbox.mails
    assert part(mail, "text/plain").replace(BLANK, "").rstrip("\n") == TEXT.rstrip("\n")
    html = part(mail, "text/html")
    assert all(line in html for line in TEXT.splitlines())


def test_smtps_is_checked_and_works_too(tmp_path: Path) -> None:
    with mail_server(tmp_path, tls="smtps") as server:
        assert mail_to(server, tls="smtps").deliver(LETTER, [ME]).outcome is Outcome.SENT
        assert server.inbox.logins == [USER]
        untrusted = mail_to(server, tls="smtps", ca_file=None).deliver(LETTER, [ME])
        assert untrusted.outcome is Outcome.FAILED
        assert "certificate verify failed" in untrusted.problem.lower()
    assert len(server.inbox.mails) == 1


def test_a_plain_line_to_this_machine_needs_no_login(tmp_path: Path) -> None:
    with mail_server(tmp_path, tls="none", login=False) as server:
        plain = mail_to(server, tls="none", user="", password="", ca_file=None)
        assert plain.deliver(LETTER, [ME]).outcome is Outcome.SENT
    assert server.inbox.logins == []


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(tmp_path: Path) -> None:
    with mail_server(tmp_path, tls="none", login=False) as server:
        found = mail_to(server).deliver(LETTER, [ME])
    assert (found.outcome, server.inbox.mails, server.inbox.logins) == (Outcome.FAILED, [], [])


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_of_nobody_or_of_another_name_is_no_certificate(tmp_path: Path, *, trusted: bool) -> None:
    with mail_server(tmp_path, name="another.test") as server:
        found = mail_to(server, **({} if trusted else {"ca_file": None})).deliver(LETTER, [ME])
    assert found.outcome is Outcome.FAILED
    assert "certificate verify failed" in found.problem.lower()
    assert server.inbox.logins == []


def test_a_wrong_password_fails_and_is_not_repeated(server: MailServer) -> None:
    found = mail_to(server, password="wrong hare").deliver(LETTER, [ME])
    assert found.outcome is Outcome.FAILED
    assert "SMTPAuthenticationError" in found.problem
    assert "wrong hare" not in found.problem


def test_refused_recipients_are_told_and_the_others_get_it(server: MailServer) -> None:
    server.inbox.no_such = {PHONE}
    found = mail_to(server).deliver(LETTER, [ME, PHONE])
    assert (found.outcome, found.refused) == (Outcome.SENT, (PHONE,))
    assert PHONE in found.problem
    alone = mail_to(server).deliver(LETTER, [PHONE])
    assert (alone.outcome, alone.refused) == (Outcome.REFUSED, (PHONE,))
    assert len(server.inbox.mails) == 1


def test_a_mail_that_the_server_does_not_want_is_refused_and_the_server_is_not_blamed(server: MailServer) -> None:
    server.inbox.data_answer = "554 5.7.1 looks like spam"
    found = mail_to(server).deliver(LETTER, [ME])
    assert found.outcome is Outcome.REFUSED
    assert "looks like spam" in found.problem


def test_nobody_listening_is_a_failure_at_once() -> None:
    settings = MailSettings("127.0.0.1", free_port(), "starttls", USER, USER, None, PASSWORD)
    began = time.monotonic()
    found = Mail(settings).deliver(LETTER, [ME])
    assert found.outcome is Outcome.FAILED
    assert "refused" in found.problem.lower()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("said", [(), (b"220 hello\r\n",)])
def test_a_server_that_hangs_is_given_up_at_the_deadline(said: tuple[bytes, ...]) -> None:
    with hanging_server(said) as port:
        settings = MailSettings("127.0.0.1", port, "none", "", USER)
        began = time.monotonic()
        found = Mail(settings, deadline=0.5, answer=30.0).deliver(LETTER, [ME])
        took = time.monotonic() - began
    assert found.outcome is Outcome.FAILED
    assert "within" in found.problem
    assert 0.4 < took < 3


def test_a_subject_cannot_begin_another_header(server: MailServer) -> None:
    evil = replace(LETTER, subject="stop\r\nBcc: thief@example.test\x00 placed")
    assert mail_to(server).deliver(evil, [ME]).outcome is Outcome.SENT
    (mail,) = server.inbox.mails
    assert mail["Subject"] == "stop Bcc: thief@example.test placed"
    assert (mail["Bcc"], server.inbox.envelopes[0][1]) == (None, (ME,))


def test_a_text_that_is_the_name_of_a_file_stays_a_text(server: MailServer, tmp_path: Path) -> None:
    secret = tmp_path / "keys.txt"
    secret.write_text("VIGIE_LIVE_MAIN_API_SECRET=hush")
    mail_to(server).deliver(replace(LETTER, text=str(secret)), [ME])
    (mail,) = server.inbox.mails
    assert part(mail, "text/plain").strip() == str(secret)
    assert "hush" not in mail.as_string()


def test_signs_of_html_stay_signs(server: MailServer) -> None:
    mail_to(server).deliver(replace(LETTER, text="<img src=x> & <b>bold</b>"), [ME])
    assert "<img" not in part(server.inbox.mails[0], "text/html")


def test_pictures_come_along(server: MailServer) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    mail_to(server).deliver(replace(LETTER, pictures={"equity.png": picture}), [ME])
    (mail,) = server.inbox.mails
    images = [one for one in mail.walk() if one.get_content_type() == "image/png"]
    assert [one.get_payload(decode=True) for one in images] == [picture]
    assert [one.get_filename() for one in images] == ["equity.png"]


def test_equal_subjects_are_different_mails_to_every_mail_program(server: MailServer) -> None:
    mail_to(server).deliver(LETTER, [ME])
    mail_to(server).deliver(replace(LETTER, letter_id="live-main-8-0"), [ME])
    assert len({str(one["Message-ID"]) for one in server.inbox.mails}) == 2


def test_a_login_name_that_is_no_address_is_not_made_one_at_gmail(server: MailServer) -> None:
    found = mail_to(server, user=USER, sender="alerts@example.test").deliver(LETTER, [ME])
    assert found.outcome is Outcome.SENT
    assert server.inbox.envelopes[0][0] == "alerts@example.test"
    assert "gmail" not in server.inbox.mails[0].as_string()


def test_nothing_is_left_open_and_no_thread_stays(server: MailServer) -> None:
    import threading

    before = threading.active_count()
    for _ in range(3):
        mail_to(server).deliver(LETTER, [ME])
    time.sleep(0.1)
    assert threading.active_count() <= before


# --- settings ---------------------------------------------------------------------------------------------------------

GOOD = {"host": "smtp.example.test", "user": USER}
SECRET = {SECRETS[0]: PASSWORD}


def test_the_settings_have_safe_defaults_and_never_show_the_password(tmp_path: Path) -> None:
    settings, problems = read(GOOD, SECRET, tmp_path)
    assert settings is not None
    assert problems == []
    assert (settings.tls, settings.port, settings.sender) == ("starttls", 587, USER)
    assert PASSWORD not in repr(settings)
    assert PASSWORD not in repr(Mail(settings))
    assert read({**GOOD, "tls": "smtps"}, SECRET, tmp_path)[0].port == 465  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("table", "secrets", "words"),
    [
        ({"user": USER}, SECRET, "host is missing"),
        ({**GOOD, "tls": "ssl"}, SECRET, "tls 'ssl'"),
        ({**GOOD, "tls": "none"}, SECRET, "for this machine alone"),
        ({**GOOD, "port": 0}, SECRET, "no port"),
        ({**GOOD, "port": "587"}, SECRET, "no port"),
        ({**GOOD, "user": "bot"}, SECRET, "user 'bot' is no address"),
        ({**GOOD, "sender": "a b@example.test"}, SECRET, "sender 'a b@example.test' is no address"),
        ({"host": "h"}, {}, "sender is missing"),
        (GOOD, {}, "set VIGIE_MAIL_PASSWORD"),
        ({**GOOD, "ca_file": "none.pem"}, SECRET, "none.pem"),
        ({**GOOD, "host": 7}, SECRET, "host must be text"),
        ({**GOOD, "host": "a\nb"}, SECRET, "host must be text"),
    ],
)
def test_settings_that_cannot_be_are_told(
    tmp_path: Path, table: dict[str, object], secrets: dict[str, str], words: str
) -> None:
    settings, problems = read(table, secrets, tmp_path)
    assert settings is None
    assert any(words in one for one in problems), problems


@pytest.mark.parametrize("text", ["a@b", "bot+x@mail.example.test"])
def test_addresses_are_taken(text: str) -> None:
    assert is_recipient(text)


@pytest.mark.parametrize("text", ["", "bot", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a@b,c@d", "ä@b", "a@.b"])
def test_what_is_no_address_is_not_taken(text: str) -> None:
    assert not is_recipient(text)


def test_the_inbox_of_these_tests_would_notice(tmp_path: Path) -> None:
    with (
        mail_server(tmp_path, inbox=Inbox(no_such={ME})) as server,
        socket.create_connection(("127.0.0.1", server.port)),
    ):
        assert mail_to(server).deliver(LETTER, [ME]).outcome is Outcome.REFUSED
