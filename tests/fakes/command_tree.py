"""The commands as click knows them, groups opened."""

from __future__ import annotations

from collections.abc import Iterator

import click
import typer

from cli.main import app


def root() -> click.Group:
    """What `vigie` alone is."""
    group = typer.main.get_command(app)
    assert isinstance(group, click.Group)
    return group


def every(group: click.Group | None = None, above: click.Context | None = None) -> Iterator[click.Context]:
    """A context for each command and each group, in the order of ``vigie --help``; not the root."""
    group = group or root()
    above = above or click.Context(group, info_name="vigie")
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        here = click.Context(command, info_name=name, parent=above)
        yield here
        if isinstance(command, click.Group):
            yield from every(command, here)


def called(here: click.Context) -> bool:
    """Whether it does something itself: a command, or a group that may be called without one."""
    return not isinstance(here.command, click.Group) or here.command.invoke_without_command
