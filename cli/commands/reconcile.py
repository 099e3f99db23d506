"""``vigie reconcile``: state, journal and venue held against each other."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import AddressOption, ControlUrlOption, JsonOption, SandboxOption, SteeredOption, home

PANEL = "Steering"
ORDER = 67


def command(
    account: SteeredOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Do what the policies say; without it, only tell.")] = False,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy", metavar="KIND=WHAT", help="adopt, ignore, close or halt for a kind of difference; repeatable."
        ),
    ] = None,
    i_understand: Annotated[
        str | None, typer.Option("--i-understand", metavar="NAME", help="A live account's name again: real money.")
    ] = None,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=1, help="How long to wait for a running engine.")
    ] = 90.0,
    base_url: AddressOption = None,
    control_url: ControlUrlOption = None,
    sandbox: SandboxOption = False,
    as_json: JsonOption = False,
) -> None:
    """Hold state, journal and venue against each other.

    Tells what does not agree and what would be done about it. With --apply it is done, kind by kind, as
    [accounts.NAME.reconcile] and --policy say; without a word the careful thing is: nothing is touched, and the account
    is halted. On a live account without an engine --apply asks for --i-understand NAME, as vigie live does.

    Exit 0 if all agrees, 3 if something does not.

    Examples: vigie reconcile --account live-main
    vigie reconcile --apply --policy foreign-order=ignore
    """
    from cli.output import note, print_json, waits
    from cli.parsing import assignments
    from cli.plain import show_row, tell
    from vigie.app.accounts import to_steer
    from vigie.app.control.reconciling import ReconcileRequest, reconcile
    from vigie.app.trading.live import time_of
    from vigie.app.wiring import Place
    from vigie.reporting.reconcile import reconcile_rows

    folder = home()
    name = to_steer(folder, account)
    place = Place(base_url, sandbox)
    request = ReconcileRequest(folder, name, apply, assignments("--policy", policy), wait, i_understand, place)
    venue_clock = (time_of(control_url, place) or (None,))[0]
    done = reconcile(request, venue_clock=venue_clock, report=note, waiting=waits(shown=not as_json))
    document = done.document()
    if as_json:
        print_json(document)
    else:
        for row in reconcile_rows(document):
            show_row(row)
        if done.code:
            tell(f"to lift the halt: vigie resume --account {name} --confirm {done.code}")
    if not done.clean:
        raise typer.Exit(3)
