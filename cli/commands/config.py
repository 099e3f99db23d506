"""``vigie config``: whether the settings can be, and what is in force."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

from cli.options import JsonOption, home

PANEL = "Operations"
ORDER = 71

app = typer.Typer(help="Settings of all accounts: check, show.", no_args_is_help=True)

AccountOption: TypeAlias = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Only this account; without it, all of vigie.toml.")
]
WRONG = 78


@app.command("check")
def check(account: AccountOption = None, as_json: JsonOption = False) -> None:
    """Tell every problem of the settings at once.

    Names, values, keys, file modes, policies, certificates. Nothing is sent to a venue. Exit 0, or 78 if something is
    wrong.

    Example: vigie config check
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.config import check as checked
    from vigie.reporting.config import check_rows

    document = checked(home(), account)
    if as_json:
        print_json(document)
    else:
        for row in check_rows(document):
            show_row(row)
    if not document["ok"]:
        raise typer.Exit(WRONG)


@app.command("show")
def show(account: AccountOption = None, as_json: JsonOption = False) -> None:
    """Show what is in force, and where it comes from.

    Secrets are named, never shown.

    Example: vigie config show --account paper
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.config import show as shown
    from vigie.reporting.config import show_rows

    document = shown(home(), account)
    if as_json:
        print_json(document)
    else:
        for row in show_rows(document):
            show_row(row)
