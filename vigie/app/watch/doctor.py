"""``vigie doctor``: is everything there that trading needs? Asks, changes nothing, and works without a network.

Each check is a function that says what it found; what is missing has a hint. ``needed``: without it the account must
not trade; with ``go_live`` more is needed than for a look on paper.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage import kill_switch
from vigie.app.accounts import known, state_folder
from vigie.app.settings import account_names
from vigie.app.status.health import mode_of
from vigie.app.trading.live import PREFIX
from vigie.app.watch.checkup import account, machine, watchers
from vigie.app.watch.checkup.patient import FAIL, Check, Patient
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.instants import as_iso

SCHEMA = "vigie.doctor/1"


def examine(patient: Patient) -> dict[str, Any]:
    """All checks; a document of JSON's own types. Whatever a check stumbles over is a finding of its own."""
    checks = [one for name, ask in CHECKS.items() for one in _asked(name, ask, patient)]
    return {
        "schema": SCHEMA,
        "account": patient.account,
        "go_live": patient.go_live,
        "mode": _mode(patient),
        "at": as_iso(SystemClock().now_ms()),
        "ok": all(one.state != FAIL for one in checks),
        "checks": [{"name": one.name, "state": one.state, "text": one.text, "hint": one.hint} for one in checks],
    }


def _mode(patient: Patient) -> str | None:
    """What the account may do now, in the words of ``vigie status``: fit is not free. None: nobody can tell."""
    if not patient.folder.exists():
        return "halted" if kill_switch.reason_to_halt(state_folder(patient.home)) is not None else "active"
    try:
        standing = patient.standing
    except (VigieError, OSError):
        return None
    return "stopped" if standing.stopped is not None else mode_of(standing).value


def _asked(name: str, ask: Callable[[Patient], Check | list[Check]], patient: Patient) -> list[Check]:
    try:
        found = ask(patient)
    except (VigieError, OSError) as error:
        return [Check(name, FAIL, str(error), "mend what it says")]
    return found if isinstance(found, list) else [found]


def to_examine(home: Path, given: str | None, *, go_live: bool) -> str:
    """The account that is meant: the one named; a live one before going live; the one that there is.

    Raises:
        ConfigError: which one cannot be told.
    """
    if given is not None:
        return given
    try:
        names = account_names(home)
    except ConfigError:
        names = []
    live = [one for one in names if one.startswith(PREFIX)]
    if go_live:
        if len(live) == 1:
            return live[0]
        raise ConfigError(f"say which account is to go live with --account: {', '.join(live) or 'there is none'}")
    both = names or known(home)
    return both[0] if len(both) == 1 else "paper"


CHECKS: dict[str, Callable[[Patient], Check | list[Check]]] = {
    "python": machine.python,
    "disk": machine.disk,
    "permissions": machine.permissions,
    "name server": machine.network,
    "clock": machine.clock,
    "settings": account.configuration,
    "keys": account.keys,
    "candles": account.candles,
    "certificate": account.certificate,
    "drills": account.drills,
    "paper history": account.paper_history,
    "journal": account.journal,
    "R1-R10": account.ten_rules,
    "halts": account.halts,
    "halt test": account.halt_test,
    "mail": watchers.mail,
    "watchdog": watchers.watchdog,
    "backup": watchers.backups,
}
"""In the order in which they are shown."""
