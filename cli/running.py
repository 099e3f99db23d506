"""What an engine that runs says on the way and at its end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cli.output import console, note, print_json
from cli.pipes import beside

if TYPE_CHECKING:
    from vigie.app.trading.running import RunResult
    from vigie.domain.portfolio import Portfolio

DocumentOf = Callable[["Portfolio", Mapping[str, Any]], dict[str, Any]]


def tick_teller() -> Callable[[str, Sequence[str], Portfolio], None]:
    """Says each decision in one line; between them only what is new."""
    from vigie.reporting.account import tick_line

    shown: set[str] = set()

    def told(mode: str, problems: Sequence[str], account: Portfolio) -> None:
        line = tick_line(mode, problems, account)
        if line not in shown:
            shown.clear()
            shown.add(line)
            note(line)

    return told


def show_end(done: RunResult, document_of: DocumentOf, *, as_json: bool) -> None:
    """Show how a run ended.

    Raises:
        VenueUnavailable: it had no time left, with something still to do.
        VigieError: its last tick went wrong.
    """
    from vigie.domain.errors import VenueUnavailable, VigieError
    from vigie.reporting.account import paper_view

    document = document_of(
        done.portfolio,
        {
            "account": done.account,
            "ticks": done.ticks,
            "lines": done.last_seq + 1,  # the first is number 0
            "recovery": [] if done.started is None else list(done.started.steps),
            "problems": list(done.problems),
            "ended": done.ended,
        },
    )
    # How it ended is in the journal: the exit code is the run's, whether or not anybody reads this.
    with beside(sys.stdout):
        if as_json:
            print_json(document)
        else:
            console().print(paper_view(document))
        sys.stdout.flush()
    if done.overdue:
        raise VenueUnavailable(f"{done.ended}: not everything is known to be protected; the next call goes on")
    if done.problems:
        raise VigieError(f"the last tick went wrong: {'; '.join(done.problems)}")
