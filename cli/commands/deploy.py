"""``vigie deploy``: what a supervisor wants to read; printed, never installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import JsonOption, WrittenOption, home
from cli.output import print_json

if TYPE_CHECKING:
    from vigie.app.deploy import Deployed

PANEL = "Operations"
ORDER = 72

app = typer.Typer(help="Print what systemd, cron or Windows needs to run an account.", no_args_is_help=True)

ProgramOption = Annotated[
    Path | None, typer.Option("--program", metavar="FILE", help="vigie there (default: the one that runs now).")
]
WordsOption = Annotated[
    list[str] | None, typer.Option("--word", metavar="WORD", help="One more word for its command line; repeatable.")
]
PrintOption = Annotated[bool, typer.Option("--print", help="Print it: nothing else is ever done with it.")]


@app.command("systemd")
def systemd(
    account: WrittenOption = "paper",
    user: Annotated[str, typer.Option("--user", metavar="NAME", help="Whom it runs as.")] = "vigie",
    program: ProgramOption = None,
    word: WordsOption = None,
    credential: Annotated[
        list[str] | None,
        typer.Option("--credential", metavar="NAME", help="A secret beside the account's keys; repeatable."),
    ] = None,
    print_: PrintOption = True,  # noqa: ARG001
    as_json: JsonOption = False,
) -> None:
    """Print a unit: watched, started anew unless it was stopped.

    Example: vigie deploy systemd --account live-main --print
    """
    from vigie.app.deploy import deployed, systemd_unit

    one = deployed(
        home(), account, program=program, user=user, words=tuple(word or ()), credentials=tuple(credential or ())
    )
    _show("systemd", one, systemd_unit(one), as_json=as_json)


@app.command("cron")
def cron(
    account: WrittenOption = "paper",
    program: ProgramOption = None,
    word: WordsOption = None,
    print_: PrintOption = True,  # noqa: ARG001
    as_json: JsonOption = False,
) -> None:
    """Print lines of a crontab: a call each quarter of an hour.

    Example: vigie deploy cron --account paper
    """
    from vigie.app.deploy import cron_lines, deployed

    one = deployed(home(), account, program=program, words=tuple(word or ()))
    _show("cron", one, cron_lines(one), as_json=as_json)


@app.command("task")
def task(
    account: WrittenOption = "paper",
    program: ProgramOption = None,
    word: WordsOption = None,
    once: Annotated[bool, typer.Option("--once", help="Calls, not a process that stays.")] = False,
    print_: PrintOption = True,  # noqa: ARG001
    as_json: JsonOption = False,
) -> None:
    """Print a task for Windows' Task Scheduler.

    Example: vigie deploy task --account paper --once
    """
    from vigie.app.deploy import deployed, windows_task

    one = deployed(home(), account, program=program, words=tuple(word or ()))
    _show("task", one, windows_task(one, once=once), as_json=as_json)


def _show(kind: str, one: Deployed, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"schema": "vigie.deploy/1", "kind": kind, "account": one.account, "text": text})
    else:
        typer.echo(text, nl=False)
