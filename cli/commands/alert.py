"""``vigie alert``: whether people can be reached, what waits to be told, the daily report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, ReadOption, home

PANEL = "Looking"
ORDER = 54

app = typer.Typer(help="Mail: a test, what waits, the daily report.", no_args_is_help=True)


@app.command("test")
def send_one(
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="ADDRESS", help="Instead of the configured ones; repeatable.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Send one mail now, and say what became of it.

    Exit 3 if somebody was refused, 75 if the server cannot be reached or trusted, 78 if the settings are wrong.

    Example: vigie alert test --to me@example.org
    """
    from cli.output import console, print_json
    from vigie.app.alerts.commands import send_test

    document = send_test(home(), tuple(to or ()))
    if as_json:
        print_json(document)
    else:
        for one in document["channels"]:
            words = f"{one['channel']}: {one['outcome']} to {', '.join(one['to'])}"
            console().print(words if not one["problem"] else f"{words}; {one['problem']}", soft_wrap=True)
    if not document["ok"]:
        failed = any(one["outcome"] == "failed" for one in document["channels"])
        raise typer.Exit(75 if failed else 3)


@app.command()
def spool(
    account: ReadOption = None,
    send: Annotated[bool, typer.Option("--send", help="Send what waits now, where no process runs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show mail that waits, and how the last try went. Exit 3 if something waits or went wrong.

    Example: vigie alert spool --account live-main
    """
    from cli.output import console, note, print_json
    from vigie.app.accounts import to_read
    from vigie.app.alerts.commands import send_waiting
    from vigie.app.alerts.commands import spool as look

    name = to_read(home(), account)
    if send:
        for problem in send_waiting(home(), name)["problems"]:
            note(problem)
    document = look(home(), name)
    if as_json:
        print_json(document)
    else:
        for one in document["channels"]:
            there = one["status"] or {}
            console().print(
                f"{one['channel']}: {len(one['waiting'])} waiting, last sent {there.get('last_sent_at') or 'never'}"
                f"{', ' + there['problem'] if there.get('problem') else ''}",
                soft_wrap=True,
            )
            for letter in one["waiting"]:
                console().print(f"  {letter['at']}  {letter['subject']}", soft_wrap=True)
    if any(one["waiting"] or (one["status"] or {}).get("problem") for one in document["channels"]):
        raise typer.Exit(3)


@app.command()
def daily(
    account: ReadOption = None,
    show: Annotated[bool, typer.Option("--print", help="Show it here; nothing is sent.")] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", metavar="FILE", help="Write its chart to a PNG file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the daily report, or send it now (without --print and --json).

    Example: vigie alert daily --print
    """
    from cli.output import console, print_json
    from vigie.app.accounts import to_read
    from vigie.app.alerts.commands import daily_text, send_daily, write_picture
    from vigie.app.alerts.daily import daily_document

    name = to_read(home(), account)
    if picture is not None:
        write_picture(home(), name, picture)
    if as_json:
        print_json(daily_document(home(), name))
    elif show or picture is not None:
        console().print(daily_text(home(), name), soft_wrap=True)
    else:
        document = send_daily(home(), name)
        for one in document["channels"]:
            console().print(f"{one['channel']}: {one['outcome']}{'; ' + one['problem'] if one['problem'] else ''}")
        if not document["ok"]:
            raise typer.Exit(75)


@app.command("list")
def list_all(as_json: JsonOption = False) -> None:
    """Show what alerts there are, and what to do about each.

    docs/alerts.md says more.

    Example: vigie alert list
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.alerts.commands import LIST, listed
    from vigie.reporting.row import Row

    rows = listed()
    if as_json:
        print_json({"schema": LIST, "alerts": rows})
        return
    for row in rows:
        show_row(Row(f"{row['family']:<8}{row['name']:<20}{row['level']:<10}", row["subject"]))
