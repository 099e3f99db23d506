"""One channel of an account: what is sent at once, held back, or kept for the morning; the spool and the tries."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vigie.adapters.storage.atomic import write_atomically
from vigie.adapters.storage.spool import Spool
from vigie.app.alerts.channels import DIGEST, NEVER, Post
from vigie.app.alerts.status import STATUS
from vigie.app.alerts.told import DeskState
from vigie.app.hiding import hider_of
from vigie.domain.instants import as_iso
from vigie.domain.notice import Level, Notice
from vigie.ports.alerts import Letter, Outcome
from vigie.reporting.letters import digest_subject, letter_of

FIRST_WAIT, LONGEST_WAIT = 30.0, 3600.0
"""Seconds to the next try after a failure; it doubles with each."""
MOST_UNSAVED = 100


@dataclass(slots=True)
class DeskStatus:
    """What `vigie alert spool` and `vigie status` say of a channel.

    Attributes:
        waiting: letters.
        sent: since this process began.
        last_sent_at: ISO; None: never.
        problem: of the last try; empty: it went well.
        problem_at: ISO; None: there is none.
        refused: recipients that were not taken at the last try.
        dropped: letters that were given up.
    """

    waiting: int = 0
    sent: int = 0
    last_sent_at: str | None = None
    problem: str = ""
    problem_at: str | None = None
    refused: tuple[str, ...] = ()
    dropped: int = 0

    def document(self) -> dict[str, Any]:
        """Of JSON's own types."""
        return {
            "waiting": self.waiting,
            "sent": self.sent,
            "last_sent_at": self.last_sent_at,
            "problem": self.problem,
            "problem_at": self.problem_at,
            "refused": list(self.refused),
            "dropped": self.dropped,
        }


class Desk:
    """Takes notices and sends letters. Used by one thread."""

    def __init__(
        self, post: Post, folder: Path, account: str, report: Callable[[str], None], now_ms: Callable[[], int]
    ) -> None:
        self.post, self._account = post, account
        self._folder, self._report, self._now_ms = folder / post.name, report, now_ms
        self.spool = Spool(self._folder / "spool")
        self.status = DeskStatus()
        self._hide = hider_of(post.secrets)
        self._unsaved: dict[str, Letter] = {}
        self._carried: set[str] = set()
        self._failures, self._next_try = 0, 0.0
        self._refusals: dict[str, tuple[int, float]] = {}
        self._said = ""

    def take(self, notice: Notice, letter_id: str, state: DeskState, *, routine: bool = False) -> None:
        """Send a notice, hold it back or keep it for the digest, as routes and throttle say.

        Args:
            notice: what is told.
            letter_id: the same for the same occurrence.
            state: of this channel.
            routine: it happens every hour: a digest is soon enough.
        """
        route = self.post.routes.of(notice.level.value, notice.family)
        if route == NEVER:
            return
        if route == DIGEST or routine:
            state.keep(digest_subject(notice), notice.at)
            return
        topic = f"{notice.family}:{notice.topic}"
        window = 1000 * (self.post.slow if notice.slow else self.post.usual)
        last, held = state.throttle.get(topic, (None, 0))
        if notice.level is not Level.CRITICAL and last is not None and 0 <= notice.at - last < window:
            state.hold_back(topic)
            state.keep(digest_subject(notice), notice.at)
            return
        state.sent(topic, notice.at)
        self.put(letter_of(notice, self._account, letter_id, held))

    def put(self, letter: Letter) -> None:
        """Keep a letter until it is sent; where the disk does not take it, in memory."""
        letter = replace(letter, subject=self._hide(letter.subject), text=self._hide(letter.text))
        if letter.letter_id in self._carried:
            return
        try:
            gone = self.spool.put(letter)
        except OSError as error:
            self._unsaved[letter.letter_id] = letter
            while len(self._unsaved) > MOST_UNSAVED:
                del self._unsaved[next(iter(self._unsaved))]
                self.status.dropped += 1
            self._problem(f"mail cannot be kept on the disk: {error.strerror or error}")
            return
        if gone:
            self.status.dropped += len(gone)
            self._problem(f"{len(gone)} mails were dropped unsent: more wait than are kept")

    def send(self, enough: Callable[[], bool] = lambda: False) -> bool:
        """Try what waits, unless the last try says that it is too early.

        Args:
            enough: asked before each letter: no more of them now.

        Returns:
            whether anything was looked at, and there is a status to write.
        """
        if time.monotonic() < self._next_try:
            return False
        for letter in self._waiting():
            if enough():
                break
            count, due = self._refusals.get(letter.letter_id, (0, 0.0))
            if time.monotonic() < due:
                continue
            if not self._try(letter, count):
                break
        return True

    def _waiting(self) -> list[Letter]:
        try:
            kept = self.spool.waiting()
        except OSError as error:
            self._problem(f"the spool cannot be read: {error.strerror or error}")
            kept = []
        fresh = []
        for letter in [*self._unsaved.values(), *kept]:
            if letter.letter_id in self._carried:
                self._forget(letter)
            else:
                fresh.append(letter)
        return fresh

    def _try(self, letter: Letter, refusals: int) -> bool:
        """Whether the channel works."""
        recipients = self.post.routes.recipients(letter.level, letter.family)
        found = self.post.channel.deliver(letter, recipients)
        now = as_iso(self._now_ms())
        if found.problem:
            self._problem(found.problem)
        self.status.refused = found.refused
        if found.outcome is Outcome.FAILED:
            self._failures += 1
            self._next_try = time.monotonic() + min(LONGEST_WAIT, FIRST_WAIT * 2 ** (self._failures - 1))
            return False
        self._failures, self._next_try = 0, 0.0
        if found.outcome is Outcome.REFUSED:
            wait = min(LONGEST_WAIT, FIRST_WAIT * 2**refusals)
            self._refusals[letter.letter_id] = (refusals + 1, time.monotonic() + wait)
            return True
        self.status.sent += 1
        self.status.last_sent_at = now
        if not found.problem:
            self.status.problem, self.status.problem_at, self._said = "", None, ""
        self._forget(letter)
        return True

    def _forget(self, letter: Letter) -> None:
        self._unsaved.pop(letter.letter_id, None)
        self._refusals.pop(letter.letter_id, None)
        try:
            self.spool.done(letter.letter_id)
            self._carried.discard(letter.letter_id)
        except OSError:
            # It stays there, and must not be sent again.
            self._carried.add(letter.letter_id)

    def _problem(self, text: str) -> None:
        text = self._hide(text)
        self.status.problem, self.status.problem_at = text, as_iso(self._now_ms())
        if text != self._said:
            self._said = text
            self._report(f"{self.post.name}: {text}; trading goes on, what could not be sent is kept")

    def write_status(self) -> None:
        """For who looks from outside."""
        self.status.waiting = self.spool.count() + len(self._unsaved)
        raw = json.dumps(self.status.document(), separators=(",", ":")).encode("ascii") + b"\n"
        path = self._folder / STATUS
        try:
            if not path.exists() or path.read_bytes() != raw:
                write_atomically(path, raw)
        except OSError:
            # A full disk: what there is to say was said aloud.
            return
