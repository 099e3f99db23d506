"""``vigie watchdog``: silence is an alarm."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.options import AddressOption, JsonOption, ReadOption, home
from cli.output import note

PANEL = "Operations"
ORDER = 74


def command(
    account: ReadOption = None,
    once: Annotated[bool, typer.Option("--once", help="One look; exit 3 if something is wrong: for cron.")] = False,
    every: Annotated[float, typer.Option("--every", metavar="SECONDS", min=1, help="Time between two looks.")] = 60.0,
    base_url: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say so when something expected is missing.

    Looks at receipts, heartbeat, stops, limits and disk of an account and, with keys of its own that may only read, at
    the stops that rest at the venue. A process of its own; it starts and stops nothing, least of all what was halted or
    stopped on purpose. What it has said it says again after an hour.

    Example: vigie watchdog --account live-main --once
    """
    from cli.output import print_json
    from cli.plain import show, show_row
    from vigie.app.accounts import to_read
    from vigie.app.alerts.alarms import alarms
    from vigie.app.logs.writing import logged
    from vigie.app.watch.watchdog import WatchdogRequest, watchdog
    from vigie.reporting.watchdog import look_line, look_rows

    shown: set[str] = set()

    def told(document: dict[str, Any]) -> None:
        line = look_line(document)
        if line[20:] in shown:
            return
        shown.clear()
        shown.add(line[20:])
        ears.note(line)
        if as_json and not once:
            print_json(document)
        elif not once:
            show(line)

    name = to_read(home(), account)
    with (
        logged(home(), "api", f"watchdog-{name}", report=note) as ears,
        alarms(home(), name, ears.report) as alerts,
    ):
        document = watchdog(WatchdogRequest(home(), name, once, every, base_url), alerts, told)
    if once:
        if as_json:
            print_json(document)
        else:
            for row in look_rows(document):
                show_row(row)
        if not document["healthy"]:
            raise typer.Exit(3)
