"""``vigie trials``: how often it was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import JsonOption, home
from cli.output import console, note, print_json

if TYPE_CHECKING:
    from vigie.app.research.trials import Counted
    from vigie.domain.trial import TrialCount

PANEL = "Research"
ORDER = 26
SCHEMA = "vigie.trials/1"


def command(
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="NAME", help="Only this strategy, in any version of its file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how often something was tried.

    Backtests, points of sweeps and folds are counted. The same numbers on the same candles and code count once. The
    best of many tries looks good by luck alone: this is how many there were.

    Example: vigie trials --strategy ema_cross
    """
    from vigie.app.research.trials import counted

    found = counted(home(), strategy, note)
    if as_json:
        print_json(_document(found, strategy))
        return
    console().print(_summary(found, strategy), soft_wrap=True)
    if found.rows:
        console().print(_table(found))
        for line in _legend(found):
            console().print(line, style="dim")


def _summary(found: Counted, strategy: str | None) -> str:
    from vigie.domain.instants import as_text

    whose = f" of {strategy}" if strategy is not None else ""
    if found.since is None:
        return f"no trial{whose} was counted yet"
    return f"{found.trials:,} trial{'' if found.trials == 1 else 's'}{whose} since {as_text(found.since)} UTC"


_KINDS = {
    "backtest": "one run of vigie backtest",
    "sweep": "points of vigie sweep",
    "fold": "points of vigie walk-forward, each counted once for all its folds",
}


def _legend(found: Counted) -> list[str]:
    """What the kinds in the table are, and how one of them can have none of its own."""
    kinds = [kind for kind in _KINDS if any(row.kind == kind for row in found.rows)]
    lines = [f"{kind}: {_KINDS[kind]}" for kind in kinds]
    if any(not row.trials for row in found.rows):
        lines.append("0: the same numbers on the same candles were counted before, as another kind")
    return lines


def _table(found: Counted) -> Any:  # noqa: ANN401, RUF100 - rich is imported late
    from rich import box
    from rich.table import Table

    from vigie.domain.instants import as_text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for heading in ("strategy", "pairs", "", "kind", ">trials", "first", "last"):
        right = heading.startswith(">")
        # Pairs may be many and fold; nothing else breaks.
        table.add_column(
            heading.lstrip(">"), justify="right" if right else "left", overflow="fold", no_wrap=heading != "pairs"
        )
    for row in found.rows:
        days = as_text(row.first_at)[:10], as_text(row.last_at)[:10]
        table.add_row(row.strategy, _pairs(row), row.markets[0].timeframe, row.kind, f"{row.trials:,}", *days)
    return table


def _pairs(row: TrialCount) -> str:
    venues = sorted({one.venue for one in row.markets})
    return "; ".join(f"{venue} {', '.join(one.pair for one in row.markets if one.venue == venue)}" for venue in venues)


def _document(found: Counted, strategy: str | None) -> dict[str, object]:
    from vigie.domain.instants import as_iso

    return {
        "schema": SCHEMA,
        "strategy": strategy,
        "trials": found.trials,
        "since": None if found.since is None else as_iso(found.since),
        "rows": [
            {
                "strategy": row.strategy,
                "timeframe": row.markets[0].timeframe,
                "pairs": {one.pair: one.venue for one in row.markets},
                "kind": row.kind,
                "trials": row.trials,
                "events": row.events,
                "first_at": as_iso(row.first_at),
                "last_at": as_iso(row.last_at),
            }
            for row in found.rows
        ],
    }
