"""``vigie watchdog``: a process of its own that says what is missing. It starts and stops nothing.

It reads what the account leaves on the disk and, with keys of its own that may only read, what rests at the venue.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.signals import EndSignals
from vigie.adapters.storage.atomic import write_atomically
from vigie.adapters.storage.locks import hold
from vigie.app.accounts import account_folder
from vigie.app.backup.outcome import read_outcome
from vigie.app.backup.settings import backup_settings
from vigie.app.status.health import NO_PULSE, SILENCE_SECONDS, Finding, findings_of, mode_of
from vigie.app.status.standing import Standing, look
from vigie.app.trading.ticking import wait
from vigie.app.watch.settings import WatchSettings, watch_settings
from vigie.app.watch.venue import VenueWatch
from vigie.domain.errors import AccountLocked, ConfigError, VigieError
from vigie.domain.events import AlertRaised
from vigie.domain.instants import as_iso
from vigie.domain.timeframe import DAY_MS
from vigie.ports.alerts import OVER, Alerts
from vigie.ports.clock import Clock

SCHEMA, STATE, LOCK = "vigie.watchdog/1", "watchdog.json", "watchdog.lock"
SECOND_LOOK_S = 10.0
"""An engine that moves a stop is without one for a moment: what is bare has to be so twice."""
_URGENT = ("stop-", "process", "heartbeat", NO_PULSE, "halted-", "kill-switch", "unknown-order", "files")
_RECEIPT_GRACE_S = SILENCE_SECONDS
OLD_BACKUP_HOURS = 49
"""A daily backup that is older has failed twice."""


@dataclass(frozen=True, slots=True)
class WatchdogRequest:
    """What to watch.

    Attributes:
        home: the user's folder.
        account: whose.
        once: one look, then the end: for cron.
        every_s: seconds between two looks.
        base_url: of the venue; None: its own.
    """

    home: Path
    account: str
    once: bool = False
    every_s: float = 60.0
    base_url: str | None = None


def watchdog(
    request: WatchdogRequest,
    alerts: Alerts,
    told: Callable[[dict[str, Any]], None] = lambda _: None,
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Look until somebody wants an end, or once; the last look, a document of JSON's own types.

    Args:
        request: what to watch.
        alerts: told of what is wrong, and of its end.
        told: each look.
        clock: now; None: the machine's.

    Raises:
        AccountLocked: another watchdog watches the account.
        ConfigError: settings that cannot be, or a later vigie wrote the state.
        OSError: its lock cannot be made.
    """
    time = clock or SystemClock()
    folder = account_folder(request.home, request.account)
    with _alone(folder), VenueWatch(request.home, request.account, time, request.base_url) as venue:
        dog = Watchdog(request.home, request.account, alerts, venue, time)
        if request.once:
            document = dog.look()
            told(document)
            return document
        with EndSignals() as signals:
            while True:
                document = dog.look()
                told(document)
                wait(time, request.every_s, lambda: signals.heard)
                if signals.heard:
                    return document


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        file = hold(folder / LOCK, wait=False)
    except BlockingIOError:
        raise AccountLocked(f"account {folder.name} has a watchdog already: one is enough") from None
    with file:
        yield


class Watchdog:
    """Looks, and says what is new, what lasts, and what is over."""

    def __init__(self, home: Path, account: str, alerts: Alerts, venue: VenueWatch, clock: Clock) -> None:
        self._home, self._account, self._alerts, self._venue, self._clock = home, account, alerts, venue, clock
        self._path = account_folder(home, account) / STATE
        self._known = _read(self._path)

    def look(self) -> dict[str, Any]:
        """One look.

        Raises:
            ConfigError: settings that cannot be, or a later vigie wrote the state.
        """
        settings = watch_settings(self._home)
        standing = look(self._home, self._account)
        found = self._findings(standing, settings)
        if any(one.subject.startswith("stop-") for one in found):
            # Only what is so twice is so.
            self._clock.sleep(SECOND_LOOK_S)
            standing = look(self._home, self._account)
            again = self._findings(standing, settings)
            both = {one.subject for one in found} & {one.subject for one in again}
            found = [one for one in again if not one.subject.startswith("stop-") or one.subject in both]
        said = self._say(found, settings)
        return {
            "schema": SCHEMA,
            "account": self._account,
            "at": as_iso(self._clock.now_ms()),
            "healthy": not found,
            "mode": mode_of(standing).value,
            "stopped": standing.stopped,
            "venue": self._venue.words,
            "findings": [{"subject": one.subject, "text": one.text, "said": one.subject in said} for one in found],
        }

    def _findings(self, standing: Standing, settings: WatchSettings) -> list[Finding]:
        found = [one for one in findings_of(standing) if not _has_grace(one, standing, settings)]
        found += _receipts(standing, settings)
        found += _backup(self._home, standing)
        known = {one.subject for one in found}
        return found + [one for one in self._venue.findings(standing) if one.subject not in known]

    def _say(self, found: list[Finding], settings: WatchSettings) -> set[str]:
        """Tell what is new or was last told long ago; then what is over. Subjects that were told."""
        now, said = self._clock.now_ms(), set[str]()
        subjects: dict[str, list[str]] = {}
        for one in found:
            subjects.setdefault(one.subject, []).append(one.text)
        for subject, texts in subjects.items():
            before = self._known.get(subject, {"since": now})
            told_at = before.get("told_at")
            if told_at is None or not 0 <= now - told_at < settings.repeat_s * 1000:
                self._tell(subject, "; ".join(texts))
                said.add(subject)
                before = {**before, "told_at": now}
            self._known[subject] = before
        for subject in [one for one in self._known if one not in subjects]:
            since = self._known.pop(subject)["since"]
            text = f"over, it began {as_iso(since)[:16].replace('T', ' ')} UTC"
            self._alerts.tell(AlertRaised(f"watchdog-{subject}{OVER}", f"{self._account}: {subject}: {text}"))
        self._keep()
        return said

    def _tell(self, subject: str, text: str) -> None:
        urgent = subject.startswith(_URGENT)
        self._alerts.tell(AlertRaised(f"watchdog-{subject}", f"{self._account}: {text}", urgent))

    def _keep(self) -> None:
        """What was said is not said again by the next process; a disk that is full costs a repetition at most."""
        try:
            write_atomically(self._path, json.dumps({"at": self._clock.now_ms(), "subjects": self._known}).encode())
        except OSError:
            return


def _has_grace(one: Finding, standing: Standing, settings: WatchSettings) -> bool:
    """Whether it may still come: a process that has just begun has no heartbeat yet."""
    if one.subject != NO_PULSE or standing.holder is None:
        return False
    return 0 <= standing.now - standing.holder.since < settings.grace_s * 1000


def _receipts(standing: Standing, settings: WatchSettings) -> list[Finding]:
    """A process that lives leaves receipts."""
    holder = standing.holder
    if holder is None or standing.mode == "replay" or standing.room:
        return []
    last = max(int(standing.receipt.get("at", 0)), holder.since)
    silent = (standing.now - last) / 1000
    if silent <= _RECEIPT_GRACE_S + settings.grace_s:
        return []
    return [Finding("receipts", f"no receipt for {silent:,.0f} s: {holder} does not do its work")]


def _backup(home: Path, standing: Standing) -> list[Finding]:
    """Where a process lives that should have one taken daily, the last one is not old."""
    last = read_outcome(home)
    if standing.holder is None or standing.mode == "replay" or last is None:
        return []
    try:
        wanted = backup_settings(home).daily
    except ConfigError:
        return []
    hours = (standing.now - (last.succeeded_at or last.started_at)) / 3_600_000
    if not wanted or hours <= OLD_BACKUP_HOURS or standing.now - standing.holder.since < DAY_MS:
        return []
    return [Finding("backup", f"no backup for {hours:,.0f} hours: {'; '.join(last.problems.values()) or 'none came'}")]


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """What was said before; nothing where nothing can be read."""
    try:
        subjects = json.loads(path.read_bytes())["subjects"]
        return {str(name): dict(one) for name, one in subjects.items() if type(one["since"]) is int}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def last_look(home: Path, account: str) -> int | None:
    """When a watchdog last looked at an account, epoch milliseconds; None: never."""
    try:
        document: Mapping[str, Any] = json.loads((account_folder(home, account) / STATE).read_bytes())
        return int(document["at"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError, VigieError):
        return None
