"""Those who watch, and what cannot be had again: mail, watchdog, backups."""

from __future__ import annotations

from vigie.adapters.clock import SystemClock
from vigie.app.backup.create import FOLDER as BACKUPS
from vigie.app.backup.outcome import read_outcome
from vigie.app.watch.checkup.patient import FAIL, LOOK, OK, Check, Patient
from vigie.app.watch.watchdog import last_look

OLD_BACKUP_DAYS = 2
_TAKE = "vigie backup create; a process that trades takes one daily"


def mail(patient: Patient) -> Check:
    """Somebody is told, and has been."""
    from vigie.app.alerts.channels import read_posts
    from vigie.app.alerts.status import alert_statuses
    from vigie.app.hiding import hider

    posts, problems = read_posts(patient.home, patient.environment)
    if problems:
        return Check("mail", FAIL, hider(patient.home, patient.environment)("; ".join(problems)), "docs/alerts.md")
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


def watchdog(patient: Patient) -> Check:
    """Whether it has looked lately."""
    at, missing = last_look(patient.home, patient.account), patient.lacking(needed=False)
    if at is None:
        return Check("watchdog", missing, "has never looked", "vigie watchdog, in a process of its own")
    minutes = (SystemClock().now_ms() - at) / 60_000
    if minutes > 10:
        return Check("watchdog", missing, f"looked {minutes:,.0f} minutes ago", "start vigie watchdog again")
    return Check("watchdog", OK, f"looked {minutes:.0f} minutes ago")


def backups(patient: Patient) -> Check:
    """Whether there is a fresh one, and what came of the last daily one."""
    last = read_outcome(patient.home)
    if last is not None and last.problems:
        return Check("backup", LOOK, "; ".join(last.problems.values()), "vigie backup create tells more")
    found = sorted((patient.home / BACKUPS).glob("vigie-*.tar.gz"), key=lambda one: one.stat().st_mtime)
    if not found:
        return Check("backup", LOOK, "there is none", _TAKE)
    days = (SystemClock().now_ms() / 1000 - found[-1].stat().st_mtime) / 86_400
    if days > OLD_BACKUP_DAYS:
        return Check(
            "backup",
            LOOK,
            f"the last one is {days:.0f} days old",
            "vigie backup create; a process that trades takes one daily",
        )
    return Check("backup", OK, f"{found[-1].name}")
