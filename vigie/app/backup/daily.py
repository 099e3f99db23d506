"""What is done once a day beside trading: a backup, and old logs packed away, by a process of low priority.

The process that trades starts it and looks at each tick whether it has ended: it never waits for it, and whatever
becomes of it, the tick stands. Of several accounts of a home the first one that finds it due has it done for all.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from vigie.adapters.clock import SystemClock
from vigie.adapters.priority import step_back
from vigie.adapters.storage.locks import locked
from vigie.app.accounts import state_folder
from vigie.app.backup.outcome import ARCHIVE, BACKUP, TOPICS, Outcome, read_outcome, write_outcome
from vigie.app.backup.settings import BackupSettings, backup_settings
from vigie.app.program import begin_beside, end_beside
from vigie.domain.errors import VigieError
from vigie.ports.clock import Clock

LOCK = "daily.lock"
HOUR_MS = 3_600_000
"""From a try to the next one; from a first start to the first backup; the longest that one may take."""
_START = "from vigie.app.backup.daily import main; main()"


def due(settings: BackupSettings, last: Outcome | None, now: int, since: int) -> bool:
    """Whether it is to be done.

    Args:
        settings: when.
        last: what came of the last time.
        now: epoch milliseconds.
        since: when the asking process began: a home that never had a backup has one an hour later.
    """
    if not settings.anything:
        return False
    if last is None:
        return now - since >= HOUR_MS
    if last.ended_at is not None and not last.problems and last.ended_at >= settings.last_due(now):
        return False
    # A clock that was set back must not make a day of an hour.
    return not 0 <= now - last.started_at < HOUR_MS


# --- in the process that trades ---------------------------------------------------------------------------------------


class Troubles(Protocol):
    """Who is told: `vigie.app.trading.guards.Troubles`."""

    @property
    def now(self) -> Mapping[str, str]:
        """Sentences by topic."""
        ...

    def say(self, topic: str, text: str, *, urgent: bool = False) -> None:
        """Something is wrong."""
        ...

    def over(self, topic: str, text: str) -> None:
        """It is not wrong any more."""
        ...


class Daily:
    """Has it done when it is due, and tells what went wrong."""

    def __init__(
        self, home: Path, account: str, settings: BackupSettings, clock: Clock, program: Sequence[str] | None = None
    ) -> None:
        """Make ready.

        Args:
            home: the user's folder.
            account: of this process.
            settings: when, and what.
            clock: now.
            program: what does it, the home and the account behind it; None: ourselves.
        """
        self._home, self._account, self._settings, self._clock = home, account, settings, clock
        self._program = tuple(program or (sys.executable, "-c", _START))
        self._since = clock.now_ms()
        self._child: subprocess.Popen[bytes] | None = None
        self._started_at: int | None = None
        self._died = ""

    def look(self, troubles: Troubles) -> None:
        """Start what is due, tell what has ended; at each tick.

        Raises:
            OSError: no process can be started.
        """
        last, now = read_outcome(self._home), self._clock.now_ms()
        self._notice_end(now)
        self._tell(last, troubles)
        if self._child is None and self._is_due(now, last) and not any("disk" in topic for topic in troubles.now):
            self._started_at = now
            self._child = begin_beside([*self._program, str(self._home), self._account], self._home)

    def _is_due(self, now: int, last: Outcome | None) -> bool:
        # Known here too: a disk that takes no outcome must not mean a process at each tick.
        lately = self._started_at is not None and 0 <= now - self._started_at < HOUR_MS
        return not lately and due(self._settings, last, now, self._since)

    def _notice_end(self, now: int) -> None:
        child, started = self._child, self._started_at or 0
        if child is None:
            return
        code = child.poll()
        if code is not None:
            self._child = None
            self._died = f"the daily backup ended with {code}; in an hour it comes again" if code else ""
        elif not 0 <= now - started < HOUR_MS:
            child.kill()

    def _tell(self, last: Outcome | None, troubles: Troubles) -> None:
        """What is wrong, as long as it is; of an outcome that account tells for which it was done."""
        spoke = last is not None and last.ended_at is not None and last.started_at >= (self._started_at or 0)
        if self._died and not spoke:
            troubles.say(BACKUP, self._died)
            return
        self._died = ""
        if last is None or last.ended_at is None:
            return
        problems = last.problems if last.account == self._account else {}
        for topic in TOPICS:
            if topic in problems:
                troubles.say(topic, problems[topic])
            else:
                troubles.over(topic, f"{topic}: it is done again")

    def close(self) -> None:
        """End what is under way; it comes again with the next process."""
        child, self._child = self._child, None
        end_beside(child)


# --- in the process of its own ----------------------------------------------------------------------------------------


def run_daily(home: Path, account: str, settings: BackupSettings, clock: Clock) -> Outcome | None:
    """Take the backup and pack old logs away; None: another process does, or has just done it.

    Args:
        home: the user's folder.
        account: for which it is done.
        settings: what.
        clock: now.

    Raises:
        OSError: the outcome cannot be written.
    """
    try:
        with locked(state_folder(home) / LOCK, wait=False):
            last, now = read_outcome(home), clock.now_ms()
            if last is not None and not due(settings, last, now, now):
                return None
            good = (None, "") if last is None else (last.succeeded_at, last.file)
            write_outcome(home, Outcome(account, now, None, *good))
            problems: dict[str, str] = {}
            good = _backed_up(home, settings, clock, problems) or good
            _archived(home, settings, problems)
            done = Outcome(account, now, clock.now_ms(), *good, problems)
            write_outcome(home, done)
            return done
    except BlockingIOError:
        return None


def _backed_up(home: Path, settings: BackupSettings, clock: Clock, problems: dict[str, str]) -> tuple[int, str] | None:
    """When, and into which file; None: it was not to be, or went wrong."""
    from vigie.app.backup.create import BackupRequest, create, remove_old_stages

    if not settings.daily:
        return None
    try:
        remove_old_stages(home)
        document = create(BackupRequest(home, keep=settings.keep))
    except (VigieError, OSError) as error:
        problems[BACKUP] = f"the daily backup failed: {error}"
        return None
    if document["problems"]:
        problems[BACKUP] = f"the daily backup holds a journal that is damaged: {'; '.join(document['problems'])}"
        return None
    return clock.now_ms(), Path(document["file"]).name


def _archived(home: Path, settings: BackupSettings, problems: dict[str, str]) -> None:
    from vigie.app.logs.writing import archive_logs

    if not settings.logs_days:
        return
    try:
        found = archive_logs(home, settings.logs_days)["problems"]
    except (VigieError, OSError) as error:
        found = [str(error)]
    if found:
        problems[ARCHIVE] = f"old logs cannot be packed away: {'; '.join(found)}"


def main() -> None:
    """The child: home and account are its words. Ends with 1 if what it did could not be written down."""
    import signal

    # What is half done is cleaned away on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    step_back()
    home, account = Path(sys.argv[1]), sys.argv[2]
    try:
        run_daily(home, account, backup_settings(home), SystemClock())
    except (VigieError, OSError):
        sys.exit(1)
