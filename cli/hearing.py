"""What a command of research says, written into its log as well."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

import click

from cli.options import home
from cli.output import HEARERS


def listened_to(name: str, kind: str, callback: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose notes and errors go to ``logs/KIND/NAME.log`` as well; an end that it chose is no error.

    Args:
        name: of the command.
        kind: of the log.
        callback: the command.
    """

    @functools.wraps(callback)
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401, RUF100
        from vigie.app.logs import logged

        with logged(home(), kind, name) as ears:
            ears.note(" ".join(["vigie", *sys.argv[1:]]))
            HEARERS.append(ears.note)
            try:
                return callback(*args, **kwargs)
            except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError) as chosen:
                left = chosen
            finally:
                HEARERS.remove(ears.note)
        raise left

    return call
