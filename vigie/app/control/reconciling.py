"""``vigie reconcile``: state, journal and venue held against each other, and put right as policies allow.

With an engine at work it is asked by letter and answers through the journal; without one the command takes the lock and
does it itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.account_lock import holder_of
from vigie.adapters.storage.journal_files import newer, tail
from vigie.adapters.storage.journal_search import last_of
from vigie.adapters.storage.letter_box import LetterBox
from vigie.app.accounts import account_folder
from vigie.app.control.halting import require_started
from vigie.app.settings import AccountSettings, account_settings
from vigie.app.status.standing import halting
from vigie.app.trading.live import affirm
from vigie.app.trading.setups import plan_of
from vigie.app.wiring import Place, Report, attending
from vigie.decision.profile import Plan
from vigie.domain.errors import ConfigError, InvariantBroken, VenueUnavailable, VigieError
from vigie.domain.events import Disagreement, RequestObeyed
from vigie.domain.pair import Pair
from vigie.domain.portfolio import Portfolio, folded
from vigie.domain.record import from_json
from vigie.domain.timeframe import Timeframe
from vigie.engine.books import Books
from vigie.engine.cycle import World
from vigie.engine.desk import Desk
from vigie.engine.limits import Limits
from vigie.engine.plans import Plans
from vigie.engine.protection import Guardian
from vigie.engine.reconcile import DifferenceKind
from vigie.engine.recovery import restore
from vigie.engine.remedies import Policy, policies, words
from vigie.engine.repair import Reconciler, Rooms
from vigie.engine.setup import Setup
from vigie.ports.clock import Clock
from vigie.ports.controls import Request

SCHEMA = "vigie.reconcile/1"
STOP_FRACTION = "stop_fraction"
DEFAULT_STOP_FRACTION = 0.05
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ReconcileRequest:
    """What to do.

    Attributes:
        home: the user's folder.
        account: its name.
        apply: put right what policies allow; False: only tell.
        policies: by kind, as text; over those of ``vigie.toml``.
        wait: seconds for which an engine's answer is waited for.
        understood: the name of a live account again, where something is to be done there without an engine.
        place: where requests go.
    """

    home: Path
    account: str
    apply: bool = False
    policies: Mapping[str, str] = field(default_factory=dict)
    wait: float = 90.0
    understood: str | None = None
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came of it.

    Attributes:
        account: its name.
        applied: policies were followed.
        by_engine: a running engine did it.
        rows: what does not agree, or did not.
        code: what `vigie resume --confirm` has to repeat; empty: nothing is halted.
    """

    account: str
    applied: bool
    by_engine: bool
    rows: tuple[Disagreement, ...]
    code: str

    @property
    def clean(self) -> bool:
        """Nothing is left that does not agree."""
        return all(one.done for one in self.rows)

    def document(self) -> dict[str, Any]:
        """Of JSON's own types."""
        return {
            "schema": SCHEMA,
            "account": self.account,
            "applied": self.applied,
            "by_engine": self.by_engine,
            "clean": self.clean,
            "differences": [
                {
                    "kind": one.kind,
                    "subject": one.subject,
                    "ours": one.ours,
                    "theirs": one.theirs,
                    "text": one.text,
                    "policy": one.policy,
                    "outcome" if self.applied else "would": one.outcome,
                    "settled": one.done,
                }
                for one in self.rows
            ],
            "resume_code": self.code or None,
        }


def reconcile(
    request: ReconcileRequest,
    *,
    clock: Clock | None = None,
    venue_clock: Clock | None = None,
    report: Report = lambda _: None,
    waiting: Report = lambda _: None,
) -> Reconciliation:
    """Compare, and put right what is allowed.

    Args:
        request: what to do.
        clock: now, and waiting; None: the machine's.
        venue_clock: what its venue goes by if that is a simulated exchange with a time of its own; None: `clock`.
        report: told what happened on the way.
        waiting: told who is asked, before it is.

    Raises:
        AccountLocked: another process holds the account, and it is no engine.
        ConfigError: a policy or a setting that cannot be, keys that are missing, or an account that never began.
        InvariantBroken: the journal is damaged.
        VenueUnavailable: the venue does not answer, or the engine has not answered yet.
    """
    time, folder = clock or SystemClock(), account_folder(request.home, request.account)
    settings, mode = settings_of_run(request.home, request.account)
    chosen, fraction = chosen_policies(settings, request.policies)
    held = holder_of(folder)
    if held is not None:
        waiting(f"asking {held} to do it at its next tick")
        rows = _asked(request, chosen, fraction, time)
        by_engine = True
    else:
        if mode == "live":
            waiting(f"asking {request.place.base_url or settings.venue} for the account")
        rows = _done_here(request, settings, mode, chosen, fraction, venue_clock or time, report)
        by_engine = False
    code = halting(request.home, request.account).code
    return Reconciliation(request.account, request.apply, by_engine, rows, code)


def chosen_policies(settings: AccountSettings, said: Mapping[str, str]) -> tuple[dict[DifferenceKind, Policy], float]:
    """Policies by kind, the command line over the file over the careful defaults; and how far away adopted stops lie.

    Raises:
        ConfigError: a kind or a policy that does not exist.
    """
    told = {**settings.reconcile, **said}
    text = told.pop(STOP_FRACTION, str(DEFAULT_STOP_FRACTION))
    problems = list[str]()
    try:
        fraction = float(text)
    except ValueError:
        fraction = 0.0
    if not 0.0 < fraction < 1.0:
        problems.append(f"[accounts.{settings.name}.reconcile] {STOP_FRACTION} is '{text}', not between 0 and 1")
    found: dict[DifferenceKind, Policy] = {}
    try:
        found = policies(told, f"[accounts.{settings.name}.reconcile] " if not said else "")
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(problems)
    return found, fraction


def settings_of_run(home: Path, account: str) -> tuple[AccountSettings, str]:
    """An account as it ran last, whatever the file says today: its orders have the ids of that run. And its mode.

    Raises:
        ConfigError: it never began.
        InvariantBroken: its journal is damaged.
    """
    line = last_of(account_folder(home, account) / "journal", "run")
    if line is None:
        raise ConfigError(f"account {account} has never run: there is nothing to reconcile")
    run, written = line.fields, account_settings(home, account)
    numbers = {str(name): str(value) for name, value in run.get("numbers", {}).items()}
    ran = replace(
        written,
        strategy=str(run["strategy"]),
        profile=str(run["profile"]),
        timeframe=Timeframe.parse(str(run["timeframe"])),
        pairs=tuple(sorted(Pair.parse(str(one)) for one in run["pairs"])),
        parameters=numbers,
        capital=None,
    )
    return ran, str(run["mode"])


# --- with an engine ---------------------------------------------------------------------------------------------------


def _asked(
    request: ReconcileRequest, chosen: Mapping[DifferenceKind, Policy], fraction: float, clock: Clock
) -> tuple[Disagreement, ...]:
    folder = account_folder(request.home, request.account)
    found = tail(folder / "journal", 1)
    after = found[0].seq if found else 0
    letter = LetterBox(folder / "requests", clock).ask(
        "reconcile",
        {
            "apply": "yes" if request.apply else "no",
            "policies": ",".join(f"{kind.value}={policy.value}" for kind, policy in chosen.items()),
            STOP_FRACTION: repr(fraction),
        },
    )
    until = clock.now_ms() + round(request.wait * 1000)
    while clock.now_ms() < until:
        answer = _answer(folder, after, letter)
        if answer is not None:
            return answer
        clock.sleep(LOOK_SECONDS)
    raise VenueUnavailable(
        f"the engine of {request.account} has not answered within {request.wait:.0f} s; it was asked, and does it at "
        f"its next tick: vigie journal --account {request.account} --kind reconcile"
    )


def _answer(folder: Path, after: int, letter: Request) -> tuple[Disagreement, ...] | None:
    """What the engine wrote under the letter's id; None: nothing yet.

    Raises:
        VigieError: it could not do what the letter says.
    """
    lines = [line for line in newer(folder / "journal", after) if line.kind in ("reconcile", RequestObeyed.KIND)]
    obeyed = [line for line in lines if line.fields.get("request_id") == letter.request_id]
    if not any(line.kind == RequestObeyed.KIND for line in obeyed):
        return None
    for line in obeyed:
        if line.kind == "reconcile":
            return tuple(from_json(Disagreement, row) for row in line.fields.get("rows", ()))
    raise VigieError(f"the engine: {obeyed[0].fields.get('outcome', 'did not understand')}")


# --- without one ------------------------------------------------------------------------------------------------------


def _done_here(
    request: ReconcileRequest,
    settings: AccountSettings,
    mode: str,
    chosen: Mapping[DifferenceKind, Policy],
    fraction: float,
    clock: Clock,
    report: Report,
) -> tuple[Disagreement, ...]:
    if request.apply:
        require_started(request.home, request.account)
        if mode == "live":
            affirm(request.account, request.understood, os.environ)
    made = _plan(settings, request.home)
    with attending(
        settings, made, mode, home=request.home, clock=clock, place=request.place, report=report
    ) as (setup, world):  # fmt: skip
        account, state = _restored(world, chosen[DifferenceKind.STATE])
        reconciler = Reconciler(_rooms(setup, world, account), stop_fraction=fraction, patient=True)
        if not request.apply:
            return (*state, *reconciler.plan(chosen))
        if state and state[0].policy == Policy.ADOPT.value:
            state = (_mended(world, account, state[0]),)
        elif state:
            # Nothing is put right on books that do not agree with themselves.
            return state
        rows = reconciler.apply(chosen)
        world.store.save(reconciler.portfolio)
        return (*state, *rows)


def _plan(settings: AccountSettings, home: Path) -> Plan:
    """The plan of the last run; where its numbers cannot be read any more, that of the file."""
    try:
        return plan_of(settings, home)
    except ConfigError:
        return plan_of(replace(settings, parameters=account_settings(home, settings.name).parameters), home)


def _restored(world: World, policy: Policy) -> tuple[Portfolio, tuple[Disagreement, ...]]:
    """The account as the journal has it, and what the snapshot says otherwise.

    Raises:
        InvariantBroken: the journal is damaged, or does not say how the account began.
    """
    try:
        found = restore(world.journal, world.store)
    except InvariantBroken as error:
        whole = folded((one.seq, one.at, one.event) for one in world.journal.read())
        if not whole.quote:
            raise
        return whole, (_state_row(str(error), whole.seq, policy),)
    if not found.damaged:
        return found.portfolio, ()
    return found.portfolio, (_state_row("; ".join(found.steps), found.portfolio.seq, policy),)


def _state_row(text: str, lines: int, policy: Policy) -> Disagreement:
    kind = DifferenceKind.STATE
    return Disagreement(kind.value, "state.json", Decimal(0), Decimal(lines), text, policy.value, words(kind, policy))


def _mended(world: World, account: Portfolio, row: Disagreement) -> Disagreement:
    """The snapshot and the heartbeat as the journal has it: the next start believes them."""
    world.store.save(account)
    world.controls.beat({"tick": "reconcile", "seq": account.seq})
    return replace(row, outcome=f"made anew from {account.seq:,} lines of the journal", done=True)


def _rooms(setup: Setup, world: World, account: Portfolio) -> Rooms:
    books = Books(world.journal, world.clock, account)
    desk = Desk(setup, books, world.broker, world.controls, world.clock, world.feed)
    guardian = Guardian(Plans(setup, books), books, desk, world.broker, world.feed)
    limits = Limits(setup, books, desk, world.controls, world.clock)
    return Rooms(
        setup, books, desk, guardian, limits, world.broker, world.feed, world.clock, world.journal, world.controls
    )
