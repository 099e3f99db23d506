"""People are told of what an account's journal says: in a thread of its own, from files, never in the way of a tick.

The journal is what is told. An alert is a line there before anybody can be told of it, so that the engine hands nothing
over: this thread reads the lines that have come, makes letters of some, keeps them in a spool, writes down how far it
came, and sends. A process that is killed at any point is carried on by the next one.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.journal import entry_of
from vigie.adapters.storage.journal_files import newer, segments, tail
from vigie.adapters.storage.journal_lines import Line
from vigie.adapters.storage.journal_search import last_of
from vigie.adapters.storage.locks import locked
from vigie.app.accounts import account_folder
from vigie.app.alerts.channels import Post, read_posts
from vigie.app.alerts.mail_desk import Desk
from vigie.app.alerts.status import alerts_folder
from vigie.app.alerts.told import Told, load, save
from vigie.domain.errors import AccountLocked, VenueUnavailable, VigieError
from vigie.domain.events import AlertRaised
from vigie.domain.notice import Level, Notice
from vigie.domain.timeframe import DAY_MS
from vigie.ports.alerts import OVER, Alerts, Letter
from vigie.ports.clock import Clock
from vigie.reporting.notices.book import notices_of
from vigie.reporting.notices.families.host import host_notice
from vigie.reporting.notices.memory import Memory

Report = Callable[[str], None]
LOOK_SECONDS = 2.0
CLOSING_SECONDS = 8.0
"""How long an ending process waits for its last letters; the rest is sent by the next one."""
FINISHING_SECONDS = 1.0
_MOST_HANDED_OVER = 200
_MOST_COMPLAINTS = 50
STALE_MS = DAY_MS
MOST_BEHIND = 5_000
"""Lines that are read at once where nobody was told for long."""
BESIDE = "beside"
"""Where processes beside the engine keep their letters: watchdog, backups."""


class PostOffice:
    """Of one account. Everything but `told_of`, `ticked`, `wake` and `close` happens in its own thread."""

    def __init__(
        self,
        home: Path,
        account: str,
        posts: list[Post],
        *,
        clock: Clock | None = None,
        report: Report = lambda _: None,
        once: bool = False,
        beside: bool = False,
        sends: bool = True,
    ) -> None:
        self._home, self._account, self._report, self._once = home, account, report, once
        self._follows, self._sends = not beside, sends
        self._clock = clock or SystemClock()
        self._folder = alerts_folder(home, account) / BESIDE if beside else alerts_folder(home, account)
        self._journal = account_folder(home, account) / "journal"
        self.desks = [Desk(one, self._folder, account, report, self._clock.now_ms) for one in posts]
        self._handed_over: deque[Notice] = deque(maxlen=_MOST_HANDED_OVER)
        self._count = 0
        self._wake, self._closing = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._told, self._size = Told(), -1
        self._complained: set[str] = set()
        self._changed = False
        self._files, self._over = threading.Lock(), threading.Event()

    # --- from other threads -------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin; lines that were written before the first time are no news."""
        if not self.desks:
            return
        self._guarded(self._load)
        self._thread = threading.Thread(target=self._work, name="post-office", daemon=True)
        self._thread.start()

    def told_of(self, kind: str, text: str, level: Level | None = None) -> None:
        """Hand over what stands in no journal.

        Args:
            kind: of `vigie.reporting.notices.families.host.KINDS`.
            text: what was seen.
            level: how grave; None: as usual for its kind.
        """
        if self.desks:
            self._handed_over.append(host_notice(kind, text, self._clock.now_ms(), level))
            self._wake.set()

    def ticked(self, problems: Sequence[str]) -> None:
        """A tick was done."""
        for problem in problems:
            self.told_of("tick", problem)
        self._wake.set()

    def beside(self, spoken: Alerts) -> Alerts:
        """Alerts that stand in no journal: said as before, and handed over."""
        return _Beside(spoken, self)

    def wake(self) -> None:
        """There may be something to tell."""
        self._wake.set()

    @property
    def at_work(self) -> bool:
        """Whether its thread still runs."""
        return self._thread is not None and self._thread.is_alive()

    def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Tell the rest, for a bounded time. From then on the account's letters belong to the next office."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)
            # A thread that still waits for a server writes no more when it is answered: it would put letters back that
            # the next office has sent. What it is just writing, it may finish.
            self._over.set()
            if self._files.acquire(timeout=FINISHING_SECONDS):
                self._files.release()

    # --- in the thread ------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._closing.is_set():
            self._guarded(self.look)
            self._guarded(self._send)
            self._wake.wait(LOOK_SECONDS)
            self._wake.clear()
        self._guarded(self.look)
        until = time.monotonic() + CLOSING_SECONDS
        self._guarded(lambda: self._send(lambda: time.monotonic() >= until))

    def _guarded(self, step: Callable[[], object]) -> None:
        """Do something whose failure is said, and changes nothing else."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - nothing that is wrong with mail may end a process that guards money
            text = f"people cannot be told: {type(error).__name__}: {error}"
            if text not in self._complained:
                self._complained = {*self._complained, text} if len(self._complained) < _MOST_COMPLAINTS else {text}
                self._report(text)

    def _load(self) -> None:
        self._told, problem = load(self._folder)
        if problem:
            self._report(problem)
        if not self._follows:
            self._told.seq = -1
        if self._told.seq is None:
            last = tail(self._journal, 1)
            self._told.seq = last[0].seq if last else -1
            run, end = last_of(self._journal, "run"), last_of(self._journal, "run_end")
            running = run is not None and (end is None or end.seq < run.seq)
            self._told.memory = Memory(running=running)
            self._changed = True
        elif self._follows:
            self._skip_what_is_too_much()
        for desk in self.desks if self._sends else ():
            desk.spool.tidy()

    def _skip_what_is_too_much(self) -> None:
        last = tail(self._journal, 1)
        behind = last[0].seq - (self._told.seq or 0) if last else 0
        if behind > MOST_BEHIND:
            self._told.seq, self._changed = last[0].seq - MOST_BEHIND, True
            self._report(
                f"nobody was told of {behind - MOST_BEHIND:,} old lines of the journal: vigie journal has them"
            )

    def look(self) -> None:
        """Make letters of what is new; whatever goes wrong with one thing, the others are told."""
        with self._files:
            if not self._over.is_set():
                self._look()

    def _look(self) -> None:
        if self._follows:
            self._guarded(self._read_journal)
        while self._handed_over:
            notice = self._handed_over.popleft()
            self._guarded(partial(self._take, notice))
        for desk in self.desks if self._follows else ():
            self._guarded(partial(self._daily, desk))
        if self._changed and self._sends:
            # A letter is on the disk before the line that it tells of counts as told.
            self._changed = False
            self._guarded(lambda: save(self._folder, self._told))

    def _read_journal(self) -> None:
        files = segments(self._journal)
        size = sum(path.stat().st_size for path in files[-2:])
        if size == self._size and self._told.seq is not None:
            return
        for line in newer(self._journal, -1 if self._told.seq is None else self._told.seq):
            if line.seq > 0:
                # A line that no template understands keeps none of the later ones from being told.
                self._guarded(partial(self._tell_line, line))
            self._told.seq, self._changed = line.seq, True
        self._size = size

    def _tell_line(self, line: Line) -> None:
        entry = entry_of(line)
        before, self._told.memory = self._told.memory, self._told.memory.after(entry)
        for number, notice in enumerate(notices_of(entry, before)):
            self._take(notice, f"{self._account}-{entry.seq}-{number}")

    def _take(self, notice: Notice, letter_id: str = "") -> None:
        self._count += 1
        name = letter_id or f"{self._account}-host-{notice.at}-{os.getpid()}-{self._count}"
        routine = self._once and notice.family == "runs" and notice.level is Level.INFO
        # Nobody was told for long, or mail was switched on again: that is no news any more, and not forgotten either.
        routine |= self._clock.now_ms() - notice.at > STALE_MS and notice.level is not Level.CRITICAL
        for desk in self.desks:
            desk.take(notice, name, self._told.desk(desk.post.name), routine=routine)
        self._changed = True

    def _daily(self, desk: Desk) -> None:
        state = self._told.desk(desk.post.name)
        day = (self._clock.now_ms() - desk.post.digest_hour * 3_600_000) // DAY_MS
        if state.digest_day is None or day < state.digest_day:
            state.digest_day, self._changed = day, True
        if day == state.digest_day:
            return
        from vigie.app.alerts.daily import daily_letter  # pillow and more: once a day

        if desk.post.daily or state.digest:
            desk.put(daily_letter(self._home, self._account, state.digest, self._clock.now_ms(), day))
        state.digest, state.digest_day, self._changed = [], day, True

    def _send(self, enough: Callable[[], bool] = lambda: False) -> None:
        for desk in self.desks if self._sends else ():
            if desk.send(lambda: self._over.is_set() or enough()):
                with self._files:
                    if not self._over.is_set():
                        desk.write_status()


class _Beside:
    """Fulfils :class:`vigie.ports.alerts.Alerts` for guards and the watchdog: what they say stands in no journal."""

    def __init__(self, spoken: Alerts, office: PostOffice) -> None:
        self._spoken, self._office = spoken, office

    def tell(self, alert: AlertRaised) -> None:
        """Say it, and hand it over."""
        self._spoken.tell(alert)
        over = alert.topic.endswith(OVER)
        level = Level.INFO if over else Level.CRITICAL if alert.urgent else Level.WARNING
        self._office.told_of(alert.topic.removesuffix(OVER), alert.text, level)


@contextmanager
def post_office(
    home: Path,
    account: str,
    *,
    clock: Clock | None = None,
    report: Report = lambda _: None,
    environment: Mapping[str, str] | None = None,
    once: bool = False,
) -> Iterator[PostOffice]:
    """The post office of an account while a process runs it. Settings that cannot be used are said, and stop nothing.

    Args:
        home: the user's folder.
        account: whose.
        clock: now; None: the machine's.
        report: told what cannot be sent.
        environment: of the process, where passwords may be; None: its own.
        once: one of many short runs: their starts and ends are no news.
    """
    posts: list[Post] = []
    try:
        posts, problems = read_posts(home, environment)
    except VigieError as error:
        problems = [str(error)]
    for problem in problems:
        report(f"nobody is told by this channel: {problem}")
    with ExitStack() as stack:
        if posts:
            posts = _alone(stack, alerts_folder(home, account), posts, report)
        office = PostOffice(home, account, posts, clock=clock, report=report, once=once)
        office.open()
        try:
            yield office
        except VenueUnavailable as error:
            office.told_of("venue", str(error))
            raise
        except AccountLocked as error:
            office.told_of("lock", str(error))
            raise
        except VigieError as error:
            office.told_of("start", str(error))
            raise
        except Exception as error:
            office.told_of("crash", f"{type(error).__name__}: {error}")
            raise
        finally:
            office.close()


@contextmanager
def office_beside(home: Path, account: str, report: Report = lambda _: None) -> Iterator[PostOffice]:
    """The post office of a process beside the engine: it follows no journal. Of several at a time one sends for all.

    Args:
        home: the user's folder.
        account: that is watched.
        report: told what cannot be sent.
    """
    posts: list[Post] = []
    try:
        posts, problems = read_posts(home)
    except VigieError as error:
        problems = [str(error)]
    for problem in problems:
        report(f"nobody is told by this channel: {problem}")
    with ExitStack() as stack:
        sends = bool(posts) and bool(_alone(stack, alerts_folder(home, account) / BESIDE, posts, report))
        office = PostOffice(home, account, posts, report=report, beside=True, sends=sends)
        office.open()
        try:
            yield office
        finally:
            office.close()


def _alone(stack: ExitStack, folder: Path, posts: list[Post], report: Report) -> list[Post]:
    """The channels, if no other process tells people of this account."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stack.enter_context(locked(folder / "lock", wait=False))
    except BlockingIOError:
        return []
    except OSError as error:
        report(f"{folder}: cannot be written ({error.strerror or error}): nobody is told")
        return []
    return posts


def letters_waiting(home: Path, account: str) -> dict[str, list[Letter]]:
    """What waits, by channel, for those who only look."""
    from vigie.adapters.storage.spool import Spool
    from vigie.app.alerts.found import names

    folder = alerts_folder(home, account)
    return {
        name: [one for place in (folder, folder / BESIDE) for one in Spool(place / name / "spool").waiting()]
        for name in names()
    }
