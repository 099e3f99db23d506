"""``vigie compare``: is one result really better than the other?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption, SeedOption
from cli.output import console, print_json

PANEL = "Research"
LOGS = "backtest"
ORDER = 25


def command(
    first: Annotated[Path, typer.Argument(metavar="A", help="A file made with --save.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another one.")],
    paths: Annotated[int, typer.Option(metavar="N", min=100, max=1_000_000, help="Resampled histories.")] = 10_000,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
) -> None:
    """Hold two saved results to each other, day by day.

    A and B are files made with --save by backtest or walk-forward. Only the UTC days that both have are compared; the
    difference is resampled in blocks of days, the same days for both. What is not the same in both is listed.

    Example: vigie compare fast.json slow.json
    """
    from vigie.app.research.compare import compare

    found = compare(first, second, seed=seed, paths=paths)
    from vigie.reporting.comparison import comparison_document, comparison_view

    if as_json:
        print_json(comparison_document(found))
    else:
        console().print(comparison_view(found))
