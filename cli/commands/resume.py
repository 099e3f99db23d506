"""``vigie resume``: lift what halts an account, after having looked at it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import JsonOption, ReasonOption, SteeredOption, own_home

PANEL = "Steering"
ORDER = 61


def command(
    confirm: Annotated[
        str,
        typer.Option(
            "--confirm",
            metavar="CODE",
            help="The code that vigie status shows, or vigie halt where no account is; it changes with halts.",
        ),
    ],
    reason: ReasonOption = "resumed by hand",
    account: SteeredOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift the halts of an account.

    Kill switch and latches: exactly those that vigie status showed with the code.

    Example: vigie resume --account paper --confirm 3FA9C2
    """
    from cli.plain import signed
    from cli.steering import answer
    from vigie.app.accounts import known, to_steer
    from vigie.app.control.halting import resume, resume_home

    folder = own_home()
    if account is None and not known(folder):
        done = [resume_home(folder, confirm)]
    else:
        done = resume(folder, to_steer(folder, account), confirm, signed(reason))
    answer("resume", done, as_json=as_json)
