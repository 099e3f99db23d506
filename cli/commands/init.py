"""``vigie init``: a home to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, home

PANEL = "First steps"
ORDER = 11


def command(
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Its folder; without it, VIGIE_HOME or the current folder.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a home: settings, folders, a strategy.

    state/, logs/, strategies/ with a strategy to start from, vigie.toml with a paper account and every key as a remark,
    .env that only you can read, and ecosystem.config.js for PM2. What is there already is left as it is, and named.
    Exit 78 if the folder cannot be written.

    Example: vigie init trading
    """
    from cli.output import print_json
    from cli.plain import show_row, tell
    from vigie.app.home.create import create
    from vigie.reporting.row import BAD, Row

    folder = home() if directory is None else Path(directory).expanduser().resolve()
    document = create(folder)
    if as_json:
        print_json(document)
        return
    show_row(Row("home     ", document["home"]))
    for name in document["written"]:
        show_row(Row("written  ", name))
    for name in document["left_alone"]:
        show_row(Row("left     ", f"{name} was there already"))
    for problem in document["problems"]:
        show_row(Row("problem  ", problem, BAD))
    tell("next:")
    for command_line in document["next"]:
        tell(f"  {command_line}")
    for sentence in document["notes"]:
        tell(sentence)
