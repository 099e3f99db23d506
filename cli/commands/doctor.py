"""``vigie doctor``: is everything there that trading needs?"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import AddressOption, JsonOption, SteeredOption, home

PANEL = "Operations"
ORDER = 70


def command(
    account: SteeredOption = None,
    go_live: Annotated[
        bool, typer.Option("--go-live", help="Before real money: certificate, drills, paper history are needed too.")
    ] = False,
    base_url: AddressOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check machine, account and those who watch it.

    Changes nothing, and works without a network. Exit 3 if something is missing that is needed.

    Example: vigie doctor --account live-main --go-live
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.watch.checkup.patient import Patient
    from vigie.app.watch.doctor import examine, to_examine
    from vigie.reporting.doctor import doctor_rows

    name = to_examine(home(), account, go_live=go_live)
    document = examine(Patient(home(), name, go_live, base_url))
    if as_json:
        print_json(document)
    else:
        for row in doctor_rows(document):
            show_row(row)
    if not document["ok"]:
        raise typer.Exit(3)
