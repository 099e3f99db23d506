"""``vigie logs``: what was said, as it stands in the log files."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from cli.options import JsonOption, home

PANEL = "Looking"
ORDER = 55

app = typer.Typer(invoke_without_command=True)


@app.callback()
def show(
    ctx: typer.Context,
    account: Annotated[
        str | None,
        typer.Option("--account", metavar="NAME", help="Account, or command; without it, the log written last."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", metavar="KIND", help="live, paper (replays too), backtest or api; else live and paper."),
    ] = None,
    lines: Annotated[int, typer.Option("--lines", "-n", metavar="N", min=0, help="So many of the last entries.")] = 50,
    level: Annotated[
        str | None, typer.Option("--level", metavar="LEVEL", help="DEBUG, INFO, WARNING, ERROR, CRITICAL and above.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="And what comes, until Ctrl-C.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Log files: show, follow, archive.

    Without a command: the end of a log. With --json one document; with --follow too, one line of JSON per entry.

    Examples: vigie logs --account paper --lines 20 --level WARNING
    vigie logs -f
    """
    if ctx.invoked_subcommand is not None:
        return
    from cli.output import harmless, print_json
    from vigie.app.logs.reading import checked_level, newcomers, tail
    from vigie.app.logs.writing import log_path

    least = checked_level(level)
    path = log_path(home(), kind, account)
    found = tail(path, lines, least)
    if as_json and not follow:
        print_json({"schema": "vigie.logs/1", "file": str(path), "entries": [one.fields for one in found]})
        return

    def shown(text: str, fields: dict[str, str]) -> None:
        import json

        # What is piped on has to arrive now, not with the next four kilobytes.
        typer.echo(json.dumps(fields, ensure_ascii=False) if as_json else harmless(text))

    for one in found:
        shown(one.text, one.fields)
    # Ctrl-C is how following ends.
    with contextlib.suppress(KeyboardInterrupt):
        for one in newcomers(path, least) if follow else ():
            shown(one.text, one.fields)


@app.command("archive")
def archive(
    older_than: Annotated[str, typer.Option("--older-than", metavar="DAYS", help="For instance 30d.")] = "30d",
    as_json: JsonOption = False,
) -> None:
    """Pack log files away that were last written some days ago.

    They go to logs/archives, compressed. A file that a process writes to is left alone. For a daily timer.

    Example: vigie logs archive --older-than 30d
    """
    from cli.output import note, print_json, say
    from vigie.app.logs.reading import days_of
    from vigie.app.logs.writing import archive_logs

    done = archive_logs(home(), days_of(older_than))
    if as_json:
        print_json(done)
    else:
        for path in done["archived"]:
            typer.echo(path)
        note(f"{len(done['archived'])} files packed, {len(done['in_use'])} in use and left alone")
    for problem in done["problems"]:
        say(problem, label="error", style="bold red")
    if done["problems"]:
        raise typer.Exit(1)
