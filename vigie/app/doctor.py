"""``vigie doctor``: is everything there that trading needs? Asks, changes nothing, and works without a network.

Each check is a function that says what it found; what is missing has a hint. ``needed``: without it the account must
not trade; with ``go_live`` more is needed than for a look on paper.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.env_file import open_to_others
from vigie.adapters.network import NetworkCheck, Verdict, address_of
from vigie.adapters.storage import kill_switch
from vigie.adapters.storage.journal_files import segments, tail, verify, walk
from vigie.app.accounts import account_folder, known, state_folder
from vigie.app.backup import FOLDER as BACKUPS
from vigie.app.config import check as check_config
from vigie.app.live import PREFIX, live_plan
from vigie.app.secrets import keys_of, variables
from vigie.app.settings import AccountSettings, account_names, account_settings
from vigie.app.standing import Standing, look
from vigie.app.watch_settings import WatchSettings, watch_settings
from vigie.app.watchdog import last_look
from vigie.app.wiring import plan_of
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.instants import as_iso
from vigie.domain.timeframe import DAY_MS

SCHEMA = "vigie.doctor/1"
OK, LOOK, FAIL, SKIPPED = "ok", "look", "fail", "skipped"
OLDEST_PYTHON = (3, 11)
MOST_SKEW_MS = 2000
PAPER_DAYS = 30
"""Of paper trading before real money."""
OLD_BACKUP_DAYS = 2
NETWORK_PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found.

    Attributes:
        name: in a word or two.
        state: ``ok``, ``look`` (a person should), ``fail`` (needed, and not there) or ``skipped``.
        text: a sentence.
        hint: what to do; empty: nothing.
    """

    name: str
    state: str
    text: str
    hint: str = ""


@dataclass
class Patient:
    """What is looked at.

    Attributes:
        home: the user's folder.
        account: whose.
        go_live: real money is about to be traded.
        base_url: of the venue; None: its own.
        environment: of the process.
    """

    home: Path
    account: str
    go_live: bool = False
    base_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def live(self) -> bool:
        """Whether the account trades real money."""
        return self.account.startswith(PREFIX)

    @property
    def folder(self) -> Path:
        """Of the account."""
        return account_folder(self.home, self.account)

    @cached_property
    def settings(self) -> AccountSettings:
        """Of the account; defaults where the file cannot be used, of which the configuration's check tells."""
        try:
            return account_settings(self.home, self.account, self.environment)
        except ConfigError:
            return AccountSettings(self.account)

    @cached_property
    def watch(self) -> WatchSettings:
        """Limits."""
        try:
            return watch_settings(self.home)
        except ConfigError:
            return WatchSettings()

    @cached_property
    def verdict(self) -> Verdict | None:
        """Of the network; None: nobody could say in time."""
        check = NetworkCheck(lambda: address_of(self.settings.venue, self.base_url))
        check.begin()
        return check.wait(NETWORK_PATIENCE_S)

    @cached_property
    def standing(self) -> Standing:
        """The account as its files tell it."""
        return look(self.home, self.account)

    def lacking(self, *, needed: bool) -> str:
        """How bad it is that something is not there."""
        return FAIL if needed else LOOK


def examine(patient: Patient) -> dict[str, Any]:
    """All checks; a document of JSON's own types. Whatever a check stumbles over is a finding of its own."""
    checks = [one for name, ask in CHECKS.items() for one in _asked(name, ask, patient)]
    return {
        "schema": SCHEMA,
        "account": patient.account,
        "go_live": patient.go_live,
        "at": as_iso(SystemClock().now_ms()),
        "ok": all(one.state != FAIL for one in checks),
        "checks": [{"name": one.name, "state": one.state, "text": one.text, "hint": one.hint} for one in checks],
    }


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


# --- the machine ------------------------------------------------------------------------------------------------------


def _python(_: Patient) -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Check("python", OK, found)
    return Check("python", FAIL, f"{found} is too old", "install Python 3.11 or later")


def _disk(patient: Patient) -> Check:
    free = disk_usage(patient.home).free / 1e6
    text = f"{free:,.0f} MB free"
    if free < patient.watch.disk_critical_mb:
        return Check("disk", FAIL, f"{text}: nothing new is bought", "make room")
    if free < patient.watch.disk_low_mb:
        return Check("disk", LOOK, text, f"make room: below {patient.watch.disk_critical_mb:g} MB nothing is bought")
    return Check("disk", OK, text)


def _network(patient: Patient) -> list[Check]:
    verdict, bad = patient.verdict, patient.lacking(needed=patient.go_live)
    if verdict is None:
        text = f"no answer within {NETWORK_PATIENCE_S:.0f} s"
        return [Check("name server", bad, text, "look at the machine's network"), Check("venue", SKIPPED, "no network")]
    if verdict.dns:
        hint = "look at the network; without it all else was checked"
        return [Check("name server", bad, str(verdict), hint), Check("venue", SKIPPED, "no network")]
    names = Check("name server", OK, f"knows {verdict.host}")
    if verdict.venue:
        return [names, Check("venue", bad, str(verdict), "a firewall, or the venue is away: try again")]
    return [names, Check("venue", OK, str(verdict))]


def _clock(patient: Patient) -> Check:
    if patient.verdict is None or not patient.verdict.reached:
        return Check("clock", SKIPPED, "nobody tells the time without a network")
    from vigie.adapters.market_data.ccxt_source import CcxtCandleSource

    clock = SystemClock()
    source = CcxtCandleSource(patient.settings.venue, local_time_ms=clock.now_ms, base_url=patient.base_url)
    try:
        before = clock.now_ms()
        theirs = source.now_ms()
        skew = theirs - (before + clock.now_ms()) // 2
    except VigieError as error:
        return Check("clock", LOOK, f"{patient.settings.venue} does not tell the time: {error}", "try again")
    text = f"{skew / 1000:+.1f} s against {patient.settings.venue}"
    if abs(skew) <= MOST_SKEW_MS:
        return Check("clock", OK, text)
    hint = "let chrony, systemd-timesyncd or w32time set it"
    return Check("clock", patient.lacking(needed=patient.go_live), text, hint)


def _permissions(patient: Patient) -> Check:
    env, state = patient.home / ENV_FILE, state_folder(patient.home)
    problems = [open_to_others(env)] if env.exists() else []
    for folder in (state, patient.folder):
        if folder.exists() and not os.access(folder, os.W_OK):
            problems.append(f"{folder}: cannot be written")
        elif folder.exists() and os.name != "nt" and stat.S_IMODE(folder.stat().st_mode) & stat.S_IWOTH:
            problems.append(f"{folder}: everybody may write there: chmod o-w {folder}")
    found = [one for one in problems if one]
    if found:
        return Check("permissions", FAIL, "; ".join(found), "as it says")
    return Check("permissions", OK, "state can be written; no file of keys is open to others")


# --- the account ------------------------------------------------------------------------------------------------------


def _configuration(patient: Patient) -> Check:
    named = patient.account in _named(patient.home)
    document = check_config(patient.home, patient.account if named else None, patient.environment)
    # Certificate and keys have checks of their own.
    found = [one for one in document["problems"] if "certificate" not in one and "keys are missing" not in one]
    if found:
        return Check("settings", FAIL, "; ".join(found), "vigie config check")
    if not named:
        text = f"vigie.toml says nothing of {patient.account}: defaults"
        return Check("settings", patient.lacking(needed=patient.go_live), text, f"write [accounts.{patient.account}]")
    return Check("settings", OK, f"vigie.toml names {patient.account}")


def _named(home: Path) -> list[str]:
    try:
        return account_names(home)
    except ConfigError:
        return []


def _secrets(patient: Patient) -> Check:
    if not patient.live:
        return Check("keys", SKIPPED, "paper needs none")
    venue = patient.settings.venue
    keys = keys_of(patient.account, venue, patient.home, patient.environment)
    if keys.problems:
        return Check("keys", FAIL, "; ".join(keys.problems), "as it says")
    if not keys.secrets.api_key or not keys.secrets.secret:
        own = variables(patient.account, venue)[0]
        return Check("keys", FAIL, "not found", f"set {own[0]} and {own[1]} (docs/live.md)")
    return Check("keys", OK, f"{len(keys.names)} found ({keys.source})")


def _store(patient: Patient) -> Check:
    from vigie.adapters.market_data.store import CandleStore

    store, settings = CandleStore.of(patient.home), patient.settings
    missing = [one for one in settings.pairs if not store.path(settings.venue, one, settings.timeframe).exists()]
    if not missing:
        return Check("candles", OK, f"{len(settings.pairs)} pairs are stored")
    names = ", ".join(map(str, missing))
    return Check("candles", LOOK, f"none stored of {names}: nothing to prove a certificate on", "vigie data download")


def _journal(patient: Patient) -> Check:
    folder = patient.folder / "journal"
    if not segments(folder):
        return Check("journal", SKIPPED, "the account has not begun")
    found = verify(folder, patient.account)
    if found.bad is not None:
        return Check("journal", FAIL, found.bad, "vigie journal verify; docs/journal.md; a backup")
    return Check("journal", OK, f"{found.last_seq:,} lines, the chain holds")


def _halts(patient: Patient) -> list[Check]:
    found = []
    bad = patient.lacking(needed=patient.go_live)
    why = kill_switch.reason_to_halt(state_folder(patient.home))
    found.append(
        Check("kill switch", OK, "not thrown")
        if why is None
        else Check("kill switch", bad, f"thrown: {why}", "vigie resume, once the reason is gone")
    )
    if not patient.folder.exists():
        return [*found, Check("latches", OK, "none")]
    standing = patient.standing
    names = [f"{name} ({latch.mode})" for name, latch in sorted(standing.latches.items())]
    if names:
        found.append(Check("latches", bad, ", ".join(names), f"vigie status --account {patient.account}"))
    else:
        found.append(Check("latches", OK, "none"))
    if standing.stopped is not None:
        found.append(Check("stopped", bad, standing.stopped, f"vigie start --account {patient.account}"))
    return found


def _halt_test(_: Patient) -> Check:
    """Throw a kill switch of a folder of its own, and see it."""
    with TemporaryDirectory(prefix="vigie-doctor-") as name:
        folder = Path(name)
        kill_switch.halt_first(folder, "a test")
        seen = kill_switch.reason_to_halt(folder)
        kill_switch.lift(folder)
        if seen is None or kill_switch.reason_to_halt(folder) is not None:
            return Check("halt test", FAIL, "a kill switch that was thrown was not seen", "do not trade; tell us")
    return Check("halt test", OK, "a kill switch that is thrown is seen, and lifted")


def _certificate(patient: Patient) -> Check:
    missing = patient.lacking(needed=patient.live)
    if patient.live:
        cover = live_plan(patient.settings, patient.home)[1]
    else:
        from vigie.app.certificates import cover_of

        made = plan_of(patient.settings, patient.home)
        cover = cover_of(patient.home, made, patient.settings.pairs, patient.settings.timeframe)
    if cover.name is None:
        return Check("certificate", missing, cover.missing, "vigie walk-forward --promote writes one")
    return Check("certificate", OK, cover.name)


def _drills(patient: Patient) -> Check:
    missing, hint = patient.lacking(needed=patient.go_live), f"vigie drill --account {patient.account}"
    try:
        document = json.loads((patient.folder / "drills.json").read_bytes())
        passed, complete, at = bool(document["passed"]), bool(document["complete"]), str(document["at"])
        same = (document["config_hash"], document["code_hash"]) == _hashes(patient)
    except FileNotFoundError:
        return Check("drills", missing, "none were done", hint)
    except (ValueError, KeyError, TypeError) as error:
        return Check("drills", missing, f"their record cannot be read ({error})", hint)
    if not passed or not complete:
        return Check("drills", missing, "not all were passed" if complete else "only some were done", hint)
    if not same:
        return Check("drills", missing, f"those of {at[:10]} were of other settings or another vigie", hint)
    return Check("drills", OK, f"all passed, {at[:10]}")


def _hashes(patient: Patient) -> tuple[str, str]:
    from vigie.app.drill_stage import drill_setup

    setup = drill_setup(patient.settings, patient.home)
    return setup.config_hash, setup.code_hash


def _paper(patient: Patient) -> Check:
    """Days between first and last line of paper accounts with the same strategy and timeframe."""
    if not patient.live:
        return Check("paper history", SKIPPED, "this is paper")
    best, name = 0.0, ""
    for account in known(patient.home):
        if account == "paper" or account.startswith("paper-"):
            days = _paper_days(patient, account)
            best, name = (days, account) if days > best else (best, name)
    text = f"{best:.0f} days{f' of {name}' if name else ''}"
    if best >= PAPER_DAYS:
        return Check("paper history", OK, text)
    hint = f"{PAPER_DAYS} days of vigie paper with the same strategy, timeframe and pairs"
    return Check("paper history", patient.lacking(needed=patient.go_live), text, hint)


def _paper_days(patient: Patient, account: str) -> float:
    folder = account_folder(patient.home, account) / "journal"
    wanted = (patient.settings.strategy, str(patient.settings.timeframe), {str(one) for one in patient.settings.pairs})
    first: int | None = None
    for line in walk(folder, 0, account):
        if line.kind == "run":
            same = (line.fields["strategy"], line.fields["timeframe"]) == wanted[:2]
            first = (first or line.at) if same and set(line.fields["pairs"]) >= wanted[2] else None
    last = tail(folder, 1)
    return 0.0 if first is None or not last else (last[-1].at - first) / DAY_MS


def _rules(patient: Patient) -> Check:
    """R1 to R10, asked of what there is."""
    if not segments(patient.folder / "journal"):
        return Check("R1-R10", SKIPPED, "no journal to ask yet")
    from vigie.app.governing import checked

    document = checked(patient.home, patient.account, None, None)
    if document["holds"]:
        asked = sum(one["word"] == "pass" for one in document["invariants"])
        return Check("R1-R10", OK, f"{asked} invariants hold over {document['lines']:,} lines")
    return Check("R1-R10", FAIL, f"{document['count']} breaches", f"vigie govern check --account {patient.account}")


# --- those who watch --------------------------------------------------------------------------------------------------


def _mail(patient: Patient) -> Check:
    """Somebody is told, and has been."""
    from vigie.app.alert_status import alert_statuses
    from vigie.app.channels import read_posts

    posts, problems = read_posts(patient.home, patient.environment)
    if problems:
        return Check("mail", FAIL, "; ".join(problems), "docs/alerts.md")
    if not posts:
        bad = patient.lacking(needed=patient.go_live)
        return Check(
            "mail", bad, "no channel is set up: nobody is told", "write [mail] into vigie.toml (docs/alerts.md)"
        )
    names, known_of = ", ".join(one.name for one in posts), alert_statuses(patient.home, patient.account)
    wrong = [f"{one['channel']}: {one['problem']}" for one in known_of if one["problem"]]
    if wrong:
        return Check("mail", patient.lacking(needed=patient.go_live), "; ".join(wrong), "vigie alert test")
    last = max((str(one["last_sent_at"]) for one in known_of if one["last_sent_at"]), default="")
    if not last:
        return Check("mail", LOOK, f"{names}: set up; no letter of this account has gone yet", "vigie alert test")
    return Check("mail", OK, f"{names}: the last letter went {last[:16].replace('T', ' ')} UTC")


def _watchdog(patient: Patient) -> Check:
    at, missing = last_look(patient.home, patient.account), patient.lacking(needed=False)
    if at is None:
        return Check("watchdog", missing, "has never looked", "vigie watchdog, in a process of its own")
    minutes = (SystemClock().now_ms() - at) / 60_000
    if minutes > 10:
        return Check("watchdog", missing, f"looked {minutes:,.0f} minutes ago", "start vigie watchdog again")
    return Check("watchdog", OK, f"looked {minutes:.0f} minutes ago")


def _backups(patient: Patient) -> Check:
    found = sorted((patient.home / BACKUPS).glob("vigie-*.tar.gz"), key=lambda one: one.stat().st_mtime)
    if not found:
        return Check("backup", LOOK, "there is none", "vigie backup create, daily")
    days = (SystemClock().now_ms() / 1000 - found[-1].stat().st_mtime) / 86_400
    if days > OLD_BACKUP_DAYS:
        return Check("backup", LOOK, f"the last one is {days:.0f} days old", "vigie backup create, daily")
    return Check("backup", OK, f"{found[-1].name}")


CHECKS: dict[str, Callable[[Patient], Check | list[Check]]] = {
    "python": _python,
    "disk": _disk,
    "permissions": _permissions,
    "name server": _network,
    "clock": _clock,
    "settings": _configuration,
    "keys": _secrets,
    "candles": _store,
    "certificate": _certificate,
    "drills": _drills,
    "paper history": _paper,
    "journal": _journal,
    "R1-R10": _rules,
    "kill switch": _halts,
    "halt test": _halt_test,
    "mail": _mail,
    "watchdog": _watchdog,
    "backup": _backups,
}
"""In the order in which they are shown."""
