"""Words without rich: what steers a running account answers at once, and must not wait for a table to be drawn."""

from __future__ import annotations

import getpass

import click

from cli.output import harmless, quiet


def show(text: str, *, style: str | None = None) -> None:
    """One line on stdout; colour on a terminal only."""
    click.secho(harmless(text), fg=style)


def tell(text: str) -> None:
    """One line on stderr, beside the data; silenced by ``--quiet``."""
    if not quiet():
        click.echo(harmless(text), err=True)


def signed(reason: str) -> str:
    """A reason with the name of who gives it."""
    try:
        return f"{reason} (by {getpass.getuser()})"
    except (OSError, KeyError, ImportError):
        return reason
