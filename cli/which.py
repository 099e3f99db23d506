"""Which account a reading command took, where there are several and none was named."""

from __future__ import annotations

import click

from cli.options import home
from cli.output import quiet
from cli.pipes import beside


def tell_which(name: str) -> None:
    """One dim line on stderr, beside the data; none where there is no other account."""
    from vigie.app.accounts import others
    from vigie.reporting.status import others_row

    names = others(home(), name)
    if names and not quiet():
        with beside():
            click.echo(click.style(f"account {name}; {others_row(names)}", dim=True), err=True)
