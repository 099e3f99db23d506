"""``vigie reoptimise``: an account's parameters looked for anew, and proposed."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import JsonOption, WrittenOption, home
from cli.output import console, print_json

PANEL = "Trading"
ORDER = 42


def command(
    account: WrittenOption,
    auto_promote: Annotated[
        bool, typer.Option("--auto-promote", help="Take what passes every gate; else as vigie.toml says.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Walk forward anew, at low priority, and propose what passes.

    What it does stands in [accounts.NAME.reoptimise] of vigie.toml; a running engine calls it when it is due.

    Example: vigie reoptimise --account live-main
    """
    from vigie.app.trading.reoptimise import outcome_document, reoptimise_now

    done = reoptimise_now(home(), account, auto_promote=auto_promote)
    if as_json:
        print_json(outcome_document(account, done))
    else:
        console().print(f"{account}: {done.text}", soft_wrap=True)
