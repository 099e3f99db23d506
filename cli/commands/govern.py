"""``vigie govern``: the ten rules, and what they say of an account."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import JsonOption, ReadOption, home

PANEL = "Looking"
ORDER = 53

app = typer.Typer(help="The ten rules of governance, asked of an account's journal.", no_args_is_help=True)


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the rules: what each asks, and when.

    Example: vigie govern list
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.journal.governing import listed
    from vigie.reporting.governance import list_rows

    document = listed()
    if as_json:
        print_json(document)
        return
    for row in list_rows(document):
        show_row(row)


@app.command("check")
def check(
    account: ReadOption = None,
    rule: Annotated[str | None, typer.Option("--rule", metavar="R", help="Only this rule, for instance R4.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="20230131, 2023-01-31T13:00 (UTC), or epoch time.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the journal; exit 3 prints the lines that break a rule.

    Example: vigie govern check --account paper --rule R4
    """
    from cli.instants import parse_instant
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.accounts import to_read
    from vigie.app.journal.governing import checked
    from vigie.reporting.governance import check_rows

    document = checked(home(), to_read(home(), account), rule, parse_instant(since))
    if as_json:
        print_json(document)
    else:
        for row in check_rows(document):
            show_row(row)
    if not document["holds"]:
        raise typer.Exit(3)


@app.command("audit")
def audit(
    account: ReadOption = None,
    days: Annotated[
        int | None, typer.Option("--days", metavar="DAYS", min=1, help="Only so many days, the last.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score what was executed: pass, fail, not-run; exit 3 if one fails.

    Example: vigie govern audit --account paper --days 30
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.accounts import to_read
    from vigie.app.journal.governing import audited_days
    from vigie.reporting.governance import audit_rows

    document = audited_days(home(), to_read(home(), account), days)
    if as_json:
        print_json(document)
    else:
        for row in audit_rows(document):
            show_row(row)
    if not document["holds"]:
        raise typer.Exit(3)
