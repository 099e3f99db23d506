"""``vigie drill``: fire drills before real money."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DataOption, JsonOption, SeedOption, home

PANEL = "Trading"
ORDER = 44


def command(
    account: Annotated[
        str, typer.Option("--account", metavar="NAME", help="Account of vigie.toml whose configuration is drilled.")
    ] = "paper",
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="DRILL", help="This drill alone; repeatable.")
    ] = None,
    seed: SeedOption = 1,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fire drills: trouble for an account's settings, simulated.

    Network loss, a ban, a clock that jumps, a stop cancelled by hand, a partial fill, changed filters, a full disk, a
    second start, a kill: the engine that trades live goes through each, with the account's strategy, pairs and profile.
    A drill is passed if no order went out twice, no fill was lost, no position was without a stop for longer than a
    guard period, and the books agree. The table is kept in state/NAME/drills.json. Exit 3 if one is not passed.

    Example: vigie drill --account live-main --only kill
    """
    from cli.output import note, print_json
    from cli.plain import show_row
    from vigie.app.drill.drills import DrillRequest, Outcome, drill
    from vigie.reporting.drill import drill_row, drill_rows

    def told(one: Outcome) -> None:
        if not as_json:
            show_row(drill_row(one.name, one.passed, one.bare_s, one.silent_s, one.seen))

    place: Path = home()
    note(f"account {account}: the drills take less than a minute")
    document = drill(DrillRequest(place, account, tuple(only or ()), seed, data), told)
    if as_json:
        print_json(document)
    else:
        for row in drill_rows(document):
            show_row(row)
    if not document["passed"]:
        raise typer.Exit(3)
