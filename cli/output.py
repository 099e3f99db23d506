"""What commands say: data on stdout, everything else on stderr.

rich is imported inside the functions: a command that only prints JSON never pays for it.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from numbers import Integral, Real
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, TypeAlias

import click

from cli.pipes import beside, columns

if TYPE_CHECKING:
    from rich.console import Console

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def console() -> Console:
    """The console on stdout.

    Text is printed as it is: no markup, no emoji codes, no guessed highlighting. Give a ``rich.text.Text`` or a
    ``style=`` where colour is wanted. Colour and control characters appear on a terminal only; NO_COLOR is honoured.
    """
    return _console(stderr=False)


def error_console() -> Console:
    """The same on stderr."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            # rich would end the process, and point stdout elsewhere: an engine trades on whoever listens.
            raise BrokenPipeError

    # NO_COLOR takes away bold and dim too: who sets it wants text and nothing else.
    system: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    stream = sys.stderr if stderr else sys.stdout
    return Plain(stderr=stderr, markup=False, emoji=False, highlight=False, color_system=system, width=columns(stream))


def quiet() -> bool:
    """True when the user said ``--quiet``."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().params.get("quiet"))


_BARS: list[Console] = []
"""Where a progress bar is being drawn."""
HEARERS: list[Callable[[str], None]] = []
"""Who else hears what is said: the log of the command that runs."""


def note(message: str) -> None:
    """Say something beside the data: one line on stderr, silenced by ``--quiet``."""
    for hear in HEARERS:
        hear(message)
    if not quiet():
        say(message)


def waits(*, shown: bool = True) -> Callable[[str], None]:
    """What tells a person at once why nothing is seen yet: as `note`; nobody where it is not to be shown."""
    return note if shown else lambda _: None


def say(message: str, *, label: str = "", style: str = "") -> None:
    """Print a message on stderr, never silenced, never wrapped; a stderr that cannot be written to fails nothing.

    Args:
        message: text of any origin; control characters are shown, not obeyed.
        label: word in front, with a colon.
        style: rich style of the label.
    """
    from rich.text import Text

    head = Text(f"{label}: " if label else "", style=style)
    # Above a bar that is being drawn, not into it.
    target = _BARS[-1] if _BARS else error_console()
    with beside():
        target.print(head.append(harmless(message), style="none"), soft_wrap=True)


def harmless(text: str) -> str:
    """The text with control characters written out: a file name cannot move the cursor or hide a line."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def print_json(document: Mapping[str, object], schema: str = "") -> None:
    """Print one JSON document on stdout, keys in the given order; docs/json.md tells what is in each.

    NaN and infinities become null; Decimals, paths and instants become text; numpy arrays and scalars are understood.

    Args:
        document: what is shown.
        schema: its name, put in front; empty: it has one.

    Raises:
        TypeError: something that has no place in JSON.
    """
    document = {"schema": schema, **document} if schema else document
    click.echo(json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False))


def plain(value: object) -> Json:
    """A value in JSON's own types.

    Raises:
        TypeError: something that has no place in JSON.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str | Decimal | PurePath):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return _plain_number(value)


def _plain_number(value: object) -> Json:
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value) if math.isfinite(value) else None
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    raise TypeError(f"{type(value).__name__} has no place in a JSON document")


@contextmanager
def progress(description: str, total: int, *, shown: bool = True) -> Iterator[Callable[..., None]]:
    """A progress bar with the remaining time, on stderr; silent with ``--quiet`` or when stderr is no terminal.

    Args:
        description: what is being done.
        total: steps until done.
        shown: False: no bar.

    Yields:
        ``advance(n=1)``: tell that n steps more are done.
    """
    target = error_console()
    if not shown or quiet() or not target.is_terminal:
        yield _no_bar
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    parts = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*parts, console=target, transient=True) as bar:
        task = bar.add_task(harmless(description), total=total)
        _BARS.append(target)
        try:
            yield lambda n=1: bar.advance(task, n)
        finally:
            _BARS.remove(target)


def _no_bar(n: int = 1) -> None:
    """Advance a bar that nobody sees."""
