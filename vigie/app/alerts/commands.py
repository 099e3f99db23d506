"""``vigie alert``: one test letter, what waits, sending it now, what there is to be told of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vigie.adapters.clock import SystemClock
from vigie.adapters.storage.locks import locked
from vigie.app.accounts import known
from vigie.app.alerts.channels import posts_of
from vigie.app.alerts.found import names
from vigie.app.alerts.mail_desk import Desk
from vigie.app.alerts.post_office import BESIDE, letters_waiting
from vigie.app.alerts.status import alerts_folder, read_status
from vigie.app.alerts.told import load
from vigie.app.hiding import hider
from vigie.domain.errors import ConfigError, VigieError
from vigie.domain.instants import as_iso
from vigie.domain.notice import Level
from vigie.ports.alerts import Letter, Outcome

TEST, SPOOL, LIST, SEND = "vigie.alert.test/1", "vigie.alert.spool/1", "vigie.alert.list/1", "vigie.alert.send/1"

NO_CHANNEL = "no channel is set up: vigie.toml has no table [mail] (docs/alerts.md)"


def send_test(home: Path, to: Sequence[str] = ()) -> dict[str, Any]:
    """Send one letter through each channel, now, and tell what became of it.

    Args:
        home: the user's folder.
        to: recipients instead of the configured ones; empty: those.

    Raises:
        ConfigError: no channel, or settings that cannot be used.
    """
    posts = posts_of(home)
    if not posts:
        raise ConfigError(NO_CHANNEL)
    from vigie.adapters.alerts.mail import is_address

    wrong = [f"--to: '{one}' is no address" for one in to if not is_address(one)]
    if wrong:
        raise ConfigError(wrong)
    now, hide = SystemClock().now_ms(), hider(home)
    found = []
    for post in posts:
        recipients = tuple(to) or post.routes.to
        letter = Letter(f"test-{now}", "vigie: test mail", _test_text(home, now), Level.INFO.value, "test", now)
        delivery = post.channel.deliver(letter, recipients)
        found.append(
            {
                "channel": post.name,
                "outcome": delivery.outcome.value,
                "to": list(recipients),
                "refused": list(delivery.refused),
                "problem": hide(delivery.problem),
            }
        )
    return {"schema": TEST, "ok": all(_well(one) for one in found), "channels": found}


def _well(one: dict[str, Any]) -> bool:
    return one["outcome"] == Outcome.SENT.value and not one["refused"]


def _test_text(home: Path, now: int) -> str:
    return "\n".join([
        "If you read this, vigie can reach you.", "", f"sent: {as_iso(now)}", f"home: {home}",
        f"accounts: {', '.join(known(home)) or 'none yet'}", "", "What to do: Nothing.", "Look: vigie alert spool", "",
    ])  # fmt: skip


def spool(home: Path, account: str) -> dict[str, Any]:
    """What waits for an account's channels, and how their last tries went."""
    folder, waiting = alerts_folder(home, account), letters_waiting(home, account)
    return {
        "schema": SPOOL,
        "account": account,
        "channels": [
            {
                "channel": name,
                "status": read_status(folder / name),
                "waiting": [
                    {"subject": one.subject, "level": one.level, "at": as_iso(one.at)} for one in waiting.get(name, [])
                ],
            }
            for name in names()
        ],
    }


def send_waiting(home: Path, account: str) -> dict[str, Any]:
    """Send what waits now, where no process of the account does.

    Raises:
        ConfigError: settings that cannot be used, or another process sends.
    """
    posts, clock = posts_of(home), SystemClock()
    found, said = [], list[str]()
    try:
        for folder in (alerts_folder(home, account), alerts_folder(home, account) / BESIDE):
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / "lock", wait=False):
                for post in posts:
                    desk = Desk(post, folder, account, said.append, clock.now_ms)
                    desk.send()
                    desk.write_status()
                    found.append({"channel": post.name, "status": desk.status.document()})
    except BlockingIOError:
        raise ConfigError(f"the process that runs {account} or watches it sends by itself") from None
    return {"schema": SEND, "account": account, "problems": said, "channels": found}


def listed() -> list[dict[str, str]]:
    """What people can be told of around the engine, and the names that routes may use."""
    from vigie.reporting.notices.families import alarms, host, limits

    rows = [{"family": host.FAMILY, "name": kind, "level": one[0].value, "subject": one[1], "todo": one[3]}
            for kind, one in host.KINDS.items()]  # fmt: skip
    for module in (alarms, limits):
        rows += [
            {"family": module.FAMILY, "name": name, "level": "", "subject": subject, "todo": module.TODO.get(name, "")}
            for name, subject in module.SUBJECTS.items()
        ]
    return rows


def daily_text(home: Path, account: str) -> str:
    """The daily report as it is mailed."""
    from vigie.app.alerts.daily import daily_document
    from vigie.reporting.daily import daily_lines, daily_subject

    document, digest = daily_document(home, account), load(alerts_folder(home, account))[0]
    rows = [row for desk in digest.desks.values() for row in desk.digest]
    return "\n".join([f"Subject: {daily_subject(document)}", "", *daily_lines(document, rows)])


def write_picture(home: Path, account: str, path: Path) -> None:
    """Write the report's chart.

    Raises:
        VigieError: there is nothing to draw yet.
        OSError: the file cannot be written.
    """
    from vigie.app.alerts.daily import daily_picture

    raw = daily_picture(home, account, SystemClock().now_ms())
    if raw is None:
        raise VigieError(f"{account} has taken fewer than two decisions in 30 days: there is nothing to draw")
    path.write_bytes(raw)


def send_daily(home: Path, account: str) -> dict[str, Any]:
    """Send the daily report now; that of the morning comes all the same.

    Raises:
        ConfigError: no channel, or settings that cannot be used.
    """
    from vigie.app.alerts.daily import daily_letter

    now, found = SystemClock().now_ms(), []
    posts = posts_of(home)
    if not posts:
        raise ConfigError(NO_CHANNEL)
    letter = daily_letter(home, account, (), now, now)
    for post in posts:
        delivery = post.channel.deliver(letter, post.routes.recipients(letter.level, letter.family))
        found.append({"channel": post.name, "outcome": delivery.outcome.value, "problem": hider(home)(delivery.problem),
                      "refused": list(delivery.refused)})  # fmt: skip
    return {"ok": all(_well(one) for one in found), "channels": found}
