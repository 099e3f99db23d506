"""Parameters looked for anew, on schedule: ``walk-forward`` in processes of its own, never in the one that trades.

What passes every gate is a proposal: a certificate that nothing trades by until somebody takes it, or the settings say
that nobody has to. Positions keep the plan under which they were opened (docs/adr/0005).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.priority import step_back
from vigie.adapters.storage.atomic import write_atomically
from vigie.adapters.storage.locks import locked
from vigie.app.accounts import account_folder
from vigie.app.program import begin_beside, end_beside, own_program, without_keys
from vigie.app.research.certificates import take
from vigie.app.settings import FILE as TOML
from vigie.app.settings import AccountSettings, account_settings
from vigie.app.trading.reoptimise_settings import Reoptimise
from vigie.domain.errors import CheckFailed, ConfigError, VigieError
from vigie.ports.clock import Clock

FILE = "reoptimise.json"
PROPOSAL, SEARCH = "proposal", "search"
"""Kinds of what is told (`vigie.reporting.notices.families.host`)."""
Report = Callable[[str], None]
Call = Callable[[Sequence[str]], tuple[int, str, str]]
"""Runs vigie with some words: exit code, stdout, stderr."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the last search.

    Attributes:
        started_at: epoch milliseconds.
        ended_at: epoch milliseconds; None: it runs, or died.
        text: a sentence.
        certificate: its name; None: no point passed every gate.
        taken: live trading goes by it.
    """

    started_at: int
    ended_at: int | None = None
    text: str = ""
    certificate: str | None = None
    taken: bool = False


def read_outcome(home: Path, account: str) -> Outcome | None:
    """What came of the last search; None: there was none, or its file says nothing."""
    try:
        return Outcome(**json.loads((account_folder(home, account) / FILE).read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _write(home: Path, account: str, outcome: Outcome) -> None:
    write_atomically(account_folder(home, account) / FILE, json.dumps(asdict(outcome)).encode() + b"\n")


def words_of(settings: AccountSettings, arguments: Sequence[str]) -> list[str]:
    """The walk-forward of an account, as a command line would say it."""
    said = ["--strategy", settings.strategy, "--profile", settings.profile, "--timeframe", str(settings.timeframe)]
    said += ["--pairs", ",".join(map(str, settings.pairs))]
    said += ["--capital", settings.capital] if settings.capital is not None else []
    said += [word for name, value in settings.parameters.items() for word in ("--param", f"{name}={value}")]
    return ["walk-forward", *said, *arguments, "--propose", "--json", "--quiet"]


def reoptimise(
    home: Path,
    settings: AccountSettings,
    *,
    auto_promote: bool,
    clock: Clock,
    call: Call | None = None,
) -> Outcome:
    """Fetch candles, walk forward, and propose what passes; the calling process should have a low priority.

    Args:
        home: the user's folder.
        settings: of the account.
        auto_promote: take it, too.
        clock: now.
        call: runs vigie; None: in a child process.

    Raises:
        CheckFailed: another search for this account is under way.
        OSError: the outcome cannot be written.
    """
    folder = account_folder(home, settings.name)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(folder / "reoptimise.lock", wait=False):
            started = clock.now_ms()
            _write(home, settings.name, Outcome(started))
            text, certificate, taken = _searched(home, settings, auto_promote, call or _called(home))
            done = Outcome(started, clock.now_ms(), text, certificate, taken)
            _write(home, settings.name, done)
            return done
    except BlockingIOError:
        raise CheckFailed(f"another search for {settings.name} is under way") from None


def _searched(home: Path, settings: AccountSettings, auto_promote: bool, call: Call) -> tuple[str, str | None, bool]:
    arguments = settings.reoptimise.arguments if settings.reoptimise is not None else ()
    if not any(one.partition("=")[0] == "--data" for one in arguments):
        pairs = ",".join(map(str, settings.pairs))
        words = ["data", "download", "--exchange", settings.venue, "--timeframe", str(settings.timeframe)]
        code, _, err = call([*words, "--pairs", pairs, "--quiet"])
        if code:
            return f"the candles could not be fetched: {_last_line(err)}", None, False
    code, out, err = call(words_of(settings, arguments))
    if code == CheckFailed.exit_code:
        return "no parameters passed every gate: nothing is proposed", None, False
    name = _certificate(out) if code == 0 else None
    if name is None:
        return f"walk-forward failed with {code}: {_last_line(err)}", None, False
    if not auto_promote:
        return f"{name} passed every gate: vigie certificate promote {name} takes it", name, False
    try:
        take(home, name)
    except (VigieError, OSError) as error:
        return f"{name} passed every gate and could not be taken: {error}", name, False
    return f"{name} passed every gate and is taken: it holds for positions opened from now on", name, True


def _certificate(out: str) -> str | None:
    try:
        name = json.loads(out)["certificate"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) else None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word"])[-1][:300]


def _called(home: Path) -> Call:
    def call(words: Sequence[str]) -> tuple[int, str, str]:
        done = subprocess.run(  # noqa: S603 - our own program, words of our own settings
            [str(own_program()), *words],
            env=without_keys(os.environ, home),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    return call


class Reoptimiser:
    """Starts searches when they are due, beside an engine, and tells what came of them. Never raises."""

    def __init__(
        self,
        home: Path,
        account: str,
        settings: Reoptimise | None,
        clock: Clock,
        tell: Callable[[str, str], None],
        report: Report = lambda _: None,
        program: Sequence[str] | None = None,
    ) -> None:
        """Make ready.

        Args:
            home: the user's folder.
            account: its name.
            settings: when, and how; None: never.
            clock: now.
            tell: takes what came of it: a kind and a sentence.
            report: told what goes wrong here.
            program: vigie; None: the one that runs now.
        """
        self._home, self._account, self._settings = home, account, settings
        self._clock, self._tell, self._report = clock, tell, report
        self._program = tuple(program or (str(own_program()),))
        self._child: subprocess.Popen[bytes] | None = None
        self._trouble = ""
        last = read_outcome(home, account)
        self._told_at = None if last is None else last.ended_at

    def look(self) -> None:
        """Start what is due, tell what has ended; at each tick."""
        if self._settings is None:
            return
        try:
            self._look(self._settings)
        except (OSError, VigieError, ValueError) as error:
            # Said once: the tick that follows will find the same.
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._report(f"the search for parameters: {error}")

    def _look(self, settings: Reoptimise) -> None:
        code = None if self._child is None else self._child.poll()
        found = read_outcome(self._home, self._account)
        if code is not None:
            self._child = None
            if found is None or found.ended_at is None:
                self._tell(SEARCH, f"{self._account}: the search for parameters ended with {code}")
        if found is not None and found.ended_at not in (None, self._told_at):
            # Whoever searched: this engine's child, that of one before it, or a person.
            self._told_at = found.ended_at
            self._tell(PROPOSAL if found.certificate else SEARCH, f"{self._account}: {found.text}")
        if self._child is None and self._due(settings, found):
            self._start()

    def close(self) -> None:
        """End a search that is under way; it comes again when it is due next."""
        child, self._child = self._child, None
        end_beside(child)

    def _due(self, settings: Reoptimise, last: Outcome | None) -> bool:
        now = self._clock.now_ms()
        if last is None:
            # Counted from now on: nobody wants a search because an account was begun.
            self._told_at = now
            _write(self._home, self._account, Outcome(now, now))
            return False
        return last.started_at < settings.last_due(now)

    def _start(self) -> None:
        # On disk first: what kills its child is not started again at each tick.
        _write(self._home, self._account, Outcome(self._clock.now_ms()))
        self._child = begin_beside([*self._program, "reoptimise", "--account", self._account, "--quiet"], self._home)
        self._report(f"parameters are looked for anew, in process {self._child.pid}")


def outcome_document(account: str, done: Outcome) -> dict[str, Any]:
    """Of JSON's own types."""
    return {"schema": "vigie.reoptimise/1", "account": account, **asdict(done)}


def reoptimise_now(home: Path, account: str, *, auto_promote: bool) -> Outcome:
    """The same as the schedule does it, for who calls it by hand: this process steps back first.

    Args:
        home: the user's folder.
        account: its name.
        auto_promote: take what passes, whatever the settings say.

    Raises:
        CheckFailed: another search for this account is under way.
        ConfigError: settings that cannot be, or that say nothing of it.
        OSError: the outcome cannot be written.
    """
    settings = account_settings(home, account)
    if settings.reoptimise is None:
        raise ConfigError(f"{TOML} has no table [accounts.{account}.reoptimise]: docs/operating.md says what it holds")
    step_back()
    promote = auto_promote or settings.reoptimise.auto_promote
    return reoptimise(home, settings, auto_promote=promote, clock=SystemClock())
