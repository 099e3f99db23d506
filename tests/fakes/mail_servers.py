"""Real SMTP servers on this machine: with TLS and login, or with one of the troubles that servers have."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default as modern
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "bot@example.test", "correct horse"
ME, PHONE = "me@example.test", "phone@example.test"


@dataclass
class Inbox:
    """What a server took.

    Attributes:
        mails: in the order in which they came.
        envelopes: sender and recipients of each.
        no_such: recipients that are refused.
        data_answer: instead of taking a mail; empty: it takes it.
        logins: names that tried.
    """

    mails: list[Message] = field(default_factory=list)
    envelopes: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    no_such: set[str] = field(default_factory=set)
    data_answer: str = ""
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.no_such:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data_answer:
            return self.data_answer
        self.mails.append(message_from_bytes(envelope.content, policy=modern))
        self.envelopes.append((envelope.mail_from, tuple(envelope.rcpt_tos)))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [str(one["Subject"]) for one in self.mails]

    def text(self, number: int = -1) -> str:
        return part(self.mails[number], "text/plain")


def part(mail: Message, kind: str) -> str:
    """The first part of a kind, decoded."""
    for one in mail.walk():
        if one.get_content_type() == kind:
            raw = one.get_payload(decode=True)
            assert isinstance(raw, bytes)
            return raw.decode("utf-8")
    raise AssertionError(f"no {kind} in {mail}")


@dataclass(frozen=True)
class MailServer:
    """One that listens.

    Attributes:
        port: on 127.0.0.1.
        inbox: of all its recipients.
        ca_file: who trusts this trusts the server.
    """

    port: int
    inbox: Inbox
    ca_file: Path


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def mail_server(
    folder: Path, *, tls: str = "starttls", name: str = "localhost", login: bool = True, port: int | None = None,
    inbox: Inbox | None = None,
) -> Iterator[MailServer]:  # fmt: skip
    """A server with a certificate of its own authority, which wants TLS and a login before it takes anything.

    Args:
        folder: where the authority's certificate is written.
        tls: ``starttls``, ``smtps`` or ``none``.
        name: that the certificate is for.
        login: whether it wants one.
        port: where it listens; None: a free one.
        inbox: of its recipients; None: a new one.
    """
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, "127.0.0.1" if name == "localhost" else "other.test").configure_cert(context)
    box, where = inbox or Inbox(), port or free_port()

    def authenticator(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        box.logins.append(data.login.decode())
        well = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        # Not handled: the server itself answers 535, else the client waits for an answer.
        return AuthResult(success=well, handled=False)

    words: dict[str, Any] = {"authenticator": authenticator, "auth_required": True} if login else {}
    if tls == "starttls":
        words |= {"tls_context": context, "require_starttls": True}
    elif tls == "smtps":
        words |= {"auth_require_tls": False, "auth_required": False}
    controller = _Controller(box, context if tls == "smtps" else None, where, words)
    controller.start()
    try:
        yield MailServer(where, box, ca_file)
    finally:
        controller.stop()


class _Controller(Controller):
    def __init__(self, inbox: Inbox, context: Any, port: int, words: Mapping[str, Any]) -> None:
        self._words = words
        super().__init__(inbox, hostname="127.0.0.1", port=port, ssl_context=context)

    def factory(self) -> SMTP:
        return SMTP(self.handler, **self._words)

    def _trigger_server(self) -> None:
        """Its own probe cannot do TLS."""
        with socket.create_connection(("127.0.0.1", self.port), 5):
            self._factory_invoked.wait(5)


@contextmanager
def hanging_server(said: Sequence[bytes] = ()) -> Iterator[int]:
    """A server that takes the line, says some words, and then nothing more; its port."""
    lines: list[socket.socket] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    line, _ = listening.accept()
                except TimeoutError:
                    continue
                lines.append(line)
                for word in said:
                    line.sendall(word)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            over.set()
            thread.join()
            for line in lines:
                line.close()


def mail_table(server_port: int, ca_file: Path | None = None, *, tls: str = "starttls", more: str = "") -> str:
    """``[mail]`` for a server on this machine."""
    lines = ["[mail]", 'host = "localhost"', f"port = {server_port}", f'tls = "{tls}"', f'user = "{USER}"']
    lines += [f'to = ["{ME}"]', *([f'ca_file = "{ca_file}"'] if ca_file else []), more]
    return "\n".join(lines) + "\n"
