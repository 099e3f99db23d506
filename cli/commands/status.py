"""``vigie status``: one account on one screen."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from cli.options import JsonOption, ReadOption, home

PANEL = "Looking"
ORDER = 50
_CLEAR = "\x1b[H\x1b[2J"


def command(
    account: ReadOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Again and again, until Ctrl-C.")] = False,
    interval: Annotated[
        float, typer.Option("--interval", metavar="SECONDS", min=0.1, help="Time between two looks.")
    ] = 2.0,
    as_json: JsonOption = False,
) -> None:
    """Show an account on one screen.

    Mode, halts, equity, limits, positions with their stops, orders. Exit 3 if something is wrong.

    Example: vigie status --account paper --watch
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.accounts import to_read
    from vigie.app.control.pauses import again
    from vigie.app.status.document import status
    from vigie.reporting.status import others_row, status_rows

    name = to_read(home(), account)
    healthy = True
    # Ctrl-C is how a watch ends, at whatever point.
    with contextlib.suppress(KeyboardInterrupt) if watch else contextlib.nullcontext():
        for _ in again(interval if watch else None):
            document = status(home(), name)
            healthy = document["healthy"]
            if as_json:
                print_json(document)
                continue
            if watch:
                typer.echo(_CLEAR, nl=False, color=None)
            for row in status_rows(document):
                show_row(row)
            if account is None and document["other_accounts"]:
                show_row(others_row(document["other_accounts"]))
    if not healthy:
        raise typer.Exit(3)
