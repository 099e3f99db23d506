"""E-mail by yagmail, over TLS whose certificate is checked.

What yagmail does when nobody is looking is kept from happening here: its default TLS takes any certificate, a text
that is the name of a file becomes that file, newlines become ``<br>``, a sender without ``@`` becomes somebody at
gmail, a missing password asks a keyring or a terminal, equal subjects get equal message ids, and its three tries may
take longer than anybody wants to wait.
"""

from __future__ import annotations

import contextlib
import io
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigie.domain.masking import for_people
from vigie.domain.names import suggestion
from vigie.ports.alerts import Delivery, Letter, Outcome

if TYPE_CHECKING:
    from yagmail import SMTP

KEYS = ("host", "port", "tls", "user", "sender", "ca_file")
RECIPIENT = ("address", "me@example.org")
"""What a recipient is called, and one."""
SECRETS = ("VIGIE_MAIL_PASSWORD",)
STARTTLS, SMTPS, PLAIN = "starttls", "smtps", "none"
PORTS = {STARTTLS: 587, SMTPS: 465, PLAIN: 25}
BLANK = "\u00a0"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
ANSWER_SECONDS = 10.0
"""Longest wait for one answer of the server."""
DEADLINE_SECONDS = 45.0
"""Longest time for one letter, whatever happens."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where letters are handed in.

    Attributes:
        host, port: of the server.
        tls: ``starttls``, ``smtps``, or ``none`` on this machine.
        user: logs in; empty: nobody does.
        sender: address that letters come from.
        ca_file: certificates that are trusted instead of the system's; None: those.
        password: of the user; shown nowhere.
    """

    host: str
    port: int
    tls: str
    user: str
    sender: str
    ca_file: Path | None = None
    password: str = field(default="", repr=False)


def read(table: Mapping[str, object], secrets: Mapping[str, str], home: Path) -> tuple[MailSettings | None, list[str]]:
    """What ``[mail]`` says of the server.

    Args:
        table: its own keys, `KEYS`.
        secrets: by name, those of `SECRETS` that were found.
        home: where a relative ``ca_file`` lies.

    Returns:
        the settings, None if they cannot be used; and what is wrong with them, sentences.
    """
    problems: list[str] = []
    host, user = _text(table, "host", problems), _text(table, "user", problems)
    sender = _text(table, "sender", problems) or user
    tls = _text(table, "tls", problems) or STARTTLS
    password = secrets.get(SECRETS[0], "")
    if not host:
        problems.append("host is missing: the server that takes the mail")
    if tls not in PORTS:
        problems.append(f"tls '{tls}'{suggestion(tls, PORTS)}")
    elif tls == PLAIN and host and host not in LOOPBACK:
        problems.append(f"tls 'none' is for this machine alone, and {host} is another: say starttls or smtps")
    port = table.get("port", PORTS.get(tls, 0))
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        problems.append(f"port {port!r} is no port")
        port = 0
    if sender and not is_recipient(sender):
        problems.append(f"sender '{sender}' is no address" if "sender" in table else f"user '{user}' is no address")
    if not sender:
        problems.append("sender is missing: the address that mail comes from")
    if user and not password:
        problems.append(f"user {user} logs in with a password: set {SECRETS[0]} in the environment or in .env")
    ca_file = _text(table, "ca_file", problems)
    trusted = (home / ca_file).resolve() if ca_file else None
    if trusted is not None:
        problems += _unusable(trusted)
    if problems:
        return None, problems
    return MailSettings(host, port, tls, user, sender, trusted, password), []


def _text(table: Mapping[str, object], key: str, problems: list[str]) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or not value.isprintable():
        problems.append(f"{key} must be text in one line")
        return ""
    return value.strip()


def _unusable(trusted: Path) -> list[str]:
    try:
        ssl.create_default_context(cafile=trusted)
    except OSError as error:  # ssl.SSLError is one
        return [f"ca_file {trusted}: {error.strerror or error}"]
    return []


def is_recipient(text: str) -> bool:
    """Whether a text can be the address of somebody; yagmail and the server may be stricter."""
    name, at, domain = text.rpartition("@")
    plain = text.isascii() and text.isprintable() and not set(text) & set(' ,;<>"()[]\\:')
    return bool(at and name and domain and plain and "@" not in name and not domain.startswith("."))


@dataclass(frozen=True, slots=True)
class Mail:
    """Fulfils :class:`vigie.ports.alerts.Channel`.

    Attributes:
        settings: where letters are handed in.
        deadline: seconds for one letter.
        answer: seconds for one answer.
    """

    settings: MailSettings
    deadline: float = DEADLINE_SECONDS
    answer: float = ANSWER_SECONDS

    def deliver(self, letter: Letter, recipients: Sequence[str]) -> Delivery:
        """Hand one letter in, in a thread of its own that is given up at the deadline."""
        attempt = _Attempt(self, letter, list(recipients))
        worker = threading.Thread(target=attempt.run, name="mail-attempt", daemon=True)
        worker.start()
        worker.join(self.deadline)
        if worker.is_alive():
            attempt.give_up()
            return Delivery(Outcome.FAILED, f"{self.settings.host} did not take it within {self.deadline:.0f} s")
        return attempt.found


class _Attempt:
    """One try; what it does after it was given up reaches nobody."""

    def __init__(self, mail: Mail, letter: Letter, recipients: list[str]) -> None:
        self._mail, self._letter, self._recipients = mail, letter, recipients
        self._over = threading.Event()
        self._connection: SMTP | None = None
        self.found = Delivery(Outcome.FAILED, "it was not tried")

    def run(self) -> None:
        try:
            self.found = self._deliver()
        except Exception as error:  # noqa: BLE001 - whatever a mail library raises is no reason to stop trading
            self.found = _judged(error, self._mail.settings)
        finally:
            self._close()

    def give_up(self) -> None:
        """Close the line under the one who waits at it."""
        self._over.set()
        smtp = getattr(self._connection, "smtp", None)
        line = getattr(smtp, "sock", None)
        if line is not None:
            with contextlib.suppress(OSError):
                line.shutdown(2)

    def _deliver(self) -> Delivery:
        connection = self._connection = self._opened()
        pictures = []
        for name, content in self._letter.pictures.items():
            picture = io.BytesIO(content)
            picture.name = name
            pictures.append(picture)
        refused = connection.send(
            to=self._recipients,
            subject=one_line(self._letter.subject),
            contents=_raw_lines(self._letter.text),
            attachments=pictures or None,
            prettify_html=False,
            message_id=f"<{self._letter.letter_id}@vigie>",
        )
        if refused is False:
            return Delivery(Outcome.FAILED, f"{self._mail.settings.host} hung up each time it was tried")
        names = tuple(sorted(refused)) if isinstance(refused, Mapping) else ()
        return Delivery(Outcome.SENT, f"not taken for {', '.join(names)}" if names else "", names)

    def _opened(self) -> SMTP:
        import yagmail

        settings, over = self._mail.settings, self._over

        class Line(yagmail.SMTP):  # type: ignore[misc, unused-ignore]
            """Logs in under a name that need not be the sender's, and not again once it was given up."""

            user: str

            def login(self) -> None:
                """Connect."""
                if over.is_set():
                    raise TimeoutError("given up")
                sender, self.user = self.user, settings.user or self.user
                try:
                    super().login()
                finally:
                    self.user = sender

        words: dict[str, Any] = {"timeout": self._mail.answer}
        context = None if settings.tls == PLAIN else ssl.create_default_context(cafile=settings.ca_file)
        if settings.tls == SMTPS:
            words["context"] = context
        line = Line(
            user=settings.sender,
            password=settings.password,
            host=settings.host,
            port=settings.port,
            smtp_ssl=settings.tls == SMTPS,
            smtp_starttls={"context": context} if settings.tls == STARTTLS else False,
            smtp_skip_login=not settings.user,
            **words,
        )
        line.set_logging(None)
        return line

    def _close(self) -> None:
        """Say goodbye, and close the line even if the other side does not answer."""
        connection = self._connection
        if connection is None:
            return
        # yagmail says goodbye once more when it is forgotten, unless it was told that this was done.
        with contextlib.suppress(Exception):
            if self._over.is_set():
                connection.is_closed = True
            else:
                connection.close()
        with contextlib.suppress(Exception):
            connection.smtp.close()


def _judged(error: Exception, settings: MailSettings) -> Delivery:
    """What an error of yagmail's, which are those of smtplib, means for the next letter."""
    name = type(error).__name__
    words = for_people(_without(str(error), settings.password))
    if name == "SMTPRecipientsRefused":
        names = tuple(sorted(getattr(error, "recipients", {})))
        return Delivery(Outcome.REFUSED, f"{settings.host} takes nothing for {', '.join(names)}", names)
    if name in ("SMTPDataError", "YagInvalidEmailAddress", "HeaderParseError", "UnicodeEncodeError"):
        return Delivery(Outcome.REFUSED, f"{settings.host} does not take this mail: {name}: {words}")
    return Delivery(Outcome.FAILED, f"{settings.host}:{settings.port}: {name}: {words}")


def _without(text: str, secret: str) -> str:
    return text.replace(secret, "***") if secret else text


def one_line(text: str) -> str:
    """A subject: no control characters, which would begin another header."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _raw_lines(text: str) -> list[str]:
    """Lines as yagmail leaves them alone; its HTML part knows no escapes, so that signs of HTML become their likes."""
    from yagmail import raw

    harmless = text.replace("<", "‹").replace(">", "›")
    # An empty line has no height in the HTML part; one that holds a blank has.
    return [raw(line or BLANK) for line in harmless.splitlines()]


def channel(settings: MailSettings) -> Mail:
    """The channel of some settings."""
    return Mail(settings)
