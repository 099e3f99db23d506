"""What people do to an account: halt, pause, resume, close, stop, start. With an engine or without one.

Each of them is on the disk before it returns. If an engine holds the account it is asked by a letter and obeys within
one guard period; if nobody does, the command takes the lock, journals and latches itself. What needs the venue (a
sale) waits for the engine's next start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage import kill_switch
from vigie.adapters.storage.account_lock import AccountLock, holder_of
from vigie.adapters.storage.halts import Halts
from vigie.adapters.storage.journal import JsonlJournal
from vigie.adapters.storage.letter_box import LetterBox
from vigie.app.accounts import account_folder, known, others, state_folder
from vigie.app.status.standing import Halting, books, halting
from vigie.domain.confirmation import KILL_SWITCH, resume_code, spelled
from vigie.domain.errors import AccountLocked, ConfigError, VigieError
from vigie.domain.events import Event, Halted, RequestObeyed, Resumed
from vigie.domain.holdings import Latch
from vigie.domain.trading_mode import TradingMode, strictest

PERSON, PAUSE = "person", "pause"
ASKED = "asked: its engine obeys within one guard period (60 s)"
PENDING = "pending: no engine runs; it is done at the next start"
NO_ACCOUNT = "nothing that trades was halted: no account has begun in"
_TAKEN_BACK = ("liquidate", "close", "cancel-entries")
"""What waits for an engine and contradicts a resume."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to.

    Attributes:
        account: its name; empty: all.
        outcome: sentences.
        code: what would lift it; empty: nothing is halted.
    """

    account: str
    outcome: tuple[str, ...]
    code: str = ""


class Steering:
    """The files of one account, for who steers it from outside."""

    def __init__(self, home: Path, account: str) -> None:
        self.account, self.folder = account, account_folder(home, account)
        self.clock = SystemClock()
        self.halts = Halts(self.folder, self.clock)
        self.box = LetterBox(self.folder / "requests", self.clock)

    def latch(self, name: str, mode: TradingMode, reason: str) -> Latch:
        """Put a latch on the disk; one that is there stays as it is."""
        latch = Latch(mode.value, reason, self.clock.now_ms())
        found = self.halts.latches()
        if name in found:
            return found[name]
        self.halts.latch(name, latch)
        return latch

    def journal(self, *events: Event) -> bool:
        """Write events, unless an engine holds the account: then it writes its own.

        Returns:
            whether they were written.

        Raises:
            InvariantBroken: the journal is damaged.
            OSError: it cannot be written.
        """
        if holder_of(self.folder) is not None:
            return False
        try:
            with (
                AccountLock.take(self.folder, self.clock),
                JsonlJournal(self.folder / "journal", self.account, self.clock) as journal,
            ):
                journal.append(events)
                journal.sync()
        except AccountLocked:
            return False
        return True


def halt_everything(home: Path, reason: str, *, liquidate: bool, cancel_entries: bool) -> list[Done]:
    """Throw the kill switch, then tell every account. Nothing that fails after the switch undoes it.

    Raises:
        OSError: the switch cannot be thrown.
    """
    fresh = kill_switch.halt_first(state_folder(home), reason)
    stands = kill_switch.reason_to_halt(state_folder(home)) or ""
    names = known(home)
    # Without an account nothing else would show the code.
    said = ["halted: " + stands if fresh else "was halted already: " + stands]
    if not names:
        said.append(f"{NO_ACCOUNT} {home}; it holds those that begin. If yours is another home: VIGIE_HOME")
    code = "" if names else resume_code("", {}, kill_switch.identity(state_folder(home)))
    done = [Done("", tuple(said), code)]
    for name in names:
        try:
            outcome = _told(Steering(home, name), reason, liquidate=liquidate, cancel_entries=cancel_entries)
            done.append(Done(name, outcome, halting(home, name).code))
        except (VigieError, OSError) as error:
            done.append(Done(name, (f"halted by the kill switch; its own files: {error}",)))
    return done


def _told(one: Steering, reason: str, *, liquidate: bool, cancel_entries: bool) -> tuple[str, ...]:
    outcome = list(_letters(one, reason, liquidate=liquidate, cancel_entries=cancel_entries))
    if holder_of(one.folder) is not None:
        outcome.insert(0, "its engine looks at the kill switch before each send")
    elif KILL_SWITCH not in one.halts.latches():
        one.latch(KILL_SWITCH, TradingMode.HALTED, reason)
        one.journal(Halted(KILL_SWITCH, TradingMode.HALTED.value, reason))
        outcome.insert(0, "no engine runs; latched and journalled")
    return tuple(outcome)


def halt(home: Path, account: str, reason: str, *, liquidate: bool, cancel_entries: bool) -> Done:
    """Halt one account: a latch of its own.

    Raises:
        InvariantBroken: its journal is damaged; the latch stands.
        OSError: the latch cannot be written.
    """
    return _latched(home, account, PERSON, TradingMode.HALTED, "halt", reason, liquidate, cancel_entries)


def pause(home: Path, account: str, reason: str) -> Done:
    """No new entries; what is held is managed on.

    Raises:
        InvariantBroken: its journal is damaged; the latch stands.
        OSError: the latch cannot be written.
    """
    return _latched(home, account, PAUSE, TradingMode.REDUCE_ONLY, "pause", reason)


def _latched(
    home: Path,
    account: str,
    name: str,
    mode: TradingMode,
    kind: str,
    reason: str,
    liquidate: bool = False,
    cancel_entries: bool = False,
) -> Done:
    one = Steering(home, account)
    before = one.halts.latches()
    latch = one.latch(name, mode, reason)
    outcome = [f"{mode.value} since before: {latch.reason}" if name in before else f"{mode.value}: {reason}"]
    obeyed = RequestObeyed(f"{kind}-{latch.since}", kind, f"{mode.value}; no engine ran")
    if not one.journal(*(() if name in before else (Halted(name, mode.value, reason),)), obeyed):
        one.box.ask(kind, {"reason": reason})
        outcome.append(ASKED)
    outcome += _letters(one, reason, liquidate=liquidate, cancel_entries=cancel_entries)
    return Done(account, tuple(outcome), halting(home, account).code)


def _letters(one: Steering, reason: str, *, liquidate: bool, cancel_entries: bool) -> Sequence[str]:
    when = PENDING if holder_of(one.folder) is None else ASKED
    kinds = [kind for kind, wanted in (("cancel-entries", cancel_entries), ("liquidate", liquidate)) if wanted]
    for kind in kinds:
        one.box.ask(kind, {"reason": reason})
    return [f"{kind} {when}" for kind in kinds]


def resume(home: Path, account: str, code: str, reason: str) -> list[Done]:
    """Lift the kill switch and the latches of an account, exactly those that the code was made of.

    Returns:
        what came of it, and each other account that stays halted with its code as it is from now on.

    Raises:
        ConfigError: the code is not the one that is shown now.
        VigieError: the kill switch is a folder.
        InvariantBroken: the journal is damaged.
        OSError: something cannot be written.
    """
    standing = halting(home, account)
    if not standing.code:
        return [Done(account, ("nothing is halted",))]
    if code.upper() != standing.code:
        raise ConfigError(
            f"{code or 'no code'} is not the code of what halts {account} now: look at vigie status --account {account}"
        )
    outcome = _switched_on(home, standing)
    if standing.latches:
        outcome += _lifted(Steering(home, account), standing.latches, reason)
    left = _left(home, account, anew=standing.kill_switch is not None)
    return [Done(account, tuple(outcome)), *left]


def _left(home: Path, account: str, *, anew: bool) -> list[Done]:
    """Other accounts that a halt of all still holds by a latch of their own.

    Args:
        home: of the user.
        account: the one that was resumed.
        anew: the kill switch was lifted just now: the codes of all that are held have changed.
    """
    left = []
    for name in others(home, account):
        try:
            standing = halting(home, name)
        except (VigieError, OSError) as error:
            left.append(Done(name, (f"its own files: {error}",)))
            continue
        if standing.latches and (anew or KILL_SWITCH in standing.latches):
            mode = strictest({TradingMode(one.mode) for one in standing.latches.values()})
            by = ", ".join(sorted(standing.latches))
            left.append(Done(name, (f"stays {mode.value} by its own latch ({by})",), standing.code))
    return left


def resume_home(home: Path, code: str) -> Done:
    """Lift the kill switch of a home that has no account yet.

    Raises:
        ConfigError: the code is not the one that the halt showed.
        VigieError: the kill switch is a folder.
    """
    state = state_folder(home)
    wanted = resume_code("", {}, kill_switch.identity(state))
    if not wanted:
        return Done("", ("nothing is halted",))
    if code.upper() != wanted:
        raise ConfigError(f"{code or 'no code'} is not the code of this kill switch: vigie halt shows it once more")
    return Done("", tuple(_switched_on(home, Halting(kill_switch.reason_to_halt(state), {}, wanted))))


def _switched_on(home: Path, standing: Halting) -> list[str]:
    if standing.kill_switch is None:
        return []
    path = kill_switch.path_of(state_folder(home))
    try:
        kill_switch.lift(state_folder(home))
    except OSError as error:
        raise VigieError(f"{path} cannot be removed ({error.strerror or error}): remove it by hand") from error
    return [f"the halt of all accounts is lifted: {path} is gone"]


def _lifted(one: Steering, latches: Mapping[str, Latch], reason: str) -> list[str]:
    names = ", ".join(sorted(latches))
    events: list[Event] = [Resumed(name, reason) for name in sorted(latches)]
    back = [letter for letter in one.box.peek() if letter.kind in _TAKEN_BACK]
    events += [RequestObeyed(letter.request_id, letter.kind, "taken back by resume") for letter in back]
    if not one.journal(*events):
        one.box.ask("resume", {"latches": spelled(latches), "reason": reason})
        return [f"{names}: resume {ASKED}"]
    for name in latches:
        one.halts.lift(name)
    for letter in back:
        one.box.done(letter)
    return [f"lifted: {names}", *(f"{letter.kind} taken back" for letter in back)]


def close(home: Path, account: str, pair: str, reason: str) -> Done:
    """Ask for a position to be sold.

    Raises:
        ConfigError: it is not held.
        OSError: the request cannot be written.
    """
    portfolio = books(home, account)
    if portfolio is not None and pair not in portfolio.holdings:
        held = ", ".join(sorted(portfolio.holdings)) or "nothing"
        raise ConfigError(f"{account} does not hold {pair}; it holds {held}")
    one = Steering(home, account)
    one.box.ask("close", {"pair": pair, "reason": reason})
    return Done(account, (f"close {pair} {PENDING if holder_of(one.folder) is None else ASKED}",))


def stop(home: Path, account: str, reason: str) -> Done:
    """Set the marker that ends a running engine and keeps every start out.

    Raises:
        OSError: it cannot be written.
    """
    one = Steering(home, account)
    one.halts.stop(reason)
    holder = holder_of(one.folder)
    if holder is None:
        return Done(account, (f"stopped: every start ends with 78 until vigie start --account {account}",))
    return Done(account, (f"stopped: process {holder.pid} ends at its next tick; its stops stay at the venue",))


def start(home: Path, account: str) -> Done:
    """Take the marker away; starts no process.

    Raises:
        OSError: it cannot be removed.
    """
    one = Steering(home, account)
    if one.halts.stopped() is None:
        return Done(account, ("was not stopped",))
    one.halts.start()
    holder = holder_of(one.folder)
    if holder is not None:
        return Done(account, (f"may be started again, once process {holder.pid} has ended", _starts(account)))
    return Done(account, ("may be started again; nothing runs yet", _starts(account)))


def _starts(account: str) -> str:
    """What does start a process, for whoever thinks that ``vigie start`` did."""
    if account.startswith("replay-"):
        return f"to start it: vigie paper --replay --account {account}, with the other words that it had"
    unit = f"vigie-{account}"
    words = f"vigie {'live' if account.startswith('live-') else 'paper'} --account {account}"
    return f"to start it: {words} (kept by PM2: pm2 start {unit}; by systemd: systemctl start {unit})"


def stopped(home: Path, account: str) -> str | None:
    """Why an account was stopped on purpose; None: it was not. One look, for every tick of an engine."""
    return Steering(home, account).halts.stopped()


def require_started(home: Path, account: str) -> None:
    """What every start asks first.

    Raises:
        ConfigError: the account was stopped on purpose; supervisors are told not to try again by exit code 78.
    """
    why = stopped(home, account)
    if why is not None:
        raise ConfigError(f"account {account} was {why}: vigie start --account {account} lets it run again")
