"""Words without rich: what steers a running account answers at once, and must not wait for a table to be drawn."""

from __future__ import annotations

import getpass
import os
import sys
import textwrap
from typing import TYPE_CHECKING

import click

from cli.output import harmless, quiet
from cli.pipes import beside

if TYPE_CHECKING:
    from vigie.reporting.row import Row

_LEAST = 20
"""Columns that a text needs to be wrapped beside what stands before it."""


def show(text: str, *, style: str | None = None) -> None:
    """One line on stdout; colour on a terminal only."""
    _put(click.style(harmless(text), fg=style) if style else harmless(text))


def show_row(row: Row) -> None:
    """One line of a screen: on a terminal its head is dim, and what is too long goes on below; else it is one line."""
    head, text = harmless(row.head), harmless(row.text)
    if not sys.stdout.isatty():
        _put((head + text).rstrip())
        return
    width = _columns() - len(head)
    lines = [text]
    if len(text) > width >= _LEAST:
        lines = textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False)
    before = [click.style(head, dim=True), *[" " * len(head)] * (len(lines) - 1)]
    for start, line in zip(before, lines, strict=True):
        _put(start + (click.style(line, fg=row.colour) if row.colour else line))


def tell(text: str) -> None:
    """One line on stderr, beside the data; silenced by ``--quiet``."""
    if not quiet():
        with beside():
            click.echo(harmless(text), err=True)


def signed(reason: str) -> str:
    """A reason with the name of who gives it."""
    try:
        return f"{reason} (by {getpass.getuser()})"
    except (OSError, KeyError, ImportError):
        return reason


def _put(text: str) -> None:
    # click takes colours out where stdout is no terminal; NO_COLOR and terminals without colours it does not know.
    colourless = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    click.echo(text, color=False if colourless else None)


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
