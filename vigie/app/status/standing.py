"""What can be known of an account without its engine: snapshot, the journal's tail, halts, heartbeat, lock, requests.

Nothing here writes, waits for a lock, or needs a network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage import heartbeat, kill_switch, receipts
from vigie.adapters.storage.account_lock import Holder, holder_of
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.journal import entry_of
from vigie.adapters.storage.journal_files import newer, tail
from vigie.adapters.storage.journal_search import backwards_with, kind_mark, last_of
from vigie.adapters.storage.letter_box import LetterBox
from vigie.adapters.storage.state_file import StateFile
from vigie.app.accounts import account_folder, state_folder
from vigie.domain.confirmation import resume_code
from vigie.domain.errors import ConfigError, InvariantBroken
from vigie.domain.holdings import Latch
from vigie.domain.portfolio import Portfolio, folded
from vigie.ports.controls import Request

MOST_FOLDED = 5_000
"""Lines behind the snapshot that are folded while somebody waits; more say that no engine has saved for long."""
_LINES_FOR_PRICES = 400
SAME_CLOCK_MS = 60_000
"""Two readings of one clock in one breath are not further apart: what is, was read from two."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as its files tell it.

    Attributes:
        account: its name.
        now: epoch milliseconds, by the clock that the engine goes by: a replay and a rehearsal at a simulated exchange
            have a time of their own, which stands still when nobody moves it.
        portfolio: snapshot carried on by the journal; None: there is none that can be read.
        settled: as of the end of the last whole tick; while an engine works, what is between two is no trouble yet.
        damage: what could not be read, sentences.
        run: fields of the last line that a process wrote when it took the account; empty: none ever did.
        ended: why that process let it go; None: it did not say so.
        pulse: the last heartbeat; None: none that can be read.
        pulse_age: seconds since then by the machine's clock; None: there is none.
        holder: who holds the account now; None: nobody.
        kill_switch: why all accounts are halted; None: they are not.
        latches: of this account, from the disk and from the books.
        code: what `vigie resume --confirm` has to repeat; empty: nothing is halted.
        stopped: why it was stopped on purpose; None: it was not.
        requests: what waits in its box.
        closes: last known close by pair, quote.
        last_seq: of the journal; -1: there is none.
        receipt: what the last run of its process did; empty: nothing says so.
        room: why nothing new can be bought for want of room on the disk; empty: there is room.
        here: epoch milliseconds by the machine's clock.
    """

    account: str
    now: int
    portfolio: Portfolio | None
    settled: Portfolio | None
    damage: tuple[str, ...]
    run: Mapping[str, Any]
    ended: str | None
    pulse: heartbeat.Heartbeat | None
    pulse_age: float | None
    holder: Holder | None
    kill_switch: str | None
    latches: Mapping[str, Latch]
    code: str
    stopped: str | None
    requests: tuple[Request, ...] = ()
    closes: Mapping[str, float] = field(default_factory=dict)
    last_seq: int = -1
    receipt: Mapping[str, Any] = field(default_factory=dict)
    room: str = ""
    here: int = 0

    @property
    def mode(self) -> str:
        """``paper``, ``live`` or ``replay``; by its name before the first run."""
        return str(self.run.get("mode") or self.account.partition("-")[0])


@dataclass(frozen=True, slots=True)
class Halting:
    """What halts an account. See `Standing` for its attributes."""

    kill_switch: str | None
    latches: Mapping[str, Latch]
    code: str


def books(home: Path, account: str) -> Portfolio | None:
    """The snapshot carried on by the journal; None: there is none that can be read.

    Raises:
        ConfigError: a later vigie wrote the state.
    """
    folder = account_folder(home, account)
    return _carried_on(folder, StateFile(folder / "state.json", account).load().portfolio, [])


def halting(home: Path, account: str) -> Halting:
    """What halts an account and no more: who is about to halt one does not wait for the rest.

    Raises:
        ConfigError: a later vigie wrote the state.
    """
    return _halting(home, account, books(home, account))


def _halting(home: Path, account: str, portfolio: Portfolio | None) -> Halting:
    latches = latches_of(account_folder(home, account), portfolio)
    code = resume_code(account, latches, kill_switch.identity(state_folder(home)))
    return Halting(kill_switch.reason_to_halt(state_folder(home)), latches, code)


def look(home: Path, account: str) -> Standing:
    """Read everything once.

    Raises:
        ConfigError: a later vigie wrote the state.
    """
    folder, clock, damage = account_folder(home, account), SystemClock(), list[str]()
    snapshot = StateFile(folder / "state.json", account).load()
    damage += snapshot.problems
    portfolio = _carried_on(folder, snapshot.portfolio, damage)
    holder = holder_of(folder)
    reader = _Reader(folder / "journal", damage)
    run, end = reader.last("run"), reader.last("run_end")
    fields: Mapping[str, Any] = run.fields if run is not None else {}
    pulse = heartbeat.read(folder)
    replayed = fields.get("mode") == "replay"
    now, age, here = _times(folder, pulse, clock.now_ms(), replayed=replayed)
    halted = _halting(home, account, portfolio)
    ended = run is not None and end is not None and end.seq > run.seq
    return Standing(
        account=account,
        now=now,
        portfolio=portfolio,
        settled=portfolio if holder is None else snapshot.portfolio or portfolio,
        damage=tuple(damage),
        run=fields,
        ended=str(end.fields.get("reason", "")) if ended and end is not None else None,
        pulse=pulse,
        pulse_age=age,
        holder=holder,
        kill_switch=halted.kill_switch,
        latches=halted.latches,
        code=halted.code,
        stopped=Halts(folder, clock).stopped(),
        requests=LetterBox(folder / "requests", clock).peek(),
        closes=reader.closes(() if portfolio is None else tuple(portfolio.holdings)),
        last_seq=reader.last_seq(),
        receipt=next(iter(receipts.last(folder / receipts.FOLDER)), {}),
        room="" if replayed else _room(home, folder),
        here=here,
    )


def _room(home: Path, folder: Path) -> str:
    """Why nothing new can be bought for want of room; a disk that is full tells nobody by a file."""
    from shutil import disk_usage  # with three packers behind it: who halts does not wait for them

    from vigie.app.watch.settings import watch_settings

    try:
        free, critical = disk_usage(folder).free / 1e6, watch_settings(home).disk_critical_mb
    except (OSError, ConfigError):
        return ""
    return f"disk: {free:.1f} MB are free, nothing new is bought below {critical:g} MB" if free < critical else ""


def latches_of(folder: Path, portfolio: Portfolio | None) -> dict[str, Latch]:
    """Latches of the books and of the disk; where both know one, as the disk has it."""
    return {**({} if portfolio is None else portfolio.latches), **Halts(folder, SystemClock()).latches()}


def _times(
    folder: Path, pulse: heartbeat.Heartbeat | None, here: int, *, replayed: bool
) -> tuple[int, float | None, int]:
    """The account's present instant, seconds since the heartbeat, and the machine's present instant.

    Whether a process lives is judged by the machine's clock; whether a decision is late, by the clock that it goes by.
    """
    if pulse is None:
        return here, None, here
    written = pulse.written_at
    if written is None:
        written = _written_at(folder) if replayed else pulse.at
    simulated = replayed or abs(pulse.at - written) > SAME_CLOCK_MS
    return (pulse.at if simulated else here), max(0.0, (here - written) / 1000), here


def _written_at(folder: Path) -> int:
    """When the heartbeat's file was written: a replay writes its own time into it."""
    try:
        return (folder / heartbeat.NAME).stat().st_mtime_ns // 1_000_000
    except OSError:
        return 0


def _carried_on(folder: Path, snapshot: Portfolio | None, damage: list[str]) -> Portfolio | None:
    """The snapshot with what the journal has behind it."""
    start = snapshot or Portfolio()
    try:
        lines = [line for line in newer(folder / "journal", start.seq) if line.seq > 0]
        if not lines:
            return _checked_end(folder, snapshot, damage)
        if len(lines) > MOST_FOLDED:
            damage.append(f"the snapshot is {len(lines):,} lines behind the journal: vigie journal rebuild mends it")
            return snapshot
        entries = map(entry_of, lines)
        return folded(((one.seq, one.at, one.event) for one in entries), start)
    except InvariantBroken as error:
        damage.append(str(error))
        return snapshot


def _checked_end(folder: Path, snapshot: Portfolio | None, damage: list[str]) -> Portfolio | None:
    if snapshot is not None and snapshot.seq > _end(folder):
        damage.append(f"the snapshot knows line {snapshot.seq}, the journal ends at {_end(folder)}: lines are lost")
    return snapshot


def _end(folder: Path) -> int:
    found = tail(folder / "journal", 1)
    return found[0].seq if found else -1


@dataclass(frozen=True, slots=True)
class _Reader:
    """Looks for lines; what is damaged is told once and is missing."""

    folder: Path
    damage: list[str]

    def last(self, kind: str) -> Any:  # noqa: ANN401, RUF100 - a line or None
        try:
            return last_of(self.folder, kind)
        except InvariantBroken as error:
            self._told(error)
            return None

    def last_seq(self) -> int:
        try:
            found = tail(self.folder, 1)
        except InvariantBroken as error:
            self._told(error)
            return -1
        return found[0].seq if found else -1

    def closes(self, pairs: tuple[str, ...]) -> dict[str, float]:
        """The close of the last candle that was decided on, for each pair."""
        found: dict[str, float] = {}
        if not pairs:
            return found
        try:
            for line in islice(backwards_with(self.folder, [kind_mark("decision")]), _LINES_FOR_PRICES):
                pair, close = line.fields.get("pair"), line.fields.get("numbers", {}).get("close")
                if pair in pairs and pair not in found and isinstance(close, int | float):
                    found[pair] = float(close)
                if len(found) == len(pairs):
                    break
        except InvariantBroken as error:
            self._told(error)
        return found

    def _told(self, error: InvariantBroken) -> None:
        if str(error) not in self.damage:
            self.damage.append(str(error))
