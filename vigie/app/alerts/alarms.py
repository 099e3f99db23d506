"""The channels by which processes beside an engine tell people: the watchdog, the doctor, backups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vigie.adapters.alerts.spoken import Spoken
from vigie.app.alerts.post_office import office_beside
from vigie.ports.alerts import Alerts


@contextmanager
def alarms(home: Path, account: str, report: Callable[[str], None]) -> Iterator[Alerts]:
    """Alerts of an account, told aloud and through its channels.

    Args:
        home: the user's folder.
        account: whose.
        report: takes what is said aloud.
    """
    with office_beside(home, account, report) as office:
        yield office.beside(Spoken(report))
