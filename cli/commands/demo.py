"""``vigie demo``: every promise in a minute or two."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import JsonOption

if TYPE_CHECKING:
    from cli.spinner import Spinner
    from vigie.app.demo.act import Act, Played
    from vigie.app.demo.demo import DemoRequest

PANEL = "First steps"
ORDER = 1


def command(
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Leave the home there, for a look around.")
    ] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Fewer acts, and shorter ones.")] = False,
    as_json: JsonOption = False,
) -> None:
    """See every promise kept in a minute or two: no keys, no network.

    A synthetic market, a backtest, a walk-forward with its gates, a certificate, live trading against a simulated
    exchange, a process killed at the worst instant, its recovery, a halt, and a journal that explains itself. Exit 3 if
    an act does not find what it claims.

    Example: vigie demo --keep tour
    """
    from cli.output import print_json
    from cli.plain import show_row
    from vigie.app.demo.demo import DemoRequest
    from vigie.reporting.demo import end_rows

    request = DemoRequest(keep, fast)
    document = _told(request) if as_json else _shown(request)
    if as_json:
        print_json(document)
    else:
        for row in end_rows(document):
            show_row(row)
    if not document["passed"]:
        raise typer.Exit(3)


def _told(request: DemoRequest) -> dict[str, Any]:
    """Played for a program: a line on stderr for each act."""
    from cli.output import note
    from vigie.app.demo.demo import demo

    return demo(request, told=lambda one: note(f"{one.act.title}: {one.text}"))


def _shown(request: DemoRequest) -> dict[str, Any]:
    """Played for a person."""
    from cli.spinner import spinner
    from vigie.app.demo.demo import demo
    from vigie.reporting.demo import heading

    with spinner() as spin:
        for row in heading():
            spin.above(row)
        return demo(
            request,
            doing=spin.doing,
            begins=lambda act: spin.begins(act.title),
            told=lambda one: _show_act(spin, request.acts, one),
        )


def _show_act(spin: Spinner, acts: Sequence[Act], one: Played) -> None:
    from vigie.reporting.demo import act_rows

    number = acts.index(one.act) + 1
    for row in act_rows(
        number, len(acts), one.act.title, one.act.proves, passed=one.passed, text=one.text, seconds=one.seconds
    ):
        spin.above(row)
