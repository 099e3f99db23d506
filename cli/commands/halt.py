"""``vigie halt``: the emergency brake. It needs no process and no network."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import JsonOption, ReasonOption, own_home

PANEL = "Steering"
ORDER = 62


def command(
    reason: ReasonOption = "halted by hand",
    account: Annotated[
        str | None, typer.Option("--account", metavar="NAME", help="Only this account; without it, all of them.")
    ] = None,
    liquidate: Annotated[
        bool, typer.Option("--liquidate", help="Sell everything too, now or at the next start of an engine.")
    ] = False,
    cancel_entries: Annotated[bool, typer.Option("--cancel-entries", help="Drop entries that wait.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Halt an account, or all of them.

    No entries and no exits by signal until vigie resume; stops stay at the exchange.

    Example: vigie halt --reason "the exchange answers nonsense"
    """
    from cli.plain import signed
    from cli.steering import answer
    from vigie.app.accounts import to_steer
    from vigie.app.control.halting import halt, halt_everything

    words, folder = signed(reason), own_home()
    if account is None:
        done = halt_everything(folder, words, liquidate=liquidate, cancel_entries=cancel_entries)
    else:
        name = to_steer(folder, account)
        done = [halt(folder, name, words, liquidate=liquidate, cancel_entries=cancel_entries)]
    answer("halt", done, as_json=as_json)
