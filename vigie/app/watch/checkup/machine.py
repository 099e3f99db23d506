"""The machine: Python, disk, rights, network, clock."""

from __future__ import annotations

import os
import stat
import sys
from shutil import disk_usage

from vigie.adapters.clock import SystemClock
from vigie.adapters.env_file import FILE as ENV_FILE
from vigie.adapters.env_file import open_to_others
from vigie.app.accounts import state_folder
from vigie.app.watch.checkup.patient import FAIL, LOOK, NETWORK_PATIENCE_S, OK, SKIPPED, Check, Patient
from vigie.domain.errors import VigieError

OLDEST_PYTHON = (3, 11)
MOST_SKEW_MS = 2000


def python(_: Patient) -> Check:
    """Its version."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Check("python", OK, found)
    return Check("python", FAIL, f"{found} is too old", "install Python 3.11 or later")


def disk(patient: Patient) -> Check:
    """Free room."""
    free = disk_usage(patient.home).free / 1e6
    text = f"{free:,.0f} MB free"
    if free < patient.watch.disk_critical_mb:
        return Check("disk", FAIL, f"{text}: nothing new is bought", "make room")
    if free < patient.watch.disk_low_mb:
        return Check("disk", LOOK, text, f"make room: below {patient.watch.disk_critical_mb:g} MB nothing is bought")
    return Check("disk", OK, text)


def network(patient: Patient) -> list[Check]:
    """Name server, then venue."""
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


def clock(patient: Patient) -> Check:
    """Ours against the venue's."""
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


def permissions(patient: Patient) -> Check:
    """Who may read keys and write state."""
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
