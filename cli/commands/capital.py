"""``vigie capital``: how much of the venue's money an account may trade with."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.options import JsonOption, ReasonOption, SteeredOption, home

PANEL = "Steering"
ORDER = 66


def command(
    add: Annotated[str | None, typer.Option("--add", metavar="AMOUNT", help="Quote that came in.")] = None,
    take: Annotated[str | None, typer.Option("--take", metavar="AMOUNT", help="Quote that goes out.")] = None,
    reason: ReasonOption = "by hand",
    account: SteeredOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the allocated capital, add to it, or take from it.

    It moves no money at the venue: it says how much of it is the account's. Returns and limits do not count it as
    profit or loss.

    Example: vigie capital --account paper --add 500
    """
    from cli.output import print_json
    from cli.plain import show, signed
    from cli.steering import answer
    from vigie.app.accounts import to_steer
    from vigie.app.control.capital import amount_of, capital, flow
    from vigie.domain.errors import ConfigError
    from vigie.reporting.numbers import money

    folder = home()
    name = to_steer(folder, account)
    if add is not None and take is not None:
        raise ConfigError("--add and --take at once: give one of them")
    if add is None and take is None:
        document = capital(folder, name)
        if as_json:
            print_json(document)
        else:
            allocated, free = (money(float(document[key])) for key in ("capital", "free"))
            show(f"{name}: {allocated} {document['quote']} allocated, {free} of it free")
        return
    value = amount_of(add, "--add") if add is not None else -amount_of(str(take), "--take")
    answer("capital", [flow(folder, name, value, signed(reason))], as_json=as_json, lifting=False)
